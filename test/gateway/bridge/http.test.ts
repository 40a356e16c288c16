import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { BridgePool } from '../../../src/gateway/bridge/bridge-pool.ts';
import { BridgeClient, CAPABILITIES, envelope, errorOf, openHttpPool, resultOf, serveFixture, stateless, textOf, until, type Json } from './harness.ts';

let legacy: Awaited<ReturnType<typeof serveFixture>>;
let modern: Awaited<ReturnType<typeof serveFixture>>;
beforeAll(async () => {
  legacy = await serveFixture('legacy-server');
  modern = await serveFixture('modern-server');
});
afterAll(async () => {
  await legacy.stop();
  await modern.stop();
});

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function connect(url: URL): Promise<BridgeClient> {
  const client = await BridgeClient.overHttp(url);
  closers.push(() => client.link.close());
  return client;
}

async function poolOf(url: URL, options = {}): Promise<BridgePool> {
  const pool = await openHttpPool(url, options);
  closers.push(() => pool.close());
  return pool;
}

const tool = async (from: BridgePool, principal: string, name: string, args: Json = {}, more: Json = {}): Promise<Json> => {
  const request = stateless(from, principal, 'tools/call', { name, arguments: args, ...more });
  const answer = await request.answer();
  await request.link.close();
  return answer;
};

describe('a modern client in front of a legacy server over HTTP', () => {
  test('discover, list, call, read and fail', async () => {
    const bridge = await connect(legacy.url);
    expect(resultOf(await bridge.modern('server/discover'))).toMatchObject({ supportedVersions: ['2026-07-28'], instructions: 'Old but gold.' });
    expect(resultOf(await bridge.modern('tools/list'))).toMatchObject({ resultType: 'complete', ttlMs: 0 });
    expect(textOf(await bridge.tool('echo', { a: 1 }))).toEqual({ a: 1 });
    expect(errorOf(await bridge.modern('resources/read', { uri: 'test://none' }))).toMatchObject({ code: -32602 });
    await bridge.tool('progress', {}, {}, { progressToken: 'mine' });
    expect(bridge.others('notifications/progress')).toHaveLength(2);
  });

  test('questions on the stream of a call and on that of the session both become an InputRequiredResult', async () => {
    const bridge = await connect(legacy.url);
    const asked = resultOf(await bridge.tool('ask')) as { inputRequests: Json; requestState: string };
    const [key = ''] = Object.keys(asked.inputRequests);
    expect(textOf(await bridge.tool('ask', {}, { inputResponses: { [key]: { action: 'accept', content: { name: 'Ada' } } }, requestState: asked.requestState }))).toEqual({ action: 'accept', content: { name: 'Ada' } });
    const sampled = resultOf(await bridge.tool('sample')) as { inputRequests: Json; requestState: string };
    const [name = ''] = Object.keys(sampled.inputRequests);
    const said = { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
    expect(textOf(await bridge.tool('sample', {}, { inputResponses: { [name]: said }, requestState: sampled.requestState }))).toMatchObject(said);
  });

  test('a cancelled call is cancelled at the server', async () => {
    const bridge = await connect(legacy.url);
    await bridge.tool('echo');
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', _meta: envelope() } });
    await bridge.tool('echo');
    bridge.notify('notifications/cancelled', { requestId: 'slow' });
    await until('the server heard of it', async () => (textOf(await bridge.tool('session')) as Json)['cancelled'] === 1);
  });

  test('changes reach a listen stream', async () => {
    const bridge = await connect(legacy.url);
    bridge.send({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['test://watched'] }, _meta: envelope() } });
    await bridge.other('notifications/subscriptions/acknowledged');
    await bridge.tool('change');
    await bridge.other('notifications/tools/list_changed');
    expect((await bridge.other('notifications/resources/updated')).map(({ params }) => (params as Json)['uri'])).toEqual(['test://watched']);
  });

  test('many requests of one principal share one session, and each gets its own answer', async () => {
    const pool = await poolOf(legacy.url);
    const answers = await Promise.all(Array.from({ length: 10 }, async (_, n) => textOf(await tool(pool, 'one', 'echo', { n }))));
    expect(answers).toEqual(Array.from({ length: 10 }, (_, n) => ({ n })));
    const one = textOf(await tool(pool, 'one', 'session')) as Json;
    expect((textOf(await tool(pool, 'one', 'session')) as Json)['session']).toBe(one['session']);
    expect((textOf(await tool(pool, 'two', 'session')) as Json)['session']).not.toBe(one['session']);
  });
});

describe('a legacy client in front of a modern server over HTTP', () => {
  async function session(capabilities: Json = CAPABILITIES): Promise<BridgeClient> {
    const bridge = await connect(modern.url);
    expect(resultOf(await bridge.initialize('2025-11-25', capabilities))).toMatchObject({ serverInfo: { name: 'modern-only' } });
    return bridge;
  }

  test('list, call, read and fail', async () => {
    const bridge = await session();
    expect(resultOf(await bridge.ask('tools/list'))).toHaveProperty('tools');
    expect(textOf(await bridge.ask('tools/call', { name: 'echo', arguments: { a: 1 } }))).toEqual({ a: 1 });
    expect(errorOf(await bridge.ask('resources/read', { uri: 'test://none' }))).toMatchObject({ code: -32002 });
    expect(errorOf(await bridge.ask('no/such'))).toMatchObject({ code: -32601 });
    await bridge.ask('tools/call', { name: 'progress', _meta: { progressToken: 7 } });
    expect(bridge.others('notifications/progress').map(({ params }) => (params as Json)['progress'])).toEqual([1, 2]);
  });

  test('arguments are mirrored into headers once the list has been seen', async () => {
    const bridge = await session();
    await bridge.ask('tools/list');
    expect(textOf(await bridge.ask('tools/call', { name: 'mirrored', arguments: { region: 'eu' } }))).toEqual({ region: 'eu' });
  });

  test('log messages arrive after logging/setLevel, on the stream of their call', async () => {
    const bridge = await session();
    await bridge.ask('logging/setLevel', { level: 'debug' });
    bridge.send({ jsonrpc: '2.0', id: 'log', method: 'tools/call', params: { name: 'log' } });
    await bridge.answer('log');
    expect(bridge.seen.messages.filter(({ message }) => message.kind === 'notification' && message.method === 'notifications/message').map(({ requestKey }) => requestKey)).toEqual(['s:log', 's:log']);
  });

  test('input that a call requires is asked of the client', async () => {
    const bridge = await session();
    bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'ask' } });
    const [question] = await bridge.other('elicitation/create');
    bridge.send({ jsonrpc: '2.0', id: question?.['id'], result: { action: 'accept', content: { name: 'Ada' } } });
    expect(textOf(await bridge.answer('c'))).toMatchObject({ content: { name: 'Ada' } });
  });

  test('a cancelled call is cancelled at the server', async () => {
    const bridge = await session();
    const before = (textOf(await bridge.ask('tools/call', { name: 'counts' })) as Json)['cancelled'] as number;
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow' } });
    await bridge.ask('tools/call', { name: 'echo' });
    bridge.notify('notifications/cancelled', { requestId: 'slow' });
    await until('the server heard of it', async () => (textOf(await bridge.ask('tools/call', { name: 'counts' })) as Json)['cancelled'] === before + 1);
  });

  test('subscriptions bring their changes', async () => {
    const bridge = await session();
    expect(resultOf(await bridge.ask('resources/subscribe', { uri: 'test://watched' }))).toEqual({});
    await bridge.ask('tools/call', { name: 'change' });
    expect((await bridge.other('notifications/resources/updated')).map(({ params }) => params)).toEqual([{ uri: 'test://watched' }]);
    await bridge.other('notifications/tools/list_changed');
  });

  test('a session of many has its own link', async () => {
    const pool = await poolOf(modern.url);
    expect(textOf(await tool(pool, 'one', 'echo', { a: 1 }))).toEqual({ a: 1 });
    expect(pool.stats()).toMatchObject({ upstreamSessions: 0 });
  });
});

test('an upstream that is not there fails the request and leaves the connection usable', async () => {
  const gone = await serveFixture('modern-server');
  await gone.stop();
  const bridge = await connect(gone.url);
  bridge.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope() } });
  expect(await bridge.seen.failure('n:1')).toMatchObject({ kind: 'unreachable' });
  bridge.send({ jsonrpc: '2.0', id: 2, method: 'initialize', params: {} });
  expect(await bridge.seen.failure('n:2')).toMatchObject({ kind: 'unreachable' });
  expect(bridge.seen.ends).toBe(0);
});
