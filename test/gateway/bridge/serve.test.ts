import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as LegacyTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { CreateMessageRequestSchema, ElicitRequestSchema, ListRootsRequestSchema, ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { Client as ModernClient, StreamableHTTPClientTransport as ModernTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../../src/gateway/serve.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import type { State } from '../../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { eventually } from '../../upstream/processes.ts';
import { policySet } from '../run-harness.ts';
import { serveFixture, spec } from './harness.ts';

const TOKEN = 'plg_test-token-of-the-bridge';
const NAMES = ['legacy-stdio', 'modern-stdio', 'legacy-http', 'modern-http'] as const;
type Name = (typeof NAMES)[number];
const directory = mkdtempSync(join(tmpdir(), 'policylayer-bridge-serve-'));
let gateway: RunningGateway;
let state: State;
const fixtures: Awaited<ReturnType<typeof serveFixture>>[] = [];

beforeAll(async () => {
  const policies = await policySet('version: "1"\ndefault: allow\ntools:\n  fail: deny\n');
  const [legacy, modern] = [await serveFixture('legacy-server'), await serveFixture('modern-server')];
  fixtures.push(legacy, modern);
  const upstream = (name: Name): ServerConfig['upstream'] => {
    if (name.endsWith('stdio')) return { kind: 'command', spec: spec(name === 'legacy-stdio' ? 'legacy-server' : 'modern-server') };
    return { kind: 'http', spec: { url: (name === 'legacy-http' ? legacy : modern).url, headers: {} } };
  };
  state = await openState({ path: databasePath(directory) });
  gateway = await startGateway({
    listen: { host: '127.0.0.1', port: 0 }, dataDir: directory, allowHosts: [], allowOrigins: [],
    servers: new Map(NAMES.map((name) => [name, { name, isolation: 'session', bridge: true, trustedAnnotations: false, drift: 'hold' as const, edge: null, upstream: upstream(name) }])),
    grants: NAMES.map((server) => ({ label: server, server, tags: [], policyNames: ['p'], policies, tokenSha256: createHash('sha256').update(`${TOKEN}-${server}`).digest() })),
    approvals: { publicUrl: null, webhook: null, approvers: [] },
    journal: { arguments: 'keys', retainDays: null },
    limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
  }, { state, log: () => undefined });
});

afterAll(async () => {
  await gateway.close();
  await state.close();
  for (const fixture of fixtures) await fixture.stop();
  rmSync(directory, { recursive: true, force: true });
});

const target = (name: Name): [URL, { requestInit: { headers: Record<string, string> } }] => [
  new URL(`http://127.0.0.1:${gateway.address.port}/mcp/${name}`),
  { requestInit: { headers: { authorization: `Bearer ${TOKEN}-${name}` } } },
];
const CAPABILITIES = { capabilities: { elicitation: { form: {} }, sampling: {}, roots: {} } };
const SAID = { role: 'assistant' as const, content: { type: 'text' as const, text: 'Paris' }, model: 'm' };
const textOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

describe.each(['modern-stdio', 'modern-http'] as const)('a client of SDK 1.x through the gateway to %s', (name) => {
  test('calls, is asked, hears of changes and is held to the policy', async () => {
    const client = new LegacyClient({ name: 'old', version: '1' }, CAPABILITIES);
    client.setRequestHandler(ElicitRequestSchema, () => ({ action: 'accept', content: { name: 'Ada' } }));
    client.setRequestHandler(CreateMessageRequestSchema, () => SAID);
    client.setRequestHandler(ListRootsRequestSchema, () => ({ roots: [{ uri: 'file:///a' }] }));
    let changes = 0;
    client.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
    await client.connect(new LegacyTransport(...target(name)));
    expect(client.getServerVersion()).toEqual({ name: 'modern-only', version: '2.0.0' });
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('ask_many');
    expect(textOf(await client.callTool({ name: 'mirrored', arguments: { region: 'eu' } }))).toBe('{"region":"eu"}');
    expect(JSON.parse(textOf(await client.callTool({ name: 'ask_many' })))).toEqual({ name: 'Ada', model: SAID, where: { roots: [{ uri: 'file:///a' }] } });
    await expect(client.readResource({ uri: 'test://none' })).rejects.toMatchObject({ code: -32002 });
    expect(textOf(await client.callTool({ name: 'fail' }))).toContain('POLICY DENIED');
    const progress: number[] = [];
    await client.callTool({ name: 'progress' }, undefined, { onprogress: ({ progress: at }) => progress.push(at) });
    expect(progress.length).toBeGreaterThan(0);
    await client.callTool({ name: 'change' });
    await eventually('a change', () => changes > 0);
    await client.close();
  });
});

describe.each(['legacy-stdio', 'legacy-http'] as const)('a client of SDK 2.x through the gateway to %s', (name) => {
  test('calls, is asked and is held to the policy', async () => {
    const client = new ModernClient({ name: 'new', version: '1' }, { ...CAPABILITIES, versionNegotiation: { mode: { pin: '2026-07-28' } } });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
    client.setRequestHandler('sampling/createMessage', () => SAID);
    client.setRequestHandler('roots/list', () => ({ roots: [{ uri: 'file:///a' }] }));
    await client.connect(new ModernTransport(...target(name)));
    expect(client.getServerVersion()).toMatchObject({ name: 'legacy-only' });
    expect((await client.listTools()).tools.map((tool) => tool.name)).toContain('ask_twice');
    const call = (tool: string): Promise<unknown> => client.callTool({ name: tool, arguments: {} });
    expect(textOf(await call('ask_twice'))).toContain('Ada');
    expect(textOf(await call('sample'))).toContain('Paris');
    expect(textOf(await call('roots'))).toContain('file:///a');
    await expect(client.readResource({ uri: 'test://none' })).rejects.toMatchObject({ code: -32602 });
    expect(textOf(await call('fail'))).toContain('POLICY DENIED');
    const many = await Promise.all(Array.from({ length: 10 }, (_, n) => client.callTool({ name: 'echo', arguments: { n } })));
    expect(many.map(textOf)).toEqual(Array.from({ length: 10 }, (_, n) => JSON.stringify({ n })));
    await client.close();
  });
});

describe('where both sides speak the same era', () => {
  test.each(['legacy-stdio', 'legacy-http'] as const)('a client of SDK 1.x reaches %s', async (name) => {
    const client = new LegacyClient({ name: 'old', version: '1' }, CAPABILITIES);
    await client.connect(new LegacyTransport(...target(name)));
    expect(client.getServerVersion()).toMatchObject({ name: 'legacy-only' });
    expect(textOf(await client.callTool({ name: 'echo', arguments: { a: 1 } }))).toBe('{"a":1}');
    await client.close();
  });

  test.each(['modern-stdio', 'modern-http'] as const)('a client of SDK 2.x reaches %s', async (name) => {
    const client = new ModernClient({ name: 'new', version: '1' }, { ...CAPABILITIES, versionNegotiation: { mode: { pin: '2026-07-28' } } });
    client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'Ada' } }));
    await client.connect(new ModernTransport(...target(name)));
    expect(client.getServerVersion()).toMatchObject({ name: 'modern-only' });
    expect(textOf(await client.callTool({ name: 'ask', arguments: {} }))).toContain('Ada');
    await client.close();
  });
});
