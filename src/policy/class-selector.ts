import type { ToolFacts } from './types.ts';

/** The categories and risk classes of the catalogue. */
export const CATEGORIES: readonly string[] = ['read', 'write', 'execute', 'destructive', 'financial'];
export const RISKS: readonly string[] = ['low', 'medium', 'high', 'critical'];
/** As selectors. */
export const CLASS_SELECTORS: readonly string[] = [...CATEGORIES, ...RISKS].map((name) => `@${name}`);

/** `financial` and `destructive` are equally severe (catalogue.md, "Category"): a tool with both effects is refused by a rule for either. */
const MOST_SEVERE: readonly string[] = ['destructive', 'financial'];

/** What class selectors know of a tool. */
export interface ToolClass {
  /** Tells classes apart, for caches. */
  readonly key: string;
  /** Selectors of every category that the tool is of: one, or two that are equally severe. Null: not known. */
  readonly categories: readonly string[] | null;
  /** Selector of its risk class; null: not known. */
  readonly risk: string | null;
}

/** A selector of a class. Each starts with `@`, and nothing else in `tools` of a checked document does. */
export function isClassSelector(selector: string): boolean {
  return selector.startsWith('@');
}

/** Whether a selector can stand for more than one name. */
export function spansNames(selector: string): boolean {
  return selector.includes('*') || isClassSelector(selector);
}

/** One object for each class that there is: a few dozen. */
const CLASSES = new Map<string, ToolClass>();

/** The class that facts speak of. What is no class of ours is not known. */
export function classOf(tool: ToolFacts | null): ToolClass {
  const category = knownName(CATEGORIES, tool?.category);
  const risk = knownName(RISKS, tool?.risk);
  const both = category !== null && MOST_SEVERE.includes(category) && MOST_SEVERE.every((each) => each === category || tool?.effects?.includes(each) === true);
  const key = `${both ? 'both' : (category ?? '?')}/${risk ?? '?'}`;
  let found = CLASSES.get(key);
  if (found === undefined) {
    const names = both ? MOST_SEVERE : category === null ? null : [category];
    found = { key, categories: names?.map((name) => `@${name}`) ?? null, risk: risk === null ? null : `@${risk}` };
    CLASSES.set(key, found);
  }
  return found;
}

function knownName(names: readonly string[], name: string | null | undefined): string | null {
  return name !== null && name !== undefined && names.includes(name) ? name : null;
}

/** The class of a tool, as policies know it: part of `ToolFacts`. */
export type ClassFacts = Pick<ToolFacts, 'category' | 'risk' | 'effects'>;

/** `unknown` while nothing has classified the tool. */
export function matchesClass(selector: string, { categories, risk }: ToolClass): 'yes' | 'no' | 'unknown' {
  const own = RISKS.includes(selector.slice(1)) ? (risk === null ? null : [risk]) : categories;
  if (own === null) return 'unknown';
  return own.includes(selector) ? 'yes' : 'no';
}
