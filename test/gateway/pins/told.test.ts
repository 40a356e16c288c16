import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { databasePath, openState } from '../../../src/state/open.ts';
import { HttpHarness, type Leg } from '../http-harness.ts';
import { decisionOf, policySet } from '../run-harness.ts';
import { ScriptedUpstream } from '../scripted-upstream.ts';
import { LIST, READ, WORSE } from './support.ts';

const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} };
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

/** A gateway with one server over HTTP and one over stdio, which list the same tools. */
async function world() {
  const upstream = await ScriptedUpstream.start((request, response) => {
    if (request.message?.method === 'tools/call') return void response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: request.message.id, result: { content: [] } }));
    // Streams that stay open: of a session, and of a subscription.
    response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
  });
  closing.push(() => upstream.close());
  const gateway = await HttpHarness.start(await policySet('version: "1"\ndefault: allow\n'), { url: upstream.url });
  closing.push(() => gateway.close());
  const file = join(gateway.directory, 'tools.json');
  const lists = (...tools: unknown[]): void => {
    upstream.tools = tools;
    writeFileSync(file, JSON.stringify(tools));
  };
  lists(READ, LIST);
  const spec = { command: [process.execPath, new URL('../../fixtures/drifting-server.mjs', import.meta.url).pathname, '--stdio', '--tools', file] as const, env: {}, cwd: null, inheritEnv: false };
  await gateway.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].map(([name, server]) => [name, name === 'stdio' ? { ...server, upstream: { kind: 'command' as const, spec } } : server])) }));
  const accept = async (server: string): Promise<void> => {
    const state = await openState({ path: databasePath(gateway.directory) });
    const held = state.pins.record(server, 'get_note')?.definitions.find(({ standing }) => standing === 'held');
    expect(state.pins.accept(server, 'get_note', held?.hash ?? '', 'alice').ok).toBe(true);
    state.close();
  };
  return { gateway, lists, accept };
}

const isChanged = (message: Record<string, unknown>): boolean => message['method'] === 'notifications/tools/list_changed';
const namesOf = (message: Record<string, unknown> | undefined): string[] => (message as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);

describe.each<Leg>(['http', 'stdio'])('accepting a held definition of a server over %s', (leg) => {
  test('[N4] [L7] is told to a legacy client on the stream of its session', async () => {
    const { gateway, lists, accept } = await world();
    const session = await gateway.open(leg);
    await gateway.request(leg, session, 'tools/list', {});
    lists(WORSE, LIST);
    expect(namesOf(await gateway.request(leg, session, 'tools/list', {}))).toEqual(['list_notes']);
    const stream = gateway.send({ method: 'GET', path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }), until: (messages) => messages.some(isChanged) });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await accept(leg);
    expect((await stream).messages).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]);
    expect(namesOf(await gateway.request(leg, session, 'tools/list', {}))).toEqual(['get_note', 'list_notes']);
  });

  test('[N4] [L7] is told to a modern client on the subscription that asked for it, and another grant sees it as well', async () => {
    const { gateway, lists, accept } = await world();
    await gateway.modern(leg, 'tools/list');
    lists(WORSE, LIST);
    expect(namesOf((await gateway.modern(leg, 'tools/list')).messages[0])).toEqual(['list_notes']);
    expect(decisionOf((await gateway.modern(leg, 'tools/call', { name: 'get_note', arguments: {} })).messages[0] ?? {})).toMatchObject({ code: 'denied', rule: '/drift' });
    const told = gateway.send({
      path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'subscriptions/listen' }),
      body: JSON.stringify({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true }, _meta: META } }),
      until: (messages) => messages.some(isChanged),
    });
    await new Promise((resolve) => setTimeout(resolve, 500));
    await accept(leg);
    expect((await told).messages.find(isChanged)).toMatchObject({ params: { _meta: { 'io.modelcontextprotocol/subscriptionId': 'sub' } } });
    expect(namesOf((await gateway.modern(leg, 'tools/list')).messages[0])).toEqual(['get_note', 'list_notes']);
    const other = await gateway.open(leg, true);
    expect(namesOf(await gateway.request(leg, other, 'tools/list', {}, true))).toEqual(['get_note', 'list_notes']);
  });
});

test('a change of `drift` keeps the sessions and is told to them', async () => {
  const { gateway, lists } = await world();
  const session = await gateway.open('stdio');
  await gateway.request('stdio', session, 'tools/list', {});
  lists(WORSE, LIST);
  const drift = (mode: 'hold' | 'warn' | 'off') => gateway.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].map(([name, server]) => [name, { ...server, drift: mode }])) }));
  const seen = async () => namesOf(await gateway.request('stdio', session, 'tools/list', {}));
  expect(await seen()).toEqual(['list_notes']);
  const stream = gateway.send({ method: 'GET', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': session }), until: (messages) => messages.some(isChanged) });
  await drift('off');
  expect((await stream).messages).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]);
  expect(await seen()).toEqual(['get_note', 'list_notes']);
  await drift('hold');
  expect(decisionOf(await gateway.request('stdio', session, 'tools/call', { name: 'get_note', arguments: {} }))).toMatchObject({ code: 'denied', rule: '/drift' });
  expect(await seen()).toEqual(['list_notes']);
});
