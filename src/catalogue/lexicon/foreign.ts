import { severity } from '../severity.ts';
import type { Category } from '../types.ts';
import { LANGUAGES, type Language } from './languages.ts';

export interface ForeignVerb {
  readonly effect: Category;
  readonly term: string;
}

interface Compiled {
  readonly language: Language;
  readonly table: ReadonlyMap<string, Category>;
  readonly longest: number;
}

const COMPILED: readonly Compiled[] = LANGUAGES.map((language) => {
  const table = new Map<string, Category>();
  let longest = 0;
  for (const effect of ['read', 'write', 'execute', 'destructive', 'financial'] as const) {
    for (const stem of language.stems[effect].split(' ')) {
      table.set(stem, effect);
      longest = Math.max(longest, stem.length);
    }
  }
  return { language, table, longest };
});

/** The verb that leads a sentence or a name in a language other than English; undefined when there is none. */
export function foreignVerb(text: string): ForeignVerb | undefined {
  const sentence = text.slice(0, 400).toLowerCase();
  let latin: ForeignVerb | undefined;
  for (const { language, table, longest } of COMPILED) {
    if (!language.script.test(sentence)) continue;
    const found = language.spaced ? wordVerb(sentence, table, longest, language.code === 'ru') : runningVerb(sentence, table, longest, language.lead);
    if (found === undefined) continue;
    if (!language.script.source.includes('Latin')) return found;
    // Neighbouring languages share words; where two disagree the more severe reading holds.
    if (latin === undefined || severity(found.effect) > severity(latin.effect)) latin = found;
  }
  return latin;
}

function wordVerb(sentence: string, table: ReadonlyMap<string, Category>, longest: number, byStem: boolean): ForeignVerb | undefined {
  for (const word of sentence.split(/[^\p{L}\p{M}]+/u)) {
    const shortest = byStem ? 3 : word.length;
    for (let length = Math.min(word.length, longest); length >= shortest && length > 0; length--) {
      const effect = table.get(word.slice(0, length));
      if (effect !== undefined) return { effect, term: word };
    }
  }
  return undefined;
}

function runningVerb(sentence: string, table: ReadonlyMap<string, Category>, longest: number, lead: 'first' | 'last'): ForeignVerb | undefined {
  let last: ForeignVerb | undefined;
  for (let i = 0; i < sentence.length; i++) {
    for (let length = longest; length > 0; length--) {
      const term = sentence.slice(i, i + length);
      const effect = table.get(term);
      if (effect === undefined) continue;
      if (lead === 'first') return { effect, term };
      last = { effect, term };
      i += length - 1;
      break;
    }
  }
  return last;
}
