import type { LimitClaim, Verdict } from './types.ts';
import type { Glob } from './glob.ts';
import { parseGlob } from './glob.ts';
import { GlobIndex } from './glob-index.ts';
import { STRICTNESS } from './document.ts';

/** One rule, ready to be used: its verdict and its limits are built once, at load. */
export interface TableRule {
  readonly selector: string;
  readonly verdict: Verdict;
  readonly limits: readonly LimitClaim[];
  readonly observe: boolean;
  /** Literal characters of the selector as its author wrote it; ranks globs. */
  readonly literals: number;
}

interface GlobRule {
  readonly glob: Glob;
  readonly rule: TableRule;
}

/** The rules for one kind of name, under one way of spelling names. */
export class RuleTable {
  readonly #exact = new Map<string, TableRule[]>();
  readonly #globs: GlobIndex<GlobRule>;
  readonly #star: TableRule | null;

  /** `spell` gives the selector as it is compared with names; it keeps the stars. */
  constructor(rules: readonly TableRule[], spell: (selector: string) => string) {
    const globs: GlobRule[] = [];
    let star: TableRule | null = null;
    for (const rule of rules) {
      const selector = spell(rule.selector);
      if (selector === '*') star = rule;
      else if (selector.includes('*')) globs.push({ glob: parseGlob(selector), rule });
      else this.#exact.set(selector, [...(this.#exact.get(selector) ?? []), rule].sort(bySpecificity));
    }
    this.#globs = new GlobIndex(globs);
    this.#star = star;
  }

  /** Every rule that covers the name, the most specific first. */
  matches(name: string): TableRule[] {
    const globs = this.#globs.find(name).map((match) => match.rule);
    if (globs.length > 1) globs.sort(bySpecificity);
    const found = [...(this.#exact.get(name) ?? []), ...globs];
    if (this.#star !== null) found.push(this.#star);
    return found;
  }
}

/** Most literal characters, then the strictest action, then the selector, so that the order of the file means nothing. */
function bySpecificity(a: TableRule, b: TableRule): number {
  if (a.literals !== b.literals) return b.literals - a.literals;
  const strictness = STRICTNESS[b.verdict.effect] - STRICTNESS[a.verdict.effect];
  if (strictness !== 0) return strictness;
  return a.selector < b.selector ? -1 : 1;
}
