import { expect, test } from 'vitest';
import { readAmount, sumOf, without } from '../../src/state/amount.ts';
import { CounterLog, DENSE_ROWS, SPARSE_REACH, STRIDE } from '../../src/state/counter-log.ts';
import { CounterStore } from '../../src/state/counter-store.ts';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { HeadCache } from '../../src/state/head-cache.ts';
import { IdleCounters } from '../../src/state/idle-counters.ts';
import { checkWindow, leavesIn, longestWindow, windowUs } from '../../src/state/limit-draw.ts';
import { migrate } from '../../src/state/schema.ts';
import { placeCursor, readCursors, writeCursors, type SpendCursor } from '../../src/state/spend-cursor.ts';
import { Transactions } from '../../src/state/transaction.ts';
import { StateUnavailable } from '../../src/state/types.ts';
import { parseDecimal } from '../../src/wire/decimal.ts';
import { claim, forEachDriver } from './support.ts';

function decimal(text: string): NonNullable<ReturnType<typeof parseDecimal>> {
  return parseDecimal(text) ?? expect.fail(`${text} is no number`);
}

forEachDriver('the log of a counter', (driver) => {
  async function open(): Promise<SqlDatabase> {
    const database = await openDriver(':memory:', driver);
    migrate(database, new Transactions(database));
    return database;
  }

  /** A counter `k` with these admissions, each at a time of a hundred times its number. */
  function filled(database: SqlDatabase, { dense, from, to, every = 1 }: { dense: number; from: number; to: number; every?: number }): void {
    database.exec(`INSERT OR IGNORE INTO counters (id, key, span, dense) VALUES (1, 'k', 50, ${dense});
      WITH RECURSIVE n(seq) AS (SELECT ${from} UNION ALL SELECT seq + ${every} FROM n WHERE seq + ${every} <= ${to})
      INSERT INTO admissions (counter, seq, at) SELECT 1, seq, seq * 100 FROM n`);
  }

  function kept(database: SqlDatabase): readonly number[] {
    return database.prepare('SELECT seq FROM admissions ORDER BY seq').all().map((row) => Number(row['seq']));
  }

  function counter(database: SqlDatabase): { readonly span: number; readonly dense: number } {
    const row = database.prepare("SELECT span, dense FROM counters WHERE key = 'k'").get();
    return { span: Number(row?.['span']), dense: Number(row?.['dense']) };
  }

  test('keeps the newest rows, and one in thirty-two below them; the others go in steps of 512', async () => {
    const database = await open();
    const log = new CounterLog(database);
    filled(database, { dense: 1, from: 1, to: 1055 });
    expect(log.record('k', log.head('k', 3), 200_000, 3, 50)).toBe(false);
    expect(counter(database)).toEqual({ span: 50, dense: 513 });
    const marks = Array.from({ length: 16 }, (_, index) => (index + 1) * STRIDE);
    expect(kept(database)).toEqual([...marks, ...Array.from({ length: 1056 - 512 }, (_, index) => 513 + index)]);
    // Between two of these rounds nothing is thinned.
    log.record('k', log.head('k', 3), 200_001, 3, 50);
    expect([counter(database).dense, kept(database).length, kept(database).at(-1)]).toEqual([513, 16 + 545, 1057]);
    database.close();
  });

  test.each([
    [3, DENSE_ROWS],
    [512, 512],
    [600, 600],
  ])('a limit of %i keeps %i rows as they are', async (depth, rows) => {
    const database = await open();
    const log = new CounterLog(database);
    filled(database, { dense: 1, from: 1, to: 799 });
    log.record('k', log.head('k', depth), 200_000, depth, 50);
    expect(counter(database).dense).toBe(800 - rows + 1);
    expect(kept(database).filter((seq) => seq > 800 - rows)).toHaveLength(rows);
    expect(kept(database).filter((seq) => seq <= 800 - rows)).toEqual(Array.from({ length: Math.floor((800 - rows) / STRIDE) }, (_, index) => (index + 1) * STRIDE));
    database.close();
  });

  test('what is thinned stays thinned: a limit that is raised moves the dense part no further down', async () => {
    const database = await open();
    const log = new CounterLog(database);
    filled(database, { dense: 700, from: 1, to: 799 });
    log.record('k', log.head('k', 700), 200_000, 700, 50);
    expect([counter(database).dense, kept(database).length]).toEqual([700, 800]);
    database.close();
  });

  test('rows beyond the reach of the marks are dropped', async () => {
    const database = await open();
    const log = new CounterLog(database);
    filled(database, { dense: 39_000, from: STRIDE, to: 38_976, every: STRIDE });
    filled(database, { dense: 39_000, from: 39_000, to: 39_999 });
    log.record('k', log.head('k', 3), 4_000_000, 3, 50);
    const oldest = 40_000 - DENSE_ROWS - SPARSE_REACH;
    expect(oldest).toBe(6720);
    expect([kept(database)[0], counter(database).dense]).toEqual([oldest, 40_000 - DENSE_ROWS + 1]);
    database.close();
  });

  test('a log that was never thinned loses no more than what one step has thinned', async () => {
    const database = await open();
    const log = new CounterLog(database);
    filled(database, { dense: 1, from: STRIDE, to: 39_999, every: STRIDE });
    filled(database, { dense: 1, from: 39_999, to: 39_999 });
    log.record('k', log.head('k', 3), 4_000_000, 3, 50);
    expect([kept(database)[0], counter(database).dense]).toEqual([544, 513]);
    database.close();
  });

  test('a look-up gives the newest admission and what blocks a limit: the max-th newest, or the next newer one that is kept', async () => {
    const database = await open();
    const log = new CounterLog(database);
    expect(log.head('k', 3)).toBeNull();
    filled(database, { dense: 90, from: 10, to: 90, every: 10 });
    filled(database, { dense: 90, from: 91, to: 99 });
    expect(log.head('k', 3)).toEqual({ id: 1, span: 50, dense: 90, last: 99, at: 9900, max: 3, blocking: 9700 });
    expect(log.head('k', 99)).toMatchObject({ max: 99, blocking: 1000 });
    expect(log.head('k', 100)).toMatchObject({ max: 100, blocking: null });
    const head = log.head('k', 3) ?? expect.fail('the counter is there');
    const asked = [1, 3, 10, 15, 20, 99, 100, 101].map((max) => log.blockingAt(head, max));
    expect(asked).toEqual([9900, 9700, 9000, 9000, 8000, 1000, null, null]);
    // Of the limit that it was read for it knows the answer already.
    expect(log.blockingAt({ ...head, blocking: 7 }, 3)).toBe(7);
    database.close();
  });

  test('a counter that is being removed admits as a new one does', async () => {
    const database = await open();
    const log = new CounterLog(database);
    database.exec("INSERT INTO counters (id, key, span, dense) VALUES (1, 'k', 50, 1)");
    expect(log.head('k', 1)).toEqual({ id: 1, span: 50, dense: 1, last: 0, at: 0, max: 1, blocking: null });
    database.close();
  });

  test('the longest window that was ever asked for is kept', async () => {
    const database = await open();
    const log = new CounterLog(database);
    expect(log.record('k', null, 100, 3, 50)).toBe(true);
    const spans = [70, 60, 70, 80].map((span) => {
      log.record('k', log.head('k', 3), 200, 3, span);
      return counter(database).span;
    });
    expect(spans).toEqual([70, 70, 70, 80]);
    database.close();
  });

  test('what is kept of the end of the log is what was written there, and is asked before the database is', async () => {
    const database = await open();
    const log = new CounterLog(database, new HeadCache(database));
    log.record('k', null, 100, 3, 50);
    const first = { id: 1, last: 1, at: 100, span: 50, dense: 1, max: null, blocking: null };
    expect(log.head('k', 3)).toEqual(first);
    log.record('k', log.head('k', 3), 200, 3, 40);
    expect(log.head('k', 3)).toEqual({ ...first, last: 2, at: 200 });
    database.exec('DELETE FROM admissions; DELETE FROM counters');
    expect(log.head('k', 3)).toEqual({ ...first, last: 2, at: 200 });
    database.close();
  });

  test('limits that share a counter keep what the largest of them asks for, for the longest of their windows', async () => {
    for (const claims of [[claim({ max: 3, windowMs: 9 }), claim({ max: 600, windowMs: 2 })], [claim({ max: 600, windowMs: 2 }), claim({ max: 3, windowMs: 9 })]]) {
      const database = await open();
      const store = new CounterStore(database, new IdleCounters(database));
      filled(database, { dense: 1, from: 1, to: 799 });
      store.draw('k', claims).record(200_000);
      expect(counter(database)).toEqual({ span: 9000, dense: 201 });
      database.close();
    }
  });

  test('a new counter clears away one that is over, also what was kept of its end', async () => {
    const database = await open();
    const cache = new HeadCache(database);
    const store = new CounterStore(database, new IdleCounters(database), cache);
    store.draw('old', [claim({ windowMs: 1 })]).record(1_000_000);
    expect(store.draw('old', [claim()]).newest).toBe(1_000_000);
    store.draw('new', [claim({ windowMs: 1 })]).record(1_000_000_000_000);
    expect(database.prepare('SELECT key FROM counters').all().map((row) => row['key'])).toEqual(['new']);
    expect(store.draw('old', [claim()]).newest).toBe(0);
    expect(store.draw('old', [claim()]).wait(claim(), 1_000_000_000_000)).toBe(0);
    database.close();
  });

  test('a limit waits until the call that blocks it has left the window, and nothing is waited for where nothing blocks', async () => {
    const database = await open();
    const store = new CounterStore(database, new IdleCounters(database));
    filled(database, { dense: 1, from: 1, to: 3 });
    const wait = (max: number, windowMs: number, now: number): number | null => {
      const limit = claim({ max, windowMs });
      return store.draw('k', [limit]).wait(limit, now);
    };
    expect([wait(3, 1, 1100), wait(3, 1, 1101), wait(3, 2, 300), wait(4, 2, 300), wait(1, 2, 300), wait(0, 2.5, 300), wait(0, 0.1, 300)]).toEqual([1, 0, 2, 0, 3, 3, 1]);
    expect(store.draw('other', [claim()]).wait(claim(), 5)).toBe(0);
    database.close();
  });

  test('a limit that cannot be counted is refused with what is wrong about it', async () => {
    const database = await open();
    const store = new CounterStore(database, new IdleCounters(database));
    for (const max of [-1, 1.5, Number.NaN, Number.MAX_SAFE_INTEGER + 1]) {
      expect(() => store.check(claim({ max }))).toThrow(new StateUnavailable(`limit /tools/send/rate_limit cannot be counted: max ${max}; expected a whole number of at least 0`));
    }
    expect(() => store.check(claim({ max: 0 }))).not.toThrow();
    expect(() => store.check(claim({ windowMs: 0 }))).toThrow(StateUnavailable);
    database.close();
  });
});

test('windows are counted up to 126 years, and say so beyond', () => {
  for (const windowMs of [0.001, 1, 4e12]) expect(() => checkWindow(claim({ windowMs }))).not.toThrow();
  for (const windowMs of [0, -1, 4e12 + 1, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => checkWindow(claim({ windowMs }))).toThrow(new StateUnavailable(`limit /tools/send/rate_limit cannot be counted in ${windowMs} ms; expected a window of at most 126 years`));
  }
});

test('a window is never shorter than its limit says, and what is exactly one window old is inside', () => {
  expect([windowUs(claim({ windowMs: 1 })), windowUs(claim({ windowMs: 0.0001 })), windowUs(claim({ windowMs: 1.0005 }))]).toEqual([1000, 1, 1001]);
  expect(longestWindow([claim({ windowMs: 2 }), claim({ windowMs: 3 }), claim({ windowMs: 1 })])).toBe(3000);
  expect([leavesIn(100, 1000, 1100), leavesIn(100, 1000, 1101), leavesIn(100, 1000, 101), leavesIn(100, 1000, 100), leavesIn(100, 1000, 5000)]).toEqual([1, 0, 1, 2, 0]);
});

test('an amount is read as it is written canonically, and in no other spelling', () => {
  for (const text of ['0', '1', '10', '0.5', '10.05']) expect(readAmount(text)).toEqual(decimal(text));
  const longest = `1${'0'.repeat(4095)}`;
  expect(readAmount(longest)).toEqual({ digits: BigInt(longest), scale: 0 });
  for (const text of ['', '-1', '+1', '01', '1.', '.5', '1.50', '1e3', ' 1', '1 ', '0x1', '00', '1.5.5', `1${'0'.repeat(4096)}`]) {
    expect(() => readAmount(text)).toThrow(new StateUnavailable('an amount is not a canonical decimal of at least 0; the claim or the database was made by something else'));
  }
});

test('sums never fall below zero', () => {
  expect(sumOf([])).toBe('0');
  expect(sumOf(['1.5', '0', '2.25'])).toBe('3.75');
  expect(without(decimal('3'), decimal('1.5'))).toEqual(decimal('1.5'));
  expect(without(decimal('3'), decimal('3'))).toEqual({ digits: 0n, scale: 0 });
  expect(without(decimal('3'), decimal('4'))).toEqual({ digits: 0n, scale: 0 });
});

test('of the windows of a budget eight are kept: a known one in its place, a new one first', () => {
  const cursor = (window: number, first = 0): SpendCursor => ({ window, first, firstAt: 5, total: decimal('1.5') });
  const eight = [1, 2, 3, 4, 5, 6, 7, 8].map((window) => cursor(window));
  expect(placeCursor([], cursor(1))).toEqual([cursor(1)]);
  expect(placeCursor(eight.slice(0, 7), cursor(9)).map(({ window }) => window)).toEqual([9, 1, 2, 3, 4, 5, 6, 7]);
  expect(placeCursor(eight, cursor(9)).map(({ window }) => window)).toEqual([9, 1, 2, 3, 4, 5, 6, 7]);
  expect(placeCursor(eight, cursor(1, 3)).map(({ window, first }) => [window, first])).toEqual([[1, 3], [2, 0], [3, 0], [4, 0], [5, 0], [6, 0], [7, 0], [8, 0]]);
  expect(placeCursor(eight, cursor(8, 3)).at(-1)).toEqual(cursor(8, 3));
  expect(writeCursors([cursor(2, 3)])).toBe('[[2,3,5,"1.5"]]');
  expect(readCursors('[[2,3,5,"1.5"]]')).toEqual([cursor(2, 3)]);
});
