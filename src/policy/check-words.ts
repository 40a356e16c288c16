import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { found } from './source-node.ts';
import { quoted } from './printable.ts';
import { suggest } from './suggest.ts';

/**
 * Reports a key that does not exist, with the nearest one that does, which is returned: the key is then not also reported as
 * missing. `hint` is used when nothing is near.
 */
export function unknownKey(reporter: Reporter, entry: SourceEntry, at: string, place: string, known: readonly string[], hint: string | null): string | null {
  const near = suggest(entry.key, known);
  const message = `unknown key ${quoted(entry.key, 60)} in ${place}; expected ${oneOf(known)}`;
  reporter.error('unknown_key', entry.keySpan, at, message, near === null ? hint : `did you mean \`${near}\`?`);
  return near;
}

/** Words of other policy languages, by what they are called here. */
const MEANT: ReadonlyMap<string, string> = new Map([
  ...['permit', 'pass', 'accept', 'grant', 'permitted', 'allowed'].map((word) => [word, 'allow'] as const),
  ...['block', 'forbid', 'reject', 'refuse', 'disallow', 'prohibit', 'drop', 'blocked', 'denied'].map((word) => [word, 'deny'] as const),
  ...['conceal', 'remove', 'omit', 'hidden'].map((word) => [word, 'hide'] as const),
  ...['approve', 'approval', 'ask', 'confirm', 'review', 'needs_approval', 'human_in_the_loop'].map((word) => [word, 'require_approval'] as const),
  ...['shadow', 'audit', 'monitor', 'log', 'log_only', 'report', 'warn', 'dry_run', 'dry-run', 'dryrun', 'passive'].map((word) => [word, 'observe'] as const),
  ...['enforcing', 'enforced', 'active', 'strict'].map((word) => [word, 'enforce'] as const),
]);

/** Reads one word of a fixed set, or reports what was found. `subject` starts the message, e.g. "`mode`". */
export function wordOf<W extends string>(node: SourceNode, words: readonly W[], at: string, subject: string, code: string, reporter: Reporter): W | null {
  if (node.kind === 'broken') return null;
  if (node.kind === 'string') {
    const word = words.find((candidate) => candidate === node.value);
    if (word !== undefined) return word;
    const near = words.find((candidate) => candidate === MEANT.get(node.value.toLowerCase())) ?? suggest(node.value, words);
    reporter.error(code, node.span, at, `${subject} is ${found(node)}; expected ${oneOf(words)}`, near === null ? null : `did you mean \`${near}\`?`);
    return null;
  }
  reporter.error('wrong_type', node.span, at, `${subject} is ${found(node)}; expected ${oneOf(words)}`, null);
  return null;
}

/** `a`, `b` or `c`. */
export function oneOf(words: readonly string[]): string {
  const ticked = words.map((word) => `\`${word}\``);
  return ticked.length < 2 ? ticked.join('') : `${ticked.slice(0, -1).join(', ')} or ${ticked.at(-1)}`;
}
