import type { Reporter } from './diagnostic.ts';
import type { SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { isPlainWhole, LETTER_SECONDS } from './check-window.ts';

/** Reads whole seconds or a text such as `10m`, between two bounds in seconds. `subject` starts the message. */
export function readDuration(node: SourceNode, at: string, subject: string, least: number, most: number, reporter: Reporter): number | null {
  if (node.kind === 'broken') return null;
  const match = node.kind === 'string' ? /^(0|[1-9]\d{0,9})([smhd])$/.exec(node.value) : null;
  const seconds = match !== null ? Number(match[1]) * (LETTER_SECONDS.get(match[2] ?? '') ?? Number.NaN) : node.kind === 'number' && isPlainWhole(node.text) ? node.value : null;
  if (seconds !== null && seconds >= least && seconds <= most) return seconds;
  const range = `${spell(least)} to ${spell(most)}`;
  reporter.error('bad_duration', node.span, at, `${subject} is ${found(node)}; expected ${range}, as whole seconds or a text such as \`10m\``, null);
  return null;
}

function spell(seconds: number): string {
  const unit = [...LETTER_SECONDS].reverse().find(([, size]) => seconds % size === 0 && seconds > 0);
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`;
}
