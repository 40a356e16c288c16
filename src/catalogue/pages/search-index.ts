// Runs on the server and, from an export, in the browser: it imports nothing.

export interface Searched {
  readonly name: string;
  /** Names under which the server is known. */
  readonly server: string;
}

export interface Found {
  /** Positions in the list, best first. */
  readonly rows: readonly number[];
  /** False when no entry has all words of the query, so that these have some of them only. */
  readonly complete: boolean;
}

const MAX_QUERY = 120;
const MAX_TERMS = 8;
const MAX_TEXT = 256;

/** Lower-case words of a text, with those of camelCase apart. */
export function searchWords(text: string): string[] {
  return text
    .slice(0, MAX_TEXT)
    .normalize('NFKC')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');
}

const squashed = (text: string): string => searchWords(text).join('');

/** A word of a server's name says less about a tool than one of its own. */
const SERVER_WEIGHT = 0.45;

/** Finds names by their words, also by their beginnings and with a typing mistake or two. */
export class SearchIndex {
  /** Word to the entries that have it: 1 for the name, less for the server. */
  readonly #words = new Map<string, Map<number, number>>();
  readonly #names: readonly string[];

  constructor(entries: readonly Searched[]) {
    const serverWords = new Map<string, readonly string[]>();
    entries.forEach(({ name, server }, index) => {
      let words = serverWords.get(server);
      if (words === undefined) serverWords.set(server, (words = [...new Set(searchWords(server))]));
      for (const word of words) this.#add(word, index, SERVER_WEIGHT);
      for (const word of searchWords(name)) this.#add(word, index, 1);
    });
    this.#names = entries.map(({ name }) => squashed(name));
  }

  #add(word: string, index: number, weight: number): void {
    const entries = this.#words.get(word);
    if (entries === undefined) this.#words.set(word, new Map([[index, weight]]));
    else if ((entries.get(index) ?? 0) < weight) entries.set(index, weight);
  }

  /** Entries with every word of the query, best first; else those with some of them. An empty query finds nothing. */
  search(query: string): Found {
    const terms = [...new Set(searchWords(query.slice(0, MAX_QUERY)))].slice(0, MAX_TERMS);
    if (terms.length === 0) return { rows: [], complete: true };
    const hits = terms.map((term) => this.#hits(term));
    const scores = new Map<number, { score: number; terms: number }>();
    for (const hit of hits) {
      for (const [index, score] of hit) {
        const before = scores.get(index);
        if (before === undefined) scores.set(index, { score, terms: 1 });
        else {
          before.score += score;
          before.terms += 1;
        }
      }
    }
    const whole = terms.join('');
    this.#names.forEach((name, index) => {
      const bonus = name === whole ? 30 : name.startsWith(whole) ? 8 : whole.length >= 4 && name.includes(whole) ? 4 : 0;
      if (bonus === 0) return;
      const before = scores.get(index);
      scores.set(index, { score: (before?.score ?? 0) + bonus, terms: terms.length });
    });
    const most = Math.max(0, ...[...scores.values()].map((one) => one.terms));
    const best = [...scores].filter(([, one]) => one.terms === most);
    best.sort(([a, one], [b, other]) => other.score - one.score || (this.#names[a] ?? '').length - (this.#names[b] ?? '').length || a - b);
    return { rows: best.map(([index]) => index), complete: most === terms.length };
  }

  /** The entries that a term fits, with how well. */
  #hits(term: string): Map<number, number> {
    const hits = new Map<number, number>();
    for (const [word, entries] of this.#words) {
      const quality = fit(term, word);
      if (quality === 0) continue;
      for (const [index, weight] of entries) hits.set(index, Math.max(hits.get(index) ?? 0, quality * weight));
    }
    return hits;
  }
}

/** How well a typed word fits another: 10 when equal, 0 not at all. */
export function fit(term: string, word: string): number {
  if (term === word) return 10;
  if (word.startsWith(term)) return 8 - Math.min(3, (word.length - term.length) / 4);
  // `charges` for `charge`, `deleting` for `delete`.
  if (word.length >= 4 && term.startsWith(word) && term.length - word.length <= 3) return 6;
  if (term.length >= 4 && word.includes(term)) return 4;
  // `usr` for `user`: of so few letters only a missing one is forgiven, and not the first.
  if (term.length === 3 && word.length === 4 && term[0] === word[0] && distance(term, word, 1) === 1) return 2.5;
  const allowed = term.length >= 8 ? 2 : term.length >= 4 ? 1 : 0;
  if (allowed === 0) return 0;
  // Words are compared letter by letter only where that can end well: whoever asks makes the gateway wait meanwhile.
  const absent = bits(letters(term) & ~letters(word));
  if (absent > allowed) return 0;
  const whole = distance(term, word, allowed);
  if (whole <= allowed) return whole === 1 ? 5 : 3;
  // A mistake in the beginning of a longer word: `termnate` for `terminated`.
  if (absent <= 1 && term.length >= 5 && word.length > term.length) {
    for (const length of [term.length, term.length + 1, term.length - 1]) if (distance(term, word.slice(0, length), 1) <= 1) return 2.5;
  }
  return 0;
}

/** Which letters a word has, one bit for each kind: of those that another word lacks, every one costs a mistake. */
function letters(word: string): number {
  let mask = 0;
  for (let index = 0; index < word.length; index += 1) mask |= 1 << (word.charCodeAt(index) & 31);
  return mask;
}

function bits(mask: number): number {
  let count = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

const FAR = 1_000;

/**
 * Insertions, deletions, replacements and swaps of neighbours between two words; `most + 1` when there are more. Only the cells that can
 * still be near enough are looked at: 2 × `most` + 1 for each letter.
 */
export function distance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  const width = b.length + 1;
  let older = Array.from({ length: width }, () => FAR);
  let before = Array.from({ length: width }, (_, index) => (index <= most ? index : FAR));
  let row = Array.from({ length: width }, () => FAR);
  for (let i = 1; i <= a.length; i += 1) {
    const from = Math.max(1, i - most);
    const to = Math.min(b.length, i + most);
    row[from - 1] = from === 1 && i <= most ? i : FAR;
    let least = row[from - 1] ?? FAR;
    for (let j = from; j <= to; j += 1) {
      let cost = Math.min((before[j] ?? FAR) + 1, (row[j - 1] ?? FAR) + 1, (before[j - 1] ?? FAR) + (a[i - 1] === b[j - 1] ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) cost = Math.min(cost, (older[j - 2] ?? FAR) + 1);
      row[j] = cost;
      if (cost < least) least = cost;
    }
    if (to < b.length) row[to + 1] = FAR;
    if (least > most) return most + 1;
    [older, before, row] = [before, row, older];
  }
  return Math.min(before[b.length] ?? FAR, most + 1);
}
