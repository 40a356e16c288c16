import { afterEach, describe, expect, test } from 'vitest';
import type { BridgePool } from '../../../src/gateway/bridge/bridge-pool.ts';
import { message, Recorder } from '../../upstream/recorder.ts';
import { BridgeClient, CAPABILITIES, envelope, errorOf, openPool, resultOf, stateless, textOf, until, type Fixture, type Json } from './harness.ts';

let pool: BridgePool | null = null;
afterEach(async () => {
  await pool?.close();
  pool = null;
});

async function open(fixture: Fixture = 'legacy-server', options = {}): Promise<BridgePool> {
  pool = await openPool(fixture, options);
  return pool;
}

const tool = async (from: BridgePool, principal: string, name: string, args: Json = {}, more: Json = {}): Promise<Json> => {
  const request = stateless(from, principal, 'tools/call', { name, arguments: args, ...more });
  const answer = await request.answer();
  await request.link.close();
  return answer;
};

const pidOf = async (from: BridgePool, principal: string, meta: Json = envelope()): Promise<unknown> => (textOf(await tool(from, principal, 'session', {}, { _meta: meta })) as Json)['pid'];

describe('modern requests of many clients on a legacy server', () => {
  test('run at once under one id, and each gets its own answer', async () => {
    const from = await open();
    const answers = await Promise.all(Array.from({ length: 20 }, async (_, n) => textOf(await tool(from, 'one', 'echo', { n }))));
    expect(answers).toEqual(Array.from({ length: 20 }, (_, n) => ({ n })));
    expect(from.stats()).toEqual({ links: 0, upstreamSessions: 1, inFlight: 0, held: 0 });
  });

  test('progress of requests with one token stays apart', async () => {
    const from = await open();
    const requests = ['a', 'b'].map((id) => stateless(from, 'one', 'tools/call', { name: 'progress', arguments: {}, _meta: envelope(CAPABILITIES, { progressToken: 'same' }) }, id));
    for (const request of requests) await request.answer();
    for (const { seen } of requests) {
      expect(seen.messages.filter(({ message: sent }) => sent.kind === 'notification').map(({ text }) => (JSON.parse(text) as Json)['params'])).toEqual([1, 2].map((progress) => ({ progressToken: 'same', progress, total: 2 })));
    }
  });

  test('one session serves one principal with one set of capabilities', async () => {
    const from = await open();
    const first = await pidOf(from, 'one');
    expect(await pidOf(from, 'one')).toBe(first);
    expect(await pidOf(from, 'two')).not.toBe(first);
    expect(await pidOf(from, 'one', envelope({ sampling: {} }))).not.toBe(first);
    expect(from.stats().upstreamSessions).toBe(3);
  });

  test('a retry comes on another link and finds its call; another principal does not', async () => {
    const from = await open();
    const { inputRequests, requestState } = resultOf(await tool(from, 'one', 'ask')) as { inputRequests: Json; requestState: string };
    expect(from.stats()).toMatchObject({ held: 1, inFlight: 1 });
    const [key = ''] = Object.keys(inputRequests);
    const more = { inputResponses: { [key]: { action: 'accept', content: { name: 'Ada' } } }, requestState };
    expect(errorOf(await tool(from, 'two', 'ask', {}, more))).toMatchObject({ code: -32602 });
    expect(textOf(await tool(from, 'one', 'ask', {}, more))).toEqual({ action: 'accept', content: { name: 'Ada' } });
    expect(from.stats()).toMatchObject({ held: 0, inFlight: 0 });
  });

  test('what no client comes back for is cancelled at the server, and nothing is left of it', async () => {
    const from = await open('legacy-server', { holdMs: 100 });
    await tool(from, 'one', 'ask_anyway');
    await until('the call has ended', async () => from.stats().held === 0 && from.stats().inFlight === 0);
    expect(textOf(await tool(from, 'one', 'session'))).toMatchObject({ refusals: 1 });
  });

  test('a link that closes cancels its call', async () => {
    const from = await open();
    await tool(from, 'one', 'echo');
    const slow = stateless(from, 'one', 'tools/call', { name: 'slow' });
    await tool(from, 'one', 'echo');
    await slow.link.close();
    await until('the server heard of it', async () => (textOf(await tool(from, 'one', 'session')) as Json)['cancelled'] === 1);
    expect(from.stats().inFlight).toBe(0);
  });

  test('a session that nobody uses is closed, and opened again when needed', async () => {
    const from = await open('legacy-server', { idleMs: 150 });
    const first = await pidOf(from, 'one');
    await until('it is closed', async () => from.stats().upstreamSessions === 0);
    expect(await pidOf(from, 'one')).not.toBe(first);
  });

  test('a session that is full makes room by closing an idle one, and refuses when all are in use', async () => {
    const from = await open('legacy-server', { maxSessions: 1 });
    await tool(from, 'one', 'echo');
    expect(textOf(await tool(from, 'two', 'echo', { a: 1 }))).toEqual({ a: 1 });
    const slow = stateless(from, 'two', 'tools/call', { name: 'slow' }, 'slow');
    await tool(from, 'two', 'echo');
    const refused = stateless(from, 'two', 'tools/call', { name: 'echo', _meta: envelope({}) });
    expect(await refused.seen.failure('n:1')).toMatchObject({ reached: false });
    await slow.link.close();
  });

  test('a server that dies fails its calls and held calls, and the next request starts another', async () => {
    const from = await open();
    const held = resultOf(await tool(from, 'one', 'ask')) as { requestState: string };
    const slow = stateless(from, 'one', 'tools/call', { name: 'slow' }, 'slow');
    const crash = stateless(from, 'one', 'tools/call', { name: 'crash' }, 'crash');
    expect(await slow.seen.failure('s:slow')).toMatchObject({ kind: 'exited' });
    expect(await crash.seen.failure('s:crash')).toMatchObject({ kind: 'exited' });
    const retry = stateless(from, 'two', 'tools/call', { name: 'ask', requestState: held.requestState });
    expect(errorOf(await retry.answer())).toMatchObject({ code: -32602 });
    const own = stateless(from, 'one', 'tools/call', { name: 'ask', arguments: {}, requestState: held.requestState }, 'own');
    expect(await own.seen.failure('s:own')).toMatchObject({ kind: 'exited' });
    await until('another serves', async () => {
      const again = stateless(from, 'one', 'tools/call', { name: 'echo', arguments: { a: 1 } }, 'again');
      await until('an end', async () => again.seen.messages.length + again.seen.failures.length > 0);
      await again.link.close();
      return again.seen.messages.length > 0;
    });
    expect(from.stats()).toMatchObject({ held: 0, upstreamSessions: 2 });
  });

  test('the end of a principal ends its sessions only', async () => {
    const from = await open();
    await pidOf(from, 'one');
    const other = await pidOf(from, 'two');
    from.endPrincipal('one');
    expect(from.stats().upstreamSessions).toBe(1);
    expect(await pidOf(from, 'two')).toBe(other);
  });

  test('subscriptions of two links end with their own link', async () => {
    const from = await open();
    const listen = (id: string): ReturnType<typeof stateless> => stateless(from, 'one', 'subscriptions/listen', { notifications: { toolsListChanged: true } }, id);
    const [first, second] = [listen('a'), listen('b')];
    await first.seen.notification('notifications/subscriptions/acknowledged');
    await second.seen.notification('notifications/subscriptions/acknowledged');
    await first.link.close();
    await tool(from, 'one', 'change');
    await second.seen.notification('notifications/tools/list_changed');
    expect(first.seen.log).toEqual(['notification notifications/subscriptions/acknowledged']);
  });

  test('closing the pool ends every call and every process', async () => {
    const from = await open();
    const slow = stateless(from, 'one', 'tools/call', { name: 'slow' });
    await tool(from, 'one', 'ask');
    const pid = Number(await pidOf(from, 'one'));
    await from.close();
    expect(slow.seen.failures).toHaveLength(1);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    const late = stateless(from, 'one', 'tools/call', { name: 'echo' }, 'late');
    expect(await late.seen.failure('s:late')).toMatchObject({ reached: false });
  });
});

describe('other pairs of eras', () => {
  test('a legacy session on a modern server has a link of its own', async () => {
    const from = await open('modern-server');
    const seen = new Recorder();
    const client = new BridgeClient(from.session(seen, 'one'), seen);
    expect(resultOf(await client.initialize())).toMatchObject({ serverInfo: { name: 'modern-only' } });
    expect(from.stats().links).toBe(1);
    expect(textOf(await client.ask('tools/call', { name: 'echo', arguments: { a: 1 } }))).toEqual({ a: 1 });
    await client.link.close();
    await until('nothing is left', async () => from.stats().links === 0);
  });

  test('a modern request to a modern server passes as it is, on the link that the front provides', async () => {
    const passed: string[] = [];
    const from = await open('raw-server modern', {
      passThrough: (observer: Recorder, principal: string) => {
        passed.push(principal);
        return {
          transport: 'stdio', abort: () => undefined, pause: () => undefined, resume: () => undefined, close: async () => undefined,
          send: (sent: { idKey: string }) => {
            queueMicrotask(() => observer.message(message({ jsonrpc: '2.0', id: 1, result: { resultType: 'complete', to: sent.idKey } }), null));
            return true;
          },
        };
      },
    });
    expect(resultOf(await stateless(from, 'one', 'tools/list', {}).answer())).toEqual({ resultType: 'complete', to: 'n:1' });
    expect(passed).toEqual(['one']);
  });
});
