import { createHash } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import type { GrantConfig, ServerConfig } from '../../../src/gateway/config-types.ts';
import { ORACLE, policySet } from '../../gateway/run-harness.ts';
import { World } from '../harness.ts';

const TOKEN = 'plg_token-of-the-agent-that-waits';
const POLICY = `version: "1"
default: deny
tools:
  safe:
    action: require_approval
    approval: { wait: 30s, via: [dashboard] }
`;
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} };

let world: World | null = null;
afterEach(async () => {
  await world?.stop();
  world = null;
});

async function start(): Promise<World> {
  const server: ServerConfig = {
    name: 'tickets', isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', edge: null,
    upstream: { kind: 'command', spec: { command: [process.execPath, ORACLE, '--stdio'], env: {}, cwd: null, inheritEnv: false } },
  };
  const grant: GrantConfig = { label: 'agent', server: 'tickets', tags: [], policyNames: ['p'], policies: await policySet(POLICY), tokenSha256: createHash('sha256').update(TOKEN).digest() };
  world = await World.start({ servers: new Map([['tickets', server]]), grants: [grant] });
  return world;
}

function call(url: string): Promise<{ status: number; body: { result?: { isError?: boolean; _meta?: Record<string, { code?: string }> } } }> {
  return fetch(`${url}/mcp/tickets`, {
    method: 'POST', body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'safe', arguments: { id: 7 }, _meta: META } }),
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${TOKEN}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'safe' },
  }).then(async (response) => {
    const text = await response.text();
    return { status: response.status, body: JSON.parse(text.startsWith('{') ? text : (text.split('\n').findLast((line) => line.startsWith('data: {')) ?? 'data: {}').slice(6)) };
  });
}

describe('a real call that waits', () => {
  test.each(['approve', 'deny'] as const)('goes on, or does not, as a member decides in the dashboard: %s', async (decision) => {
    const it = await start();
    const answer = call(it.url);
    const approver = await it.as('approver');
    await expect.poll(async () => (await approver.get('/approvals?status=pending')).body.items.length, { timeout: 15_000 }).toBe(1);
    const [{ id }] = (await approver.get('/approvals?status=pending')).body.items;
    expect((await approver.get(`/approvals/${id}`)).body).toMatchObject({ arguments: '{"id":7}', grant: 'agent', name: 'safe', mayDecide: true });
    expect((await approver.post(`/approvals/${id}/decide`, { decision })).status).toBe(200);
    const { status, body } = await answer;
    expect(status).toBe(200);
    if (decision === 'approve') expect(body.result?.isError).toBeUndefined();
    else expect(body.result?._meta?.['policylayer/decision']?.code).toBe('approval_denied');
    await expect.poll(async () => (await approver.get(`/approvals/${id}`)).body.status, { timeout: 10_000 }).toBe(decision === 'approve' ? 'used' : 'denied');
  }, 40_000);
});

test('/metrics is read with the API token of a member who may see every server, and with no other', async () => {
  const it = await start();
  const ask = (secret: string | null | undefined) => fetch(`${it.url}/metrics`, { headers: { 'x-forwarded-for': '203.0.113.9', ...(secret === null || secret === undefined ? {} : { authorization: `Bearer ${secret}` }) } }).then(({ status }) => status);
  expect(await ask((await it.token('viewer')).secret)).toBe(200);
  expect(await ask((await it.token({ serverRoles: { tickets: 'admin' } })).secret)).toBe(401);
  expect(await ask((await it.token('viewer', { expiresAt: new Date(Date.now() - 1_000).toISOString() })).secret)).toBe(401);
  expect(await ask(`pla_${'x'.repeat(43)}`)).toBe(401);
  expect(await ask(TOKEN)).toBe(401);
  expect(await ask(null)).toBe(401);
});
