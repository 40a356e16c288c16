import type { ToolFacts } from './types.ts';

/** The categories and risk classes of catalogue.md, as selectors. */
export const CATEGORY_SELECTORS: readonly string[] = ['@read', '@write', '@execute', '@destructive', '@financial'];
export const RISK_SELECTORS: readonly string[] = ['@low', '@medium', '@high', '@critical'];
export const CLASS_SELECTORS: readonly string[] = [...CATEGORY_SELECTORS, ...RISK_SELECTORS];

/** What class selectors know of a tool. Null: not known, so that it cannot be told whether a selector of that kind matches. */
export interface ToolClass {
  /** Selectors of every category that the tool is of: one, or two that are equally severe. */
  readonly categories: readonly string[] | null;
  readonly risk: string | null;
}

/** A selector of a class. Every one of them starts with `@`, and nothing else in a checked document does. */
export function isClassSelector(selector: string): boolean {
  return selector.startsWith('@');
}

/** Whether a selector can stand for more than one name. */
export function spansNames(selector: string): boolean {
  return selector.includes('*') || isClassSelector(selector);
}

const UNKNOWN: ToolClass = { categories: null, risk: null };
/** `financial` and `destructive` are equally severe (catalogue.md, "Category"): a tool with both effects is refused by a rule for either. */
const MOST_SEVERE: readonly string[] = ['destructive', 'financial'];

/** The class that facts speak of. What is no class of ours is not known. */
export function classOf(tool: ToolFacts | null): ToolClass {
  if (tool === null) return UNKNOWN;
  const { category, risk, effects = [] } = tool;
  return { categories: categoriesOf(category, effects), risk: known(RISK_SELECTORS, risk) };
}

function categoriesOf(category: string | null, effects: readonly string[]): readonly string[] | null {
  const own = known(CATEGORY_SELECTORS, category);
  if (own === null || category === null || !MOST_SEVERE.includes(category)) return own === null ? null : [own];
  return MOST_SEVERE.filter((each) => each === category || effects.includes(each)).map((each) => `@${each}`);
}

function known(selectors: readonly string[], name: string | null): string | null {
  return name !== null && selectors.includes(`@${name}`) ? `@${name}` : null;
}

/** `yes`, `no`, or `unknown` while nothing classified the tool. */
export function matchesClass(selector: string, { categories, risk }: ToolClass): 'yes' | 'no' | 'unknown' {
  if (RISK_SELECTORS.includes(selector)) return risk === null ? 'unknown' : risk === selector ? 'yes' : 'no';
  return categories === null ? 'unknown' : categories.includes(selector) ? 'yes' : 'no';
}
