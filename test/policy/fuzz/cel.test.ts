import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';
import { callOf } from '../../../src/policy/index.ts';
import { MOST_STEPS } from '../../../src/policy/cel/limits.ts';
import { evaluate, random, write, type Members } from './expression.ts';

const SOURCES = [
  'args.amount <= 500', 'has(args.a) && args.a.startsWith("x")', 'args.list.all(x, x > 1.0)', '"ci" in grant.tags', 'now.getHours("Europe/Berlin") < 9', 'args.s.matches("^(a|b)*$")',
  'args.a == 1.0 ? args.b < 2.0 : args["c-d"] != null', 'size(args.list) <= 3 && args.list[0] == "x"', 'args.m.x.y.z == true || !has(args.q)', 'user.sub == "a"', 'type(args.a) == string',
  'args.list.filter(x, x > 1.0).map(x, x * 2.0).exists(x, x == 4.0)', 'timestamp("2026-01-01T00:00:00Z") < now', 'args.a.split(",").join("-").size() < 5',
];
const PIECES = ['(', ')', '[', ']', '{', '}', '.', ',', '"', "'", '\\', ' ', '&&', '||', '!', '==', '?', ':', 'in ', '-', '+', '*', '/', '%', '0', '1.5', '1e999', '9223372036854775808', '0x1', 'u', 'null', 'true', 'args', 'has(', '.all(x, ', '.map(', '.matches("', '"(?=a)"', '\n', '\u0000', '\ud83d', '__proto__', 'constructor', 'b"x"', 'r"', '"""', '//', 'size(', 'type(', 'dyn('];

const change = fc.record({ at: fc.nat(), remove: fc.constantFrom(0, 0, 1, 2, 8), insert: fc.oneof(fc.constant(''), fc.constantFrom(...PIECES)) });
const changed = fc.tuple(fc.constantFrom(...SOURCES), fc.array(change, { maxLength: 3 })).map(([text, changes]) =>
  changes.reduce((now, { at, remove, insert }) => {
    const place = at % (now.length + 1);
    return now.slice(0, place) + insert + now.slice(place + remove);
  }, text));
const source = fc.oneof(
  { weight: 3, arbitrary: changed },
  fc.tuple(changed, fc.constantFrom(' && ', ' || ', ' == ', ' + ', ', '), changed).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 25 }).map((pieces) => pieces.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const value = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: 'small' }, fc.constant(null), fc.boolean(), fc.integer({ min: -5, max: 600 }), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constantFrom('x', 'a,b', 'aaaa!', '😀', ''), fc.array(tie('value'), { maxLength: 3 }), fc.dictionary(fc.constantFrom('x', 'y', '__proto__', 'constructor'), tie('value'), { maxKeys: 3 })),
})).value;
const members = fc.dictionary(fc.constantFrom('a', 'b', 'c-d', 'amount', 'list', 's', 'm', 'q'), value, { maxKeys: 5 }) as fc.Arbitrary<Members>;

function inputOf(args: Members): Parameters<Extract<ReturnType<typeof compileCondition>, { ok: true }>['condition']['evaluate']>[0] {
  const query = callOf({ tool: 't', args });
  return { args: query.args ?? null, name: 't', tool: null, context: { server: 's', grant: { label: 'g', tags: ['ci'] }, user: null, client: { name: null, version: null }, session: 's1', now: 1_767_600_000_000 }, unknown: new Set() };
}

describe('CEL from strangers', () => {
  it('is refused with a place in the text, or evaluates to an outcome, on any arguments', () => {
    let compiled = 0;
    fc.assert(
      fc.property(source, fc.array(members, { minLength: 1, maxLength: 3 }), (text, inputs) => {
        for (const result of [compileCondition(text), compileAmount(text)]) {
          if (!result.ok) {
            expect(result.problems.length).toBeGreaterThan(0);
            for (const { start, end, message } of result.problems) {
              expect(start >= 0 && start <= text.length && end >= start && end <= text.length + 1).toBe(true);
              expect(message).not.toContain('\n');
            }
            continue;
          }
          compiled += 1;
          const compiledOne = 'condition' in result ? result.condition : result.amount;
          for (const args of inputs) expect(['value', 'absent', 'unknown', 'error']).toContain(compiledOne.evaluate(inputOf(args)).kind);
        }
      }),
      { numRuns: 4000 },
    );
    expect(compiled).toBeGreaterThan(200);
  }, 240_000);

  it('means what a separate evaluator says: value for value, absence for absence, error for error', () => {
    fc.assert(
      fc.property(random, fc.array(members, { minLength: 1, maxLength: 4 }), (expression, inputs) => {
        const text = write(expression);
        const compiled = compileCondition(text);
        if (!compiled.ok) throw new Error(`${text}: ${compiled.problems.map(({ message }) => message).join('; ')}`);
        for (const args of inputs) {
          const expected = evaluate(expression, args);
          const outcome = compiled.condition.evaluate(inputOf(args));
          expect([text, args, outcome.kind === 'value' ? outcome.value : outcome.kind]).toEqual([text, args, expected]);
        }
      }),
      { numRuns: 3000 },
    );
  }, 240_000);

  it('spends a bounded number of steps, whatever the arguments are', () => {
    const nested = compileCondition('args.a.all(x, args.a.all(y, args.a.all(z, x + y + z > 0.0)))');
    const long = compileCondition('args.s.contains(args.t) || args.s.split("").size() > 5');
    if (!nested.ok || !long.ok) throw new Error('not compiled');
    const numbers = Array.from({ length: 2000 }, (_, index) => index + 1);
    expect(numbers.length ** 3).toBeGreaterThan(MOST_STEPS);
    expect(nested.condition.evaluate(inputOf({ a: numbers })).kind).toBe('error');
    expect(long.condition.evaluate(inputOf({ s: 'a'.repeat(1_000_000), t: `${'a'.repeat(500_000)}b` })).kind).toBe('error');
  });
});
