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
