import { readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { CLIENT_LINES, connect, type Session } from '../../e2e/sdk-client.ts';
import { HttpHarness, type Leg } from '../http-harness.ts';
import { decisionOf, policySet } from '../run-harness.ts';
import { decide, pending, staffed, type Way } from './approver.ts';

const POLICY = `version: "1"
default: allow
tools:
  wipe: { action: require_approval, approval: { wait: 20s } }
  pay: { action: require_approval, approval: { wait: 0 } }
  echo: { action: require_approval, approval: { wait: 1 } }
`;
const LEGS: readonly Leg[] = ['http', 'stdio'];

let gateway: HttpHarness | null = null;
const sessions: Session[] = [];
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.close();
  await gateway?.close();
  gateway = null;
});

async function start(policy = POLICY, options: Parameters<typeof HttpHarness.start>[1] = {}): Promise<HttpHarness> {
  gateway = await HttpHarness.start(await policySet(policy), options);
  await staffed(gateway);
  return gateway;
}

const wipes = (harness: HttpHarness): number => harness.callsReached().filter((name) => name === 'wipe').length;

describe.each(LEGS)('a held call, upstream over %s', (leg) => {
  test.each(CLIENT_LINES)('[#33] %s: approved while it is held, it runs once; the next one needs an approval of its own', async (line) => {
    const harness = await start();
    const client = await connect(line, { url: `http://127.0.0.1:${harness.gateway.address.port}/mcp/${leg}`, token: harness.token(leg) });
    sessions.push(client);
    const ways: readonly Way[] = line === 'sdk1' ? ['link', 'cli'] : line === 'sdk2-legacy' ? ['token'] : ['webhook', 'token'];
    for (const [index, way] of ways.entries()) {
      const call = client.call('wipe');
      await pending(harness);
      expect(wipes(harness)).toBe(index);
      await decide(harness, way);
      expect(await call).toMatchObject({ isError: false, error: null, text: expect.stringContaining('wipe') });
      expect(wipes(harness)).toBe(index + 1);
    }
    const denied = client.call('wipe');
    await decide(harness, 'token', 'deny', { comment: 'not today' });
    expect(await denied).toMatchObject({ isError: true, text: expect.stringContaining('not today'), decision: { code: 'approval_denied' } });
    expect(wipes(harness)).toBe(ways.length);
  });

  test.each(CLIENT_LINES)('%s: not held for long, it is pending, and the identical call runs once when it was approved', async (line) => {
    const harness = await start();
    const client = await connect(line, { url: `http://127.0.0.1:${harness.gateway.address.port}/mcp/${leg}`, token: harness.token(leg) });
    sessions.push(client);
    const first = await client.call('pay', { amount: '10' });
    const { approval } = first.decision as unknown as { approval: { id: string; url: string; expiresAt: string } };
    expect(first.decision).toMatchObject({ code: 'approval_pending' });
    expect(approval.url).toBe(`http://127.0.0.1:${harness.gateway.address.port}/approvals/${approval.id}`);
    expect((await client.call('pay', { amount: '10' })).decision).toMatchObject({ code: 'approval_pending', approval: { id: approval.id } });
    await decide(harness, 'link');
    expect((await client.call('pay', { amount: '11' })).decision).toMatchObject({ code: 'approval_pending' });
    expect(await client.call('pay', { amount: '10' })).toMatchObject({ isError: false });
    expect((await client.call('pay', { amount: '10' })).decision).toMatchObject({ code: 'approval_pending' });
    expect(harness.callsReached().filter((name) => name === 'pay')).toHaveLength(1);
  });

  test('[N3] legacy: heartbeats come on the stream of the call, before its answer', async () => {
    const harness = await start();
    const session = await harness.open(leg);
    const call = harness.post(leg, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wipe', arguments: {}, _meta: { progressToken: 'p' } } }, { 'mcp-session-id': session });
    await pending(harness);
    await new Promise((resolve) => setTimeout(resolve, 5_400));
    await decide(harness, 'token');
    const answer = await call;
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/event-stream']);
    const beats = answer.messages.filter((message) => message['method'] === 'notifications/progress');
    expect(beats.map((message) => (message['params'] as { progressToken: string }).progressToken)).toEqual(['p']);
    expect(answer.messages.at(-1)).toMatchObject({ id: 7, result: { content: [{ text: expect.stringContaining('wipe') }] } });
    expect(wipes(harness)).toBe(1);
  });

  test('[M1, #54] modern: a client that leaves while its call is held takes it back', async () => {
    const harness = await start();
    const left = abandoned(harness, leg, null);
    const [record] = await pending(harness);
    left.destroy();
    await withdrawn(harness);
    await decide(harness, 'token');
    expect(wipes(harness)).toBe(0);
    // The approval is unused: the same call uses it.
    expect((await harness.modern(leg, 'tools/call', { name: 'wipe', arguments: {} })).messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    expect([wipes(harness), record?.name]).toEqual([1, 'wipe']);
  });

  test('[S7, N2, #54] legacy: a call whose client has gone is not executed while it is held, and can be repeated', async () => {
    const harness = await start();
    const session = await harness.open(leg);
    const left = abandoned(harness, leg, session);
    await pending(harness);
    left.destroy();
    await withdrawn(harness);
    await decide(harness, 'token');
    expect(wipes(harness)).toBe(0);
    expect(await harness.request(leg, session, 'tools/call', { name: 'wipe', arguments: {} })).toMatchObject({ result: {} });
    expect(wipes(harness)).toBe(1);
    expect(harness.reached().some((entry) => JSON.stringify(entry).includes('notifications/cancelled'))).toBe(false);
  });

  test('[N2] legacy: a cancelled call is not executed when it is approved, and the upstream hears nothing of either', async () => {
    const harness = await start();
    const session = await harness.open(leg);
    const call = harness.post(leg, { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wipe', arguments: {} } }, { 'mcp-session-id': session });
    await pending(harness);
    expect((await harness.post(leg, { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }, { 'mcp-session-id': session })).status).toBe(202);
    const answer = await call;
    expect(answer.messages).toEqual([]);
    await decide(harness, 'token');
    expect([wipes(harness), readFileSync(harness.log, 'utf8').includes('notifications/cancelled')]).toEqual([0, false]);
  });

  test('[T8] a held call delays no other call of its session', async () => {
    const harness = await start();
    const session = await harness.open(leg);
    const held = harness.request(leg, session, 'tools/call', { name: 'wipe', arguments: {} });
    await pending(harness);
    expect(await harness.request(leg, session, 'tools/call', { name: 'safe', arguments: {} })).toMatchObject({ result: {} });
    await decide(harness, 'token');
    expect(await held).toMatchObject({ result: {} });
  });

  test('[J9] in a batch each held call is answered on its own, the others do not wait for it', async () => {
    const harness = await start();
    const session = await harness.open(leg, false, '2025-03-26');
    const batch = [
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wipe', arguments: { a: 1 } } },
      { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'safe', arguments: {} } },
      { jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'pay', arguments: {} } },
    ];
    const call = harness.post(leg, batch, { 'mcp-session-id': session });
    await pending(harness, 2);
    for (let tries = 0; !harness.callsReached().includes('safe') && tries < 200; tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(harness.callsReached()).toEqual(['safe']);
    await decide(harness, 'token', 'approve', { name: 'wipe' });
    const answer = await call;
    const byId = new Map(answer.messages.map((message) => [message['id'], message]));
    expect(byId.get(1)).toMatchObject({ result: { content: [{ text: expect.stringContaining('wipe') }] } });
    expect(byId.get(2)).toMatchObject({ result: {} });
    expect(decisionOf(byId.get(3) ?? {})).toMatchObject({ code: 'approval_pending' });
    expect(harness.callsReached().toSorted()).toEqual(['safe', 'wipe']);
  });

  test('[J7, #20] a second request under the id of a held one is refused, and the held one is unaffected', async () => {
    const harness = await start();
    const session = await harness.open(leg);
    const body = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wipe', arguments: {} } };
    const first = harness.post(leg, body, { 'mcp-session-id': session });
    await pending(harness);
    expect(await harness.post(leg, body, { 'mcp-session-id': session })).toMatchObject({ status: 400, messages: [{ id: 7, error: {} }] });
    await decide(harness, 'token');
    expect((await first).messages.at(-1)).toMatchObject({ id: 7, result: {} });
    expect(wipes(harness)).toBe(1);
  });
});

/** A call on a connection that can be torn. */
function abandoned(harness: HttpHarness, leg: Leg, session: string | null): ReturnType<typeof httpRequest> {
  const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} };
  const headers = session === null ? { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'wipe' } : { 'mcp-session-id': session };
  const outgoing = httpRequest({ host: '127.0.0.1', port: harness.gateway.address.port, method: 'POST', path: `/mcp/${leg}`, headers: harness.headers(leg, headers), agent: false });
  outgoing.on('error', () => undefined);
  outgoing.end(JSON.stringify({ jsonrpc: '2.0', id: 70, method: 'tools/call', params: { name: 'wipe', arguments: {}, ...(session === null ? { _meta: meta } : {}) } }));
  return outgoing;
}

async function withdrawn(harness: HttpHarness): Promise<void> {
  for (let tries = 0; tries < 500; tries += 1) {
    if ((await harness.rows()).some((row) => row.name === 'wipe' && row.outcome === 'cancelled')) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the held call was not withdrawn');
}

describe('a restart', () => {
  test('held calls are told to come again, and the approval that is given meanwhile is used after it', async () => {
    const harness = await start();
    const held = harness.modern('http', 'tools/call', { name: 'wipe', arguments: {} });
    await pending(harness);
    const closing = harness.restart();
    expect(decisionOf((await held).messages.at(-1) ?? {})).toMatchObject({ code: 'approval_pending' });
    await closing;
    await decide(harness, 'cli');
    expect((await harness.modern('http', 'tools/call', { name: 'wipe', arguments: {} })).messages.at(-1)).toMatchObject({ result: { resultType: 'complete' } });
    expect(wipes(harness)).toBe(1);
    expect(decisionOf((await harness.modern('http', 'tools/call', { name: 'pay', arguments: {} })).messages.at(-1) ?? {})).toMatchObject({ code: 'approval_pending' });
  });
});
