import { existsSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import { rawMessage, Recorder } from '../../upstream/recorder.ts';
import { bridgedLink } from '../../../src/gateway/bridge/bridged-link.ts';
import { UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { BridgeClient, envelope, errorOf, resultOf, textOf, type Fixture, type Json } from './harness.ts';

/** The server of both eras is built on packages that are installed apart from the project's. */
const PEERS = existsSync(new URL('../../peers/node_modules/@modelcontextprotocol/server', import.meta.url));
if (!PEERS) process.stderr.write('skipped: a server of both eras behind the bridge; it needs `npm ci --prefix test/peers`\n');

let client: BridgeClient | null = null;
afterEach(async () => {
  await client?.link.close();
  client = null;
});

async function open(fixture: Fixture | 'dual', options = {}): Promise<BridgeClient> {
  client = await BridgeClient.open(fixture, options);
  return client;
}

const LEGACY_LINE = '{"jsonrpc":"2.0", "id":"x" ,"method":"tools/call","params":{"name":"t","arguments":{"n":9007199254740993,"f":1.0}},"x-odd":1}';

describe('where both sides speak the same era', () => {
  test('a legacy client and server get each other\'s bytes, and the server hears nothing else', async () => {
    const bridge = await open('raw-server legacy');
    expect(resultOf(await bridge.initialize('2025-06-18'))['protocolVersion']).toBe('2025-06-18');
    bridge.link.send(rawMessage(LEGACY_LINE));
    expect((await bridge.seen.response('s:x')).text).toContain(`"line":${JSON.stringify(LEGACY_LINE)}`);
  });

  test('a modern client and server get each other\'s bytes, whichever request comes first', async () => {
    const meta = JSON.stringify(envelope());
    const line = `{"jsonrpc":"2.0", "id":"x" ,"method":"tools/call","params":{"_meta":${meta},"name":"t","arguments":{"n":9007199254740993}}}`;
    for (const first of ['server/discover', 'tools/call']) {
      const bridge = await open('raw-server modern');
      if (first === 'server/discover') expect(resultOf(await bridge.modern('server/discover'))).toHaveProperty('supportedVersions');
      bridge.link.send(rawMessage(line));
      expect((await bridge.seen.response('s:x')).text).toContain(`"line":${JSON.stringify(line)}`);
      await bridge.link.close();
    }
  });

  test.skipIf(!PEERS)('a server of both eras is spoken to in that of its client', async () => {
    const legacy = await open('dual');
    expect(resultOf(await legacy.initialize())).toMatchObject({ protocolVersion: '2025-11-25', serverInfo: { name: 'conformance-fixture' } });
    legacy.send({ jsonrpc: '2.0', id: 'e', method: 'tools/call', params: { name: 'test_elicitation', arguments: { message: 'm' } } });
    const [question] = await legacy.other('elicitation/create');
    legacy.send({ jsonrpc: '2.0', id: question?.['id'], result: { action: 'decline' } });
    expect(textOf(await legacy.answer('e'))).toContain('decline');
    await legacy.link.close();
    const modern = await open('dual');
    const extensions = (resultOf(await modern.modern('server/discover'))['capabilities'] as Json)['extensions'];
    // Tasks pass where nothing is translated.
    expect(extensions).toHaveProperty(['io.modelcontextprotocol/tasks']);
  });
});

describe('where a server cannot be opened', () => {
  test('a command that does not exist fails every waiting request and ends the connection', async () => {
    const seen = new Recorder();
    const link = await bridgedLink({ kind: 'command', spec: { command: ['/no/such/command'], env: {}, cwd: null, inheritEnv: false } }, seen, { limits: UPSTREAM_LIMITS, headersOf: () => null, stderr: () => undefined, log: () => undefined });
    client = new BridgeClient(link, seen);
    client.send({ jsonrpc: '2.0', id: 1, method: 'server/discover', params: { _meta: envelope() } });
    client.send({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: { _meta: envelope() } });
    expect(await seen.failure('n:1')).toMatchObject({ kind: 'cannot_start', reached: false });
    expect(await seen.failure('n:2')).toMatchObject({ kind: 'cannot_start' });
    expect(await seen.ended()).toMatchObject({ kind: 'cannot_start' });
    expect(seen.ends).toBe(1);
  });

  test('a legacy client gets the words of a server that refuses it', async () => {
    const bridge = await open('raw-server deaf', { probeMs: 200 });
    bridge.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'c', version: '1' } } });
    await bridge.link.close();
    await bridge.seen.failure('n:1');
    expect(await bridge.seen.ended()).toBeNull();
    expect(bridge.seen.ends).toBe(1);
  });

  test('a request that is cancelled while the server starts is never sent', async () => {
    const bridge = await open('legacy-server');
    bridge.send({ jsonrpc: '2.0', id: 'first', method: 'server/discover', params: { _meta: envelope() } });
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', _meta: envelope() } });
    bridge.notify('notifications/cancelled', { requestId: 'slow' });
    expect(await bridge.seen.failure('s:slow')).toMatchObject({ reached: false });
    await bridge.answer('first');
    expect((textOf(await bridge.tool('session')) as Json)['cancelled']).toBe(0);
  });

  test('closing while the server starts ends everything', async () => {
    const bridge = await open('raw-server silent', { probeMs: 60_000 });
    bridge.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: envelope() } });
    await bridge.link.close();
    expect(bridge.seen.failures).toMatchObject([{ requestKey: 'n:1', failure: { kind: 'closed' } }]);
    expect(bridge.seen.ends).toBe(1);
    bridge.send({ jsonrpc: '2.0', id: 2, method: 'tools/list', params: { _meta: envelope() } });
    expect(await bridge.seen.failure('n:2')).toMatchObject({ kind: 'closed', reached: false });
  });

  test('a legacy client that begins without initialize is carried as far as its server allows', async () => {
    const bridge = await open('raw-server legacy');
    expect(errorOf(await bridge.ask('ping'))).toMatchObject({ code: -32601 });
    expect(resultOf(await bridge.initialize())).toHaveProperty('serverInfo');
  });
});
