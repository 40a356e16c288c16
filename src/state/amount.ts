import { ZERO, addDecimals, compareDecimals, formatDecimal, subtractDecimals, type Decimal } from '../wire/decimal.ts';
import { StateUnavailable } from './types.ts';

/** Canonical text of a number that is not negative (`formatDecimal`). */
const CANONICAL = /^(0|[1-9][0-9]*)(?:\.([0-9]*[1-9]))?$/;
/** Far above the sum of any numbers that JSON arguments can hold (wire/decimal.ts), and cheap to compute with. Characters. */
const LONGEST = 4096;

/** Reads a stored or claimed amount exactly. @throws StateUnavailable for anything but a canonical decimal of at least zero */
export function readAmount(text: string): Decimal {
  if (text === '0') return ZERO;
  const match = text.length <= LONGEST ? CANONICAL.exec(text) : null;
  if (match === null) throw new StateUnavailable('an amount is not a canonical decimal of at least 0; the claim or the database was made by something else');
  const [, whole = '', fraction = ''] = match;
  return { digits: BigInt(whole + fraction), scale: fraction.length };
}

/** `a - b`, at least zero: a sum that something else changed must not turn into credit. */
export function without(a: Decimal, b: Decimal): Decimal {
  return compareDecimals(a, b) <= 0 ? ZERO : subtractDecimals(a, b);
}

export function sumOf(texts: readonly string[]): string {
  return formatDecimal(texts.reduce((sum, text) => addDecimals(sum, readAmount(text)), ZERO));
}
