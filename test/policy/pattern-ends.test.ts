import { describe, expect, it } from 'vitest';
import { formatDiagnostic, loadPolicy } from '../../src/policy/index.ts';
import { openEnds } from '../../src/policy/pattern-ends.ts';

describe('the open ends of a pattern', () => {
  it.each([
    ['^abc$', null],
    ['^(?:a|b)$', null],
    ['^a$|^b$', null],
    ['^abc', 'end'],
    ['abc$', 'start'],
    ['abc', 'both'],
    ['^a|b$', 'both'],
    ['^a|^b$', 'end'],
    ['^abc\\$', 'end'],
    ['(?m)^abc$', 'both'],
    ['(^a|^b)', 'end'],
    ['', 'both'],
  ])('of %s: %s', (pattern, expected) => expect(openEnds(pattern)).toBe(expected));
});

async function warnings(rule: string): Promise<string[]> {
  const result = await loadPolicy(`version: "1"\ndefault: deny\ntools:\n  a: ${rule}\n`, { name: 'p' });
  expect(result.ok).toBe(true);
  return result.warnings.map((warning) => formatDiagnostic(warning).split('\n')[0]?.replace(/^.*?warning: /, '') ?? '');
}

describe('a pattern that does not span the text', () => {
  it.each<[string, string[]]>([
    [`{ require: args.x.matches('^abc') }`, ['the pattern "^abc" is open at its end: anything may follow what it matches']],
    [`{ require: args.x.matches('abc$') }`, ['the pattern "abc$" is open at its start: anything may stand before what it matches']],
    [`{ require: args.x.matches('abc') }`, ['the pattern "abc" matches anywhere in the text']],
    [`{ require: args.x.matches('^abc$') }`, []],
    [`{ action: allow, deny_if: args.x.matches('abc') }`, []],
    [`{ when: args.x.matches('abc'), action: deny }`, []],
    [`{ when: args.x.matches('abc'), action: allow }`, ['the pattern "abc" matches anywhere in the text']],
    [`{ arguments: { x: { type: string, pattern: '^abc' } } }`, ['the pattern "^abc" is open at its end: anything may follow what it matches']],
    [`{ arguments: { x: { type: string, not: { pattern: abc } } } }`, []],
  ])('%s', async (rule, expected) => expect(await warnings(rule)).toEqual(expected));
});
