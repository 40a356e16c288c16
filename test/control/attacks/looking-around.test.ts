// What somebody with a role for one server learns of the others, and of what agents send.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { entry } from '../live/support.ts';
import { World, type Client } from '../harness.ts';

let world: World;
let viewer: Client;
let admin: Client;
beforeAll(async () => {
  world = await World.start();
  admin = await world.as('admin');
  viewer = await world.as({ serverRoles: { own: 'viewer' } });
  for (const name of ['own', 'zebra']) await admin.post('/servers', { name, kind: 'command', command: [process.execPath, '-e', ''] });
  expect((await admin.post('/policies', { name: 'shared', text: 'version: "1"\ndefault: deny\n' })).status).toBe(201);
  for (const name of ['own', 'zebra']) expect((await admin.post('/grants', { label: `${name}-agent`, server: name, policies: ['shared'] })).status).toBe(201);
});
afterAll(() => world.stop());

it('a policy for everybody names only the grants that its reader may see', async () => {
  expect((await admin.get('/policies/shared')).body.usedBy).toEqual(['own-agent', 'zebra-agent']);
  expect((await viewer.get('/policies/shared')).body.usedBy).toEqual(['own-agent']);
  expect((await viewer.get('/policies')).text).not.toContain('zebra');
});

it('the hash of arguments, which a caller could compare with guesses of his own, is for those who may see them', async () => {
  await world.state.append(entry({ server: 'own', grant: 'own-agent', name: 'pay', argHash: 'ab'.repeat(32) }));
  await world.state.flush();
  const manager = await world.as({ serverRoles: { own: 'policy_manager' } });
  for (const path of ['/journal', '/journal/1', '/journal/export?format=jsonl', '/journal/export?format=csv']) {
    expect((await viewer.get(path)).text).not.toContain('abababab');
    expect((await manager.get(path)).text).toContain('abababab');
  }
});
