import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from '../../../src/policy/load.ts';
import { World, type Client } from '../harness.ts';

let world: World;
let admin: Client;
beforeAll(async () => {
  world = await World.start();
  admin = await world.as('admin');
  await admin.post('/servers', { name: 'demo', kind: 'command', command: [process.execPath, 'examples/demo/server.mjs'] });
});
afterAll(() => world.stop());

test('a scan lists the tools of a real server with their classes and cost, and is kept', async () => {
  expect((await admin.get('/servers/demo/tools')).body).toEqual({ at: null, status: 'never', problem: null, contextTokens: null, tools: [] });
  const scan = await admin.post('/servers/demo/scan');
  expect(scan.status).toBe(200);
  expect(scan.body).toMatchObject({ status: 'ok', problem: null });
  const removal = scan.body.tools.find(({ name }: { name: string }) => name === 'delete_image');
  expect(removal).toMatchObject({ category: 'destructive', pin: null, inputSchema: { type: 'object' } });
  expect(removal.evidence.length).toBeGreaterThan(0);
  expect(removal.contextTokens).toBeGreaterThan(0);
  expect((await admin.get('/servers/demo/tools')).body).toEqual(scan.body);
  const server = (await admin.get('/servers/demo')).body;
  expect(server).toMatchObject({ status: 'ready', toolCount: scan.body.tools.length, contextTokens: scan.body.contextTokens });
});

test('the starter policy is one that loads, and has a rule for every tool', async () => {
  await admin.post('/servers/demo/scan');
  const { text } = (await admin.get('/servers/demo/starter-policy')).body;
  expect((await loadPolicy(text, { name: 'starter' })).ok).toBe(true);
  for (const { name } of (await admin.get('/servers/demo/tools')).body.tools) expect(text).toContain(name);
});

test('a server that cannot be scanned says why, and the next look tells so', async () => {
  await admin.post('/servers', { name: 'broken', kind: 'command', command: [process.execPath, '-e', 'process.exit(3)'] });
  const scan = await admin.post('/servers/broken/scan');
  expect(scan.status).toBe(200);
  expect(scan.body).toMatchObject({ status: 'exited', tools: [] });
  expect((await admin.get('/servers/broken')).body).toMatchObject({ status: 'failing', problem: scan.body.problem });
  const none = await admin.get('/servers/broken/starter-policy');
  expect([none.status, none.body.code]).toEqual([409, 'conflict']);
});

test('[L7] a held definition is shown with its reasons and accepted by its hash, once', async () => {
  const hash = (digit: string) => digit.repeat(64);
  const { pins } = world.state;
  pins.learn('demo', [{ name: 'list/images', hash: hash('a'), text: '{"name":"list/images"}', standing: 'pinned', why: [] }], []);
  pins.learn('demo', [{ name: 'list/images', hash: hash('b'), text: '{"name":"list/images","x":1}', standing: 'held', why: ['risk low -> high'] }], []);
  const path = `/servers/demo/tools/${encodeURIComponent('list/images')}`;
  expect((await admin.get(`${path}/pin`)).body.definitions).toMatchObject([{ hash: hash('a'), standing: 'pinned' }, { hash: hash('b'), standing: 'held', why: ['risk low -> high'] }]);
  expect((await admin.get('/servers/demo')).body.held).toBe(1);
  const viewer = await world.as('viewer');
  expect((await viewer.post(`${path}/accept`, { hash: hash('b') })).status).toBe(403);
  expect((await admin.post(`${path}/accept`, { hash: hash('c') })).status).toBe(404);
  expect((await admin.post(`${path}/accept`, { hash: hash('b') })).body.definitions).toMatchObject([{ hash: hash('b'), standing: 'pinned', decidedBy: admin.member?.value.email }]);
  expect((await admin.post(`${path}/accept`, { hash: hash('b') })).status).toBe(409);
  expect((await admin.get('/servers/demo')).body.held).toBe(0);
});
