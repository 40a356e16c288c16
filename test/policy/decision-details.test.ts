import { describe, expect, it } from 'vitest';
import { DecisionCache } from '../../src/policy/decision-cache.ts';
import type { Decision, PolicySet, Refusal } from '../../src/policy/index.ts';
import { callOf, refusalText, toolFacts } from '../../src/policy/index.ts';
import { setOf } from './load.ts';

function decide(set: PolicySet, name: string, argsJson = '{}'): Decision {
  return set.decide(callOf({ tool: name, argsJson }));
}

describe('what is demanded of an approval', () => {
  const first = '{ action: require_approval, approval: { timeout: 1h, wait: 10s, approvers: { needed: 2, of: [anna, ben, chidi] }, via: [cli, link] } }';
  const second = '{ action: require_approval, approval: { timeout: 5m, wait: 1m, approvers: { needed: 1, of: [ben, chidi, dora] }, via: [link, dashboard] } }';
  const both = { timeoutMs: 300_000, waitMs: 10_000, needed: 2, approvers: ['ben', 'chidi'], via: ['link'] };

  it.each([
    ['two rules of one policy', [`{ version: "1", default: deny, tools: { x: ${first}, "*": ${second} } }`]],
    ['two rules of one policy the other way round', [`{ version: "1", default: deny, tools: { x: ${second}, "*": ${first} } }`]],
    ['two policies', [`{ version: "1", default: deny, tools: { x: ${first} } }`, `{ version: "1", default: deny, tools: { x: ${second} } }`]],
  ])('is by %s the shorter time, the greater number, and only whom and what all accept', async (_, texts) => {
    expect(decide(await setOf(...texts), 'x').approval).toEqual(both);
  });
  it('has its defaults where nothing is said', async () => {
    const set = await setOf('{ version: "1", default: deny, tools: { x: require_approval, y: { action: require_approval, approval: { timeout: 1d, wait: 2m, via: [elicitation] } } } }');
    expect(decide(set, 'x').approval).toEqual({ timeoutMs: 3_600_000, waitMs: 30_000, needed: 1, approvers: null, via: ['cli', 'dashboard', 'link', 'webhook'] });
    expect(decide(set, 'y').approval).toEqual({ timeoutMs: 86_400_000, waitMs: 120_000, needed: 1, approvers: null, via: ['elicitation'] });
  });
  it('is of nobody where two policies accept nobody or no way together', async () => {
    const by = (approval: string): string => `{ version: "1", default: deny, tools: { x: { action: require_approval, approval: { ${approval} } } } }`;
    expect(decide(await setOf(by('via: [cli]'), by('via: [link]')), 'x').approval).toMatchObject({ via: [] });
    expect(decide(await setOf(by('approvers: [anna], via: [cli]'), by('approvers: [ben], via: [cli]')), 'x').approval).toMatchObject({ approvers: [], via: [] });
    expect(decide(await setOf(by('approvers: [anna, ben], via: [cli]'), by('approvers: 2, via: [cli]')), 'x').approval).toMatchObject({ needed: 2, approvers: ['anna', 'ben'], via: ['cli'] });
    expect(decide(await setOf(by('approvers: [anna, ben], via: [cli]'), by('approvers: 3, via: [cli]')), 'x').approval).toMatchObject({ needed: 3, via: [] });
  });
});

describe('the reason of a refusal', () => {
  it.each([
    ['a demand that cannot be evaluated', '{ require: args.n > 2 }', '{"n":"3"}', 'policy_error', /^a condition of the policy could not be evaluated: \S/],
    ['a `when` that cannot be evaluated', '[{ when: args.n > 2, action: allow }, allow]', '{"n":"3"}', 'policy_error', /^a `when` of the policy could not be evaluated: \S/],
    ['an amount that cannot be evaluated', '{ budget: { sum: args.n * args.m, max: 5, window: 1d, per: grant } }', '{"n":"3","m":1}', 'policy_error', /^the amount of a budget of the policy could not be evaluated: \S/],
    ['another spelling', '{ require: args.n > 2 }', '{"n":3,"N":3}', 'invalid_arguments', /^the argument "N" looks like one that the policy governs, but is spelt in another way$/],
    ['a parent of the wrong shape', '{ arguments: { a.b: { type: integer } } }', '{"a":3}', 'invalid_arguments', /^a must be an object$/],
    ['a server without a schema', '{ schema: upstream }', '{}', 'policy_error', /^the tool has no `inputSchema` to check the arguments against$/],
  ])('names %s', async (_, rule, args, code, reason) => {
    const set = await setOf(`version: "1"\ndefault: deny\ntools:\n  x: ${rule}\n`);
    const found = decide(set, 'x', args);
    expect(found.code).toBe(code);
    expect(found.reason).toMatch(reason);
  });

  it('names a schema of the server that cannot be used, or has no end', async () => {
    const set = await setOf('{ version: "1", default: deny, tools: { x: { schema: upstream, reason: mine } } }');
    const under = (inputSchema: string, argsJson: string): Decision => set.decide(callOf({ tool: 'x', argsJson, definition: toolFacts(`{"name":"x","inputSchema":${inputSchema}}`) }));
    expect(under('{"type":5}', '{}')).toMatchObject({ code: 'policy_error', reason: 'the `inputSchema` of the tool cannot be used' });
    const doubled = Array.from({ length: 30 }, (_, index) => `"d${index}":{"allOf":[{"$ref":"#/$defs/d${index + 1}"},{"$ref":"#/$defs/d${index + 1}"}]}`).join(',');
    expect(under(`{"$ref":"#/$defs/d0","$defs":{${doubled},"d30":{}}}`, '{}')).toMatchObject({ code: 'policy_error', reason: expect.stringMatching(/^the `inputSchema` of the tool cannot be used: checking the arguments against the schema takes more than \d+ steps$/) });
    expect(under('{"type":"object","required":["a"]}', '{}')).toMatchObject({ code: 'invalid_arguments', reason: 'mine' });
    expect(under('{"type":"object","required":["a"]}', '{"a":1}').effect).toBe('allow');
  });
});

describe('what was decided lately', () => {
  it('is found once for a kind and a name, and again for another kind', () => {
    const cache = new DecisionCache<object>();
    let made = 0;
    const make = (): object => ({ number: (made += 1) });
    const first = cache.get('tool', 'x', null, make);
    expect(cache.get('tool', 'x', null, make)).toBe(first);
    expect(cache.get('prompt', 'x', null, make)).not.toBe(first);
    expect(made).toBe(2);
  });
  it('is kept while it is asked for, however many names a client invents, and forgotten after that', () => {
    const cache = new DecisionCache<string>();
    const made: string[] = [];
    const get = (name: string): void => void cache.get('tool', name, null, (_, own) => (made.push(own), own));
    get('used');
    for (let index = 0; index < 5000; index += 1) {
      get(`invented-${index}`);
      if (index % 100 === 0) get('used');
    }
    expect(made.filter((name) => name === 'used')).toHaveLength(1);
    made.length = 0;
    for (let index = 4700; index < 5000; index += 1) get(`invented-${index}`);
    expect(made).toEqual([]);
    for (let index = 0; index < 1000; index += 1) get(`invented-${index}`);
    expect(made).toHaveLength(1000);
  });
  it('is not kept of names of hostile length', () => {
    const cache = new DecisionCache<string>();
    const made: number[] = [];
    for (const length of [256, 256, 257, 257]) cache.get('tool', 'x'.repeat(length), null, (_, name) => (made.push(name.length), name));
    expect(made).toEqual([256, 257, 257]);
  });
});

describe('the sentence without a reason', () => {
  const base: Refusal = { code: 'denied', kind: 'tool', name: 'pay', rule: '/r', reason: null };
  it.each<[Partial<Refusal>, string]>([
    [{ kind: 'resource' }, 'resource `pay` is denied by policy'],
    [{ code: 'condition_failed' }, 'a condition of the policy does not hold for `pay`'],
    [{ code: 'invalid_arguments' }, 'the arguments of `pay` are not what the policy allows'],
    [{ code: 'rate_limited' }, 'a rate limit for `pay` is reached'],
    [{ code: 'rate_limited', limit: { type: 'rate', max: 2, windowMs: 1000 }, retryAfterMs: null }, 'limit of 2 calls per 1 s reached'],
    [{ code: 'budget_exceeded' }, 'a budget for `pay` is used up'],
    [{ code: 'budget_exceeded', retryAfterMs: null }, 'a budget for `pay` is used up'],
    [{ code: 'budget_exceeded', limit: { type: 'budget', max: '5', windowMs: 1000 } }, 'budget of 5 per 1 s would be exceeded'],
    [{ code: 'approval_pending' }, '`pay` needs an approval that has not been given yet; repeat the identical call later'],
    [{ code: 'approval_pending', approval: null }, '`pay` needs an approval that has not been given yet; repeat the identical call later'],
    [{ code: 'approval_pending', approval: { id: 'a', expiresAt: 'e', url: null } }, '`pay` needs an approval that has not been given yet (request a, until e); repeat the identical call later'],
    [{ code: 'approval_denied' }, 'the approval for `pay` was denied'],
    [{ code: 'approval_expired' }, 'the approval for `pay` expired'],
    [{ code: 'policy_error' }, 'the policy could not be evaluated for `pay`, so it is refused'],
  ])('%o', (change, expected) => expect(refusalText({ ...base, ...change })).toBe(`[POLICY DENIED] ${expected} (rule /r)`));
});
