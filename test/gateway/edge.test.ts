import { request } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { LOCAL_DESK } from '../../src/gateway/approvals/desk.ts';
import type { GatewayConfig } from '../../src/gateway/config-types.ts';
import { EdgeListener } from '../../src/gateway/http/edge.ts';
import { Principal } from '../../src/gateway/principal.ts';
import { ToolClassifier } from '../../src/gateway/tool-classifier.ts';
import { ToolPins } from '../../src/gateway/pins/tool-pins.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decisionOf, policySet } from './run-harness.ts';
import { answerJson, ScriptedUpstream } from './scripted-upstream.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

test('[O5, T5] edge mode passes authorization, challenges, discovery and Host untouched, and the policy holds', async () => {
  const upstream = await ScriptedUpstream.start((seen, response) => {
    if (seen.url === '/custom/metadata.json') return answerJson(response, `{"resource":"x","registration_endpoint":"${upstream.url.replace('/mcp?v=1', '/oauth/reg')}","other":"${upstream.url.replace('?v=1', '/')}"}`);
    if (seen.url === '/oauth/reg') return answerJson(response, '{"client_id":"c"}');
    if (seen.url === '/.well-known/oauth-protected-resource/mcp') return answerJson(response, '{"resource":"x", "n":1.0}');
    if (seen.headers.authorization === undefined) return void response.writeHead(401, { 'www-authenticate': `Bearer resource_metadata="${upstream.url.replace('/mcp?v=1', '/custom/metadata.json')}"`, 'content-type': 'application/json' }).end('{"error":"invalid_token"}');
    answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(seen.message?.id)},"result":{"content":[]}}`);
  });
  closing.push(() => upstream.close());
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-edge-'));
  closing.push(async () => rmSync(directory, { recursive: true, force: true }));
  const state = await openState({ path: databasePath(directory) });
  closing.push(async () => state.close());
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const spec = { url: new URL(upstream.url), headers: {} };
  const listen = { host: '127.0.0.1', port: 0 };
  const context = {
    server: { name: 's', upstream: { kind: 'http' as const, spec }, isolation: 'session' as const, bridge: false, trustedAnnotations: false, drift: 'hold' as const, edge: { listen } },
    services: { state, ready: () => null, approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log },
    limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 10, sessionIdleMs: 60_000, bodyTimeoutMs: 2_000 },
    log,
  };
  const policies = await policySet('version: "1"\ndefault: allow\ntools: { danger: deny }\n');
  const edge = await EdgeListener.open(context, spec, listen, new Principal('edge', 's', policies), { allowHosts: [], allowOrigins: [] } as unknown as GatewayConfig);
  closing.push(() => edge.close());
  const port = Number(/:(\d+)$/.exec(lines[0] ?? '')?.[1]);
  const host = new URL(upstream.url).host;

  const send = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string; headers: Record<string, unknown> }> => new Promise((resolve, reject) => {
    const outgoing = request({ host: '127.0.0.1', port, method, path, agent: false, headers: { host, ...(body === undefined ? {} : { 'content-type': 'application/json', accept: 'application/json, text/event-stream' }), ...headers } }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }));
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });

  expect(await send('GET', '/custom/metadata.json')).toMatchObject({ status: 404 });
  expect(await send('GET', '/.well-known/oauth-protected-resource/mcp')).toMatchObject({ status: 200, text: '{"resource":"x", "n":1.0}' });
  const challenge = await send('POST', '/mcp', '{"jsonrpc":"2.0","id":1,"method":"ping"}');
  expect(challenge).toMatchObject({ status: 401, text: '{"error":"invalid_token"}', headers: { 'www-authenticate': expect.stringContaining('/custom/metadata.json') } });
  expect(await send('GET', '/custom/metadata.json')).toMatchObject({ status: 200 });
  expect(await send('POST', '/oauth/reg', '{"id":1}')).toMatchObject({ status: 200 });
  const authorization = 'Bearer for-this-very-resource';
  expect(await send('POST', '/mcp', '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"safe"}}', { authorization })).toMatchObject({ status: 200 });
  const denied = await send('POST', '/mcp', '{"jsonrpc":"2.0","id":3,"method":"tools/call","params":{"name":"danger"}}', { authorization });
  expect(decisionOf(JSON.parse(denied.text) as Record<string, unknown>)).toMatchObject({ code: 'denied' });
  const call = upstream.of('tools/call');
  expect(call.map((seen) => seen.message?.params?.['name'])).toEqual(['safe']);
  expect(call[0]?.headers).toMatchObject({ authorization, host });
  for (const path of ['/mcp/', '/MCP', '//mcp', '/%6dcp', '/mcp/../mcp', '/.well-known/../mcp']) {
    expect([path, (await send('POST', path, '{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"danger"}}', { authorization })).status]).toEqual([path, 404]);
  }
  expect(upstream.of('tools/call')).toHaveLength(1);
});

test('a reload whose edge listener cannot take its address changes nothing', async () => {
  const { createServer } = await import('node:net');
  const { HttpHarness } = await import('./http-harness.ts');
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => blocker.close(resolve)));
  const { port } = blocker.address() as { port: number };
  const gateway = await HttpHarness.start(await policySet('version: "1"\ndefault: allow\n'));
  closing.push(() => gateway.close());
  const session = await gateway.open('http');
  const stricter = await policySet('version: "1"\ndefault: deny\n');
  await expect(gateway.reconfigure((config) => ({
    ...config,
    grants: config.grants.map((grant) => ({ ...grant, policies: stricter })),
    servers: new Map([...config.servers, ['edgy', { name: 'edgy', upstream: { kind: 'http' as const, spec: { url: new URL('http://127.0.0.1:9/mcp'), headers: {} } }, isolation: 'session' as const, bridge: false, trustedAnnotations: false, drift: 'hold' as const, edge: { listen: { host: '127.0.0.1', port } } }]]),
  }))).rejects.toThrow('EADDRINUSE');
  expect(await gateway.request('http', session, 'tools/call', { name: 'safe' })).toMatchObject({ result: { content: [{ text: 'ran safe' }] } });
});
