import { MOST_SEARCH_COST } from '../re2.ts';

/** UTF-16 units of an expression. */
export const LONGEST_SOURCE = 4096;
/** Nodes of its tree. */
export const MOST_NODES = 512;
/** Parentheses, brackets, calls and members inside each other. */
export const DEEPEST = 32;
/** Steps of one evaluation: one per node visited and per element looked at, more for long texts. */
export const MOST_STEPS = 10_000;
/** UTF-16 units of a text that a pattern is applied to. */
export const LONGEST_MATCHED = 65_536;
/** What one step pays for, in UTF-16 units of text. */
export const UNITS_PER_STEP = 64;
/** What one unit of text pays for, of the cost of a search (re2.ts): with all its steps an evaluation can afford MOST_SEARCH_COST. */
export const PATTERN_COST_PER_UNIT = MOST_SEARCH_COST / (MOST_STEPS * UNITS_PER_STEP);
