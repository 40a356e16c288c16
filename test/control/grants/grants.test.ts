import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { World, type Client } from '../harness.ts';

const ALLOW = 'version: "1"\ndefault: deny\ntools:\n  list_images: allow\n';
let world: World;
let admin: Client;
beforeAll(async () => {
  world = await World.start({ owned: { grants: ['own'] } });
  admin = await world.as('admin');
  await admin.post('/servers', { name: 'demo', kind: 'command', command: [process.execPath, 'examples/demo/server.mjs'] });
  const policy = await admin.post('/policies', { name: 'p', text: ALLOW });
  await admin.post('/policies/p/publish', { stage: 'enforce' }, { 'if-match': policy.headers.get('etag') ?? '' });
});
afterAll(() => world.stop());

const etag = (answer: { headers: Headers }) => ({ 'if-match': answer.headers.get('etag') ?? '' });
const META = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' } };

/** One real call through the gateway. */
async function call(token: string, name = 'list_images', server = 'demo'): Promise<{ status: number; text: string }> {
  const response = await fetch(`${world.url}/mcp/${server}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${token}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {}, _meta: META } }),
  });
  return { status: response.status, text: await response.text() };
}

test('a grant is made, its token shown once and kept as a hash, and lets its holder in until it is revoked', async () => {
  const made = await admin.post('/grants', { label: 'agent/one', server: 'demo', policies: ['p'], tags: ['ci'] });
  expect(made.status).toBe(201);
  const { token, grant } = made.body;
  expect(token).toMatch(/^plg_[A-Za-z0-9_-]{43}$/);
  expect(grant).toMatchObject({ label: 'agent/one', status: 'active', problem: null, tokenHint: token.slice(-4), tags: ['ci'], createdBy: 'admin', lastUsedAt: null, calls24h: 0 });
  const stored = await world.registry.get('grant', 'agent/one');
  expect(stored?.value.tokenSha256).toBe(createHash('sha256').update(token).digest('hex'));
  expect(JSON.stringify(await world.registry.audit({ kind: 'grant' }))).not.toContain(stored?.value.tokenSha256);
  expect((await call(token)).text).toContain('api:1.4');
  expect((await call(token, 'delete_image')).text).toContain('default_denied');
  const path = `/grants/${encodeURIComponent('agent/one')}`;
  const seen = await admin.get(path);
  expect(seen.text).not.toContain(token);
  expect(seen.body).toMatchObject({ calls24h: 2, lastUsedAt: expect.any(String) });
  const revoked = await admin.post(`${path}/revoke`);
  expect(revoked.body.status).toBe('revoked');
  expect((await call(token)).status).toBe(401);
  expect((await admin.post(`${path}/revoke`)).status).toBe(409);
  expect((await admin.post(`${path}/rotate`, { keepPreviousSeconds: 0 })).status).toBe(409);
  expect((await admin.delete(path, etag(revoked))).status).toBe(204);
  expect((await admin.get(path)).status).toBe(404);
});

test('after a rotation the token before works as long as was said, for the same caller, and no longer', async () => {
  const made = await admin.post('/grants', { label: 'rotating', server: 'demo', policies: ['p'] });
  const kept = await admin.post('/grants/rotating/rotate', { keepPreviousSeconds: 2 });
  expect(kept.body.grant.previousUntil).not.toBeNull();
  expect([(await call(made.body.token)).status, (await call(kept.body.token)).status]).toEqual([200, 200]);
  const until = Date.parse(kept.body.grant.previousUntil);
  await new Promise((resolve) => setTimeout(resolve, Math.max(0, until - Date.now()) + 20));
  expect([(await call(made.body.token)).status, (await call(kept.body.token)).status]).toEqual([401, 200]);
  const hard = await admin.post('/grants/rotating/rotate');
  expect([(await call(kept.body.token)).status, (await call(hard.body.token)).status]).toEqual([401, 200]);
});

test('a grant that expires lets nobody in from then on, without anybody doing anything', async () => {
  const expiresAt = new Date(Date.now() + 1_500).toISOString();
  const made = await admin.post('/grants', { label: 'short', server: 'demo', policies: ['p'], expiresAt });
  expect((await call(made.body.token)).status).toBe(200);
  await new Promise((resolve) => setTimeout(resolve, Date.parse(expiresAt) - Date.now() + 20));
  expect((await call(made.body.token)).status).toBe(401);
  expect((await admin.get('/grants/short')).body.status).toBe('expired');
  const late = await admin.post('/grants', { label: 'late', server: 'demo', policies: ['p'], expiresAt });
  expect([late.status, late.body.problems[0].pointer]).toEqual([400, '/expiresAt']);
});

test('a grant with a policy that is not published is known and can call nothing, and says so', async () => {
  await admin.post('/policies', { name: 'unpublished', text: ALLOW });
  const made = await admin.post('/grants', { label: 'waiting', server: 'demo', policies: ['p', 'unpublished'] });
  expect(made.body.grant).toMatchObject({ status: 'unusable', problem: expect.stringContaining('unpublished is not published') });
  expect((await call(made.body.token)).text).toContain('default_denied');
  const changed = await admin.patch('/grants/waiting', { policies: ['p'] }, { 'if-match': '"1"' });
  expect(changed.body).toMatchObject({ status: 'active', policies: ['p'], version: 2 });
  expect((await call(made.body.token)).text).toContain('api:1.4');
  expect((await admin.patch('/grants/waiting', { tags: [] }, { 'if-match': '"1"' })).status).toBe(412);
  expect((await admin.patch('/grants/waiting', { tags: [] })).status).toBe(428);
});

test('what a grant names must be there and be for its server; every mistake is told at once', async () => {
  await admin.post('/policies', { name: 'of-other', server: 'other', text: ALLOW });
  const answer = await admin.post('/grants', { label: 'wrong', server: 'nowhere', policies: ['missing', 'of-other'], oauth: { issuer: 'https://id.example.com', claims: { sub: 'x' } } });
  expect(answer.body.problems.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/server', '/policies/0', '/policies/1', '/oauth/issuer']);
  const shape = await admin.post('/grants', { label: '<b>', server: 'demo', policies: ['p', 'p'], tags: [''], expiresAt: 'tomorrow', more: 1 });
  expect(shape.body.problems.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(['/expiresAt', '/label', '/more', '/policies', '/tags/0']);
  expect((await admin.post('/grants', { label: 'own', server: 'demo' })).body.code).toBe('owned_by_file');
  expect(await world.registry.get('grant', 'wrong')).toBeNull();
});

test('a token of another server, and a label of another server, are of no use', async () => {
  await admin.post('/servers', { name: 'second', kind: 'command', command: [process.execPath, 'examples/demo/server.mjs'] });
  const made = await admin.post('/grants', { label: 'of-second', server: 'second', policies: ['p'] });
  expect((await call(made.body.token, 'list_images', 'demo')).status).toBe(401);
  const manager = await world.as({ serverRoles: { demo: 'policy_manager' } });
  expect((await manager.get('/grants/of-second')).status).toBe(404);
  expect((await manager.post('/grants/of-second/revoke')).status).toBe(404);
  expect((await manager.post('/grants', { label: 'mine', server: 'second', policies: ['p'] })).status).toBe(404);
  expect((await manager.post('/grants', { label: 'mine', server: 'demo', policies: ['p'] })).status).toBe(201);
  const labels = (await manager.get('/grants?limit=200')).body.items.map(({ server }: { server: string }) => server);
  expect(new Set(labels)).toEqual(new Set(['demo']));
});

test('a grant in force is removed only on demand', async () => {
  const made = await admin.post('/grants', { label: 'removing', server: 'demo', policies: ['p'] });
  expect((await admin.delete('/grants/removing', etag(made))).status).toBe(409);
  expect((await admin.delete('/grants/removing?force=true', etag(made))).status).toBe(204);
  expect((await call(made.body.token)).status).toBe(401);
});

test('six clients get a configuration with the address and without the token', async () => {
  const made = await admin.post('/grants', { label: 'clients', server: 'demo', policies: ['p'] });
  const { clients } = (await admin.get('/grants/clients/clients')).body;
  expect(clients.map(({ id }: { id: string }) => id)).toEqual(['claude-code', 'claude-desktop', 'cursor', 'vscode', 'codex', 'gemini']);
  for (const { text, format } of clients as { text: string; format: string }[]) {
    expect(text).toContain(`${world.url}/mcp/demo`);
    expect(text).toContain('<TOKEN>');
    expect(text).not.toContain(made.body.token);
    if (format === 'json') expect(() => JSON.parse(text) as unknown).not.toThrow();
  }
});

/** A session with its stream open. @returns resolves when the stream has ended */
async function openStream(token: string): Promise<{ readonly ended: Promise<string>; readonly again: () => Promise<number> }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${token}` };
  const opened = await fetch(`${world.url}/mcp/demo`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } } }) });
  const session = opened.headers.get('mcp-session-id') ?? '';
  await opened.text();
  const stream = await fetch(`${world.url}/mcp/demo`, { headers: { ...headers, 'mcp-session-id': session } });
  expect(stream.status).toBe(200);
  return { ended: stream.text().catch(() => 'cut'), again: async () => (await fetch(`${world.url}/mcp/demo`, { headers: { ...headers, 'mcp-session-id': session } })).status };
}

test('open streams of a session end when its grant is revoked', async () => {
  const made = await admin.post('/grants', { label: 'streaming', server: 'demo', policies: ['p'] });
  const { ended, again } = await openStream(made.body.token);
  await admin.post('/grants/streaming/revoke');
  await ended;
  expect(await again()).toBe(401);
});

test('open streams of a session end when its grant expires, without a call', async () => {
  const made = await admin.post('/grants', { label: 'expiring', server: 'demo', policies: ['p'] });
  const { ended, again } = await openStream(made.body.token);
  const changed = await admin.patch('/grants/expiring', { expiresAt: new Date(Date.now() + 500).toISOString() }, { 'if-match': '"1"' });
  expect(changed.status).toBe(200);
  await ended;
  expect(await again()).toBe(401);
});

test('sessions go on over a rotation that keeps the token before, and end with one that does not', async () => {
  const made = await admin.post('/grants', { label: 'kept-session', server: 'demo', policies: ['p'] });
  const { ended, again } = await openStream(made.body.token);
  await admin.post('/grants/kept-session/rotate', { keepPreviousSeconds: 60 });
  await expect(Promise.race([ended, new Promise((resolve) => setTimeout(() => resolve('open'), 100))])).resolves.toBe('open');
  await admin.post('/grants/kept-session/rotate');
  await ended;
  expect(await again()).toBe(401);
});
