import { MOST_SEARCH_COST } from '../re2.ts';

/**
 * Bounds on schemas and on validating with them. Schemas of upstreams are hostile (protocol.md A3, attack 41): each bound ends in
 * `unusable`, which refuses the calls that need the schema.
 */

/** Bytes of one schema: reading it costs its size times its depth. */
export const MAX_SCHEMA_BYTES = 1024 * 1024;
export const MAX_SUBSCHEMAS = 5000;
/** Nesting of subschemas inside each other. */
export const MAX_SCHEMA_DEPTH = 64;
/** Patterns of one schema together: compiling them is the most expensive part of compiling a schema. */
export const MAX_PATTERNS = 200;
export const MAX_PATTERN_CHARACTERS = 20_000;
/** Problems reported of one schema; the rest is left out. */
export const MAX_PROBLEMS = 50;

/** One validation: a step is one subschema applied to one value; long texts and lists cost more. */
export const MAX_STEPS = 100_000;
/** Subschemas that are being applied at the same time: what recursion by `$ref` can put on the stack. */
export const MAX_RECURSION = 512;
/** Longer texts are not searched with patterns. UTF-16 units. */
export const LONGEST_SEARCHED = 65_536;
/** What one step pays for, of the cost of a search (re2.ts): with all its steps a validation can afford MOST_SEARCH_COST. */
export const SEARCH_COST_PER_STEP = MOST_SEARCH_COST / MAX_STEPS;
export const COMPARED_PER_STEP = 256;
