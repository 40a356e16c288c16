/** The values of a Prometheus text by series, read by its own grammar; throws for a line that is none. */
export function parse(text: string): Map<string, number> {
  const values = new Map<string, number>();
  for (const line of text.split('\n').slice(0, -1)) {
    if (/^# (?:HELP|TYPE) [a-zA-Z_:][\w:]* .+$/.test(line)) continue;
    const match = /^([a-zA-Z_:][\w:]*(?:\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})?) (\S+)$/.exec(line);
    if (match === null) throw new Error(`not a line of the exposition format: ${line}`);
    if (values.has(match[1] ?? '')) throw new Error(`twice: ${line}`);
    values.set(match[1] ?? '', Number(match[2]));
  }
  return values;
}
