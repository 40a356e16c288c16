import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';
import { conditionOf, amountOf, inputOf } from './evaluate.ts';
import { compiledInWords } from './outcomes/compilation.ts';

/** Lines of expression and what comes of it when a policy is loaded, apart by a tab (outcomes/compilation.ts says in what words). */
const TABLE = readFileSync(join(import.meta.dirname, 'outcomes/compilations.tsv'), 'utf8');
/** Of one test. */
const MOST_ROWS = 20;
const parts = TABLE.split(/^== /m).filter((section) => section !== '').flatMap((section) => {
  const [title = '', ...all] = section.split('\n').filter((line) => line !== '');
  return Array.from({ length: Math.ceil(all.length / MOST_ROWS) }, (_, part) => ({ title, part: part + 1, rows: all.slice(part * MOST_ROWS, (part + 1) * MOST_ROWS) }));
});

describe('what comes of an expression when its policy is loaded', () => {
  it.each(parts)('$title, part $part: each problem with its place, its code, its whole message and its help, or what is known', ({ title, rows }) => {
    const found = rows.map((row) => {
      const source = row.split('\t')[0] ?? '';
      return `${source}\t${compiledInWords(source, title.includes('@amount'), title.includes('@schema'))}`;
    });
    expect(found).toEqual(rows);
  });

  it('an expression that is empty or too large says so', () => {
    expect(compiledInWords('', false, false)).toBe('refused: 0-0 syntax: the expression is empty (-)');
    expect(compiledInWords('  ', false, false)).toBe('refused: 0-2 syntax: the expression is empty (-)');
    const tooLong = `args.a == "${'x'.repeat(4096)}"`;
    expect(compiledInWords(tooLong, false, false)).toBe('refused: 4096-4108 too_long: the expression has 4108 characters; at most 4096 are allowed (split it into several conditions)');
    expect(compiledInWords(`args.a == "${'x'.repeat(4084)}"`, false, false)).toMatch(/^accepted/);
    expect(compiledInWords(`args.a == "${'x'.repeat(4085)}"`, false, false)).toMatch(/^refused: 4096-4097 too_long/);
    const deep = compileCondition(`${'('.repeat(40)}args.a${')'.repeat(40)}`);
    expect(deep.ok ? [] : deep.problems.map(({ code, message, help }) => [code, message, help])).toEqual([
      ['too_complex', 'the expression is too large: at most 512 parts, 32 inside each other and 4096 characters', 'split it into several conditions'],
    ]);
    const many = Array.from({ length: 9 }, (_, i) => `args.t ? "${i}" : `).join('');
    const choice = `(${many}"z")`;
    const wide = `args[${choice}][${choice}][${choice}] == 1`;
    expect(compiledInWords(wide, false, false)).toBe(`refused: 0-${wide.length} too_complex: the expression cannot be compiled (write it in a simpler way)`);
  });

  it('problems that begin at one place come by their ends, and none is said twice', () => {
    const made = compileCondition('args.a.matches(1) && args.a.matches(1)');
    expect(made.ok ? [] : made.problems.map(({ start, end, code }) => `${start}-${end} ${code}`)).toEqual([
      '0-17 type_mismatch', '15-16 pattern_not_literal', '21-38 type_mismatch', '36-37 pattern_not_literal',
    ]);
    const amount = compileAmount('(1 / 0 > 1) + (now + now)');
    expect(amount.ok ? [] : amount.problems.map(({ start, end, code }) => `${start}-${end} ${code}`)).toContain('15-24 type_mismatch');
  });
});

describe('the outcome of an amount', () => {
  it.each([
    ['args.a', '{"a":12.50}', { kind: 'value', value: { digits: 125n, scale: 1 } }],
    ['args.a', '{"a":0.1234567890123456789}', { kind: 'value', value: { digits: 1234567890123456789n, scale: 19 } }],
    ['args.a.b', '{"a":{"b":7}}', { kind: 'value', value: { digits: 7n, scale: 0 } }],
    ['args["a.b"]', '{"a.b":7}', { kind: 'value', value: { digits: 7n, scale: 0 } }],
    ['args.a.b', '{"a":{}}', { kind: 'absent', path: 'a.b' }],
    ['args.a.b', '{}', { kind: 'absent', path: 'a' }],
    ['args.a.b', null, { kind: 'absent', path: 'a' }],
    ['args.a.b', undefined, { kind: 'unknown' }],
    ['args.a.b', '{"a":5}', { kind: 'error', message: '`args.a.b` asks for a member of what is no object', blame: 'arguments' }],
    ['args.a', '[5]', { kind: 'error', message: '`args.a` asks for a member of what is no object', blame: 'arguments' }],
    ['args.a.b', '{"a":{"b":"5"}}', { kind: 'error', message: '`args.a.b` is no number', blame: 'arguments' }],
    ['args.a', '{"a":null}', { kind: 'error', message: '`args.a` is no number', blame: 'arguments' }],
    ['args.a.b', '{"a":{"b":1e9999}}', { kind: 'error', message: '`args.a.b` has too many digits or too large an exponent', blame: 'arguments' }],
    ['args.a * 2.0', '{"a":1.5}', { kind: 'value', value: { digits: 3n, scale: 0 } }],
    ['args.a * 2.0', undefined, { kind: 'unknown' }],
    ['args.a * 2.0', '{}', { kind: 'absent', path: 'a' }],
    ['size(args.a)', '{"a":[1,2]}', { kind: 'value', value: { digits: 2n, scale: 0 } }],
    ['user.org.id', '{}', { kind: 'value', value: { digits: 7n, scale: 0 } }],
    ['user.sub', '{}', { kind: 'error', message: 'the amount is a string, not a number', blame: 'arguments' }],
    ['args.t ? args.a : args.b', '{"t":true,"a":null}', { kind: 'error', message: 'the amount is null, not a number', blame: 'arguments' }],
    ['args.a / 0.0', '{"a":1}', { kind: 'error', message: 'a division by zero', blame: 'evaluation' }],
  ] as const)('%s of %s', (source, args, outcome) => {
    expect(amountOf(source).evaluate(inputOf(args === undefined ? {} : { args }))).toEqual(outcome);
  });

  it('of arguments that are given and yet unknown is unknown', () => {
    expect(amountOf('args.a').evaluate(inputOf({ args: '{"a":1}', unknown: ['args'] }))).toEqual({ kind: 'unknown' });
    expect(amountOf('args.a').evaluate(inputOf({ args: '{"a":1}', unknown: ['user'] }))).toMatchObject({ kind: 'value' });
  });
});

describe('the outcome of a condition', () => {
  it.each([
    ['args.a', '{"a":true}', { kind: 'value', value: true }],
    ['args.a', '{"a":1}', { kind: 'error', message: 'the condition gives a number, not true or false', blame: 'evaluation' }],
    ['args.a', '{"a":[]}', { kind: 'error', message: 'the condition gives a list, not true or false', blame: 'evaluation' }],
    ['args.a.all(x, args.a.all(y, args.a.all(z, true)))', `{"a":[${Array.from({ length: 40 }, () => '1').join(',')}]}`, { kind: 'error', message: 'the evaluation took more than 10000 steps', blame: 'evaluation' }],
    ['args.a.all(x, args.a.all(y, args.a.all(z, true))) || true', `{"a":[${Array.from({ length: 40 }, () => '1').join(',')}]}`, { kind: 'error', message: 'the evaluation took more than 10000 steps', blame: 'evaluation' }],
  ] as const)('%s of %s', (source, args, outcome) => {
    expect(conditionOf(source).evaluate(inputOf({ args }))).toEqual(outcome);
  });
});
