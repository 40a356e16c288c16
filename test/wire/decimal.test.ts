import { describe, expect, it } from 'vitest';
import { ZERO, addDecimals, compareDecimals, decimalOf, exactDouble, formatDecimal, isMultipleOf, parseDecimal, subtractDecimals, type Decimal } from '../../src/wire/decimal.ts';

function number(lexeme: string): Decimal {
  const read = parseDecimal(lexeme);
  if (read === null) throw new Error(`no number: ${lexeme}`);
  return read;
}

describe('a number', () => {
  it.each<[string, bigint, number]>([
    ['0', 0n, 0], ['-0', 0n, 0], ['0.000', 0n, 0], ['0e400', 0n, 0], ['-0.0E-400', 0n, 0],
    ['1', 1n, 0], ['-1', -1n, 0], ['10', 10n, 0], ['1.0', 1n, 0], ['1.50', 15n, 1], ['-1.25', -125n, 2], ['0.05', 5n, 2],
    ['1e2', 100n, 0], ['1E+2', 100n, 0], ['1.5e1', 15n, 0], ['1.5e2', 150n, 0], ['1.5e0', 15n, 1], ['15e-1', 15n, 1], ['10e-1', 1n, 0], ['100e-1', 10n, 0], ['-2.5e-3', -25n, 4],
    ['123456789012345678901234567890.1', 1234567890123456789012345678901n, 1],
    ['1e400', 10n ** 400n, 0], ['1e-400', 1n, 400],
  ])('%s is read exactly', (lexeme, digits, scale) => expect(parseDecimal(lexeme)).toEqual({ digits, scale }));

  it.each(['', ' 1', '1 ', '+1', '01', '-01', '1.', '.5', '-', '1e', '1e+', '1e1.5', '0x10', '1_000', 'NaN', 'Infinity', '1n', '1\n', '1e401', '1e-401', '0e401', '1e9999999'])('%j is none, or none that is computed with', (lexeme) => {
    expect(parseDecimal(lexeme)).toBeNull();
    expect(exactDouble(lexeme)).toBeNull();
  });

  it('may have 400 characters and not one more', () => {
    expect(parseDecimal('9'.repeat(400))?.digits).toBe(10n ** 400n - 1n);
    expect(parseDecimal('9'.repeat(401))).toBeNull();
    expect(parseDecimal(`0.${'0'.repeat(397)}1`)).toEqual({ digits: 1n, scale: 398 });
    expect(parseDecimal(`0.${'0'.repeat(398)}1`)).toBeNull();
  });

  it.each<[string, string]>([['0', '0'], ['-0', '0'], ['1.50', '1.5'], ['-1.50', '-1.5'], ['0.05', '0.05'], ['-0.05', '-0.05'], ['1e3', '1000'], ['1e-3', '0.001'], ['-12345.678', '-12345.678'], ['0.5', '0.5'], ['10', '10']])('%s is written %s, which is read back', (lexeme, text) => {
    expect(formatDecimal(number(lexeme))).toBe(text);
    expect(parseDecimal(text)).toEqual(number(lexeme));
  });
});

describe('numbers', () => {
  it.each<[string, string, number]>([
    ['1', '1.0', 0], ['0', '-0', 0], ['1', '2', -1], ['2', '1', 1], ['-1', '1', -1], ['-1', '-2', 1], ['0.1', '0.09', 1], ['0.1', '0.10000000000000000000001', -1], ['1e400', '1e399', 1], ['1e-400', '0', 1], ['-1e-400', '0', -1], ['9', '10', -1],
  ])('%s and %s are compared', (a, b, expected) => {
    expect(compareDecimals(number(a), number(b))).toBe(expected);
    expect(compareDecimals(number(b), number(a))).toBe(expected === 0 ? 0 : -expected);
  });

  it.each<[string, string, string, string]>([
    ['0.1', '0.2', '0.3', '-0.1'], ['1', '0.05', '1.05', '0.95'], ['0.5', '0.5', '1', '0'], ['1e20', '1e-20', '100000000000000000000.00000000000000000001', '99999999999999999999.99999999999999999999'], ['-1', '1', '0', '-2'], ['9.99', '0.01', '10', '9.98'],
  ])('%s and %s are added and subtracted', (a, b, sum, difference) => {
    expect(formatDecimal(addDecimals(number(a), number(b)))).toBe(sum);
    expect(formatDecimal(subtractDecimals(number(a), number(b)))).toBe(difference);
    expect(addDecimals(number(a), number(b))).toEqual(number(sum));
  });

  it.each<[string, string, boolean]>([['6', '3', true], ['7', '3', false], ['0.3', '0.1', true], ['0.35', '0.1', false], ['0', '3', true], ['3', '0', false], ['0', '0', false], ['-6', '3', true], ['1e400', '0.1', true], ['1.1', '1.1', true]])('%s of %s: a multiple, %s', (a, b, expected) => {
    expect(isMultipleOf(number(a), number(b))).toBe(expected);
  });
});

describe('a double', () => {
  it.each<[number, string]>([[0, '0'], [-0, '0'], [0.1, '0.1'], [1e21, '1000000000000000000000'], [1.5e300, `15${'0'.repeat(299)}`], [5e-324, `0.${'0'.repeat(323)}5`], [-2.5, '-2.5'], [1e-7, '0.0000001']])('%d is the shortest decimal that stands for it', (value, text) => {
    const read = decimalOf(value);
    expect(read === null ? null : formatDecimal(read)).toBe(text);
  });
  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%d is no number', (value) => expect(decimalOf(value)).toBeNull());
  it.each<[string, number | null]>([
    ['1', 1], ['1.0', 1], ['1e2', 100], ['0.1', 0.1], ['9007199254740992', 9007199254740992], ['9007199254740993', null], ['0.1000000000000000055511151231257827', null], ['500.0000000000000001', null], ['1e308', 1e308], ['1e309', null], ['-0', -0], ['1e-400', null], ['0e5', 0],
  ])('%s is read as one only if it is that very number', (lexeme, expected) => expect(exactDouble(lexeme)).toBe(expected));
  it('zero cannot be changed by who got it', () => expect(Object.isFrozen(ZERO)).toBe(true));
});
