const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;

/**
 * A JSON text fit for a newline-delimited stream. In a text that has passed the strict scan a raw line break can only be white space
 * between tokens, so a space takes its place. Without this a pretty-printed body whose second line is itself a message would reach the
 * server as two messages, of which only the first was judged. Lone CR counts: text-mode readers end lines there too.
 * @returns the same buffer when there is nothing to replace
 */
export function oneLine(bytes: Buffer): Buffer {
  if (bytes.indexOf(LF) < 0 && bytes.indexOf(CR) < 0) return bytes;
  const line = Buffer.from(bytes);
  for (let index = 0; index < line.length; index += 1) {
    const byte = line[index];
    if (byte === LF || byte === CR) line[index] = SPACE;
  }
  return line;
}
