import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openSecretBox, type ManagedSecretBox } from '../../../src/control/secrets/secret-box.ts';
import { resealSecrets, rotateKeys } from '../../../src/control/secrets/reseal.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import type { State } from '../../../src/state/types.ts';

let dataDir = '';
let state: State;
let box: ManagedSecretBox;
let now = Date.parse('2026-01-01T00:00:00Z');
beforeEach(async () => {
  now = Date.parse('2026-01-01T00:00:00Z');
  dataDir = mkdtempSync(join(tmpdir(), 'policylayer-reseal-'));
  state = await openState({ path: databasePath(dataDir) });
  box = openSecretBox({ dataDir, env: {}, now: () => now });
});
afterEach(async () => {
  await state.close();
  rmSync(dataDir, { recursive: true, force: true });
});

const nameOf = (index: number): string => `server/s${index}/env/KEY`;
async function fill(count: number): Promise<void> {
  const { registry } = state;
  for (let at = 0; at < count; at += 1) expect(await registry.apply([{ op: 'seal', secret: box.seal(nameOf(at), `value ${at}`) }], [])).toMatchObject({ ok: true });
}
async function allOpen(count: number, opening = box): Promise<void> {
  for (let at = 0; at < count; at += 1) {
    const secret = await state.registry.secret(nameOf(at));
    expect(secret === null ? null : opening.open(secret)).toBe(`value ${at}`);
  }
}

describe('rotation', () => {
  test('every value is sealed with the new key, and the old one goes after an hour', async () => {
    await fill(120);
    const old = box.newest;
    now += 1_000;
    const first = await rotateKeys(state.registry, box);
    expect(first).toEqual({ key: box.newest, resealed: 120, unreadable: [], dropped: 0 });
    expect(box.newest).not.toBe(old);
    await allOpen(120);
    expect((await state.registry.secretNames('')).every(({ key }) => key === first.key)).toBe(true);
    now += 3_600_000;
    expect(await rotateKeys(state.registry, box)).toMatchObject({ resealed: 120, dropped: 1 });
    expect(box.keys).toHaveLength(2);
    await allOpen(120, openSecretBox({ dataDir, env: {} }));
  });

  test('stopped between two steps nothing is lost, and the next run goes on', async () => {
    await fill(120);
    box.addKey();
    const stop = new AbortController();
    const running = resealSecrets(state.registry, box, stop.signal);
    setImmediate(() => stop.abort());
    const { resealed } = await running;
    expect(resealed).toBeLessThan(120);
    await allOpen(120, openSecretBox({ dataDir, env: {} }));
    expect(await resealSecrets(state.registry, box)).toEqual({ resealed: 120 - resealed, unreadable: [] });
    await allOpen(120);
  });

  test('a value that is set anew meanwhile is never put back', async () => {
    await fill(3);
    box.addKey();
    const racing = new Proxy(state.registry, {
      get: (registry, name) => {
        const value: unknown = Reflect.get(registry, name);
        if (typeof value !== 'function') return value;
        if (name !== 'secret') return value.bind(registry) as unknown;
        // Somebody sets the value between our reading it and our sealing it anew.
        return async (wanted: string) => {
          const read = await registry.secret(wanted);
          if (wanted === nameOf(1)) await registry.apply([{ op: 'seal', secret: box.seal(wanted, 'the new value') }], []);
          return read;
        };
      },
    });
    expect(await resealSecrets(racing, box)).toEqual({ resealed: 2, unreadable: [] });
    const secret = await state.registry.secret(nameOf(1));
    expect(secret === null ? null : box.open(secret)).toBe('the new value');
  });

  test('what no key opens is named, stays as it is, and keeps nothing else from being sealed', async () => {
    await fill(3);
    await state.registry.apply([{ op: 'seal', secret: { name: 'server/x/env/OLD', key: 12_345, sealed: Buffer.from('of a key that is gone') } }], []);
    box.addKey();
    expect(await resealSecrets(state.registry, box)).toEqual({ resealed: 3, unreadable: ['server/x/env/OLD'] });
    expect((await state.registry.secret('server/x/env/OLD'))?.sealed.toString()).toBe('of a key that is gone');
  });

  test('killed at any moment of a rotation, every value opens afterwards', async () => {
    await fill(150);
    // Bundled where Node finds libsql: below node_modules, out of the sources.
    const cache = join(dirname(createRequire(import.meta.url).resolve('libsql')), '..', '.cache');
    mkdirSync(cache, { recursive: true });
    const directory = mkdtempSync(join(cache, 'rotate-child-'));
    const script = join(directory, 'child.mjs');
    await build({ entryPoints: [join(import.meta.dirname, 'rotate-child.ts')], outfile: script, bundle: true, platform: 'node', format: 'esm', external: ['libsql'] });
    const keys = new Set<number>();
    for (let kill = 0; kill < 6; kill += 1) {
      const child = spawn(process.execPath, [script, dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      // Each one a little later: while the key file is written, between two values, within one.
      await new Promise((resolve) => setTimeout(resolve, 1 + kill * 9));
      child.kill('SIGKILL');
      await once(child, 'exit');
      // A lock of the killed process would keep the next one out for a minute.
      rmSync(join(dataDir, 'secret-keys.json.lock'), { force: true });
      const reopened = openSecretBox({ dataDir, env: {} });
      keys.add(reopened.newest);
      await allOpen(150, reopened);
    }
    rmSync(directory, { recursive: true, force: true });
    expect(keys.size).toBeGreaterThan(1);
  }, 60_000);
});
