import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { IdleCounters } from '../../src/state/idle-counters.ts';
import { openState, openStateReader } from '../../src/state/open.ts';
import { JournalRetention } from '../../src/state/retention.ts';
import { claim, entry, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

const DAY_US = 24 * 3600 * 1e6;

forEachDriver('housekeeping', (driver) => {
  const path = scratch();

  function count(database: SqlDatabase, table: string): number {
    return Number(database.prepare(`SELECT count(*) AS value FROM ${table}`).get()?.['value']);
  }

  test('a client that reconnects for ever does not grow the counters for ever', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    for (let i = 0; i < 2000; i += 1) {
      state.reserve([claim()], scope({ session: `s-${i}` }));
      clock.pass(DAY_US / 100);
    }
    // A counter is needed for a second and kept for a day: 100 sessions a day, and what one round of looking has not reached yet.
    expect(count(database, 'counters')).toBeLessThan(250);
    expect(count(database, 'admissions')).toBe(count(database, 'counters'));
    database.close();
    state.close();
  });

  test('a counter is kept as long as its longest window can still see it', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const week = claim({ max: 1, windowMs: 7 * 24 * 3600 * 1000, per: ['grant'] });
    expect(state.reserve([week], scope()).ok).toBe(true);
    const idle = new IdleCounters(database);
    clock.pass(7 * DAY_US);
    for (let i = 0; i < 500; i += 1) state.reserve([claim()], scope({ session: `s-${i}` }));
    expect(state.reserve([week], scope()).ok).toBe(false);
    clock.pass(9 * DAY_US);
    for (let i = 0; i < 10; i += 1) idle.collect(Date.parse('2027-03-01') * 1000, 512);
    expect(count(database, 'counters')).toBe(0);
    expect(count(database, 'admissions')).toBe(0);
    expect(state.reserve([week], scope()).ok).toBe(true);
    database.close();
    state.close();
  });

  test('a large idle counter is removed in bounded steps and blocks rightly in between', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const big = claim({ max: 5000, windowMs: 1000 });
    for (let i = 0; i < 5000; i += 1) state.reserve([big], scope());
    const idle = new IdleCounters(database);
    const sizes: number[] = [];
    for (let i = 0; i < 6; i += 1) {
      idle.collect(Date.parse('2027-03-01') * 1000, 512);
      sizes.push(count(database, 'admissions'));
    }
    for (const [index, size] of sizes.entries()) expect((sizes[index - 1] ?? 5000) - size).toBeLessThanOrEqual(5000 - 1024);
    expect(sizes.at(-1)).toBe(0);
    database.close();
    state.close();
  });

  test('the log of a busy counter stays bounded', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const limit = claim({ max: 10, windowMs: 1 });
    for (let i = 0; i < 40_000; i += 1) {
      clock.pass(200);
      expect(state.reserve([limit], scope()).ok).toBe(true);
    }
    expect(count(database, 'admissions')).toBeLessThan(512 + 1024 + 64);
    database.close();
    state.close();
  }, 120_000);

  test('the journal is cut by age and by rows, oldest first, in bounded steps, and its newest row stays', async () => {
    const clock = new FakeMachine();
    const file = path();
    const state = await openState({ path: file, driver, clock });
    const database = await openDriver(file, driver);
    const start = clock.wall * 1000;
    for (let i = 0; i < 3000; i += 1) {
      state.append(entry({ outcome: 'ok' }));
      clock.pass(DAY_US / 100);
    }
    const byAge = new JournalRetention(database, { rows: 1e9, days: 10 });
    let steps = 1;
    while (byAge.step(start + 30 * DAY_US)) steps += 1;
    expect(steps).toBeGreaterThanOrEqual(2);
    expect(state.query({})[0]?.seq).toBe(2001);
    const byRows = new JournalRetention(database, { rows: 300, days: 90 });
    while (byRows.step(start + 30 * DAY_US));
    expect(state.query({}).map(({ seq }) => seq)).toEqual(Array.from({ length: 300 }, (_, i) => 2701 + i));
    while (byAge.step(start + 1000 * DAY_US));
    expect(state.query({}).map(({ seq }) => seq)).toEqual([3000]);
    state.append(entry({ outcome: 'ok' }));
    expect(state.query({}).map(({ seq }) => seq)).toEqual([3000, 3001]);
    database.close();
    state.close();
  });

  test('the write-ahead log is moved into the database as it grows, also while somebody reads', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    const reader = await openStateReader({ path: file, driver });
    let largest = 0;
    for (let round = 0; round < 60; round += 1) {
      for (let i = 0; i < 200; i += 1) state.append(entry({ outcome: 'ok', reason: 'x'.repeat(500) }));
      expect(reader.query({ order: 'desc', limit: 1 })[0]?.seq).toBe((round + 1) * 200);
      await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
      largest = Math.max(largest, statSync(`${file}-wal`).size);
    }
    // 12000 rows write more than 40 MB of log; a round writes about 1 MB after the bound of 4 MB is reached.
    expect(largest).toBeGreaterThan(4 * 1024 * 1024);
    expect(largest).toBeLessThan(8 * 1024 * 1024);
    reader.close();
    state.close();
  });

  test('an old reader stops the log from being emptied for a while and loses nothing', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    state.append(entry({ outcome: 'ok' }));
    const reader = await openDriver(file, driver);
    reader.exec('BEGIN');
    expect(count(reader, 'journal')).toBe(1);
    for (let i = 0; i < 4000; i += 1) {
      state.append(entry({ outcome: 'ok', reason: 'x'.repeat(500) }));
      if (i % 200 === 0) await new Promise((resolve) => {
        setTimeout(resolve, 1);
      });
    }
    expect(count(reader, 'journal')).toBe(1);
    reader.exec('COMMIT');
    expect(count(reader, 'journal')).toBe(4001);
    reader.close();
    state.close();
  });
});
