/** An exact decimal number: `digits * 10^-scale`. Always reduced: no trailing zero in the fraction, `scale` at least 0. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Longer numbers are not read: arithmetic on them would cost what their sender chooses. Characters. */
const LONGEST_LEXEME = 400;
/** The exponents of doubles, and some: what lies outside is no amount of anything. */
const LARGEST_EXPONENT = 400;

const LEXEME = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,6}))?$/;

export const ZERO: Decimal = Object.freeze({ digits: 0n, scale: 0 });

/** Reads a JSON number (RFC 8259 section 6) exactly. Null for anything else, and for what is too long or too large to compute with. */
export function parseDecimal(lexeme: string): Decimal | null {
  if (lexeme.length > LONGEST_LEXEME) return null;
  const match = LEXEME.exec(lexeme);
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = '', exponent = '0'] = match;
  const power = Number(exponent);
  if (Math.abs(power) > LARGEST_EXPONENT) return null;
  const digits = BigInt(`${sign}${whole}${fraction}`);
  const scale = fraction.length - power;
  return scale >= 0 ? reduced(digits, scale) : { digits: digits * 10n ** BigInt(-scale), scale: 0 };
}

function reduced(digits: bigint, scale: number): Decimal {
  if (digits === 0n) return ZERO;
  let left = digits;
  let places = scale;
  while (places > 0 && left % 10n === 0n) {
    left /= 10n;
    places -= 1;
  }
  return { digits: left, scale: places };
}

/** The shortest decimal that stands for a double, which is how JSON and people write it; null for NaN and the infinities. */
export function decimalOf(value: number): Decimal | null {
  return Number.isFinite(value) ? parseDecimal(String(value).replace('e+', 'e')) : null;
}

/**
 * The double that a JSON number stands for, if it is that very number; null when reading it as a double changes it (integers beyond
 * 2^53, too many digits, overflow). protocol.md J13.
 */
export function exactDouble(lexeme: string): number | null {
  const value = Number(lexeme);
  const written = parseDecimal(lexeme);
  const read = decimalOf(value);
  if (written === null || read === null) return null;
  return compareDecimals(written, read) === 0 ? value : null;
}

function aligned(a: Decimal, b: Decimal): readonly [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.digits * 10n ** BigInt(scale - a.scale), b.digits * 10n ** BigInt(scale - b.scale), scale];
}

/** Negative, zero or positive, as `a` is less than, equal to or greater than `b`. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  const [left, right] = aligned(a, b);
  return left < right ? -1 : left > right ? 1 : 0;
}

export function addDecimals(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b);
  return reduced(left + right, scale);
}

export function subtractDecimals(a: Decimal, b: Decimal): Decimal {
  const [left, right, scale] = aligned(a, b);
  return reduced(left - right, scale);
}

/** Whether `a` is a whole multiple of `b`, exactly. False when `b` is zero. */
export function isMultipleOf(a: Decimal, b: Decimal): boolean {
  const [left, right] = aligned(a, b);
  return right !== 0n && left % right === 0n;
}

/** The one spelling of a decimal: no exponent, no needless zero. `parseDecimal` reads it back. */
export function formatDecimal(value: Decimal): string {
  const sign = value.digits < 0n ? '-' : '';
  const digits = (value.digits < 0n ? -value.digits : value.digits).toString().padStart(value.scale + 1, '0');
  return value.scale === 0 ? `${sign}${digits}` : `${sign}${digits.slice(0, -value.scale)}.${digits.slice(-value.scale)}`;
}
