import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../src/policy/cel/index.ts';
import { args, condition } from './arbitrary.ts';
import { CALLER, conditionOf, evaluate, inAWord, inputOf, json } from './evaluate.ts';

/** Random conditions that compile: whatever else the grammar makes is refused at load, which the fuzz test looks at. */
const compiled = condition
  .map((source) => compileCondition(source))
  .filter((made) => made.ok)
  .map((made) => made.condition);

describe('a condition over unknown arguments', () => {
  it('has a value only if every call gets the same one', () => {
    fc.assert(
      fc.property(compiled, fc.array(args, { minLength: 1, maxLength: 5 }), (one, calls) => {
        const unknown = one.evaluate(inputOf({}));
        if (unknown.kind !== 'value') return;
        for (const call of calls) expect([one.source, call, one.evaluate(inputOf({ args: call }))]).toEqual([one.source, call, unknown]);
        expect(one.evaluate(inputOf({ args: null }))).toEqual(unknown);
      }),
      { numRuns: 600 },
    );
  });

  it('and `constant` says so only if every caller gets it too', () => {
    fc.assert(
      fc.property(compiled, args, fc.nat(4_000_000_000), fc.option(fc.constant(CALLER.user), { nil: null }), (one, call, second, user) => {
        if (one.constant === null) return;
        const context = { ...CALLER, now: second * 1000, user };
        expect([one.source, one.evaluate(inputOf({ args: call, context }))]).toEqual([one.source, { kind: 'value', value: one.constant }]);
      }),
      { numRuns: 600 },
    );
  });

  it('is unknown rather than absent, and never an error that some call would not have', () => {
    expect(inAWord(conditionOf('args.a > 1').evaluate(inputOf({})))).toBe('unknown');
    expect(inAWord(conditionOf('has(args.a)').evaluate(inputOf({})))).toBe('unknown');
    expect(inAWord(conditionOf('"a" in args').evaluate(inputOf({})))).toBe('unknown');
    expect(inAWord(conditionOf('args == {}').evaluate(inputOf({})))).toBe('unknown');
    expect(inAWord(conditionOf('size(args) > 1 || true').evaluate(inputOf({})))).toBe('true');
    expect(inAWord(conditionOf('grant.label == "support" || args.a').evaluate(inputOf({})))).toBe('true');
    expect(inAWord(conditionOf('grant.label == "other" && args.a').evaluate(inputOf({})))).toBe('false');
  });
});

describe('other variables can be unknown too', () => {
  const sources = { tool: 'tool.name == "x"', server: 'server.name == "x"', grant: 'grant.label == "x"', user: 'user.sub == "x"', client: 'client.name == "x"', session: 'session.id == "x"', now: 'now.getHours() == 5' } as const;
  it.each(Object.entries(sources))('%s', (name, source) => {
    const variable = name as keyof typeof sources;
    expect(inAWord(conditionOf(source).evaluate(inputOf({ args: '{}', unknown: [variable] })))).toBe('unknown');
    expect(inAWord(conditionOf(source).evaluate(inputOf({ args: '{}', unknown: [variable], context: undefined, tool: null })))).toBe('unknown');
    expect(inAWord(conditionOf(source).evaluate(inputOf({ args: '{}' })))).toBe('false');
  });

  it('and has() of them as well', () => {
    for (const source of ['has(client.version)', 'has(user.sub)', 'has(session.id)', 'has(tool.title)', 'has(tool.annotations.x)']) {
      expect([source, inAWord(conditionOf(source).evaluate(inputOf({ args: '{}', unknown: ['client', 'user', 'session', 'tool'] })))]).toEqual([source, 'unknown']);
    }
  });
});

describe('the order of operands', () => {
  it('of && and || never matters', () => {
    fc.assert(
      fc.property(condition, condition, args, fc.constantFrom('&&', '||'), (left, right, call, op) => {
        const [forth, back] = [compileCondition(`(${left}) ${op} (${right})`), compileCondition(`(${right}) ${op} (${left})`)];
        expect([left, right, forth.ok]).toEqual([left, right, back.ok]);
        if (!forth.ok || !back.ok) return;
        const [a, b] = [forth.condition.evaluate(inputOf({ args: call })), back.condition.evaluate(inputOf({ args: call }))];
        expect([left, right, call, a.kind === 'value' ? a : a.kind]).toEqual([left, right, call, b.kind === 'value' ? b : b.kind]);
      }),
      { numRuns: 400 },
    );
  });

  it('`!` turns a value round and nothing else', () => {
    fc.assert(
      fc.property(compiled, args, (one, call) => {
        const before = one.evaluate(inputOf({ args: call }));
        const after = evaluate(`!(${one.source})`, call);
        expect(after).toBe(before.kind === 'value' ? String(!before.value) : inAWord(before));
      }),
      { numRuns: 300 },
    );
  });
});

describe('arguments that are no object', () => {
  it('are an error', () => {
    for (const text of ['[]', '5', '"x"', 'null', 'true']) {
      expect(conditionOf('has(args.a)').evaluate({ ...inputOf({}), args: json(text) }).kind).toBe('error');
    }
  });
});
