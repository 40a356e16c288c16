import type { LimitModel } from './document.ts';
import { PER_DIMENSIONS } from './document.ts';
import type { PerDimension } from './types.ts';
import type { Reporter } from './diagnostic.ts';
import type { SourceEntry, SourceNode } from './source-node.ts';
import { pointer } from './pointer.ts';
import { checkWindow } from './check-window.ts';
import { unknownKey, wordOf } from './check-words.ts';

/** Each limit of a call is looked up in one transaction. */
const MOST = 20;

/** How messages speak of one kind of counter. */
export interface CounterWords {
  readonly place: string;
  readonly subject: string;
  readonly keys: readonly string[];
  /** Keys that must be there, with what to do when one is not. */
  readonly required: Readonly<Record<string, string>>;
  readonly hint: (key: string) => string | null;
}

interface Counter {
  readonly fields: ReadonlyMap<string, SourceEntry>;
  /** What rate limits and budgets have in common; null when a part of it is wrong. */
  readonly model: Omit<LimitModel, 'max'> | null;
}

/** Checks a map of `max`, `window`, `per`, `on_state_error`, and what `words` adds; `max` and the rest are left to the caller. */
export function checkCounter(map: Extract<SourceNode, { kind: 'map' }>, at: string, words: CounterWords, reporter: Reporter): Counter {
  const fields = new Map<string, SourceEntry>();
  const misspelt = new Set<string | null>();
  for (const entry of map.entries) {
    if (words.keys.includes(entry.key)) fields.set(entry.key, entry);
    else misspelt.add(unknownKey(reporter, entry, at + pointer(entry.key), words.place, words.keys, words.hint(entry.key)));
  }
  // An unknown key is most likely the missing one.
  for (const [key, help] of Object.entries(words.required)) {
    if (!fields.has(key) && misspelt.size === 0 && !map.damaged) {
      reporter.error('missing_key', { start: map.span.start, end: map.span.start }, at, `${words.subject} has no \`${key}\``, help);
    }
  }
  const window = fields.get('window')?.value;
  const per = fields.get('per')?.value;
  const onStateError = fields.get('on_state_error')?.value;
  const seconds = window === undefined ? null : checkWindow(window, `${at}/window`, reporter);
  const dimensions = per === undefined ? ['session' as const] : checkPer(per, `${at}/per`, reporter);
  const fallback = onStateError === undefined ? 'deny' : wordOf(onStateError, ['deny', 'allow'], `${at}/on_state_error`, '`on_state_error`', 'bad_on_state_error', reporter);
  const sound = seconds !== null && dimensions !== null && fallback !== null;
  return { fields, model: sound ? { windowSeconds: seconds, per: dimensions, onStateError: fallback, span: map.span } : null };
}

/** Checks one entry, or a list of entries of which no two may be the same. */
export function checkCounterList<T>(node: SourceNode, at: string, key: string, noun: string, check: (item: SourceNode, at: string) => T | null, same: (a: T, b: T) => boolean, reporter: Reporter): T[] {
  if (node.kind !== 'list') {
    const one = check(node, at);
    return one === null ? [] : [one];
  }
  if (node.items.length === 0) {
    reporter.error('empty_list', node.span, at, `\`${key}\` is an empty list; expected at least one ${noun}`, `remove \`${key}\`, or write one`);
    return [];
  }
  if (node.items.length > MOST) {
    reporter.error('too_long', node.span, at, `\`${key}\` has ${node.items.length} entries; expected at most ${MOST}`, null);
    return [];
  }
  const all: T[] = [];
  for (const [index, item] of node.items.entries()) {
    const one = check(item, `${at}/${index}`);
    if (one === null) continue;
    if (all.some((other) => same(other, one))) reporter.error(`duplicate_${noun}`, item.span, `${at}/${index}`, `the same ${noun} is in the list twice`, 'remove one of the two');
    else all.push(one);
  }
  return all;
}

function checkPer(node: SourceNode, at: string, reporter: Reporter): PerDimension[] | null {
  if (node.kind !== 'list') {
    const word = wordOf(node, PER_DIMENSIONS, at, '`per`', 'bad_per', reporter);
    return word === null ? null : [word];
  }
  if (node.items.length === 0) {
    reporter.error('empty_list', node.span, at, '`per` is an empty list; expected at least one dimension', 'remove `per` to count per session');
    return null;
  }
  const seen = new Set<PerDimension>();
  let failed = false;
  for (const [index, item] of node.items.entries()) {
    const word = wordOf(item, PER_DIMENSIONS, `${at}/${index}`, 'an entry of `per`', 'bad_per', reporter);
    if (word === null) failed = true;
    else if (seen.has(word)) {
      reporter.error('duplicate_per', item.span, `${at}/${index}`, `\`${word}\` is in \`per\` twice`, 'remove one of the two');
      failed = true;
    } else seen.add(word);
  }
  return failed ? null : PER_DIMENSIONS.filter((dimension) => seen.has(dimension));
}
