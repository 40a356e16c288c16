import { parseGlob } from './glob.ts';
import type { Glob } from './glob.ts';
import { GlobIndex } from './glob-index.ts';
import { STRICTNESS } from './document.ts';
import type { EngineRule } from './engine-rule.ts';

/** One selector with its rules, of which the first whose `when` holds is the rule. */
export interface TableSelector {
  readonly selector: string;
  readonly rules: readonly EngineRule[];
}

/**
 * A selector as the table compares it. What counts for its rank is how it is spelt here: selectors that this spelling makes equal cover
 * the same names, and none of them may open what another denies.
 */
interface Spelt extends TableSelector {
  /** Literal characters; ranks globs. */
  readonly literals: number;
}

interface GlobSelector {
  readonly glob: Glob;
  readonly entry: Spelt;
}

/** Selectors that are equally specific: of their rules the strictest decides. */
export type Rank = readonly TableSelector[];

/** The rules for one kind of name, under one way of spelling names. */
export class RuleTable {
  readonly #exact = new Map<string, Spelt[]>();
  readonly #globs: GlobIndex<GlobSelector>;
  readonly #star: Spelt | null;

  /** `spell` gives the selector as it is compared with names; it keeps the stars. */
  constructor(entries: readonly TableSelector[], spell: (selector: string) => string) {
    const globs: GlobSelector[] = [];
    let star: Spelt | null = null;
    for (const { selector: written, rules } of entries) {
      const selector = spell(written);
      const glob = parseGlob(selector);
      const entry: Spelt = { selector: written, rules, literals: glob.literals };
      if (selector === '*') star = entry;
      else if (selector.includes('*')) globs.push({ glob, entry });
      else this.#exact.set(selector, [...(this.#exact.get(selector) ?? []), entry].sort(bySpecificity));
    }
    this.#globs = new GlobIndex(globs);
    this.#star = star;
  }

  /** Every selector that covers the name, the most specific first. */
  matches(name: string): Rank[] {
    const globs = this.#globs.find(name).map((match) => match.entry);
    if (globs.length > 1) globs.sort(bySpecificity);
    return [...ranks(this.#exact.get(name) ?? []), ...ranks(globs), ...(this.#star === null ? [] : [[this.#star]])];
  }
}

/** Divides a sorted list where the number of literal characters changes. */
function ranks(entries: readonly Spelt[]): Rank[] {
  const all: Spelt[][] = [];
  for (const entry of entries) {
    const last = all.at(-1);
    if (last !== undefined && last[0]?.literals === entry.literals) last.push(entry);
    else all.push([entry]);
  }
  return all;
}

/** Most literal characters, then the strictest action, then the selector, so that the order of the file means nothing. */
function bySpecificity(a: Spelt, b: Spelt): number {
  if (a.literals !== b.literals) return b.literals - a.literals;
  const difference = strictnessOf(b) - strictnessOf(a);
  if (difference !== 0) return difference;
  return a.selector < b.selector ? -1 : 1;
}

function strictnessOf(entry: TableSelector): number {
  return entry.rules.reduce((most, rule) => Math.max(most, STRICTNESS[rule.effect]), 0);
}
