import { PassThrough } from 'node:stream';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { runStdio } from '../../src/gateway/run.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import { decisionOf, policySet } from './run-harness.ts';
import { HttpHarness } from './http-harness.ts';
import { answerJson, ScriptedUpstream } from './scripted-upstream.ts';

const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A client on stdio in front of an HTTP upstream. */
async function stdioClient(url: string, policy: string): Promise<{ send: (message: unknown) => void; next: (match: (message: Record<string, unknown>) => boolean) => Promise<Record<string, unknown>> }> {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-url-'));
  const input = new PassThrough();
  const output = new PassThrough();
  const errors = new PassThrough();
  errors.resume();
  const received: Record<string, unknown>[] = [];
  let buffered = '';
  output.on('data', (chunk: Buffer) => {
    buffered += chunk.toString();
    const lines = buffered.split('\n');
    buffered = lines.pop() ?? '';
    for (const line of lines) received.push(JSON.parse(line) as Record<string, unknown>);
  });
  const done = runStdio({
    server: 'url', label: 'test', policies: await policySet(policy), watch: () => () => undefined, upstream: { kind: 'http', spec: { url: new URL(url), headers: { authorization: 'Bearer of-the-operator' } } }, bridge: false, trustedAnnotations: false, drift: 'hold' as const,
    openState: () => openState({ path: databasePath(directory) }), keepArguments: false, input, output, errors, log: () => undefined, signal: new AbortController().signal,
  });
  closing.push(async () => {
    input.end();
    await done;
    rmSync(directory, { recursive: true, force: true });
  });
  return {
    send: (message) => void input.write(`${JSON.stringify(message)}\n`),
    next: async (match) => {
      await expect.poll(() => received.some(match), { timeout: 6_000 }).toBe(true);
      return received.find(match) ?? {};
    },
  };
}

const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const text = (id: unknown): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]}}`;

describe('stdio in front of HTTP', () => {
  test('a legacy session is opened, kept and ended, and the policy holds', async () => {
    const upstream = await ScriptedUpstream.start((request, response) => {
      if (request.method === 'GET') return void response.writeHead(405).end();
      if (request.method === 'DELETE') return void response.writeHead(200).end();
      answerJson(response, text(request.message?.id));
    });
    closing.push(() => upstream.close());
    const client = await stdioClient(upstream.url, 'version: "1"\ndefault: allow\ntools: { danger: deny }\n');
    client.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    expect(await client.next((message) => message['id'] === 1)).toMatchObject({ result: { protocolVersion: '2025-11-25' } });
    client.send({ jsonrpc: '2.0', method: 'notifications/initialized' });
    client.send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'safe' } });
    expect(await client.next((message) => message['id'] === 2)).toMatchObject({ result: {} });
    client.send({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: { name: 'danger' } });
    expect(decisionOf(await client.next((message) => message['id'] === 3))).toMatchObject({ code: 'denied' });
    expect(upstream.of('tools/call').map((request) => request.message?.params?.['name'])).toEqual(['safe']);
    expect(upstream.of('tools/call')[0]?.headers).toMatchObject({ 'mcp-session-id': 'upstream-session', 'mcp-protocol-version': '2025-11-25', authorization: 'Bearer of-the-operator' });
  });

  test('[L8, H7] modern requests carry all mirror headers, and tools with invalid annotations are left out', async () => {
    const upstream = await ScriptedUpstream.start((request, response) => answerJson(response, text(request.message?.id)));
    closing.push(() => upstream.close());
    upstream.tools = [{ name: 'safe', inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' } } } }, { name: 'broken', inputSchema: { type: 'object', properties: { a: { type: 'object', 'x-mcp-header': 'A' } } } }];
    const client = await stdioClient(upstream.url, 'version: "1"\ndefault: allow\n');
    client.send({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: { _meta: META } });
    expect(await client.next((message) => message['id'] === 1)).toMatchObject({ result: { tools: [{ name: 'safe' }] } });
    client.send({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'safe', arguments: { region: 'zürich' }, _meta: META } });
    await client.next((message) => message['id'] === 2);
    expect(upstream.of('tools/call')[0]?.headers).toMatchObject({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'safe', 'mcp-param-region': `=?base64?${Buffer.from('zürich').toString('base64')}?=` });
  });
});

describe('listen streams', () => {
  test('[M3] have no time limit, carry only what may be seen, and hear of policy edits', async () => {
    const upstream = await ScriptedUpstream.start((request, response) => {
      const meta = { _meta: { 'io.modelcontextprotocol/subscriptionId': request.message?.id } };
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const say = (method: string, params: object): void => void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', method, params: { ...params, ...meta } })}\n\n`);
      say('notifications/subscriptions/acknowledged', { notifications: request.message?.params?.['notifications'] });
      say('notifications/resources/updated', { uri: 'file:///secret' });
      say('notifications/tasks', { taskId: 'of-somebody' });
      setTimeout(() => say('notifications/resources/updated', { uri: 'file:///open' }), 1_500);
    });
    closing.push(() => upstream.close());
    const policy = 'version: "1"\ndefault: allow\nresources: { "file:///secret": hide }\n';
    const gateway = await HttpHarness.start(await policySet(policy), { url: upstream.url });
    closing.push(() => gateway.close());
    const body = JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true, resourceSubscriptions: ['file:///open', 'file:///secret'], taskIds: ['of-somebody'] }, _meta: META } });
    const listening = gateway.send({
      path: '/mcp/http', headers: gateway.headers('http', { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }), body,
      until: (messages) => messages.some((message) => message['method'] === 'notifications/tools/list_changed'),
    });
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    await gateway.reload(await policySet(`${policy}tools: { danger: deny }\n`));
    const seen = (await listening).messages.map((message) => [message['method'], message['params']]);
    expect(seen).toMatchObject([
      ['notifications/subscriptions/acknowledged', { notifications: { resourceSubscriptions: ['file:///open'], taskIds: [] } }],
      ['notifications/resources/updated', { uri: 'file:///open' }],
      ['notifications/tools/list_changed', { _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub' } }],
    ]);
  });
});
