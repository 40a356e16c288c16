import { describe, expect, it } from 'vitest';
import type { CallContext, PolicySet } from '../../src/policy/index.ts';
import { scan } from '../../src/wire/scan.ts';
import { setOf } from './load.ts';

// What a listing shows of a tool before there is a call, for one caller: exactly what all of its calls have in common.

function contextOf(claims: string): CallContext {
  const user = scan(Buffer.from(claims), { maxBytes: 1e6, maxDepth: 64, maxKeys: 1e5 });
  if (!user.ok) throw new Error(user.message);
  return { server: 's', grant: { label: 'g', tags: ['prod'] }, user: user.root, client: { name: null, version: null }, session: 's1', now: 0 };
}

function shown(set: PolicySet, claims: string, name = 'x'): string {
  return set.visibility({ kind: 'tool', name, tool: null, context: contextOf(claims) });
}

const [YES, NO, NONE] = ['{"ok":true}', '{"ok":false}', '{}'];
const AMOUNT = 'sum: args.n, max: 5, window: 1d, per: grant';

describe('a listing shows', () => {
  it.each([
    ['what a demand of the claims leaves', '{ action: allow, require: user.ok == true }', 'allow deny deny'],
    ['what a ban on claims leaves', '{ action: allow, deny_if: user.ok == true }', 'deny allow deny'],
    ['an approval behind a demand of the claims', '{ action: require_approval, require: user.ok == true }', 'require_approval deny deny'],
    ['nothing certain behind a demand of the arguments', '{ action: allow, require: args.n > 2 }', 'depends depends depends'],
    ['a denial where the claims already fail a demand of both', '{ action: allow, require: user.ok == true && args.n > 2 }', 'depends deny deny'],
    ['a denial for the claims beside a demand of the arguments', '{ action: allow, require: [user.ok == true, args.n > 2] }', 'depends deny deny'],
    ['nothing certain for arguments', '{ arguments: { n: { type: integer } } }', 'depends depends depends'],
    ['nothing certain where only named arguments may be sent', '{ additional: false, arguments: { n: { type: integer } } }', 'depends depends depends'],
    ['nothing certain for the schema of the server', '{ schema: upstream }', 'depends depends depends'],
    ['nothing certain for an amount', `{ budget: { ${AMOUNT} } }`, 'depends depends depends'],
    ['a denial for the claims beside an amount', `{ require: user.ok == true, budget: { ${AMOUNT} } }`, 'depends deny deny'],
    ['what is counted as it is', '{ rate_limit: 1/minute }', 'allow allow allow'],
    ['the guards of a rule that may not apply as possible', '[{ when: args.n > 2, require: user.ok == true }, allow]', 'depends depends depends'],
    ['the guards of the rule that applies, and none of the others', '[{ when: user.ok == true, require: user.a == true }, allow]', 'deny allow deny'],
    ['the guards of a rule behind one that cannot be evaluated as refused', '[{ when: user.a == true, action: allow }, { action: allow, require: user.ok == true }]', 'deny deny deny'],
    ['nothing of an observed rule', '[{ when: user.ok == true, action: deny, mode: observe }, allow]', 'allow allow allow'],
    ['nothing of observed guards', '{ action: allow, require: user.ok == true, mode: observe }', 'deny deny deny'],
    ['what any argument would lead to', '[{ when: args.n > 2, action: require_approval }, deny]', 'depends depends depends'],
    ['a denial where each way denies', '[{ when: args.n > 2, action: deny }, deny]', 'deny deny deny'],
    ['a hidden tool as hidden where a guard fails too', '{ action: hide, require: user.ok == true }', 'hide hide hide'],
  ])('%s', async (_, rule, expected) => {
    const set = await setOf(`version: "1"\ndefault: deny\ntools:\n  x: ${rule}\n`);
    expect([YES, NO, NONE].map((claims) => shown(set, claims)).join(' ')).toBe(expected);
  });

  it('nothing certain that hangs on a caller who is not known', async () => {
    const set = await setOf('version: "1"\ndefault: deny\ntools:\n  u: { when: user.ok == true, action: allow }\n  g: { when: \'grant.label == "g"\', action: allow }\n  s: { when: \'server.name == "s"\', action: allow }\n  c: { when: \'client.name == "c"\', action: allow }\n');
    expect(['u', 'g', 's', 'c'].map((name) => set.visibility({ kind: 'tool', name, tool: null }))).toEqual(['depends', 'depends', 'depends', 'depends']);
    expect(['u', 'g', 's', 'c'].map((name) => shown(set, YES, name))).toEqual(['allow', 'allow', 'allow', 'depends']);
  });

  it('what the definition of the tool decides', async () => {
    const set = await setOf('version: "1"\ndefault: deny\ntools:\n  x: { when: \'tool.title == "Reads"\', action: allow }\n');
    const facts = { title: 'Reads', annotations: null, inputSchema: null, category: null, risk: null };
    expect(set.visibility({ kind: 'tool', name: 'x', tool: facts, context: contextOf(YES) })).toBe('allow');
    expect(set.visibility({ kind: 'tool', name: 'x', tool: { ...facts, title: 'Writes' }, context: contextOf(YES) })).toBe('deny');
  });

  it('a resource as its claims decide, and one that cannot be read as refused', async () => {
    const set = await setOf('version: "1"\ndefault: deny\nresources:\n  "file:///a/*": { when: user.ok == true, action: allow }\n  "file:///b/*": [{ when: \'session.id == "s1"\', action: allow }, hide]\n');
    const see = (name: string, claims: string): string => set.visibility({ kind: 'resource', name, context: contextOf(claims) });
    expect([YES, NO, NONE].map((claims) => see('file:///a/1', claims))).toEqual(['allow', 'deny', 'deny']);
    expect(see('file:///b/1', YES)).toBe('depends');
    expect(see('file:///a/../c', YES)).toBe('deny');
    // Where something is hidden, what cannot be read may be it.
    expect(see('no uri', YES)).toBe('hide');
    const open = await setOf('version: "1"\ndefault: deny\nresources:\n  "file:///a/*": allow\n');
    expect(open.visibility({ kind: 'resource', name: 'no uri' })).toBe('deny');
  });
});

describe('a listing under several policies shows the strictest of each call', () => {
  const some = (action: string, otherwise: string): string => `{ version: "1", default: deny, tools: { x: [{ when: args.n > 2, action: ${action} }, ${otherwise}] } }`;
  const all = (action: string): string => `{ version: "1", default: deny, tools: { x: ${action} } }`;
  it.each([
    ['a denial over what depends', [some('allow', 'deny'), all('deny')], 'deny'],
    ['a denial over approvals', [some('allow', 'require_approval'), all('deny')], 'deny'],
    ['what depends over an approval', [some('allow', 'deny'), all('require_approval')], 'depends'],
    ['what is hidden over all', [some('allow', 'deny'), all('hide')], 'hide'],
    ['what depends over what is open', [some('allow', 'deny'), all('allow')], 'depends'],
    ['what both may say', [some('allow', 'deny'), some('allow', 'hide')], 'depends'],
    ['nothing of a policy that observes', [some('allow', 'allow'), '{ version: "1", default: hide, mode: observe }'], 'depends'],
    ['an observed policy as open', ['{ version: "1", default: deny, mode: observe, tools: { x: [{ when: args.n > 2, action: deny }, hide] } }'], 'allow'],
  ])('%s', async (_, texts, expected) => expect(shown(await setOf(...texts), YES)).toBe(expected));
});

describe('the schema in a listing is narrowed', () => {
  const narrow = (set: PolicySet, claims: string, kind: 'tool' | 'prompt' = 'tool'): string => set.narrow({ kind, name: 'x', tool: null, context: contextOf(claims) }) ?? 'not';
  it.each([
    ['by the rule that the claims choose', '[{ when: user.ok == true, arguments: { a: { type: number, maximum: 1 } } }, { arguments: { b: { type: number, maximum: 2 } } }]', ['"a"', '"b"', 'not']],
    ['by none that the arguments choose', '[{ when: args.n > 2, arguments: { a: { type: number, maximum: 1 } } }, { arguments: { b: { type: number, maximum: 2 } } }]', ['not', 'not', 'not']],
    ['by none that only observes', '[{ when: user.ok == true, mode: observe, action: deny }, { arguments: { b: { type: number, maximum: 2 } } }]', ['"b"', '"b"', '"b"']],
  ])('%s', async (_, rule, expected) => {
    const set = await setOf(`version: "1"\ndefault: deny\ntools:\n  x: ${rule}\n`);
    for (const [index, claims] of [YES, NO, NONE].entries()) {
      const found = narrow(set, claims);
      expect(found).toContain(expected[index]);
      for (const other of ['"a"', '"b"']) if (other !== expected[index]) expect(found).not.toContain(other);
    }
  });
  it('by each of several policies that has something to say, and never for a prompt', async () => {
    const set = await setOf('{ version: "1", default: allow }', '{ version: "1", default: deny, tools: { x: { arguments: { a: { type: number, maximum: 1 } } } }, prompts: { x: { arguments: { a: { type: string } } } } }');
    expect(narrow(set, YES)).toContain('"a"');
    expect(narrow(set, YES, 'prompt')).toBe('not');
  });
});

describe('a decision without all that its conditions ask for', () => {
  it('is a refusal that says so', async () => {
    const set = await setOf('{ version: "1", default: deny, tools: { w: [{ when: args.n > 2, action: allow }, allow], r: { require: args.n > 2 }, b: { budget: { sum: args.n, max: 5, window: 1d, per: grant } } } }');
    for (const name of ['w', 'r', 'b']) {
      expect(set.decide({ kind: 'tool', name })).toMatchObject({ effect: 'deny', code: 'policy_error', reason: 'a condition of the policy could not be evaluated: it asks for something that is not known here' });
    }
  });
});

describe('a decision of several policies', () => {
  it('asks nobody where one of them denies', async () => {
    const set = await setOf('{ version: "1", default: require_approval }', '{ version: "1", default: deny }');
    expect(set.decide({ kind: 'tool', name: 'x' })).toMatchObject({ effect: 'deny', approval: null, limits: [] });
  });
  it('names the first of those that only observe', async () => {
    const set = await setOf('{ version: "1", default: deny, mode: observe }', '{ version: "1", default: deny, mode: observe, tools: { y: allow } }');
    expect(set.decide({ kind: 'tool', name: 'x' })).toMatchObject({ effect: 'allow', rule: '/mode', policyId: set.id.split('+')[0] });
  });
});

describe('the limits of a call', () => {
  it('are those of the rules that apply, and of the observed rules that would', async () => {
    const set = await setOf('{ version: "1", default: deny, tools: { x: [{ when: user.ok == true, mode: observe, rate_limit: 1/minute }, { rate_limit: 2/minute }], "*": { rate_limit: 3/minute } } }');
    const limits = (claims: string): string => set.decide({ kind: 'tool', name: 'x', context: contextOf(claims) }).limits.map((limit) => `${limit.max}${limit.enforce ? '' : ' observed'}`).join(', ');
    expect(limits(YES)).toBe('1 observed, 2, 3');
    expect(limits(NO)).toBe('2, 3');
  });
});
