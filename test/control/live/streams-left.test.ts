// Streams that nobody ever read take no place of those who do.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { liveOf } from '../../../src/control/live/live.ts';
import { World } from '../harness.ts';

let world: World;
beforeAll(async () => { world = await World.start(); });
afterAll(() => world.stop());

it('asking for the head of the stream of events leaves no reader behind', async () => {
  const viewer = await world.as('viewer');
  for (let time = 0; time < 5; time += 1) expect((await viewer.raw('/events', { method: 'HEAD' })).status).toBe(200);
  await expect.poll(() => liveOf(world.services).hub.size).toBe(0);
});

it('one member cannot take the streams of all others, also not with many at once', async () => {
  const [many, other] = [await world.as('viewer'), await world.as('approver')];
  const opened = await Promise.all(Array.from({ length: 30 }, () => many.raw('/events')));
  const statuses = opened.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(12);
  expect(statuses.filter((status) => status === 429)).toHaveLength(18);
  const his = await other.raw('/events');
  expect(his.status).toBe(200);
  for (const response of [...opened, his]) await response.body?.cancel();
  await expect.poll(() => liveOf(world.services).hub.size).toBe(0);
  const again = await many.raw('/events');
  expect(again.status).toBe(200);
  await again.body?.cancel();
});
