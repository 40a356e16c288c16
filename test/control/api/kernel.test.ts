import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { World } from '../harness.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

describe('the kernel of the API', () => {
  it('tells nobody who he is, and how one signs in', async () => {
    const nobody = await world.as('nobody');
    const answer = await nobody.get('/session');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ member: null, csrfToken: null, signIn: { password: true, oidc: null }, version: '0.0.0-test' });
  });

  it('knows who has a session, and gives him the token that changes need', async () => {
    const admin = await world.as('admin');
    const answer = await admin.get('/session');
    expect(answer.body.member).toMatchObject({ id: admin.member?.name, role: 'admin' });
    expect(answer.body.csrfToken).toMatch(/^[A-Za-z0-9_-]{43}$/);
  });
});
