import { closeSync, ftruncateSync, mkdirSync, openSync, truncateSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect, test } from 'vitest';
import { Checkpointer } from '../../src/state/checkpoint.ts';
import { openDriver } from '../../src/state/driver.ts';
import { DEFAULT_FLOOD } from '../../src/state/flood.ts';
import { openState, openStateReader } from '../../src/state/open.ts';
import { DEFAULT_RETENTION } from '../../src/state/retention.ts';
import { SqliteState } from '../../src/state/sqlite-state.ts';
import { StateUnavailable } from '../../src/state/types.ts';
import { claim, entry, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

forEachDriver('failures', (driver) => {
  const path = scratch();

  test('a database locked beyond the time-out refuses the call, and works again afterwards', async () => {
    const file = path();
    const errors: string[] = [];
    const state = await openState({ path: file, driver, busyTimeoutMs: 50, onError: ({ message }) => errors.push(message) });
    const row = entry();
    state.append(row);
    const other = await openDriver(file, driver);
    other.exec('BEGIN IMMEDIATE');
    const locked = /another process holds the lock/;
    expect(() => state.reserve([claim()], scope())).toThrow(locked);
    expect(() => state.admit([claim()], scope(), entry())).toThrow(locked);
    expect(() => state.append(entry())).toThrow(StateUnavailable);
    state.settle(row.id, { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    expect(() => state.flush()).toThrow(locked);
    expect(state.query({})).toHaveLength(1);
    await expect.poll(() => errors.length, { timeout: 5000 }).toBeGreaterThan(0);
    other.exec('COMMIT');
    other.close();
    // Nothing was lost and nothing was counted: three calls fit, and the settlement is written.
    for (const expected of [true, true, true, false]) expect(state.admit([claim({ windowMs: 60_000 })], scope(), entry()).ok).toBe(expected);
    state.flush();
    expect(state.query({}).map(({ outcome }) => outcome)).toEqual(['ok', 'forwarded', 'forwarded', 'forwarded']);
    state.close();
  });

  test('a locked database is not opened, and says why', async () => {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    const other = await openDriver(file, driver);
    other.exec('BEGIN EXCLUSIVE');
    await expect(openState({ path: file, driver, busyTimeoutMs: 60 })).rejects.toThrow(/holds the lock/);
    other.exec('COMMIT');
    other.close();
    (await openState({ path: file, driver })).close();
  });

  test('a full disk refuses calls and admits none', async () => {
    const file = path();
    (await openState({ path: file, driver })).close();
    const database = await openDriver(file, driver);
    const state = new SqliteState(database, new Checkpointer(database, await openDriver(file, driver), file), {
      path: file, clock: new FakeMachine(), logArguments: false, retention: DEFAULT_RETENTION, flood: DEFAULT_FLOOD, onError: () => {},
    });
    // SQLite's own bound stands for the disk's: both end in SQLITE_FULL.
    database.exec('PRAGMA max_page_count = 40');
    let failures = 0;
    let admitted = 0;
    for (let i = 0; i < 2000; i += 1) {
      try {
        if (state.admit([claim({ max: 1e6 })], scope(), entry()).ok) admitted += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(StateUnavailable);
        expect(String(error)).toMatch(/disk is full/);
        failures += 1;
      }
    }
    expect(failures).toBeGreaterThan(0);
    expect(admitted).toBeGreaterThan(0);
    database.exec('PRAGMA max_page_count = 100000');
    expect(state.query({})).toHaveLength(admitted);
    expect(state.reserve([claim({ max: admitted })], scope()).ok).toBe(false);
    expect(state.reserve([claim({ max: admitted + 1 })], scope()).ok).toBe(true);
    state.close();
  });

  test('a damaged file is refused at opening or at the call, never by a crash', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    for (let i = 0; i < 500; i += 1) state.admit([claim({ max: 1e6 })], scope(), entry());
    state.close();
    const descriptor = openSync(file, 'r+');
    for (let page = 1; page < 40; page += 1) writeSync(descriptor, Buffer.alloc(2000, 0xa5), 0, 2000, page * 4096);
    closeSync(descriptor);
    const attempt = async (): Promise<void> => {
      const damaged = await openState({ path: file, driver });
      try {
        damaged.admit([claim()], scope(), entry());
      } finally {
        damaged.close();
      }
    };
    await expect(attempt()).rejects.toBeInstanceOf(StateUnavailable);
    truncateSync(file, 3000);
    await expect(attempt()).rejects.toBeInstanceOf(StateUnavailable);
    await expect(openStateReader({ path: file, driver })).rejects.toBeInstanceOf(StateUnavailable);
  });

  test('a file that shrinks under a running process refuses calls', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    for (let i = 0; i < 300; i += 1) state.admit([claim({ max: 1e6 })], scope(), entry());
    state.close();
    const again = await openState({ path: file, driver });
    const descriptor = openSync(file, 'r+');
    ftruncateSync(descriptor, 8192);
    closeSync(descriptor);
    expect(() => again.admit([claim({ max: 1e6, policy: 'x' })], scope(), entry())).toThrow(StateUnavailable);
    again.close();
  });

  test('a closed state refuses everything, and closing twice is fine', async () => {
    const state = await openState({ path: path(), driver });
    state.close();
    state.close();
    expect(() => state.reserve([claim()], scope())).toThrow(StateUnavailable);
    expect(() => state.admit([], scope(), entry())).toThrow(StateUnavailable);
    expect(() => state.append(entry())).toThrow(StateUnavailable);
    expect(() => state.query({})).toThrow(StateUnavailable);
  });

  test('an option that makes no sense is refused', async () => {
    for (const options of [{ retainRows: 0 }, { retainDays: Number.NaN }, { busyTimeoutMs: -1 }]) {
      await expect(openState({ path: path(), driver, ...options })).rejects.toThrow(/expected a number above 0/);
    }
  });
});
