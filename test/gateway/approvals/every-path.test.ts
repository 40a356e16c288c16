import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpHarness, type Leg } from '../http-harness.ts';
import { decisionOf, policySet, StdioHarness } from '../run-harness.ts';
import { SseClient } from '../sse-client.ts';
import { Approver } from './approver.ts';

const POLICY = 'version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: { wait: 20s, via: [cli] } }\n';
let gateway: HttpHarness;
let stdio: StdioHarness;
let approver: Approver;
let local: Approver;
let amount = 0;

beforeAll(async () => {
  const policies = await policySet(POLICY);
  gateway = await HttpHarness.start(policies);
  stdio = new StdioHarness(policies);
  await stdio.initialize();
  approver = new Approver(gateway.directory);
  local = new Approver(stdio.directory);
});
afterAll(async () => {
  await approver.close();
  await local.close();
  await stdio.close();
  await gateway.close();
});

const sses: SseClient[] = [];
afterAll(() => {
  for (const client of sses) client.close();
});

type Call = (params: Record<string, unknown>) => Promise<Record<string, unknown>>;

async function sseCall(leg: Leg): Promise<Call> {
  const client = await SseClient.open(gateway, leg);
  sses.push(client);
  client.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
  await client.answer(1);
  let id = 1;
  return async (params) => {
    id += 1;
    client.post({ jsonrpc: '2.0', id, method: 'tools/call', params });
    return client.answer(id);
  };
}

const PATHS: readonly [string, () => Promise<Call>][] = [
  ['run', () => Promise.resolve((params) => stdio.request('tools/call', params))],
  ...(['http', 'stdio'] as const).flatMap((leg): [string, () => Promise<Call>][] => [
    [`${leg} upstream, legacy`, async () => {
      const session = await gateway.open(leg);
      return (params) => gateway.request(leg, session, 'tools/call', params);
    }],
    [`${leg} upstream, modern`, () => Promise.resolve(async (params) => (await gateway.modern(leg, 'tools/call', params)).messages.at(-1) ?? {})],
    [`${leg} upstream, HTTP+SSE`, () => sseCall(leg)],
  ]),
];

describe.each(PATHS)('over %s', (path, open) => {
  const mine = (): Approver => (path === 'run' ? local : approver);
  const reached = (text: string): number => (path === 'run' ? stdio.reached() : gateway.reached().map((entry) => String(entry['line'] ?? entry['body'] ?? ''))).filter((line) => line.includes(text)).length;

  test('[#33] an approval lets the held call through exactly once, and a denial stops it', async () => {
    const call = await open();
    amount += 1;
    const params = { name: 'pay', arguments: { amount, note: `call-${amount}` } };
    const held = call(params);
    await mine().decide('approve');
    expect(await held).toMatchObject({ result: { content: [{ text: 'ran pay' }] } });
    expect(reached(`call-${amount}`)).toBe(1);

    const again = call(params);
    const [second] = await mine().pending();
    expect(reached(`call-${amount}`)).toBe(1);
    await mine().decide('deny', second?.id);
    expect(decisionOf(await again)).toMatchObject({ code: 'approval_denied', rule: '/tools/pay' });
    expect(reached(`call-${amount}`)).toBe(1);
  });
});
