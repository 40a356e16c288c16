import type { Category } from '../types.ts';
import { DOERS, GENERIC, NOUN_OR_VERB, VERBS } from './english-verbs.ts';
import { RARE_VERBS } from './rare-verbs.ts';

export interface Verb {
  readonly effect: Category;
  /** A verb only as the first or the last word. */
  readonly weak: boolean;
  /** Inside a sentence more often a noun or an adjective. */
  readonly rare: boolean;
}

/** A list of words as a set. */
export function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(' '));
}

const ORDER: readonly Category[] = ['read', 'write', 'execute', 'destructive', 'financial'];

function buildTable(): ReadonlyMap<string, Verb> {
  const table = new Map<string, Verb>();
  // Strong words last, so that a word in both lists is strong.
  for (const effect of ORDER) for (const word of NOUN_OR_VERB[effect].split(' ')) table.set(word, { effect, weak: true, rare: false });
  for (const effect of ORDER) for (const word of RARE_VERBS[effect].split(' ')) table.set(word, { effect, weak: false, rare: true });
  for (const effect of ORDER) for (const word of VERBS[effect].split(' ')) table.set(word, { effect, weak: false, rare: false });
  return table;
}

const TABLE = buildTable();
function buildDoers(): ReadonlyMap<string, Category> {
  return new Map(ORDER.flatMap((effect) => DOERS[effect].split(' ').map((word) => [word, effect] as const)));
}

const DOER_TABLE = buildDoers();
const GENERIC_WORDS = wordSet(GENERIC);

/** The verb that an English word of a name is, exactly as written. */
export function verbOf(word: string): Verb | undefined {
  return TABLE.get(word);
}

/** The verb that a word of a sentence is: base form, third person or gerund. Participles (`deleted`) are adjectives and no verbs. */
export function inflectedVerbOf(word: string): Verb | undefined {
  const exact = TABLE.get(word);
  if (exact !== undefined) return exact;
  if (word.endsWith('ies')) return TABLE.get(`${word.slice(0, -3)}y`);
  if (word.endsWith('es')) {
    const found = TABLE.get(word.slice(0, -1)) ?? TABLE.get(word.slice(0, -2));
    if (found !== undefined) return found;
  }
  if (word.endsWith('s')) return TABLE.get(word.slice(0, -1));
  if (word.endsWith('ing') && word.length > 5) {
    const stem = word.slice(0, -3);
    const halved = stem.at(-1) === stem.at(-2) ? TABLE.get(stem.slice(0, -1)) : undefined;
    return TABLE.get(stem) ?? TABLE.get(`${stem}e`) ?? halved;
  }
  return undefined;
}

/** A head that says nothing of the effect, such as `manage`. */
export function isGeneric(word: string): boolean {
  return GENERIC_WORDS.has(word);
}

/** What a tool does that is called after its doer, such as `reader`. */
export function doerOf(word: string): Category | undefined {
  return DOER_TABLE.get(word);
}
