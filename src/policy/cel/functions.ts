import { CONVERSIONS } from './conversion-functions.ts';
import type { Overload } from './signature.ts';
import { BOOL } from './static-type.ts';
import { TEXT_FUNCTIONS } from './text-functions.ts';
import { TIME_FUNCTIONS } from './time-functions.ts';
import { Failure } from './value.ts';

const NO_PATTERN = Failure.error('a pattern was not compiled');

/** `matches` is compiled with its pattern (compile-call.ts); what stands here is for the checker. */
const MATCHES: Overload = { name: 'matches', receiver: 'string', params: ['string'], result: BOOL, apply: () => NO_PATTERN };

/** Everything that can be called. What is not here is refused when the expression is compiled. */
const FUNCTIONS: readonly Overload[] = [...CONVERSIONS, ...TEXT_FUNCTIONS, ...TIME_FUNCTIONS, MATCHES];

/** The forms of a function of this name, with that many arguments, as a method or not. */
export function overloadsOf(name: string, method: boolean, count: number): readonly Overload[] {
  return FUNCTIONS.filter((one) => one.name === name && (one.receiver !== null) === method && one.params.length === count);
}

/** All forms of a name, for messages. */
export function formsOf(name: string): readonly Overload[] {
  return FUNCTIONS.filter((one) => one.name === name);
}

export const FUNCTION_NAMES: readonly string[] = [...new Set([...FUNCTIONS.map((one) => one.name), 'has', 'all', 'exists', 'exists_one', 'map', 'filter'])];
