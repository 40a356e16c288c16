import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ServerConfig } from '../../../src/gateway/config-types.ts';
import { World, type Client } from '../harness.ts';

const demo: ServerConfig = {
  name: 'demo', isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', edge: null,
  upstream: { kind: 'command', spec: { command: [process.execPath, 'examples/demo/server.mjs', '--token=hunter2'], env: { SECRET_ENV: 'hunter3' }, cwd: process.cwd(), inheritEnv: false } },
};

let world: World;
let admin: Client;
beforeAll(async () => {
  world = await World.start({ servers: new Map([['demo', demo]]), owned: { servers: ['demo'] } });
  admin = await world.as('admin');
});
afterAll(() => world.stop());

const command = (name: string, more: object = {}) => ({ name, kind: 'command', command: [process.execPath, 'examples/demo/server.mjs'], ...more });
const http = (name: string, url: string, more: object = {}) => ({ name, kind: 'http', url, ...more });
const etag = (answer: { headers: Headers }) => ({ 'if-match': answer.headers.get('etag') ?? '' });

test('a server that is registered is in force at once, and gone when it is removed', async () => {
  const created = await admin.post('/servers', command('one', { description: 'first' }));
  expect(created.status).toBe(201);
  expect(created.body).toMatchObject({ name: 'one', source: 'registry', version: 1, status: 'unknown', proxyUrl: `${world.url}/mcp/one`, isolation: 'session', drift: 'hold', enabled: true, grants: 0, held: 0 });
  expect(world.services.config().servers.has('one')).toBe(true);
  const changed = await admin.put('/servers/one', { ...command('one'), name: undefined, isolation: 'shared' }, etag(created));
  expect(changed.body).toMatchObject({ version: 2, isolation: 'shared', description: null });
  expect((await admin.put('/servers/one', { ...command('one'), name: undefined }, etag(created))).status).toBe(412);
  expect((await admin.put('/servers/one', { ...command('one'), name: undefined })).status).toBe(428);
  expect((await admin.delete('/servers/one', etag(changed))).status).toBe(204);
  expect(world.services.config().servers.has('one')).toBe(false);
  expect((await admin.get('/servers/one')).status).toBe(404);
  const audit = await world.registry.audit({ kind: 'server', name: 'one' });
  expect(audit.map(({ action }) => action)).toEqual(['server.remove', 'server.change', 'server.create']);
});

test('what gateway.yaml owns is shown without anything that may be a secret, and is read-only', async () => {
  const answer = await admin.get('/servers/demo');
  expect(answer.body).toMatchObject({ source: 'file', version: 0, command: [process.execPath, '…'], env: { SECRET_ENV: { kind: 'secret', set: true } } });
  expect(answer.text).not.toMatch(/hunter/);
  for (const refused of [await admin.post('/servers', command('demo')), await admin.put('/servers/demo', { ...command('demo'), name: undefined }, { 'if-match': '"0"' }), await admin.delete('/servers/demo', { 'if-match': '"0"' })]) {
    expect([refused.status, refused.body.code]).toEqual([409, 'owned_by_file']);
  }
});

test('a secret is sealed, never comes back, reaches the server, and stays only with what it was given for', async () => {
  const created = await admin.post('/servers', command('secret', { env: { KEY: { secret: 'correct horse' }, MODE: { plain: 'fast' } } }));
  expect(created.body.env).toEqual({ KEY: { kind: 'secret', set: true }, MODE: { kind: 'plain', value: 'fast' } });
  expect(created.text).not.toContain('correct horse');
  const running = world.services.config().servers.get('secret')?.upstream;
  expect(running?.kind === 'command' ? running.spec.env : null).toEqual({ KEY: 'correct horse', MODE: 'fast' });
  expect(JSON.stringify(await world.registry.audit({ name: 'secret' }))).not.toContain('correct horse');

  const body = { kind: 'command', command: [process.execPath, 'examples/demo/server.mjs'], env: { KEY: { secret: true } } };
  const kept = await admin.put('/servers/secret', { ...body, drift: 'warn' }, etag(created));
  expect(kept.status).toBe(200);
  // Whoever may change the command could otherwise have the secret printed.
  const stolen = await admin.put('/servers/secret', { ...body, command: ['sh', '-c', 'echo $KEY'] }, etag(kept));
  expect([stolen.status, stolen.body.code, stolen.body.problems[0].pointer]).toEqual([400, 'invalid_request', '/env/KEY']);
  const unknown = await admin.put('/servers/secret', { ...body, env: { OTHER: { secret: true } } }, etag(kept));
  expect(unknown.body.problems[0].pointer).toBe('/env/OTHER');
  expect((await admin.put('/servers/secret', { ...body, env: {} }, etag(kept))).body.env).toEqual({});
  expect(await world.registry.secretNames('server/secret/')).toEqual([]);
});

test('a stored header is not sent to another address', async () => {
  const created = await admin.post('/servers', http('api', 'https://api.example.com/mcp', { headers: { Authorization: { secret: 'Bearer abc' } } }));
  expect(created.status).toBe(201);
  const moved = { kind: 'http', url: 'https://evil.example.com/mcp', headers: { Authorization: { secret: true } } };
  expect((await admin.put('/servers/api', moved, etag(created))).body.problems[0].pointer).toBe('/headers/Authorization');
  expect((await admin.put('/servers/api', { ...moved, url: 'https://api.example.com/v2' }, etag(created))).status).toBe(200);
});

test.each([
  ['http://127.0.0.1:9/mcp'], ['http://localhost/mcp'], ['http://[::1]/mcp'], ['http://10.1.2.3/mcp'], ['http://169.254.169.254/latest/meta-data'], ['http://metadata.google.internal/'],
  ['http://2130706433/'], ['http://0x7f.1/'], ['http://[::ffff:169.254.169.254]/'], ['http://[fe80::1]/'],
])('[#51] an upstream at %s is refused, and nothing is kept', async (url) => {
  const answer = await admin.post('/servers', http('inside', url));
  expect([answer.status, answer.body.code]).toEqual([422, 'target_not_allowed']);
  expect(await world.registry.get('server', 'inside')).toBeNull();
});

test('[#51] a private target that the settings allow can be registered, and is out of force again when they do not', async () => {
  const put = (value: readonly string[]) => world.registry.apply([{ op: 'put', kind: 'setting', name: 'privateTargets', value }], []);
  await put(['10.0.0.0/8']);
  await world.effective.refresh();
  expect((await admin.post('/servers', http('internal', 'http://10.1.2.3/mcp'))).status).toBe(201);
  await put([]);
  await world.effective.refresh();
  expect(world.services.config().servers.has('internal')).toBe(false);
  expect((await admin.get('/servers/internal')).body).toMatchObject({ status: 'failing', problem: expect.stringMatching(/may not be called/) });
  // The others go on.
  expect(world.services.config().servers.has('demo')).toBe(true);
});

test('every mistake is told at once, and nothing is half written', async () => {
  const answer = await admin.post('/servers', { name: 'Bad Name', kind: 'command', command: [''], cwd: 'relative', env: { '1X': { plain: 'a' } }, isolation: 'none', surprise: 1 });
  expect(answer.status).toBe(400);
  const pointers = answer.body.problems.map(({ pointer }: { pointer: string }) => pointer);
  for (const expected of ['/name', '/command', '/cwd', '/isolation', '/surprise']) expect(pointers).toContain(expected);
  const headers = await admin.post('/servers', http('bad', 'https://user:secret@example.com/', { headers: { Host: { plain: 'x' }, 'X-A': { plain: 'a\nb' }, a: { plain: '1' }, A: { plain: '2' } } }));
  expect(headers.body.problems.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/url', '/headers/Host', '/headers/X-A', '/headers/A']);
  expect(headers.text).not.toContain('secret@');
  expect((await world.registry.list('server')).map(({ name }) => name)).not.toContain('bad');
});

test('a server with grants is removed only together with them', async () => {
  const created = await admin.post('/servers', command('granted'));
  await world.registry.apply([{ op: 'put', kind: 'grant', name: 'g of granted', expect: null, value: { server: 'granted', tags: [], policies: [], tokenSha256: 'a'.repeat(64), tokenHint: 'aaaa', previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'x' } }], []);
  const refused = await admin.delete('/servers/granted', etag(created));
  expect([refused.status, refused.body.code]).toEqual([409, 'conflict']);
  expect((await admin.delete('/servers/granted?force=true', etag(created))).status).toBe(204);
  expect(await world.registry.get('grant', 'g of granted')).toBeNull();
});

test('a list shows what its reader may see, in pages; a manager of one server changes that one alone', async () => {
  for (const name of ['p1', 'p2', 'p3']) await admin.post('/servers', command(name, { env: { A: { plain: 'shown to writers' } } }));
  const names: string[] = [];
  let cursor: string | null = null;
  do {
    const page = await admin.get(`/servers?limit=2${cursor === null ? '' : `&cursor=${cursor}`}`);
    names.push(...page.body.items.map(({ name }: { name: string }) => name));
    cursor = page.body.next;
  } while (cursor !== null);
  expect(names).toEqual([...names].toSorted());
  expect(new Set(names).size).toBe(names.length);
  const viewer = await world.as({ serverRoles: { p2: 'viewer' } });
  const seen = await viewer.get('/servers');
  expect(seen.body.items.map(({ name }: { name: string }) => name)).toEqual(['p2']);
  expect(seen.body.items[0]).toMatchObject({ command: [process.execPath, '…'], env: { A: { kind: 'secret', set: true } } });
  expect((await viewer.get('/servers/p1')).status).toBe(404);
  const owner = await world.as({ serverRoles: { p2: 'admin' } });
  const kept = { ...command('p2', { env: { A: { plain: 'shown to writers' } } }), name: undefined };
  expect((await owner.put('/servers/p2', { ...kept, drift: 'warn' }, { 'if-match': '"1"' })).status).toBe(200);
  expect((await owner.put('/servers/p1', { ...command('p1'), name: undefined }, { 'if-match': '"1"' })).status).toBe(404);
  expect((await owner.post('/servers', command('p4'))).status).toBe(403);
});

test('a server that is switched off is in force no more, and keeps what belongs to it', async () => {
  const created = await admin.post('/servers', command('off', { enabled: false }));
  expect(created.body).toMatchObject({ status: 'disabled', enabled: false });
  expect(world.services.config().servers.has('off')).toBe(false);
  const scanned = await admin.post('/servers/off/scan');
  expect([scanned.status, scanned.body.code]).toEqual([409, 'conflict']);
});
