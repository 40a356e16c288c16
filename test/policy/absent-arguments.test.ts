import { describe, expect, test } from 'vitest';
import { callOf } from '../../src/policy/call-of.ts';
import type { Decision } from '../../src/policy/types.ts';
import { setOf } from './load.ts';

async function decided(guard: string, argsJson: string): Promise<Decision> {
  const set = await setOf(`version: "1"\ndefault: deny\ntools:\n  t: { ${guard} }\n`);
  return set.decide(callOf({ tool: 't', argsJson }));
}

const ONE_BAD_ITEM = '{"items":[{"amount":1},{"amount":9999}]}';

describe('leaving out an argument does not switch off the part of a deny_if that holds without it', () => {
  test.each([
    ['a list of arguments', '"root" in [args.user, args.owner]', '{"user":"root"}', 'condition_failed'],
    ['the same in the other order', '"root" in [args.user, args.owner]', '{"owner":"root"}', 'condition_failed'],
    ['any of a list of arguments', '[args.user, args.owner].exists(x, x == "root")', '{"owner":"root"}', 'condition_failed'],
    ['all of a list of arguments', '![args.user, args.owner].all(x, x != "root")', '{"owner":"root"}', 'condition_failed'],
    ['one of a list of arguments', '[args.user, args.owner].exists_one(x, x == "root")', '{"owner":"root"}', 'policy_error'],
    ['some of a list of arguments', '[args.user, args.owner].filter(x, x == "root").size() > 0', '{"user":"root"}', 'policy_error'],
    ['a filter', 'args.items.filter(i, i.amount > 500.0 || i.amount > args.max).size() > 0', ONE_BAD_ITEM, 'policy_error'],
    ['exists_one', 'args.items.exists_one(i, i.amount > 500.0 || i.amount > args.max)', ONE_BAD_ITEM, 'policy_error'],
    ['a map', '9999.0 in args.items.map(i, i.amount > 500.0 ? i.amount : args.max)', ONE_BAD_ITEM, 'policy_error'],
    ['a map with a filter', 'args.items.map(i, i.amount > args.max, i.amount).size() > 0', ONE_BAD_ITEM, 'policy_error'],
  ])('%s', async (_name, condition, args, code) => {
    expect(await decided(`deny_if: '${condition}'`, args)).toMatchObject({ effect: 'deny', code });
  });
});

describe('an argument that is needed and absent still makes a condition not hold', () => {
  test.each([
    ['a list of arguments', '"root" in [args.user, args.owner]', '{"user":"guest"}'],
    ['what is looked for', 'args.user in ["root", args.owner]', '{"owner":"root"}'],
    ['any of a list of arguments', '[args.user, args.owner].exists(x, x == "root")', '{"user":"guest"}'],
    ['what is gone over', 'args.items.filter(i, i.amount > 500.0).size() > 0', '{}'],
  ])('%s', async (_name, condition, args) => {
    expect((await decided(`deny_if: '${condition}'`, args)).effect).toBe('allow');
    expect(await decided(`require: '${condition}'`, args)).toMatchObject({ effect: 'deny', code: 'condition_failed' });
  });
});
