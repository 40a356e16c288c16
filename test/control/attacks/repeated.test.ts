import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../harness.ts';

let world: World;
beforeAll(async () => { world = await World.start(); });
afterAll(() => world.stop());

it('an Idempotency-Key is for one request with its query: what was tried is not taken for what was done', async () => {
  const admin = await world.as('admin');
  const body = { document: { version: '1', policies: { tried: { text: 'version: "1"\ndefault: deny\n' } } } };
  const key = { 'idempotency-key': 'one' };
  expect((await admin.post('/apply?dryRun=true', body, key)).body.applied).toBe(false);
  const done = await admin.post('/apply', body, key);
  expect([done.status, done.body.applied]).toEqual([200, true]);
  expect(await world.registry.get('policy', 'tried')).not.toBeNull();
});
