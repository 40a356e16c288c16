import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compilePattern, MOST_SEARCH_COST } from '../../src/policy/re2.ts';
import { evaluate, problemsOf } from './cel/evaluate.ts';

function matches(pattern: string, text: string): boolean {
  const made = compilePattern(pattern);
  if (!made.ok) throw new Error(made.message);
  return made.test(text);
}

describe('patterns', () => {
  it.each([
    ['a', 'xax', true],
    ['^a$', 'xax', false],
    ['^a$', 'a\n', false],
    ['^a$', 'a', true],
    ['(?m)^a$', 'x\na\n', true],
    ['a.c', 'a\nc', false],
    ['(?s)a.c', 'a\nc', true],
    ['^.$', '😀', true],
    ['^.{2}$', '😀', false],
    ['^\\pL+$', 'éß', true],
    ['^\\w+$', 'é', false],
    ['(?i)^straße$', 'STRAßE', true],
    ['^[^/]+$', 'a/b', false],
    ['^\\d+$', '٣', false],
    ['', '', true],
    ['\\x{1F600}', '😀', true],
    ['^https://example\\.com/', 'https://example.com.evil/', false],
  ])('%j finds something in %j: %s', (pattern, text, found) => {
    expect(matches(pattern, text)).toBe(found);
  });

  it.each(['(', ')', '[', '*a', 'a**', '(?=a)', '(?!a)', '(?<=a)', '(?<!a)', '(a)\\1', '\\k<a>', '(?>a)', 'a++', '\\Ga', 'a{1001}', '(a{1000}){1000}', '((a{100}){100}){100}', '\\', '(?P<n>a)(?P<n>b)', '[z-a]', '\\pX', '(?z)a'])(
    '[A4] %j is refused when it is compiled, in one line',
    (pattern) => {
      const made = compilePattern(pattern);
      expect(made.ok).toBe(false);
      if (!made.ok) expect(made.message).toMatch(/^[^\n]{10,400}$/);
    },
  );

  it('that are too long or too large are refused', () => {
    expect(compilePattern('a'.repeat(1001)).ok).toBe(false);
    expect(compilePattern('a{1000}b{1000}').ok).toBe(false);
    expect(compilePattern('.{900}').ok).toBe(true);
  });

  it.each([
    ['^a$', true],
    ['^a', false],
    ['a$', false],
    ['a', false],
    ['', false],
    ['\\Aa\\z', true],
    ['^a\\$', false],
    ['^a\\\\$', true],
    ['^a|b$', false],
    ['^a$|^b$', true],
    ['^(?:a|b)$', true],
    ['^(a|b)$', true],
    ['(^a$)', true],
    ['(?:^a$|^b$)', true],
    ['(^a$)|b', false],
    ['(^a$)?', false],
    ['^*a$', false],
    ['(?i)^a$', true],
    ['(?m)^a$', false],
    ['^[|]$', true],
    ['^[]|]$', true],
    ['^[^]|]$', true],
    ['^[[:alpha:]|]$', true],
    ['^\\Qa|b\\E$', false],
    ['^\\|$', true],
    ['(^a)(b$)', false],
    ['^(?P<m>a)$', true],
  ])('%j spans the whole text: %s', (pattern, anchored) => {
    const made = compilePattern(pattern);
    expect(made.ok && made.anchored).toBe(anchored);
  });

  it('that claim to span the whole text match no part of a longer one', () => {
    const piece = fc.constantFrom('^', '$', '|', '(', ')', '(?:', 'a', 'b', '[ab|]', '\\$', '\\^', '.', '*', '\\\\', '(?m)');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }).map((parts) => parts.join('')), fc.array(fc.constantFrom('a', 'b', '|', '\\', '$', '^', '\n'), { maxLength: 5 }), (pattern, parts) => {
        const made = compilePattern(pattern);
        if (!made.ok || !made.anchored) return;
        const whole = compilePattern(`^(?s:(?:${pattern}))$`);
        const text = parts.join('');
        // Spanning means: whatever matches somewhere matches as a whole.
        if (made.test(text)) expect([pattern, text, whole.ok && whole.test(text)]).toEqual([pattern, text, true]);
      }),
      { numRuns: 2000 },
    );
  });

  it('agree with V8 where the syntax is the same', () => {
    const piece = fc.constantFrom('a', 'b', 'a*', 'b+', '(?:ab)', '[ab]', '[^a]', 'a?', '(a|b)', 'x', '^', '$');
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('')), fc.string({ unit: fc.constantFrom('a', 'b', 'x', 'é'), maxLength: 12 }), (pattern, text) => {
        expect([pattern, text, matches(pattern, text)]).toEqual([pattern, text, new RegExp(pattern, 'u').test(text)]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('[#40] no text makes a pattern slow', () => {
  // Each took a backtracking engine seconds at 28 characters; here the texts are thousands of times longer. A run that
  // backtracks does not end within the test's time.
  const evil = ['^(a+)+$', '^(a|aa)+$', '(x+x+)+y', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*a){20}', '^(a?){30}a{30}$', '\\s+$'];
  it.each(evil)('[A4] %s over 65,536 characters', (pattern) => {
    for (const unit of ['a', 'x', ' ', 'ab']) {
      const text = unit.repeat(65_536 / unit.length);
      expect(typeof matches(pattern, `${text.slice(0, -1)}!`)).toBe('boolean');
    }
  });

  it('in a condition, where a search also has to fit into the budget', () => {
    const text = (length: number): string => JSON.stringify({ a: `${'a'.repeat(length - 1)}!` });
    expect(evaluate('args.a.matches("^(a+)+$")', text(28))).toBe('false');
    expect(evaluate('args.a.matches("^(a+)+$")', text(65_536))).toBe('false');
    expect(evaluate('args.a.matches("^(a+)+$")', text(65_537))).toBe('error');
    expect(evaluate('args.a.matches("^(a|b)*a(a|b){300}[^ab]$")', text(65_536))).toBe('error');
    expect(evaluate('args.a.matches("^(a|b)*a(a|b){300}[^ab]$")', text(2000))).toBe('true');
    expect(evaluate('args.b.all(x, args.a.matches("^(a+)+$"))', `{"b":[${'1,'.repeat(500)}1],${text(10_000).slice(1)}`)).toBe('false');
    expect(evaluate('args.b.all(x, !args.a.matches("^(a+)+$"))', `{"b":[${'1,'.repeat(500)}1],${text(10_000).slice(1)}`)).toBe('error');
  });

  it('and a condition is refused when its pattern needs backtracking', () => {
    for (const pattern of ['(?=a)', '(a)\\\\1', '(?<!x)y']) expect(problemsOf(`args.a.matches("${pattern}")`).map((one) => one.code)).toEqual(['bad_pattern']);
  });

  it('the cost of a search is known before it is made', () => {
    const made = compilePattern('^(a|b)*a(a|b){300}[^ab]$');
    expect(made.ok && made.cost(65_536) > MOST_SEARCH_COST && made.cost(1000) < MOST_SEARCH_COST).toBe(true);
  });
});

describe('matches() in a condition', () => {
  it.each([
    ['args.a.matches("b")', '{"a":"abc"}', 'true'],
    ['args.a.matches("^b")', '{"a":"abc"}', 'false'],
    ['args.a.matches("^a.c$")', '{"a":"a😀c"}', 'true'],
    ['args.a.matches("x")', '{"a":5}', 'error'],
    ['args.a.matches("x")', '{"a":["x"]}', 'error'],
    ['args.a.matches("x")', '{"a":null}', 'error'],
    ['args.a.matches("x")', '{}', 'absent a'],
    ['args.a.all(x, x.matches(r"^\\d+$"))', '{"a":["1","22"]}', 'true'],
    ['"abc".matches("b") && args.a', '{"a":true}', 'true'],
  ])('%s over %s: %s', (source, args, outcome) => {
    expect(evaluate(source, args)).toBe(outcome);
  });
});
