import { describe, expect, it } from 'vitest';
import { callOf, combine } from '../../src/policy/index.ts';
import { load } from './load.ts';

/** What becomes of a call of `x`, which nobody has classified: its effect, and the code of a refusal. */
async function decided(rules: string, args: object = {}): Promise<string> {
  const policies = combine([await load(`version: "1"\ndefault: allow\ntools:\n  ${rules}\n`)]);
  const { effect, code } = policies.decide(callOf({ tool: 'x', args }));
  return effect === 'allow' ? 'allow' : `${effect} ${code ?? ''}`;
}

describe('a rule for a class, and a tool whose class is not known', () => {
  it.each<[string, string, object, string]>([
    ['it may be of the class, so the call is refused', '"@destructive": deny', {}, 'deny policy_error'],
    ['a rule that allows refuses as well', '"@read": allow', {}, 'deny policy_error'],
    ['a rule of its own decides for every call, so the class could add nothing', '"@destructive": deny\n  x: allow', {}, 'allow'],
    ['so does a glob', '"@destructive": deny\n  "x*": allow', {}, 'allow'],
    ['`*` is less specific than a class', '"@destructive": deny\n  "*": allow', {}, 'deny policy_error'],
    ['a rule of its own that holds now and then decides nothing for every call', '"@destructive": deny\n  x: [{ when: args.a == "1", action: allow }]', { a: '2' }, 'deny policy_error'],
    ['and where it holds it decides', '"@destructive": deny\n  x: [{ when: args.a == "1", action: allow }]', { a: '1' }, 'deny policy_error'],
    ['a last rule without a condition decides for every call', '"@destructive": deny\n  x: [{ when: args.a == "1", action: deny }, { action: allow }]', { a: '2' }, 'allow'],
    ['a rule of its own that only observes decides nothing', '"@destructive": deny\n  x: { action: allow, mode: observe }', {}, 'deny policy_error'],
    ['of several names one that decides is enough', '"@destructive": deny\n  x: { action: allow, mode: observe }\n  "x*": allow', {}, 'allow'],
    ['a class with a limit could add it', '"@destructive": { rate_limit: 5/minute }\n  x: allow', {}, 'deny policy_error'],
    ['a class with a budget could add it', '"@destructive": { budget: { sum: args.a, max: 5, window: 60 } }\n  x: allow', { a: 1 }, 'deny policy_error'],
    ['a class with a condition on the call could add it', '"@destructive": { require: args.a == "1" }\n  x: allow', { a: '1' }, 'deny policy_error'],
    ['a class with constraints could add them', '"@destructive": { arguments: { a: { type: string } } }\n  x: allow', { a: '1' }, 'deny policy_error'],
    ['a class with a `when` could apply', '"@destructive": [{ when: args.a == "1", action: deny }]\n  x: allow', { a: '2' }, 'deny policy_error'],
    ['a class that asks for approval in its own way could demand it', '"@destructive": { action: require_approval, approval: { timeout: 60 } }\n  x: allow', {}, 'deny policy_error'],
    ['of two classes one that could add something is enough', '"@destructive": deny\n  "@high": { rate_limit: 5/minute }\n  x: allow', {}, 'deny policy_error'],
    ['a list of class rules of which one is bare and one is not', '"@destructive": [{ when: args.a == "1", action: deny }, { action: deny }]\n  x: allow', { a: '2' }, 'deny policy_error'],
  ])('%s', async (_, rules, args, expected) => expect(await decided(rules, args)).toBe(expected));
});
