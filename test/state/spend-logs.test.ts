import { expect, test } from 'vitest';
import { BudgetStore } from '../../src/state/budget-store.ts';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { HeadCache } from '../../src/state/head-cache.ts';
import { IdleBudgets } from '../../src/state/idle-budgets.ts';
import { migrate } from '../../src/state/schema.ts';
import type { SpendCursor } from '../../src/state/spend-cursor.ts';
import { SpendLog, type SpendShape } from '../../src/state/spend-log.ts';
import { SpendWalk } from '../../src/state/spend-walk.ts';
import { Transactions } from '../../src/state/transaction.ts';
import { StateUnavailable } from '../../src/state/types.ts';
import { formatDecimal, parseDecimal, ZERO } from '../../src/wire/decimal.ts';
import { budget, forEachDriver } from './support.ts';

const SMALL: SpendShape = { fan: 4, levels: 3, spends: 8, blocks: 8 };

function decimal(text: string): NonNullable<ReturnType<typeof parseDecimal>> {
  return parseDecimal(text) ?? expect.fail(`${text} is no number`);
}

forEachDriver('the log behind a budget', (driver) => {
  async function open(): Promise<SqlDatabase> {
    const database = await openDriver(':memory:', driver);
    migrate(database, new Transactions(database));
    return database;
  }

  /** Spends of 1, 2, 3 and so on, a hundred microseconds apart. */
  function spent(log: SpendLog, count: number, cursors: readonly SpendCursor[] = []): void {
    if (log.head('k') === null) log.create('k', 50);
    for (let i = log.head('k')?.count ?? 0; i < count; i += 1) {
      const head = log.head('k') ?? expect.fail('the budget is there');
      log.append('k', head, `${i + 1}`, head.count === 0 ? cursors : head.cursors, i * 100, 50);
    }
  }

  function spends(database: SqlDatabase): readonly string[] {
    return database.prepare('SELECT seq, at, amount FROM spends ORDER BY seq').all().map((row) => `${row['seq']} at ${row['at']}: ${row['amount']}`);
  }

  function blocks(database: SqlDatabase, level: number): readonly string[] {
    return database.prepare('SELECT block, at, amount FROM spend_blocks WHERE level = ? ORDER BY block').all(level).map((row) => `${row['block']} at ${row['at']}: ${row['amount']}`);
  }

  const range = (from: number, to: number): readonly number[] => Array.from({ length: to - from }, (_, index) => from + index);

  test('keeps the newest spends one by one, the newest blocks of them, and all blocks of the highest level', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL);
    spent(log, 70);
    // The last block was complete with 68 spends: 60 to 67 are the newest eight, and what came since.
    expect(spends(database)).toEqual(range(60, 70).map((seq) => `${seq} at ${seq * 100}: ${seq + 1}`));
    // 4b+1 to 4b+4. When the last block of sixteen was complete there were sixteen of these, of which eight stayed.
    expect(blocks(database, 1)).toEqual(range(8, 17).map((block) => `${block} at ${(4 * block + 3) * 100}: ${16 * block + 10}`));
    expect(blocks(database, 2)).toEqual(range(0, 4).map((block) => `${block} at ${(16 * block + 15) * 100}: ${256 * block + 136}`));
    expect(blocks(database, 3)).toEqual([`0 at 6300: ${(64 * 65) / 2}`]);
    expect(blocks(database, 4)).toEqual([]);
    database.close();
  });

  test.each([
    [7, 0, 0], [8, 0, 1], [12, 4, 2], [13, 4, 2], [16, 8, 3],
  ])('of %i spends those from the one at %i on are kept', async (count, from) => {
    const database = await open();
    spent(new SpendLog(database, SMALL), count);
    expect(spends(database)).toEqual(range(from, count).map((seq) => `${seq} at ${seq * 100}: ${seq + 1}`));
    database.close();
  });

  test('blocks of a level are thinned when a block above them is complete and there are more than are kept', async () => {
    const database = await open();
    const log = new SpendLog(database, { ...SMALL, blocks: 4 });
    spent(log, 31);
    expect(blocks(database, 1)).toHaveLength(7);
    spent(log, 32);
    expect(blocks(database, 1).map((one) => one.split(' ')[0])).toEqual(['4', '5', '6', '7']);
    expect(blocks(database, 2)).toHaveLength(2);
    database.close();
  });

  test('a spend is taken out of its own row, of every block that it is in, and of the windows that began before it', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL);
    spent(log, 69, [{ window: 1000, first: 0, firstAt: 0, total: ZERO }, { window: 7, first: 67, firstAt: 6700, total: ZERO }]);
    const before = log.head('k') ?? expect.fail('the budget is there');
    expect([before.count, before.at, before.span, formatDecimal(before.block?.total ?? ZERO)]).toEqual([69, 6800, 50, '69']);
    const totals = (): readonly string[] => (log.head('k')?.cursors ?? []).map(({ total }) => formatDecimal(total));
    const all = (69 * 70) / 2;
    expect(totals()).toEqual([`${all}`, `${all}`]);
    log.giveBack([before.id, 5, '6']);
    expect([blocks(database, 2)[0], blocks(database, 3)[0], totals()]).toEqual(['0 at 1500: 130', '0 at 6300: 2074', [`${all - 6}`, `${all}`]]);
    log.giveBack([before.id, 67, '68']);
    expect([blocks(database, 1).at(-1), spends(database).at(-2), totals()]).toEqual(['16 at 6700: 198', '67 at 6700: 0', [`${all - 74}`, `${all - 68}`]]);
    expect(formatDecimal(log.head('k')?.block?.total ?? ZERO)).toBe('69');
    log.giveBack([before.id, 68, '69']);
    expect(formatDecimal(log.head('k')?.block?.total ?? decimal('7'))).toBe('0');
    expect([spends(database).at(-1), totals()]).toEqual(['68 at 6800: 0', [`${all - 143}`, `${all - 137}`]]);
    // What the log does not hold: a budget that was cleared away, and a spend that a restored file does not have yet.
    const same = [spends(database), blocks(database, 1), totals()];
    log.giveBack([before.id + 1, 3, '1']);
    log.giveBack([before.id, 69, '1']);
    expect([spends(database), blocks(database, 1), totals()]).toEqual(same);
    database.close();
  });

  test('units follow each other without a gap, from the place that is asked for', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL);
    spent(log, 70);
    const id = log.head('k')?.id ?? 0;
    expect(log.units(id, 0, 60, 3)).toEqual([60, 61, 62].map((seq) => ({ size: 1, at: seq * 100, amount: `${seq + 1}` })));
    expect(log.units(id, 0, 59, 3)).toEqual([]);
    expect(log.units(id, 1, 32, 2)).toEqual([{ size: 4, at: 3500, amount: '138' }, { size: 4, at: 3900, amount: '154' }]);
    expect(log.units(id, 1, 28, 2)).toEqual([]);
    expect(log.units(id, 3, 0, 9)).toEqual([{ size: 64, at: 6300, amount: '2080' }]);
    database.exec('DELETE FROM spends WHERE seq = 62');
    expect(log.units(id, 0, 60, 9)).toHaveLength(2);
    expect([log.size(0), log.size(1), log.size(3)]).toEqual([1, 4, 64]);
    database.close();
  });

  test('a new spend is in every window that is kept; a window that was empty begins with it', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL);
    const head = log.create('k', 50);
    expect(head).toEqual({ id: head.id, count: 0, at: 0, span: 50, block: null, cursors: [] });
    expect(log.head('k')).toEqual(head);
    log.append('k', head, '1.5', [{ window: 9, first: 0, firstAt: 1, total: ZERO }], 100, 40);
    const first = { window: 9, first: 0, firstAt: 100, total: decimal('1.5') };
    expect(log.head('k')).toEqual({ id: head.id, count: 1, at: 100, span: 50, block: { ...first, window: 0 }, cursors: [first] });
    const one = log.head('k') ?? expect.fail('the budget is there');
    expect(log.append('k', one, '2', one.cursors, 200, 60)).toEqual([head.id, 1, '2']);
    expect(log.head('k')).toEqual({ id: head.id, count: 2, at: 200, span: 60, block: { ...first, window: 0, total: decimal('3.5') }, cursors: [{ ...first, total: decimal('3.5') }] });
    expect(log.head('other')).toBeNull();
    database.close();
  });

  test('what is kept of the end of the log is what was written there, and is asked before the database is', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL, new HeadCache(database));
    log.append('k', log.create('k', 50), '1', [], 100, 60);
    const kept = { id: 1, count: 1, at: 100, span: 60, block: { window: 0, first: 0, firstAt: 100, total: decimal('1') }, cursors: [] };
    expect(log.head('k')).toEqual(kept);
    log.append('k', log.head('k') ?? expect.fail('the budget is there'), '2', [], 200, 55);
    database.exec('DELETE FROM spends; DELETE FROM budgets');
    expect(log.head('k')).toEqual({ ...kept, count: 2, at: 200, block: { ...kept.block, total: decimal('3') } });
    database.close();
  });

  test('a walk adds up a window, moves with it, and finds what has to leave it, as adding up each spend does', async () => {
    const database = await open();
    const log = new SpendLog(database, { ...SMALL, spends: 4096, blocks: 1024 });
    spent(log, 150);
    const id = log.head('k')?.id ?? 0;
    const walk = (): SpendWalk => new SpendWalk(log, id, 150);
    const sum = (from: number): string => `${(150 * 151) / 2 - (from * (from + 1)) / 2}`;
    let cursor = walk().fresh(1_000_000, 14_900);
    expect([cursor.first, cursor.firstAt, formatDecimal(cursor.total)]).toEqual([0, 0, sum(0)]);
    for (const now of [15_000, 15_001, 15_100, 15_101, 17_050, 21_400, 22_000, 29_899, 29_900]) {
      const window = 15_000;
      // What is exactly one window old is inside.
      const first = Math.min(150, Math.max(0, Math.ceil((now - window) / 100)));
      const fresh = walk().fresh(window, now);
      expect([now, fresh.window, fresh.first, formatDecimal(fresh.total)]).toEqual([now, window, first, sum(first)]);
      cursor = walk().advance({ ...cursor, window }, now);
      expect([now, cursor.first, formatDecimal(cursor.total)]).toEqual([now, first, sum(first)]);
      expect([fresh.firstAt, cursor.firstAt]).toEqual([first * 100, first * 100]);
      for (const missing of [1, 2, 40, 300, 5000, 11_000]) {
        let left = missing;
        let place = first;
        while (place < 150 && place + 1 < left) {
          left -= place + 1;
          place += 1;
        }
        expect([now, missing, walk().roomAfter(cursor, decimal(`${missing}`))]).toEqual([now, missing, place === 150 ? null : place * 100]);
      }
    }
    const gone = walk().advance(cursor, 29_901);
    expect(gone).toEqual({ window: 15_000, first: 150, firstAt: 0, total: ZERO });
    expect(walk().advance(gone, 99_999)).toBe(gone);
    expect(walk().advance(cursor, 29_900)).toBe(cursor);
    expect(walk().roomAfter(gone, decimal('1'))).toBeNull();
    database.close();
  });

  test('where spends are known only as blocks a block leaves as a whole, with its newest; a cursor into one is added up anew', async () => {
    const database = await open();
    const log = new SpendLog(database, SMALL);
    spent(log, 70);
    const id = log.head('k')?.id ?? 0;
    const walk = (): SpendWalk => new SpendWalk(log, id, 70);
    const sum = (from: number): string => `${(70 * 71) / 2 - (from * (from + 1)) / 2}`;
    // Blocks 8 and 9 of four are kept, below 32 only blocks of sixteen are.
    for (const [now, first, at] of [[1000, 0, 1500], [2500, 0, 1500], [2501, 16, 3100], [4101, 32, 3500], [4501, 36, 3900], [7001, 61, 6100]] as const) {
      const cursor = walk().fresh(1000, now);
      expect([now, cursor.first, cursor.firstAt, formatDecimal(cursor.total)]).toEqual([now, first, at, sum(first)]);
      expect(walk().advance({ window: 1000, first: 0, firstAt: 0, total: decimal(sum(0)) }, now)).toEqual(now === 1000 ? { ...cursor, firstAt: 0 } : cursor);
    }
    const inside = { window: 1000, first: 5, firstAt: 500, total: decimal('9') };
    expect(walk().advance(inside, 2501)).toEqual(walk().fresh(1000, 2501));
    expect(walk().roomAfter(inside, decimal('1'))).toBeNull();
    expect(walk().roomAfter(walk().fresh(1000, 2501), decimal('1'))).toBe(3100);
    database.exec('DELETE FROM spend_blocks WHERE level = 2 AND block = 1; DELETE FROM spend_blocks WHERE level = 3');
    const damaged = new StateUnavailable('the log of a budget has a hole; the database was changed by something else');
    expect(() => walk().fresh(1000, 4101)).toThrow(damaged);
    expect(() => walk().fresh(1000, 100)).toThrow(damaged);
    database.close();
  });

  test('a budget waits until enough has left its window; it never waits for what is larger than itself', async () => {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), SMALL);
    const ask = (max: string, amount: string, now: number, record = false, windowMs = 1): number | null => {
      const limit = budget({ max, amount, windowMs });
      const draw = store.draw('k', [limit]);
      const wait = draw.wait(limit, now);
      if (wait === 0 && record) draw.record(now);
      return wait;
    };
    expect([ask('3', '3.01', 0), ask('3', '3', 0), ask('3', '2', 100, true), ask('3', '1', 200, true)]).toEqual([null, 0, 0, 0]);
    // Spent are 2 at 100 and 1 at 200. At 1100 both are inside still, at 1101 the first has left.
    expect([ask('3', '0', 1100), ask('3', '0.01', 1100), ask('3', '2', 1101), ask('3', '2.01', 1101), ask('3', '3', 1201), ask('3', '3', 200)]).toEqual([0, 1, 0, 1, 0, 2]);
    // Free calls write nothing.
    expect([ask('3', '0', 1300, true), spends(database).length]).toEqual([0, 2]);
    // A window that no sum is kept of.
    expect([ask('3', '1', 1300, false, 2), ask('3.5', '0.5', 1300, false, 2)]).toEqual([1, 0]);
    expect(() => store.draw('k', [budget({ windowMs: 0 })])).toThrow(StateUnavailable);
    expect(() => store.draw('k', [budget({ amount: '-1' })])).toThrow(StateUnavailable);
    database.close();
  });

  test('where its window begins travels with the newest spend, for every window that is asked for', async () => {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), SMALL);
    const spend = (windowMs: number, now: number): void => {
      const limit = budget({ max: '100', amount: '1', windowMs });
      const draw = store.draw('k', [limit]);
      expect(draw.wait(limit, now)).toBe(0);
      draw.record(now);
    };
    const kept = (): readonly unknown[] => (store.log.head('k')?.cursors ?? []).map(({ window, first, firstAt, total }) => [window, first, firstAt, formatDecimal(total)]);
    spend(1, 100);
    spend(1, 200);
    expect(kept()).toEqual([[1000, 0, 100, '2']]);
    spend(1, 1150);
    expect(kept()).toEqual([[1000, 1, 200, '2']]);
    spend(5, 1160);
    expect(kept()).toEqual([[5000, 0, 100, '4'], [1000, 1, 200, '3']]);
    spend(1, 9000);
    expect(kept()).toEqual([[5000, 0, 100, '5'], [1000, 4, 9000, '1']]);
    database.close();
  });

  test('a window that begins within a block of which the spends are gone waits for the whole block', async () => {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), SMALL);
    const ask = (windowMs: number, max: string, now: number, record: boolean): number | null => {
      const limit = budget({ max, amount: '1', windowMs });
      const draw = store.draw('k', [limit]);
      const wait = draw.wait(limit, now);
      if (record) draw.record(now);
      return wait;
    };
    for (const now of [0, 100, 200, 300, 400, 10_450]) expect(ask(10, '100', now, true)).toBe(0);
    expect(store.log.head('k')?.cursors[0]).toMatchObject({ first: 5, firstAt: 10_450 });
    for (let i = 6; i < 16; i += 1) expect(ask(1, '100', 10_450 + (i - 5) * 1000, true)).toBe(0);
    expect(spends(database)[0]).toBe('8 at 13450: 1');
    // The eleven from the one at 10,450 on are full; the block of 4 to 7 leaves with its newest, of 12,450.
    expect(ask(10, '12', 20_450, false)).toBe(0);
    expect(ask(10, '11', 20_450, false)).toBe(3);
    database.close();
  });

  test('limits that share a budget take the largest amount once, and keep a sum for each of their windows', async () => {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), SMALL);
    const claims = [budget({ amount: '2', windowMs: 3 }), budget({ amount: '1', windowMs: 9 }), budget({ amount: '1.5', windowMs: 1 })];
    expect(store.draw('k', claims).newest).toBe(0);
    const spend = store.draw('k', claims).record(500);
    expect(spend).toEqual([1, 0, '2']);
    const head = store.log.head('k') ?? expect.fail('the budget is there');
    expect([head.span, head.at, store.draw('k', claims).newest]).toEqual([9000, 500, 500]);
    expect(head.cursors).toEqual([1000, 9000, 3000].map((window) => ({ window, first: 0, firstAt: 500, total: decimal('2') })));
    store.giveBack(spend === null ? [] : [spend]);
    expect(store.log.head('k')?.cursors.map(({ total }) => formatDecimal(total))).toEqual(['0', '0', '0']);
    database.close();
  });

  test('a new budget clears away one that is over, also what was kept of its end; so does giving back', async () => {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), SMALL, new HeadCache(database));
    const claims = [budget({ windowMs: 1 })];
    const spend = store.draw('old', claims).record(1_000_000) ?? expect.fail('nothing was spent');
    store.giveBack([spend]);
    expect(formatDecimal(store.log.head('old')?.cursors[0]?.total ?? decimal('7'))).toBe('0');
    expect(store.draw('old', claims).newest).toBe(1_000_000);
    store.draw('new', claims).record(1_000_000_000_000);
    expect(database.prepare('SELECT key FROM budgets').all().map((row) => row['key'])).toEqual(['new']);
    expect(store.draw('old', claims).newest).toBe(0);
    database.close();
  });
});
