// Who runs one server must not run the machine that the gateway is on, nor get at what was sent to the server before him.
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Change } from '../../../src/state/registry/types.ts';
import { World, type Answer, type Client } from '../harness.ts';

let world: World;
let admin: Client;
let own: Client;
beforeAll(async () => {
  world = await World.start();
  admin = await world.as('admin');
  own = await world.as({ serverRoles: { local: 'admin', remote: 'admin', signed: 'admin' } });
  expect((await admin.post('/servers', { name: 'local', ...LOCAL })).status).toBe(201);
  expect((await admin.post('/servers', { name: 'remote', ...REMOTE })).status).toBe(201);
});
afterAll(() => world.stop());

const LOCAL = { kind: 'command', command: [process.execPath, '-e', ''], cwd: '/', env: { MODE: { plain: 'a' }, KEY: { secret: 'of the organisation' } } };
const KEPT = { ...LOCAL, env: { ...LOCAL.env, KEY: { secret: true } } };
const REMOTE = { kind: 'http', url: 'https://mcp.example.com/one' };
const tag = (answer: Answer) => ({ 'if-match': answer.headers.get('etag') ?? '' });

it.each([
  ['another program', 'local', { ...KEPT, command: ['/bin/sh', '-c', 'id'], env: {} }],
  ['another word', 'local', { ...KEPT, command: [process.execPath, '-e', 'process.exit()'], env: {} }],
  ['another folder', 'local', { ...KEPT, cwd: '/tmp', env: {} }],
  ['a variable more', 'local', { ...KEPT, env: { ...KEPT.env, NODE_OPTIONS: { plain: '--require /tmp/x.js' } } }],
  ['another value of a variable', 'local', { ...KEPT, env: { ...KEPT.env, MODE: { plain: 'b' } } }],
  ['another secret of a variable', 'local', { ...KEPT, env: { ...KEPT.env, KEY: { secret: 'mine' } } }],
  ['a variable less', 'local', { ...KEPT, env: { MODE: { plain: 'a' } } }],
  ['a command in place of a URL', 'remote', { kind: 'command', command: ['/bin/sh', '-c', 'id'] }],
])('an admin of one server cannot say what is run: %s', async (_what, name, body) => {
  const before = await world.registry.get('server', name);
  const answer = await own.put(`/servers/${name}`, body, tag(await own.get(`/servers/${name}`)));
  expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);
  expect(await world.registry.get('server', name)).toEqual(before);
  expect(world.services.config().servers.get(name)?.upstream.kind).toBe(name === 'local' ? 'command' : 'http');
});

it('an admin of one server changes everything else of it', async () => {
  const local = await own.put('/servers/local', { ...KEPT, isolation: 'shared', drift: 'warn', enabled: false }, tag(await own.get('/servers/local')));
  expect([local.status, local.body.isolation, local.body.enabled]).toEqual([200, 'shared', false]);
  const remote = await own.put('/servers/remote', { ...REMOTE, url: 'https://mcp.example.com/two' }, tag(await own.get('/servers/remote')));
  expect([remote.status, remote.body.url]).toEqual([200, 'https://mcp.example.com/two']);
});

it('the OAuth client and the tokens of a server do not go on to another address', async () => {
  const made = await admin.post('/servers', { name: 'signed', kind: 'http', url: 'https://mcp.example.com/', auth: 'oauth' });
  expect(made.status).toBe(201);
  const kept: Change[] = ['client', 'tokens'].map((what) => ({ op: 'seal', secret: world.secrets.seal(`upstream_auth/signed/${what}`, 'kept') }));
  const record: Change = { op: 'put', kind: 'upstream_auth', name: 'signed', value: { status: 'ready', issuer: 'https://as.example.com', resource: null, clientId: 'x', scopes: [], expiresAt: null, problem: null } };
  expect((await world.registry.apply([record, ...kept], [])).ok).toBe(true);
  const same = await own.put('/servers/signed', { kind: 'http', url: 'https://mcp.example.com/mcp', auth: 'oauth' }, tag(await own.get('/servers/signed')));
  expect(same.status).toBe(200);
  expect(await world.registry.secretNames('upstream_auth/signed/')).toHaveLength(2);
  const moved = await own.put('/servers/signed', { kind: 'http', url: 'https://elsewhere.example.net/mcp', auth: 'oauth' }, tag(same));
  expect(moved.status).toBe(200);
  expect(await world.registry.secretNames('upstream_auth/signed/')).toEqual([]);
  expect(await world.registry.get('upstream_auth', 'signed')).toBeNull();
});
