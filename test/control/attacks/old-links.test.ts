import { afterAll, beforeAll, expect, it } from 'vitest';
import { World, type Answer } from '../harness.ts';

let world: World;
beforeAll(async () => { world = await World.start(); });
afterAll(() => world.stop());

const secretOf = (link: string): string => link.split('#link=')[1] ?? '';
const redeem = async (link: string): Promise<Answer> => (await world.as('nobody')).post('/session/link', { secret: secretOf(link), password: 'a long enough password' });

it('an invitation that went to a wrong address is void when the address is put right', async () => {
  const admin = await world.as('admin');
  const made = await admin.post('/members', { name: 'Ada', email: 'wrong@example.net', role: 'admin' });
  const path = `/members/${made.body.member.id}`;
  const right = await admin.patch(path, { email: 'ada@example.com' }, { 'if-match': made.headers.get('etag') ?? '' });
  expect(right.status).toBe(200);
  expect((await redeem(made.body.inviteLink)).status).toBe(401);
  // What else is changed leaves a link as it is.
  const anew = await admin.post(`${path}/reset`);
  expect((await admin.patch(path, { name: 'Ada L.' }, { 'if-match': '*' })).status).toBe(200);
  expect((await redeem(anew.body.link)).status).toBe(200);
});
