import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDecimals, exactDouble, formatDecimal, parseDecimal } from '../../../src/wire/decimal.ts';
import { amountOf, conditionOf, evaluate, inAWord, inputOf } from './evaluate.ts';

describe('[#42] no spelling of a number evades a comparison', () => {
  // Everything that is not a number within the limit: refused as a mismatch, as inexact, or because it is too much.
  const evasions: readonly (readonly [string, 'false' | 'error'])[] = [
    ['"9999"', 'error'],
    ['"99"', 'error'],
    ['""', 'error'],
    ['[9999]', 'error'],
    ['[]', 'error'],
    ['{"valueOf":1}', 'error'],
    ['{}', 'error'],
    ['true', 'error'],
    ['false', 'error'],
    ['null', 'error'],
    ['9999', 'false'],
    ['501', 'false'],
    ['500.01', 'false'],
    ['5.01e2', 'false'],
    ['5e3', 'false'],
    ['1e400', 'error'],
    ['1e308', 'false'],
    ['1.0e309', 'error'],
    ['500.0000000000000001', 'error'],
    ['499.99999999999999999', 'error'],
    ['9007199254740993', 'error'],
    ['-9007199254740993', 'error'],
    ['0.1000000000000000055511151231257827', 'error'],
    [`1${'0'.repeat(500)}`, 'error'],
    [`0.${'0'.repeat(500)}1`, 'error'],
    ['1e-400', 'error'],
  ];
  it.each(evasions)('[J13] `amount <= 500` with %s: %s', (amount, outcome) => {
    expect(evaluate('args.amount <= 500', `{"amount":${amount}}`)).toBe(outcome);
    expect(evaluate('500 >= args.amount', `{"amount":${amount}}`)).toBe(outcome);
    expect(evaluate('args.amount <= 500.0', `{"amount":${amount}}`)).toBe(outcome);
    expect(evaluate('args.amount < 501 && args.amount <= 500', `{"amount":${amount}}`)).toBe(outcome);
  });

  it.each(['500', '5e2', '5.0e2', '500.0', '500.000', '0', '-0', '-0.0', '0e0', '-1', '499.99', '1e-7', '500E0'])('and %s passes, however it is written', (amount) => {
    expect(evaluate('args.amount <= 500', `{"amount":${amount}}`)).toBe('true');
  });

  it.each(['"5"', '[5]', '{"a":5}', 'true', 'null'])('%s equals no number', (value) => {
    expect(evaluate('args.x == 5', `{"x":${value}}`)).toBe('false');
    expect(evaluate('args.x in [5, 6]', `{"x":${value}}`)).toBe('false');
  });

  it('[J13] a comparison of any number of JSON with any number of the policy is exact, or an error', () => {
    const lexeme = fc.oneof(
      fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => JSON.stringify(value)),
      fc.tuple(fc.integer(), fc.nat(999_999_999), fc.integer({ min: -20, max: 20 })).map(([a, b, e]) => `${a}.${b}e${e}`),
      fc.constantFrom('9007199254740992', '9007199254740993', '9007199254740991.5', '500', '5e2', '0.1', '0.30000000000000004'),
    );
    const limit = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String), fc.constantFrom('500', '9007199254740992', '9007199254740993', '0', '0.5', '0.1'));
    fc.assert(
      fc.property(lexeme, limit, (sent, written) => {
        const [a, b] = [parseDecimal(sent), parseDecimal(written)];
        for (const [op, holds] of [['<', (c: number) => c < 0], ['<=', (c: number) => c <= 0], ['>', (c: number) => c > 0], ['>=', (c: number) => c >= 0], ['==', (c: number) => c === 0], ['!=', (c: number) => c !== 0]] as const) {
          const outcome = evaluate(`args.x ${op} ${written}`, `{"x":${sent}}`);
          if (outcome === 'error') continue;
          if (a === null || b === null) throw new Error(`${sent} was compared`);
          expect([sent, op, written, outcome]).toEqual([sent, op, written, String(holds(compareDecimals(a, b)))]);
        }
      }),
      { numRuns: 500 },
    );
  });

  it('[J13] a number is read as the double that JavaScript reads, however short or long its text is', () => {
    const lexeme = fc.tuple(fc.constantFrom('', '-'), fc.integer({ min: 0, max: 2 ** 31 }), fc.stringMatching(/^[0-9]{1,16}$/), fc.constantFrom('', '', '', 'e2', 'E-3')).map((parts) => `${parts[0]}${parts[1]}.${parts[2]}${parts[3]}`);
    fc.assert(
      fc.property(lexeme, (sent) => {
        const outcome = evaluate(`string(args.x) == "${String(Number(sent))}"`, `{"x":${sent}}`);
        expect([sent, outcome]).toEqual([sent, exactDouble(sent) === null ? 'error' : 'true']);
      }),
      { numRuns: 2000 },
    );
  });

  it('two arguments are compared as exactly', () => {
    expect(evaluate('args.a == args.b', '{"a":9007199254740993,"b":9007199254740992}')).toBe('error');
    expect(evaluate('args.a == args.b', '{"a":1e2,"b":100}')).toBe('true');
    expect(evaluate('args.a == args.b', '{"a":[1,{"x":100000000000000000001}],"b":[1,{"x":100000000000000000000}]}')).toBe('error');
    expect(evaluate('args.a in args.b', '{"a":1,"b":[2,9007199254740993]}')).toBe('error');
    expect(evaluate('args.a in args.b', '{"a":1,"b":[9007199254740993,1]}')).toBe('true');
  });
});

describe('calculations', () => {
  it.each([
    ['args.i + args.j > 0.0', '{"i":1e308,"j":1e308}', 'error'],
    ['args.i * args.j > 0.0', '{"i":1e-300,"j":1e-300}', 'error'],
    ['args.i / args.j > 0.0', '{"i":1e-300,"j":1e300}', 'error'],
    ['args.i * args.j > 0.0', '{"i":0,"j":1e-300}', 'false'],
    ['args.i * args.j > 0.0', '{"i":1e-300,"j":0}', 'false'],
    ['args.i / args.j > 0.0', '{"i":0,"j":1e300}', 'false'],
    ['args.i - args.j > 0.0', '{"i":1e-300,"j":1e-300}', 'false'],
    ['args.i * args.j > 0.0', '{"i":1e200,"j":1e200}', 'error'],
    ['args.i / args.j > 0.0', '{"i":1,"j":0}', 'error'],
    ['args.i / args.j > 0.0', '{"i":1,"j":-0}', 'error'],
    ['int(args.i) / int(args.j) > 0', '{"i":1,"j":0}', 'error'],
    ['int(args.i) % int(args.j) > 0', '{"i":1,"j":0}', 'error'],
    ['int(args.i) * int(args.j) > 0', '{"i":9007199254740992,"j":9007199254740992}', 'error'],
    ['int(args.i) + 9223372036854775807 > 0', '{"i":1}', 'error'],
    ['-(int(args.i) - 9223372036854775807 - 2) > 0', '{"i":1}', 'error'],
    ['int(args.i) > 0', '{"i":1e300}', 'error'],
    ['int(args.i) == -3', '{"i":-3.7}', 'true'],
    ['int(args.i) % 2 == 0', '{"i":4}', 'true'],
    ['args.i * 2.0 == 5', '{"i":2.5}', 'true'],
    ['args.i + args.j == 0.30000000000000004', '{"i":0.1,"j":0.2}', 'true'],
    ['args.i + args.j > 1.0', '{"i":"1","j":"2"}', 'error'],
    ['args.i + args.j > 1.0', '{"i":"1","j":2}', 'error'],
    ['-args.i < 0', '{"i":2}', 'true'],
  ])('%s over %s: %s', (source, args, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });
});

describe('amounts', () => {
  const amount = (source: string, args: string | null): string => {
    const outcome = amountOf(source).evaluate(inputOf({ args }));
    return outcome.kind === 'value' ? formatDecimal(outcome.value) : outcome.kind === 'error' ? `error of ${outcome.blame}` : inAWord(outcome);
  };
  it.each([
    ['args.amount', '{"amount":10}', '10'],
    ['args.amount', '{"amount":0.1}', '0.1'],
    ['args.amount', '{"amount":1e2}', '100'],
    ['args.amount', '{"amount":-5}', '-5'],
    ['args.amount', '{"amount":-0}', '0'],
    ['args.amount', '{"amount":9007199254740993}', '9007199254740993'],
    ['args.amount', '{"amount":0.1000000000000000055511151231257827}', '0.1000000000000000055511151231257827'],
    ['args.amount', '{"amount":500.0000000000000001}', '500.0000000000000001'],
    ['args["amount"]', '{"amount":1.10}', '1.1'],
    ['args.order.total', '{"order":{"total":12.34}}', '12.34'],
    ['args.order.total', '{"order":{}}', 'absent order.total'],
    ['args.order.total', '{}', 'absent order'],
    ['args.order.total', '{"order":"x"}', 'error of arguments'],
    ['args.amount', null, 'absent amount'],
    ['args.amount', '{"amount":"10"}', 'error of arguments'],
    ['args.amount', '{"amount":null}', 'error of arguments'],
    ['args.amount', '{"amount":[1]}', 'error of arguments'],
    ['args.amount', '{"amount":1e999}', 'error of arguments'],
    ['args.amount * 1.5', '{"amount":3}', '4.5'],
    ['args.amount + args.fee', '{"amount":0.1,"fee":0.2}', '0.30000000000000004'],
    ['args.amount * 2.0', '{"amount":"10"}', 'error of evaluation'],
    ['args.amount * 2.0', '{"amount":1e308}', 'error of evaluation'],
    ['args.amount * args.rate', '{"amount":1e-200,"rate":1e-200}', 'error of evaluation'],
    ['size(args.items)', '{"items":[1,2,3]}', '3'],
    ['has(args.amount) ? args.amount : 1.5', '{}', '1.5'],
    ['has(args.amount) ? args.amount : 1', '{"amount":"x"}', 'error of arguments'],
    ['1', '{}', '1'],
    ['2.5', '{}', '2.5'],
  ])('%s over %s: %s', (source, args, expected) => {
    expect(amount(source, args)).toBe(expected);
  });

  it('a plain argument keeps every digit that was sent', () => {
    const lexeme = fc.tuple(fc.bigInt({ min: 0n, max: 10n ** 40n }), fc.bigInt({ min: 0n, max: 10n ** 40n })).map(([a, b]) => `${a}.${b}`);
    fc.assert(
      fc.property(lexeme, (sent) => {
        const written = parseDecimal(sent);
        expect(amount('args.amount', `{"amount":${sent}}`)).toBe(written === null ? 'error of arguments' : formatDecimal(written));
      }),
    );
  });

  it('are unknown while the arguments are', () => {
    expect(amountOf('args.amount').evaluate(inputOf({}))).toEqual({ kind: 'unknown' });
    expect(amountOf('args.amount * 2.0').evaluate(inputOf({}))).toEqual({ kind: 'unknown' });
    expect(conditionOf('args.amount > 1').evaluate(inputOf({ args: '{"amount":2}', unknown: ['args'] }))).toEqual({ kind: 'unknown' });
  });
});
