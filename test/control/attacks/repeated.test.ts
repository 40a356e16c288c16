import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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

it('whoever may only look leaves no answers in the database, however many keys he makes up', async () => {
  const viewer = await world.as('viewer');
  const kept = vi.spyOn(world.registry, 'endRepeatable');
  for (const path of ['/policy-tools/check', '/policy-tools/check', '/journal/verify']) {
    const answer = await viewer.post(path, path.endsWith('check') ? { text: `version: "1"\n# ${'x'.repeat(50_000)}\n` } : undefined, { 'idempotency-key': `a key for ${path}`.replaceAll(' ', '-') });
    expect([answer.status, answer.headers.get('idempotent-replayed')]).toEqual([200, null]);
  }
  expect(kept).not.toHaveBeenCalled();
  await (await world.as('admin')).post('/policies', { name: 'kept' }, { 'idempotency-key': 'two' });
  expect(kept).toHaveBeenCalledTimes(1);
});
