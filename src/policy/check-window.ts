import type { Reporter } from './diagnostic.ts';
import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { printable, quoted } from './printable.ts';

const MAX_WINDOW_SECONDS = 366 * 86_400;

/** Units that stand alone, as in `10/minute`. */
export const UNIT_SECONDS: ReadonlyMap<string, number> = new Map([
  ['second', 1],
  ['minute', 60],
  ['hour', 3600],
  ['day', 86_400],
]);
/** Units after a count, as in `30s`. */
export const LETTER_SECONDS: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
  ['d', 86_400],
]);

/** Checks the `window` of a limit and gives it in seconds. */
export function checkWindow(node: SourceNode, at: string, reporter: Reporter): number | null {
  if (node.kind === 'broken') return null;
  if (node.kind === 'number') {
    if (isPlainWhole(node.text)) return readWindow(node.value, node.text, node, at, reporter);
    reporter.error('bad_window', node.span, at, `\`window\` is ${printable(node.text, 40)}; expected whole seconds, at least 1`, spellingHelp(node.value, node.text));
    return null;
  }
  if (node.kind !== 'string') {
    reporter.error('wrong_type', node.span, at, `\`window\` is ${found(node)}; expected seconds or a text such as \`10m\``, 'write for example `window: 60`');
    return null;
  }
  const match = /^(0|[1-9]\d*)([smhd])$/.exec(node.value);
  if (match === null) {
    const seconds = /^\d+$/.test(node.value);
    const fractional = /^\d+\.\d+[smhd]$/.test(node.value);
    const help = seconds ? 'remove the quotes, or add a unit: `60s`' : fractional ? 'use a smaller unit: `90s` for one and a half minutes' : 'write for example `60`, `30s`, `10m`, `1h` or `1d`';
    reporter.error('bad_window', node.span, at, `\`window\` is ${found(node)}; expected whole seconds, or a whole number and \`s\`, \`m\`, \`h\` or \`d\``, help);
    return null;
  }
  return readWindow(Number(match[1]) * (LETTER_SECONDS.get(match[2] ?? '') ?? Number.NaN), quoted(node.value, 40), node, at, reporter);
}

/** Accepts a number of seconds in range. `shown` is the window as its author wrote it. */
export function readWindow(seconds: number, shown: string, node: SourceNode, at: string, reporter: Reporter): number | null {
  if (seconds >= 1 && seconds <= MAX_WINDOW_SECONDS) return seconds;
  reporter.error('bad_window', node.span, at, `the window is ${shown}; expected 1 second to 366 days`, seconds === 0 ? 'to forbid every call, use `deny`' : null);
  return null;
}

/** `1e3`, `0x10` and `010` are numbers that people read in different ways; only plain decimal digits count. */
export function isPlainWhole(text: string): boolean {
  return /^(?:0|[1-9]\d*)$/.test(text);
}

/** How to write a whole number that is spelt in another way; null when it is not one. */
export function spellingHelp(value: number, text: string): string | null {
  return Number.isInteger(value) && value >= 1 && !isPlainWhole(text) ? `write it in plain digits: ${value}` : null;
}
