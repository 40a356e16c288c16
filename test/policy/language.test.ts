import { describe, expect, it } from 'vitest';
import type { CallContext, Query } from '../../src/policy/index.ts';
import { callOf, combine, fromJSON, loadPolicy, readDefinitions, toJSON } from '../../src/policy/index.ts';
import { load, setOf } from './load.ts';

const CALLER: CallContext = { server: 's', grant: { label: 'g', tags: [] }, user: null, client: { name: null, version: null }, session: null, now: 0 };

function call(tool: string, args: object | string): Query {
  return { ...callOf({ tool, ...(typeof args === 'string' ? { argsJson: args } : { args }) }), context: CALLER };
}

const tools = (rules: string): string => `version: "1"\ndefault: deny\ntools:\n${rules.split('\n').map((line) => `  ${line}`).join('\n')}\n`;

async function errors(text: string): Promise<string[]> {
  const result = await loadPolicy(text, { name: 'p' });
  return (result.ok ? [] : result.errors).map((error) => `${error.line}:${error.column} ${error.code} ${error.pointer}`);
}

describe('the order of a decision', () => {
  const text = tools(`pay:
  arguments: { amount: { type: number, maximum: 500 } }
  require: [{ if: args.to != "x", reason: not to x }, args.amount > 1.0]
  deny_if: args.note.size() > 3
  budget: { sum: args.amount, max: 1000, window: 1d, per: grant }
  action: require_approval
  approval: { wait: 0 }`);
  it.each([
    ['the shape of the arguments first', { amount: 501, to: 'x' }, { code: 'invalid_arguments', rule: '/tools/pay/arguments/amount', reason: 'amount must be at most 500', wouldPass: 'amount <= 500' }],
    ['then conditions, in the order of the list', { amount: 0.5, to: 'x' }, { code: 'condition_failed', rule: '/tools/pay/require/0', reason: 'not to x' }],
    ['a condition without words of its author tells what would pass', { amount: 0.5, to: 'y' }, { code: 'condition_failed', rule: '/tools/pay/require/1', reason: 'amount must be more than 1', wouldPass: 'amount > 1' }],
    ['an absent argument does not hold', { amount: 2 }, { code: 'condition_failed', rule: '/tools/pay/require/0' }],
    ['then what must not be', { amount: 2, to: 'y', note: 'long' }, { code: 'condition_failed', rule: '/tools/pay/deny_if' }],
    ['an error refuses', { amount: 2, to: 'y', note: 5 }, { code: 'policy_error', rule: '/tools/pay/deny_if' }],
    ['then what cannot be added up', { to: 'y', amount: null }, { code: 'invalid_arguments' }],
    ['approval last', { amount: 2, to: 'y' }, { effect: 'require_approval', code: null, approval: { waitMs: 0, timeoutMs: 3_600_000 }, limits: [{ type: 'budget', amount: '2', max: '1000', counter: '["","args.amount"]' }] }],
  ])('%s', async (_, args, expected) => expect((await setOf(text)).decide(call('pay', args))).toMatchObject(expected));
});

describe('lists of rules', () => {
  const text = tools(`pay:
  - { when: args.amount > 100, action: deny, reason: too much }
  - { when: args.amount > 10, action: require_approval, rate_limit: 1/hour }
  - allow
"*": { deny_if: args.stop == true }`);
  it.each([
    [{ amount: 200 }, 'deny', '/tools/pay/0'],
    [{ amount: 50 }, 'require_approval', '/tools/pay/1'],
    [{ amount: 5 }, 'allow', '/tools/pay/2'],
    [{}, 'allow', '/tools/pay/2'],
    [{ amount: 'x' }, 'deny', '/tools/pay/0/when'],
    [{ amount: 5, stop: true }, 'deny', '/tools/*/deny_if'],
  ])('%j: %s by %s', async (args, effect, rule) => {
    const set = await setOf(text);
    expect(set.decide(call('pay', args))).toMatchObject({ effect, rule });
    expect(set.visibility({ kind: 'tool', name: 'pay' })).toBe('depends');
  });
  it('keep one counter for each `when`, wherever the rule stands', async () => {
    const set = await setOf(text);
    expect(set.decide(call('pay', { amount: 50 })).limits).toMatchObject([{ counter: 'args.amount > 10', rule: '/tools/pay/1/rate_limit' }]);
  });
});

describe('amounts', () => {
  it.each([
    ['0.1', '0.1'],
    ['1e2', '100'],
    ['12345678901234567890.000000000000000000001', '12345678901234567890.000000000000000000001'],
  ])('%s are kept exactly', async (amount, expected) => {
    const set = await setOf(tools('pay: { budget: { sum: args.amount, max: 99999999999999999999.5, window: 60 } }'));
    expect(set.decide(call('pay', `{"amount": ${amount}}`)).limits).toMatchObject([{ amount: expected, max: '99999999999999999999.5' }]);
  });
  it.each(['-1', '"5"', 'null', '[1]', 'true'])('%s are refused as arguments', async (amount) => {
    const set = await setOf(tools('pay: { budget: { sum: args.amount, max: 10, window: 60 } }'));
    expect(set.decide(call('pay', `{"amount": ${amount}}`))).toMatchObject({ effect: 'deny', code: 'invalid_arguments', rule: '/tools/pay/budget' });
  });
  it('and schemas come back from the cache with all their digits', async () => {
    const policy = await load(tools('pay: { arguments: { a: { const: 0.30000000000000000001 } }, budget: { sum: args.a, max: 12345678901234567890.5, window: 60 } }'));
    const again = await fromJSON(JSON.parse(JSON.stringify(toJSON(policy))));
    expect(again.ok && again.policy.id).toBe(policy.id);
    const set = combine(again.ok ? [again.policy] : []);
    expect(set.decide(call('pay', '{"a": 0.30000000000000000001}'))).toMatchObject({ effect: 'allow', limits: [{ amount: '0.30000000000000000001', max: '12345678901234567890.5' }] });
    expect(set.decide(call('pay', '{"a": 0.3}')).effect).toBe('deny');
  });
});

describe('arguments', () => {
  it('with a dot in their name are written with a backslash', async () => {
    const set = await setOf(tools("pay: { arguments: { 'a\\.b': { const: 1 }, a.b: { const: 2 } } }"));
    expect(set.decide(call('pay', { 'a.b': 1, a: { b: 2 } })).effect).toBe('allow');
    expect(set.decide(call('pay', { 'a.b': 2 }))).toMatchObject({ code: 'invalid_arguments', rule: '/tools/pay/arguments/a\\.b' });
    expect(set.decide(call('pay', { a: { b: 1 } }))).toMatchObject({ code: 'invalid_arguments', rule: '/tools/pay/arguments/a.b' });
    expect(set.decide(call('pay', { a: 'b' }))).toMatchObject({ code: 'invalid_arguments', reason: 'a must be an object' });
  });
  it('that are not named are forbidden at every level that dotted names open', async () => {
    const set = await setOf(tools('pay: { arguments: { card.number: { type: string }, meta: { type: object } }, additional: false }'));
    expect(set.decide(call('pay', { card: { number: 'x' }, meta: { any: 1 } })).effect).toBe('allow');
    for (const args of [{ other: 1 }, { card: { number: 'x', cvv: 'y' } }]) expect(set.decide(call('pay', args))).toMatchObject({ code: 'invalid_arguments', rule: '/tools/pay/additional' });
  });
  it('under another spelling are refused even when their rule does not apply [J4] [#43]', async () => {
    const set = await setOf(tools('pay: [{ when: args.amount > 100.0, action: deny }, allow]'));
    expect(set.decide(call('pay', { amount: 1, Amount: 9999 }))).toMatchObject({ effect: 'deny', code: 'invalid_arguments' });
    expect(set.decide(call('pay', { amount: 1, 'am\u200bount': 9999 }))).toMatchObject({ effect: 'deny', code: 'invalid_arguments' });
    expect(set.decide(call('pay', { amount: 1, amounts: 9999 })).effect).toBe('allow');
  });
  it('are shown as one schema of everything that certainly applies', async () => {
    const set = await setOf(
      tools('pay: { arguments: { amount: { type: number, maximum: 500 } }, additional: false }\n"p*": { arguments: { amount: { type: number, minimum: 1 }, note: { const: x } } }'),
      tools('pay: [{ when: args.x == 1, action: allow, arguments: { amount: { const: 7 } } }, allow]'),
    );
    const schema = set.narrow({ kind: 'tool', name: 'pay' }) ?? '';
    expect(JSON.parse(schema)).toEqual({
      type: 'object', additionalProperties: false,
      properties: { amount: { allOf: [{ type: 'number', maximum: 500 }, { type: 'number', minimum: 1 }] } },
    });
    expect(set.mayNarrow).toBe(true);
    expect(set.narrow({ kind: 'prompt', name: 'pay' })).toBeNull();
  });
  it('are held against the schema that the upstream served, and refused where it has none [#41]', async () => {
    const set = await setOf(tools('pay: { schema: upstream }'));
    const definition = readDefinitions(callOf({ tool: 'x', args: { tools: [
      { name: 'pay', inputSchema: { type: 'object', properties: { n: { type: 'integer' } }, required: ['n'] } },
      { name: 'bad', inputSchema: { $ref: 'http://169.254.169.254/' } },
    ] } }).args ?? fail());
    const decide = (tool: string, args: object): unknown => set.decide({ ...call('pay', args), tool: definition?.get(tool) ?? null });
    expect(decide('pay', { n: 1 })).toMatchObject({ effect: 'allow' });
    expect(decide('pay', { n: 'x' })).toMatchObject({ code: 'invalid_arguments', rule: '/tools/pay/schema' });
    expect(decide('bad', { n: 1 })).toMatchObject({ code: 'policy_error', rule: '/tools/pay/schema' });
    expect(decide('none', { n: 1 })).toMatchObject({ code: 'policy_error' });
  });
});

function fail(): never {
  throw new Error('no arguments');
}

describe('approvals of several policies', () => {
  const approval = (text: string): string => tools(`pay: { action: require_approval, approval: ${text} }`);
  it('demand the strictest of each part', async () => {
    const set = await setOf(approval('{ timeout: 2h, wait: 10s, approvers: [alice, bob] }'), approval('{ timeout: 10m, approvers: { needed: 2, of: [carol, bob, alice] }, via: [cli, elicitation] }'));
    expect(set.decide(call('pay', {})).approval).toEqual({ timeoutMs: 600_000, waitMs: 10_000, needed: 2, approvers: ['alice', 'bob'], via: ['cli'] });
  });
  it.each([
    ['have no approver in common', '{ approvers: [alice] }', '{ approvers: [bob] }'],
    ['have no way in common', '{ via: cli }', '{ via: link }'],
    ['need more approvers than both accept', '{ approvers: [alice] }', '{ approvers: { needed: 2, of: [alice, bob] } }'],
  ])('leave no way when they %s', async (_, one, other) => expect((await setOf(approval(one), approval(other))).decide(call('pay', {})).approval?.via).toEqual([]));
});

describe('places of mistakes in expressions', () => {
  it.each([
    ['plain', 'a: { require: args.a &&& 1 }'],
    ['single quotes', "a: { require: 'args.s == ''x'' &&& 1' }"],
    ['double quotes', 'a: { require: "args.s == \\"x\\" &&& 1" }'],
    ['a literal block', 'a:\n  require: |\n    args.s == "x" ||\n    args.t &&& 1'],
    ['a folded block', 'a:\n  require: >-\n    args.s == "x" ||\n    args.t &&& 1'],
    ['several plain lines', 'a:\n  require: args.s == "x" ||\n    args.t &&& 1'],
  ])('%s are shown where they are', async (_, rules) => {
    const text = tools(rules);
    const at = text.indexOf('&&&') + 2;
    const line = text.slice(0, at).split('\n').length;
    const column = at - text.lastIndexOf('\n', at);
    expect((await errors(text)).map((error) => error.split(' ')[0])).toEqual([`${line}:${column}`]);
  });
  it('of every kind are reported together', async () => {
    expect(await errors(tools('a: { require: argz.x == 1, arguments: { n: { maximun: 5 } }, budget: { sum: args., max: 5, window: 60 }, when: "1" }'))).toHaveLength(4);
  });
});
