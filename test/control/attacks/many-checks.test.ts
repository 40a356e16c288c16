import { afterAll, beforeAll, expect, it } from 'vitest';
import { World } from '../harness.ts';

let world: World;
beforeAll(async () => { world = await World.start(); });
afterAll(() => world.stop());

it('whoever may only look cannot queue up checks of policies without end; what waits is done', async () => {
  const viewer = await world.as('viewer');
  const text = (number: number): string => `version: "1"\ndefault: deny\ntools:\n${Array.from({ length: 800 }, (_, tool) => `  t${number}_${tool}: allow\n`).join('')}`;
  const answers = await Promise.all(Array.from({ length: 60 }, (_, number) => viewer.post('/policy-tools/check', { text: text(number) })));
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 429).length).toBeGreaterThan(0);
  expect(statuses.filter((status) => status === 200).length).toBeGreaterThanOrEqual(16);
  expect(statuses.every((status) => status === 200 || status === 429)).toBe(true);
  expect(answers.find(({ status }) => status === 429)?.headers.get('retry-after')).toBe('5');
  expect((await viewer.post('/policy-tools/check', { text: text(1_000) })).status).toBe(200);
});
