import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpHarness } from './http-harness.ts';
import { toolFacts } from '../../src/policy/definitions.ts';
import type { PolicySet } from '../../src/policy/types.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { scan } from '../../src/wire/scan.ts';
import { decisionOf, policySet, StdioHarness } from './run-harness.ts';
import { SseClient } from './sse-client.ts';

let gateway: HttpHarness;
let stdio: StdioHarness;
const sessions: Record<string, string> = {};
const sse: Record<string, SseClient> = {};
let ids = 1_000;

beforeAll(async () => {
  const open = await policySet('version: "1"\ndefault: allow\n');
  gateway = await HttpHarness.start(open);
  stdio = new StdioHarness(open);
  await stdio.initialize();
  for (const leg of ['http', 'stdio'] as const) {
    sessions[leg] = await gateway.open(leg);
    sse[leg] = await SseClient.open(gateway, leg);
    sse[leg].post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    await sse[leg].answer(1);
    sse[leg].post({ jsonrpc: '2.0', method: 'notifications/initialized' });
  }
});
afterAll(async () => {
  for (const client of Object.values(sse)) client.close();
  await stdio.close();
  await gateway.close();
});

/** What a client learns: allowed, refused with which code by which rule, or absent. */
function outcome(answer: Record<string, unknown>): string {
  const decision = decisionOf(answer);
  if (decision !== null) return `${String(decision['code'])} ${String(decision['rule'])} ${String(decision['policy'])}`;
  const error = answer['error'] as { code: number; message: string } | undefined;
  return error === undefined ? 'allowed' : `${error.code} ${error.message}`;
}

/** Makes the same call on every path to an upstream that there is. */
async function onEveryPath(params: Record<string, unknown>): Promise<Record<string, string>> {
  const seen: Record<string, string> = { run: outcome(await stdio.request('tools/call', params)) };
  for (const leg of ['http', 'stdio'] as const) {
    seen[`${leg} legacy`] = outcome(await gateway.request(leg, sessions[leg] ?? '', 'tools/call', params));
    seen[`${leg} modern`] = outcome((await gateway.modern(leg, 'tools/call', params)).messages[0] ?? {});
    ids += 1;
    sse[leg]?.post({ jsonrpc: '2.0', id: ids, method: 'tools/call', params });
    seen[`${leg} sse`] = outcome((await sse[leg]?.answer(ids)) ?? {});
  }
  return seen;
}

const NAMES = ['safe', 'danger', 'secret', 'pay', 'wipe', 'echo', 'absent', 'Safe'];
const action = fc.constantFrom('allow', 'deny', 'hide');
const selector = fc.constantFrom('safe', 'danger', 'secret', 'pay', 'wipe', 'echo', '*', '*e', 's*', 'd*r', 'pa*', 'w*pe');
const policy = fc.record({ base: action, mode: fc.constantFrom('enforce', 'enforce', 'observe'), tools: fc.uniqueArray(fc.tuple(selector, action), { selector: ([key]) => key, maxLength: 6 }) })
  .map(({ base, mode, tools }) => `version: "1"\ndefault: ${base}\nmode: ${mode}\ntools: { ${tools.map(([key, value]) => `"${key}": ${value}`).join(', ')} }\n`);

test('the same principal, tool and policy get the same decision on every path to an upstream', async () => {
  await fc.assert(fc.asyncProperty(fc.array(policy, { minLength: 1, maxLength: 2 }), fc.constantFrom(...NAMES), async (texts, name) => {
    const set = await policySet(...texts);
    await gateway.reload(set);
    stdio.swap(set);
    const seen = await onEveryPath({ name, arguments: {} });
    const expected = set.decide({ kind: 'tool', name });
    const listed = NAMES.indexOf(name) < 6;
    const should = !listed || expected.effect === 'hide' ? `-32602 Unknown tool: ${name}` : expected.effect === 'deny' ? `${expected.code ?? ''} ${expected.rule} ${expected.policyId}` : 'allowed';
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((path) => [path, should])));
  }), { numRuns: 25 });
}, 120_000);

const node = (value: unknown) => {
  const scanned = scan(Buffer.from(JSON.stringify(value)), UPSTREAM_LIMITS);
  if (!scanned.ok) throw new Error(scanned.message);
  return scanned.root;
};
const PAY = toolFacts(node({ name: 'pay', description: 'The pay tool', inputSchema: { type: 'object', properties: { amount: { type: 'number' }, to: { type: 'string' } } } }));

const bound = fc.constantFrom(0, 5, 100);
const guard = fc.oneof(
  bound.map((max) => ({ require: `args.amount <= ${max}.0` })),
  fc.constant({ deny_if: 'args.to == "bad"' }),
  fc.constant({ require: [{ if: 'tool.name == "pay" && size(grant.tags) == 0', reason: 'tagged' }] }),
  bound.map((maximum) => ({ arguments: { amount: { type: 'number', maximum } } })),
  fc.constant({ arguments: { to: { type: 'string' } }, additional: false }),
  bound.map((max) => ({ budget: { sum: 'args.amount', max: max + 1, window: '1h' } })),
  fc.constant({ rate_limit: '100000/hour' }),
  fc.constant({ action: 'require_approval', approval: { wait: '0s', via: ['cli'] } }),
  fc.constant({ action: 'require_approval', approval: { via: ['dashboard', 'webhook'], wait: '0s' } }),
  fc.constant({ action: 'deny', reason: 'no' }),
);
/** A rule that denies asks nobody, and is refused when it says whom. */
function together(first: Record<string, unknown>, second: Record<string, unknown>): Record<string, unknown> {
  const { approval, ...rest } = { ...first, ...second };
  return rest['action'] === 'require_approval' ? { ...rest, approval } : rest;
}
const rule = fc.oneof(
  guard,
  fc.tuple(guard, guard).map(([first, second]) => together(first, second)),
  fc.tuple(guard, guard).map(([first, second]) => [{ when: 'args.amount > 5.0', ...first }, second]),
);
const document = fc.record({ mode: fc.constantFrom('enforce', 'enforce', 'enforce', 'observe'), pay: rule, all: fc.option(rule) }).map(({ mode, pay, all }) =>
  JSON.stringify({ version: '1', default: 'allow', mode, tools: { pay, ...(all === null ? {} : { 'p*': all }) } }));
const someArguments = fc.constantFrom(undefined, {}, { amount: 1 }, { amount: 5.5 }, { amount: 50, to: 'good' }, { amount: 1, to: 'bad' }, { amount: '50' }, { amount: -1 }, { amount: null }, { other: 1 });

/** What a client has to see, where that does not depend on what was called before; null where a budget decides. */
function expectedOf(set: PolicySet, args: unknown): string | null {
  const context = { server: 's', grant: { label: 'g', tags: [] }, user: null, client: { name: null, version: null }, session: 's', now: 0 };
  const decision = set.decide({ kind: 'tool', name: 'pay', args: args === undefined ? null : node(args), tool: PAY, context });
  const code = decision.effect === 'deny' ? (decision.code ?? '') : decision.effect === 'require_approval' ? (decision.approval?.via.includes('cli') === true ? 'approval_pending' : null) : 'allowed';
  if (code === 'allowed') return decision.limits.some((limit) => limit.type === 'budget' && limit.enforce) ? null : code;
  return code === null ? null : `${code} ${decision.rule} ${decision.policyId}`;
}

test('[A5, J13, #42] arguments, conditions, budgets and approvals decide alike on every path', async () => {
  await fc.assert(fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 2 }), someArguments, async (texts, args) => {
    const set = await policySet(...texts);
    await gateway.reload(set);
    stdio.swap(set);
    const seen = await onEveryPath({ name: 'pay', ...(args === undefined ? {} : { arguments: args }) });
    const expected = expectedOf(set, args);
    // Approvals over the pages of `serve` are a way that `run` does not have: only there somebody can be asked.
    if (expected === null && seen['run']?.startsWith('policy_error') === true) delete seen['run'];
    const [first] = Object.values(seen);
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((path) => [path, expected ?? first])));
  }), { numRuns: 60 });
}, 240_000);
