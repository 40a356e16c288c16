import { printable } from '../../policy/printable.ts';
import type { Location } from './clients.ts';
import { parseText } from './config-file.ts';
import type { StringPlace } from './entries.ts';
import { isSecretName, looksSecret, MASK, maskArguments, maskText, maskValue } from './masking.ts';
import { applyEdits, type Edit } from './syntax.ts';

const CONTEXT = 3;
/** A file on one line is no text for people; of such a line this much is shown. */
const MAX_LINE = 2_000;

/** Fields whose values are secrets more often than not. */
const SECRET_FIELDS = new Set(['env', 'headers', 'http_headers']);

/**
 * The edits of one file as a unified diff, with every value under `env` and `headers` masked, and whatever else looks like a secret, in
 * the lines around them too.
 */
export function unifiedDiff(location: Location, before: string, after: string, edits: readonly Edit[]): string {
  const left = maskedLines(before, location);
  const right = maskedLines(after, location);
  const lines = [`--- ${printable(location.path, 400)}`, `+++ ${printable(location.path, 400)}`];
  for (const hunk of hunksOf(changesOf(before, edits).map((change) => trimmed(change, left, right)).filter((change) => change.end > change.start || change.added > 0))) {
    const [first] = hunk;
    const last = hunk.at(-1) ?? first;
    const from = Math.max(0, first.start - CONTEXT);
    const to = Math.min(left.length, last.end + CONTEXT);
    const grown = hunk.reduce((sum, change) => sum + change.added - (change.end - change.start), 0);
    lines.push(`@@ -${from + 1},${to - from} +${from + first.shift + 1},${to - from + grown} @@`);
    let at = from;
    for (const { start, end, added, shift } of hunk) {
      lines.push(...left.slice(at, start).map((line) => ` ${line}`));
      lines.push(...left.slice(start, end).map((line) => `-${line}`));
      lines.push(...right.slice(start + shift, start + shift + added).map((line) => `+${line}`));
      at = end;
    }
    lines.push(...left.slice(at, to).map((line) => ` ${line}`));
  }
  return `${lines.join('\n')}\n`;
}

interface Change {
  /** Lines of the old text, from 0; `end` is behind the last. */
  readonly start: number;
  readonly end: number;
  /** How many lines of the new text stand in their place. */
  readonly added: number;
  /** By how much earlier changes move the lines of the new text. */
  readonly shift: number;
}

/** Edits know what they change, so nothing has to be searched for. */
function changesOf(text: string, edits: readonly Edit[]): Change[] {
  const starts = lineStarts(text);
  const lineOf = (offset: number): number => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low;
  };
  const changes: { start: number; end: number; added: number; shift: number }[] = [];
  let shift = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const start = lineOf(edit.start);
    const end = lineOf(edit.end) + 1;
    const grown = breaksIn(edit.text) - breaksIn(text.slice(edit.start, edit.end));
    const last = changes.at(-1);
    // Two edits of one line are one change of it.
    if (last !== undefined && start < last.end) {
      const more = Math.max(end, last.end) - last.end;
      last.end += more;
      last.added += more + grown;
    } else changes.push({ start, end, added: end - start + grown, shift });
    shift += grown;
  }
  return changes;
}

/** Without the lines at both ends that come out as they were. */
function trimmed(change: Change, left: readonly string[], right: readonly string[]): Change {
  const { shift } = change;
  let { start, end, added } = change;
  while (end > start && added > 0 && left[start] === right[start + shift]) {
    start += 1;
    added -= 1;
  }
  while (end > start && added > 0 && left[end - 1] === right[start + shift + added - 1]) {
    end -= 1;
    added -= 1;
  }
  return { start, end, added, shift };
}

/** Changes whose contexts would meet stand in one hunk. */
function hunksOf(changes: readonly Change[]): [Change, ...Change[]][] {
  const hunks: [Change, ...Change[]][] = [];
  for (const change of changes) {
    const last = hunks.at(-1);
    if (last !== undefined && change.start - (last.at(-1)?.end ?? 0) <= 2 * CONTEXT) last.push(change);
    else hunks.push([change]);
  }
  return hunks;
}

function maskedLines(text: string, location: Location): string[] {
  const { strings } = parseText(text, location);
  const args = maskedArguments(strings);
  const edits = strings.flatMap((place): Edit[] => {
    const value = String(place.node.value);
    const masked = args.get(place) ?? maskedValue(place);
    if (masked === value) return [];
    // Lines must stay lines, also where a text of TOML runs over several.
    const breaks = '\n'.repeat(breaksIn(text.slice(place.node.start, place.node.end)));
    return [{ start: place.node.start, end: place.node.end, text: `${JSON.stringify(masked)}${breaks}` }];
  });
  return applyEdits(text, edits).split('\n').map((line) => clipLine(shownLine(line)));
}

/** Every string of a list called `args`, as it is shown: what one of them is shows by the one before it. */
function maskedArguments(strings: readonly StringPlace[]): ReadonlyMap<StringPlace, string> {
  const lists = new Map<string, StringPlace[]>();
  for (const place of strings) {
    if (place.path.at(-2) !== 'args') continue;
    const holder = JSON.stringify(place.path.slice(0, -1));
    const list = lists.get(holder);
    if (list === undefined) lists.set(holder, [place]);
    else list.push(place);
  }
  return new Map([...lists.values()].flatMap((list) => {
    const masked = maskArguments(list.map(({ node }) => String(node.value)));
    return list.map((place, index) => [place, masked[index] ?? MASK] as const);
  }));
}

function isSecretField(path: readonly string[]): boolean {
  return SECRET_FIELDS.has(path.at(-2) ?? '');
}

function maskedValue({ path, node }: StringPlace): string {
  const value = String(node.value);
  const last = path.at(-1);
  if (isSecretField(path)) return maskValue(value);
  if (last !== undefined && last !== 'bearer_token_env_var' && isSecretName(last) && value !== '') return maskValue(value);
  return maskText(value);
}

/** Comments may hold secrets too: a server that somebody switched off. */
function shownLine(line: string): string {
  const words = line.replace(/[A-Za-z0-9_=+.-]{12,}/g, (word) => (looksSecret(word) ? MASK : word));
  return words.replace(/\r$/, '').split('\t').map((part) => printable(part, 100_000)).join('\t');
}

function clipLine(line: string): string {
  return line.length <= MAX_LINE ? line : `${line.slice(0, MAX_LINE)}… (${line.length} characters)`;
}

function lineStarts(text: string): number[] {
  const starts = [0];
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

function breaksIn(text: string): number {
  return text.split('\n').length - 1;
}
