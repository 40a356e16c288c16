import type { ToolClass } from './class-selector.ts';
import { isClassSelector, matchesClass } from './class-selector.ts';
import { parseGlob } from './glob.ts';
import type { Glob } from './glob.ts';
import { GlobIndex } from './glob-index.ts';
import { STRICTNESS } from './document.ts';
import type { EngineRule } from './engine-rule.ts';
import { isBare, unclassified } from './engine-rule.ts';

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

/** A class selector, for tools that are of its class and for those of which nobody knows. */
interface ClassEntry {
  readonly known: Spelt;
  readonly unknown: TableSelector;
}

/** Selectors that are equally specific: of their rules the strictest decides. */
export type Rank = readonly TableSelector[];

/** The rules for one kind of name, under one way of spelling names. */
export class RuleTable {
  readonly #exact = new Map<string, Spelt[]>();
  readonly #globs: GlobIndex<GlobSelector>;
  readonly #classes: readonly ClassEntry[];
  readonly #star: Spelt | null;

  /** `spell` gives the selector as it is compared with names; it keeps the stars. */
  constructor(entries: readonly TableSelector[], spell: (selector: string) => string) {
    const globs: GlobSelector[] = [];
    const classes: ClassEntry[] = [];
    let star: Spelt | null = null;
    for (const { selector: written, rules } of entries) {
      const selector = spell(written);
      const glob = parseGlob(selector);
      const entry: Spelt = { selector: written, rules, literals: glob.literals };
      if (selector === '*') star = entry;
      else if (isClassSelector(selector)) classes.push({ known: entry, unknown: { ...entry, rules: rules.map(unclassified) } });
      else if (selector.includes('*')) globs.push({ glob, entry });
      else this.#exact.set(selector, [...(this.#exact.get(selector) ?? []), entry].sort(bySpecificity));
    }
    this.#globs = new GlobIndex(globs);
    this.#classes = classes.sort((a, b) => bySpecificity(a.known, b.known));
    this.#star = star;
  }

  /** Every selector that covers the name, the most specific first. @param toolClass the class of the tool of this name */
  matches(name: string, toolClass: ToolClass | null = null): Rank[] {
    const globs = this.#globs.find(name).map((match) => match.entry);
    if (globs.length > 1) globs.sort(bySpecificity);
    const named = [...ranks(this.#exact.get(name) ?? []), ...ranks(globs)];
    const classes = toolClass === null ? [] : this.#ofClass(toolClass, named);
    return [...named, ...(classes.length === 0 ? [] : [classes]), ...(this.#star === null ? [] : [[this.#star]])];
  }

  /**
   * The selectors of the tool's classes, which are equally specific. Those of which it cannot be told whether they match are among them,
   * unless they could only add an action where a name or a glob has one for every call.
   */
  #ofClass(toolClass: ToolClass, named: readonly Rank[]): Rank {
    const decided = named.some((rank) => rank.some(({ rules }) => rules.some((rule) => rule.when === null && !rule.observe)));
    return this.#classes.flatMap(({ known, unknown }) => {
      switch (matchesClass(known.selector, toolClass)) {
        case 'yes': return [known];
        case 'no': return [];
        case 'unknown': return decided && known.rules.every(isBare) ? [] : [unknown];
      }
    });
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
