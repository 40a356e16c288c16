// Nobody approves what he can ask for himself, by whatever way he came to hold the grant.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ask } from '../live/support.ts';
import { World, type Client } from '../harness.ts';

let world: World;
let admin: Client;
let both: Client;
beforeAll(async () => {
  world = await World.start();
  admin = await world.as('admin');
  // Writes grants of one server, and approves in the whole organisation.
  both = await world.as({ role: 'approver', serverRoles: { tickets: 'policy_manager' } });
  await admin.post('/servers', { name: 'tickets', kind: 'command', command: [process.execPath, '-e', ''] });
});
afterAll(() => world.stop());

const approve = async (client: Client, grant: string): Promise<number> => {
  const id = await ask(world.state, { server: 'tickets', grant });
  return (await client.post(`/approvals/${id}/decide`, { decision: 'approve' })).status;
};
const made = async (client: Client, label: string) => expect((await client.post('/grants', { label, server: 'tickets' })).status).toBe(201);

it('who only looks after a grant may approve for it', async () => {
  await made(admin, 'looked-after');
  const grant = await both.get('/grants/looked-after');
  expect((await both.patch('/grants/looked-after', { tags: ['x'] }, { 'if-match': grant.headers.get('etag') ?? '' })).status).toBe(200);
  expect(await approve(both, 'looked-after')).toBe(200);
});

it('[#34] who gave a new token to a grant that somebody else made does not approve its calls', async () => {
  await made(admin, 'of-another');
  expect((await both.post('/grants/of-another/rotate', {})).body.token).toMatch(/./);
  expect(await approve(both, 'of-another')).toBe(403);
  // The token before may be at work still.
  expect((await admin.post('/grants/of-another/rotate', { keepPreviousSeconds: 600 })).status).toBe(200);
  expect(await approve(both, 'of-another')).toBe(403);
});

it('[#34] a grant that its maker removes stays his until a decision', async () => {
  await made(both, 'removed');
  const id = await ask(world.state, { server: 'tickets', grant: 'removed' });
  expect((await both.delete('/grants/removed?force=true', { 'if-match': '*' })).status).toBe(204);
  expect((await both.post(`/approvals/${id}/decide`, { decision: 'approve' })).status).toBe(403);
  expect((await world.state.approval(id))?.votes).toEqual([]);
});
