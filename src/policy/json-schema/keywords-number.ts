import type { Decimal } from '../../wire/decimal.ts';
import { compareDecimals, decimalOf, formatDecimal, isMultipleOf, parseDecimal } from '../../wire/decimal.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import { Stopped } from './run.ts';
import type { Check, Place } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { foundIn } from './site.ts';

interface Rule {
  readonly holds: (value: Decimal, bound: Decimal) => boolean;
  readonly says: string;
  readonly passes: string;
}

export const NUMBER_RULES: Readonly<Record<string, Rule>> = {
  maximum: { holds: (value, bound) => compareDecimals(value, bound) <= 0, says: 'must be at most', passes: '<=' },
  exclusiveMaximum: { holds: (value, bound) => compareDecimals(value, bound) < 0, says: 'must be less than', passes: '<' },
  minimum: { holds: (value, bound) => compareDecimals(value, bound) >= 0, says: 'must be at least', passes: '>=' },
  exclusiveMinimum: { holds: (value, bound) => compareDecimals(value, bound) > 0, says: 'must be more than', passes: '>' },
  multipleOf: { holds: isMultipleOf, says: 'must be a multiple of', passes: 'is a multiple of' },
};

/** `maximum`, `exclusiveMaximum`, `minimum`, `exclusiveMinimum`, `multipleOf`: exact, never in floating point. */
export function numberKeyword(keyword: string, node: JsonNode, site: Site): Check | null {
  const rule = NUMBER_RULES[keyword];
  if (rule === undefined) return null;
  const lexeme = node.kind === 'number' ? node.lexeme() : '';
  const bound = parseDecimal(lexeme);
  const asDouble = decimalOf(Number(lexeme === '' ? Number.NaN : lexeme));
  if (bound === null || asDouble === null || (keyword === 'multipleOf' && bound.digits <= 0n)) {
    const found = node.kind === 'number' && (bound === null || asDouble === null) ? `${foundIn(node)}, which is out of range` : foundIn(node);
    site.problem(`\`${keyword}\` is ${found}; expected a number${keyword === 'multipleOf' ? ' greater than 0' : ''}`, node.kind === 'string' ? 'remove the quotes' : null, keyword);
    return null;
  }
  const shown = formatDecimal(bound);
  const says = `${rule.says} ${shown}`;
  const passes = `${rule.passes} ${shown}`;
  return (value, place) => {
    if (value.kind !== 'number') return null;
    return numberHolds(value, place, passes, (read, asDoubles) => rule.holds(read, asDoubles ? asDouble : bound)) ? null : failure(place, says, passes);
  };
}

/** Shorter texts without an exponent have at most 15 significant digits, which a double always keeps. */
const CERTAINLY_EXACT = 15;

/**
 * Whether a test holds for a number as it is written. Most servers read doubles: `499.99999999999999999` is under 500 and becomes
 * 500. When the two readings disagree the call is refused, also under `not`, because nobody can say what will be run (attack 42).
 */
export function numberHolds(value: JsonNode, place: Place | null, passes: string | null, test: (value: Decimal, asDoubles: boolean) => boolean): boolean {
  const lexeme = value.lexeme();
  const exact = parseDecimal(lexeme);
  if (exact === null) throw new Stopped('invalid', failure(place, 'is a number too long or too large to compare', passes));
  const holds = test(exact, false);
  if (lexeme.length <= CERTAINLY_EXACT && !/[eE]/.test(lexeme)) return holds;
  const asDouble = decimalOf(Number(lexeme));
  if (asDouble === null || test(asDouble, true) !== holds) throw ambiguous(place, passes);
  return holds;
}

/** The refusal of a number whose meaning depends on who reads it. */
export function ambiguous(place: Place | null, passes: string | null): Stopped {
  return new Stopped('invalid', failure(place, 'has more digits than a double holds, so that servers may read another number', passes));
}

/** Whether a number is whole: `1.0` and `1e3` are. */
export function isWhole(value: JsonNode, place: Place | null): boolean {
  if (value.integer() !== null) return true;
  return numberHolds(value, place, 'is an integer', (read) => read.scale === 0);
}

