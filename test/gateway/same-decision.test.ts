import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HttpHarness } from './http-harness.ts';
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
    const params = { name, arguments: {} };
    const seen: Record<string, string> = { run: outcome(await stdio.request('tools/call', params)) };
    for (const leg of ['http', 'stdio'] as const) {
      seen[`${leg} legacy`] = outcome(await gateway.request(leg, sessions[leg] ?? '', 'tools/call', params));
      seen[`${leg} modern`] = outcome((await gateway.modern(leg, 'tools/call', params)).messages[0] ?? {});
      ids += 1;
      sse[leg]?.post({ jsonrpc: '2.0', id: ids, method: 'tools/call', params });
      seen[`${leg} sse`] = outcome((await sse[leg]?.answer(ids)) ?? {});
    }
    const expected = set.decide({ kind: 'tool', name });
    const listed = NAMES.indexOf(name) < 6;
    const should = !listed || expected.effect === 'hide' ? `-32602 Unknown tool: ${name}` : expected.effect === 'deny' ? `${expected.code ?? ''} ${expected.rule} ${expected.policyId}` : 'allowed';
    expect(seen).toEqual(Object.fromEntries(Object.keys(seen).map((path) => [path, should])));
  }), { numRuns: 25 });
}, 120_000);
