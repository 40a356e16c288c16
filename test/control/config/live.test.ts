import { afterAll, beforeAll, expect, test } from 'vitest';
import { EffectiveConfig } from '../../../src/control/config/live-configuration.ts';
import type { GatewayConfig } from '../../../src/gateway/config-types.ts';
import { put, server } from '../../state/registry-builders.ts';
import { World } from '../harness.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

async function live(apply: (config: GatewayConfig) => Promise<void>, lines: string[] = []): Promise<EffectiveConfig> {
  const { config } = world;
  const effective = await EffectiveConfig.open({ config, policies: new Map() }, { registry: world.registry, box: world.secrets, log: (line) => void lines.push(line) });
  effective.attach(apply);
  return effective;
}

test('a change of another process is taken over without anybody asking', async () => {
  const applied: GatewayConfig[] = [];
  const effective = await live(async (config) => void applied.push(config));
  await world.registry.apply([put('server', 'elsewhere', server())], []);
  while (!applied.some((config) => config.servers.has('elsewhere'))) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(effective.current.config.servers.has('elsewhere')).toBe(true);
  await effective.close();
});

test('changes that come together are built together, one after the other, and the last one holds', async () => {
  let running = 0;
  let most = 0;
  let times = 0;
  const effective = await live(async () => {
    times += 1;
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setTimeout(resolve, 10));
    running -= 1;
  });
  const all: Promise<void>[] = [];
  for (let n = 0; n < 20; n += 1) {
    await world.registry.apply([put('server', `s${n}`, server())], []);
    all.push(effective.refresh());
  }
  await Promise.all(all);
  expect(effective.current.config.servers.has('s19')).toBe(true);
  expect(most).toBe(1);
  expect(times).toBeLessThan(20);
  await effective.close();
});

test('a configuration that the gateway refuses leaves the one before, and a file that is refused is not kept', async () => {
  let refuse = false;
  const effective = await live(async () => {
    if (refuse) throw new Error('the address is taken');
  });
  const before = effective.current;
  refuse = true;
  await world.registry.apply([put('server', 'refused', server())], []);
  await expect(effective.refresh()).rejects.toThrow('the address is taken');
  expect(effective.current).toBe(before);
  const other = { config: { ...world.config, allowHosts: ['other.example.com'] }, policies: new Map() };
  await expect(effective.replaceFile(other)).rejects.toThrow('the address is taken');
  refuse = false;
  await effective.refresh();
  expect(effective.current.config).toMatchObject({ allowHosts: world.config.allowHosts });
  expect(effective.current.config.servers.has('refused')).toBe(true);
  await effective.close();
});

test('a problem is told in the log once, not at every look', async () => {
  const lines: string[] = [];
  const effective = await live(async () => undefined, lines);
  await world.registry.apply([put('server', 'sick', server({ command: [] }))], []);
  await effective.refresh();
  const told = lines.filter((line) => line.startsWith('server sick'));
  expect(told).toEqual(['server sick: its command is empty']);
  await effective.refresh();
  expect(lines.filter((line) => line.startsWith('server sick'))).toEqual(told);
  await effective.close();
});
