import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { afterEach, describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/gateway/config-types.ts';
import { serveFixture, spec } from '../bridge/harness.ts';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { SseClient } from '../sse-client.ts';
import { decide, pending, staffed } from './approver.ts';

const HELD = (tool: string): string => `version: "1"\ndefault: allow\ntools:\n  ${tool}: { action: require_approval, approval: { wait: 20s } }\n`;

let gateway: HttpHarness | null = null;
const ends: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
  await gateway?.close();
  gateway = null;
});

async function start(policy: string, options: Parameters<typeof HttpHarness.start>[1] = {}): Promise<HttpHarness> {
  gateway = await HttpHarness.start(await policySet(policy), options);
  await staffed(gateway);
  return gateway;
}

describe('held behind a bridge', () => {
  const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

  test.each<[string, 'legacy' | 'modern', ServerConfig['upstream'] | 'http']>([
    ['a legacy client, a modern server over HTTP', 'legacy', 'http'],
    ['a legacy client, a modern server over stdio', 'legacy', { kind: 'command', spec: spec('modern-server') }],
    ['a modern client, a legacy server over HTTP', 'modern', 'http'],
    ['a modern client, a legacy server over stdio', 'modern', { kind: 'command', spec: spec('legacy-server') }],
  ])('%s: heartbeats, the approval, one answer', async (_name, era, target) => {
    const harness = await start(HELD('progress'));
    let upstream: ServerConfig['upstream'];
    if (target === 'http') {
      const fixture = await serveFixture(era === 'legacy' ? 'modern-server' : 'legacy-server');
      ends.push(() => fixture.stop());
      upstream = { kind: 'http', spec: { url: fixture.url, headers: {} } };
    } else {
      upstream = target;
    }
    await harness.reconfigure((config) => ({ ...config, servers: new Map([['http', { name: 'http', isolation: 'session', bridge: true, trustedAnnotations: false, drift: 'hold' as const, edge: null, upstream }]]), grants: config.grants.filter((grant) => grant.server === 'http') }));
    const url = new URL(`http://127.0.0.1:${harness.gateway.address.port}/mcp/http`);
    const headers = { requestInit: { headers: { authorization: `Bearer ${harness.token('http')}` } } };
    const progress: number[] = [];
    const options = { onprogress: ({ progress: at }: { progress: number }) => void progress.push(at) };
    let call: Promise<unknown>;
    if (era === 'legacy') {
      const client = new LegacyClient({ name: 'old', version: '1' });
      await client.connect(new LegacyTransport(url, headers));
      ends.push(() => client.close());
      call = client.callTool({ name: 'progress' }, undefined, options);
    } else {
      const client = new ModernClient({ name: 'new', version: '1' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } });
      await client.connect(new ModernTransport(url, headers));
      ends.push(() => client.close());
      call = client.callTool({ name: 'progress' }, options);
    }
    await pending(harness);
    await new Promise((resolve) => setTimeout(resolve, 5_300));
    expect(progress).toHaveLength(1);
    await decide(harness, 'token');
    expect(textOf(await call)).not.toContain('POLICY');
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.toSorted((a, b) => a - b)).toEqual(progress);
  });
});

describe('held without a session', () => {
  const body = { jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'wipe', arguments: {} } };

  test('[N2] legacy: a cancellation in a request of its own reaches the held call, and not the upstream', async () => {
    const harness = await start(HELD('wipe'), { sessionless: true });
    const call = harness.post('http', body, { 'mcp-protocol-version': '2025-11-25' });
    await pending(harness);
    expect((await harness.post('http', { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 7 } }, { 'mcp-protocol-version': '2025-11-25' })).status).toBe(202);
    expect((await call).messages).toEqual([]);
    await decide(harness, 'token');
    expect(harness.reached().some((entry) => /wipe|cancelled/.test(JSON.stringify(entry)))).toBe(false);
  });

  test.each(['legacy', 'modern'] as const)('%s: it ends with its grant, is told so, and runs by no later approval', async (era) => {
    const harness = await start(HELD('wipe'), { sessionless: true });
    const call = era === 'legacy' ? harness.post('http', body, { 'mcp-protocol-version': '2025-11-25' }) : harness.modern('http', 'tools/call', { name: 'wipe', arguments: {} });
    await pending(harness);
    expect(harness.gateway.stats().inFlight).toBe(1);
    await harness.reconfigure((config) => ({ ...config, grants: config.grants.filter((grant) => grant.label !== 'one-http') }));
    expect((await call).messages).toMatchObject([{ error: { code: -32603, message: expect.stringContaining('the grant was removed') } }]);
    expect(harness.gateway.stats().inFlight).toBe(0);
    await decide(harness, 'token');
    await harness.rows();
    expect(harness.callsReached()).toEqual([]);
    // That it is held is a row of its own.
    expect((await harness.rows()).filter((row) => row.method === 'tools/call').map((row) => row.outcome)).toEqual(['refused', 'cancelled']);
  });

  test('it ends with its server, and not with another grant', async () => {
    const harness = await start(HELD('wipe'), { sessionless: true });
    const call = harness.post('http', body, { 'mcp-protocol-version': '2025-11-25' });
    await pending(harness);
    await harness.reconfigure((config) => ({ ...config, grants: config.grants.filter((grant) => grant.label !== 'two-http') }));
    expect(harness.gateway.stats().inFlight).toBe(1);
    await harness.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].filter(([name]) => name !== 'http')) }));
    expect((await call).messages).toMatchObject([{ id: 7, error: { code: -32603 } }]);
    await decide(harness, 'token');
    expect(harness.callsReached()).toEqual([]);
  });

  test('legacy: approved, it is answered on its own connection', async () => {
    const harness = await start(HELD('wipe'), { sessionless: true });
    const call = harness.post('http', body, { 'mcp-protocol-version': '2025-11-25' });
    await decide(harness, 'token');
    expect((await call).messages.at(-1)).toMatchObject({ id: 7, result: {} });
    expect(harness.callsReached()).toEqual(['wipe']);
  });
});

describe.each(['http', 'stdio'] as const)('held on the transport of 2024-11-05, upstream over %s', (leg) => {
  test('heartbeats and the answer come on the one stream', async () => {
    const harness = await start(HELD('wipe'));
    const client = await SseClient.open(harness, leg);
    ends.push(async () => client.close());
    client.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    await client.answer(1);
    client.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wipe', arguments: {}, _meta: { progressToken: 5 } } });
    await pending(harness);
    await new Promise((resolve) => setTimeout(resolve, 5_300));
    expect(await client.answer(undefined)).toMatchObject({ method: 'notifications/progress', params: { progressToken: 5 } });
    await decide(harness, 'token');
    expect(await client.answer(2)).toMatchObject({ result: {} });
    expect(harness.callsReached()).toEqual(['wipe']);
  });

  test('a client that closes its stream takes the held call back', async () => {
    const harness = await start(HELD('wipe'));
    const client = await SseClient.open(harness, leg);
    client.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    await client.answer(1);
    client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'wipe', arguments: {} } });
    await pending(harness);
    client.close();
    for (let tries = 0; tries < 500 && !(await harness.rows()).some((row) => row.name === 'wipe' && row.outcome === 'cancelled'); tries += 1) await new Promise((resolve) => setTimeout(resolve, 20));
    await decide(harness, 'token');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(harness.callsReached()).toEqual([]);
  });
});
