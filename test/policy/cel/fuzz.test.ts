import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';
import { args, condition } from './arbitrary.ts';
import { inputOf, json } from './evaluate.ts';

const TOKENS = [
  'args', '.', 'a', 'tool', 'name', '(', ')', '[', ']', '{', '}', ',', ':', '?', '&&', '||', '!', '-', '+', '*', '/', '%', '<', '<=', '==', '!=', 'in', 'has', 'all', 'exists', 'map',
  'filter', 'size', 'matches', '"a"', "'b'", 'r"\\d"', 'b"x"', '1', '2.5', '0x1F', '5u', '1e400', 'true', 'null', '__proto__', 'constructor', 'prototype', 'x', ' ', '\n', '//', '"""', '\\', '`', '\u0000', '😀', '\ud800',
  'getHours', '"Europe/Berlin"', 'timestamp', 'duration', 'type', 'dyn', 'int', 'string', 'cel', 'bind', 'optional', 'google', 'args.a', 'args.l.all(x, x > 1)',
];

/** Whatever was compiled also runs, and gives one of the four outcomes. */
function runs(source: string, call: string): void {
  const made = compileCondition(source);
  if (!made.ok) {
    expect(made.problems.length).toBeGreaterThan(0);
    for (const { start, end, message, help, code } of made.problems) {
      expect(start).toBeGreaterThanOrEqual(0);
      expect(end).toBeGreaterThanOrEqual(start);
      expect(end).toBeLessThanOrEqual(source.length);
      expect(code).toMatch(/^[a-z_]+$/);
      // Compiling gave up on nothing that was not foreseen.
      expect(message).not.toBe('the expression cannot be compiled');
      expect(`${message}${help ?? ''}`).toMatch(/^[^\n\r]{3,2000}$/);
    }
  } else {
    const { condition: one } = made;
    expect(['value', 'absent', 'unknown', 'error']).toContain(one.evaluate(inputOf({ args: call })).kind);
    expect(['value', 'unknown', 'error']).toContain(one.evaluate(inputOf({})).kind);
    expect(typeof one.wouldPass(false)).toMatch(/string|object/);
    expect(typeof one.wouldPass(true)).toMatch(/string|object/);
  }
  compileAmount(source);
}

describe('no text', () => {
  it('of any characters makes compiling or evaluating throw', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), args, runs), { numRuns: 600 });
  });

  it('of any tokens does', () => {
    fc.assert(fc.property(fc.array(fc.constantFrom(...TOKENS), { maxLength: 30 }).map((tokens) => tokens.join('')), args, runs), { numRuns: 1000 });
  });

  it('of expressions with something cut out, put in or doubled does', () => {
    const mutated = fc.tuple(condition, fc.nat(400), fc.nat(40), fc.constantFrom('', ...TOKENS)).map(([source, at, length, token]) => {
      const start = Math.min(at, source.length);
      return `${source.slice(0, start)}${token}${source.slice(start + length)}`;
    });
    fc.assert(fc.property(mutated, args, runs), { numRuns: 1000 });
  });

  it('of valid expressions does', () => {
    fc.assert(fc.property(condition, args, runs), { numRuns: 600 });
  });

  it.each([
    '!'.repeat(4096), '-'.repeat(4096), '('.repeat(4096), '['.repeat(4096), '{'.repeat(4096), 'a.'.repeat(2048), 'a['.repeat(2048), `${'a?'.repeat(1000)}`, 'args'.padEnd(4096, '.a'), `${'1+'.repeat(250)}1 > 0`,
    `${'args.a&&'.repeat(500)}true`, `${'[1].all(x,'.repeat(30)}true${')'.repeat(30)}`, '"'.repeat(4096), `"${'\\'.repeat(4000)}"`, '/'.repeat(4096), ' '.repeat(4096), '0'.repeat(4000), `1e${'9'.repeat(4000)}`, '\u0000'.repeat(4096),
    `args.a in [${'1,'.repeat(500)}1]`, `{${Array.from({ length: 100 }, (_, i) => `"${i}":1`).join(',')}} == args`,
  ])('of one thing over and over does: %#', (source) => {
    runs(source, '{"a":1}');
  });

  it('is too much for what the arguments may be', () => {
    const deep = `${'{"a":'.repeat(60)}1${'}'.repeat(60)}`;
    const wide = `{"a":{${Array.from({ length: 10_000 }, (_, i) => `"k${i}":${i}`).join(',')}},"l":[${'0,'.repeat(200_000)}0],"s":"${'x'.repeat(1_000_000)}"}`;
    for (const source of ['args == args', 'args.a == args.a', 'args.l.all(x, x == 0)', 'args.a.all(k, args.a[k] >= 0)', 'size(args.s) > 5', 'args.s == args.s', 'args.l.map(x, args.s).size() > 0', 'args.l.all(x, args.a.k1 == 1)', 'size(args.l) > 5']) {
      runs(source, deep);
      runs(source, wide);
    }
  });
});

describe('evaluation', () => {
  it('is pure: the same input gives the same outcome, whatever ran before', () => {
    fc.assert(
      fc.property(condition, fc.array(args, { minLength: 2, maxLength: 4 }), (source, calls) => {
        const made = compileCondition(source);
        if (!made.ok) return;
        const inputs = calls.map((call) => inputOf({ args: call }));
        const first = inputs.map((input) => made.condition.evaluate(input));
        expect(inputs.map((input) => made.condition.evaluate(input))).toEqual(first);
      }),
      { numRuns: 200 },
    );
  });

  it('never holds for an error: where a part can only fail and decides, the whole does not hold', () => {
    fc.assert(
      fc.property(condition, args, (source, call) => {
        const failing = `int(args.s_missing_type) == 1`;
        const made = compileCondition(`(${source}) && ${failing}`);
        if (!made.ok) return;
        const input = { ...inputOf({}), args: json(`{"s_missing_type":[],${call.slice(1)}`.replace(',}', '}')) };
        const outcome = made.condition.evaluate(input);
        expect(outcome.kind === 'value' && outcome.value).toBe(false);
      }),
      { numRuns: 300 },
    );
  });
});
