import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { formatDecimal, parseDecimal } from '../../src/wire/decimal.ts';
import { BudgetStore } from '../../src/state/budget-store.ts';
import { openDriver, type SqlDatabase } from '../../src/state/driver.ts';
import { IdleBudgets } from '../../src/state/idle-budgets.ts';
import type { Spent } from '../../src/state/limit-draw.ts';
import { migrate } from '../../src/state/schema.ts';
import { SPEND_SHAPE, SpendLog, type SpendShape } from '../../src/state/spend-log.ts';
import { SpendWalk } from '../../src/state/spend-walk.ts';
import { Transactions } from '../../src/state/transaction.ts';
import { budget, forEachDriver, scratch } from './support.ts';

/** Small blocks, so that a few dozen spends fill several levels. */
const EXACT: SpendShape = { fan: 4, levels: 3, spends: 4096, blocks: 1024 };
const THINNED: SpendShape = { fan: 4, levels: 3, spends: 8, blocks: 8 };
const SCALE = 4;

function text(units: number): string {
  const value = parseDecimal(`${units}e-${SCALE}`);
  return value === null ? expect.fail('not a number') : formatDecimal(value);
}

const step = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('spend' as const), units: fc.integer({ min: 0, max: 40_000 }) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('pass' as const), us: fc.nat(4000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('back' as const), place: fc.nat(200) }) },
);

type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

interface Kept {
  readonly at: number;
  units: number;
  readonly spent: Spent;
}

/** Statements that were prepared on a database, by what they read; `rows` counts what they returned. */
function counting(database: SqlDatabase): { database: SqlDatabase; rows: () => number } {
  let rows = 0;
  const wrapped: SqlDatabase = {
    ...database,
    prepare(sql) {
      const statement = database.prepare(sql);
      return {
        run: (...values) => {
          rows += 1;
          return statement.run(...values);
        },
        get: (...values) => {
          rows += 1;
          return statement.get(...values);
        },
        first: (...values) => {
          rows += 1;
          return statement.first(...values);
        },
        all: (...values) => {
          const found = statement.all(...values);
          rows += found.length + 1;
          return found;
        },
      };
    },
  };
  return { database: wrapped, rows: () => rows };
}

forEachDriver('the log of a budget', (driver) => {
  const path = scratch();

  async function open(): Promise<SqlDatabase> {
    const file = path();
    mkdirSync(dirname(file), { recursive: true });
    const database = await openDriver(file, driver);
    migrate(database, new Transactions(database));
    return database;
  }

  /** Plays the steps; after each, compares one window's decision with adding up every spend. */
  async function play(shape: SpendShape, steps: readonly Step[], windows: readonly number[], judge: (real: number | null, exact: number | null) => void): Promise<void> {
    const database = await open();
    const store = new BudgetStore(database, new IdleBudgets(database), shape);
    const spends: Kept[] = [];
    let now = 1_000_000;
    database.exec('BEGIN');
    for (const [index, one] of steps.entries()) {
      if (one.do === 'pass') now += one.us;
      else if (one.do === 'back') {
        const kept = spends[spends.length - 1 - one.place];
        if (kept === undefined || kept.units === 0) continue;
        store.giveBack([kept.spent]);
        kept.units = 0;
      } else {
        const windowMs = windows[index % windows.length] ?? 1;
        const max = 200_000;
        const limit = budget({ max: text(max), amount: text(one.units), windowMs });
        const draw = store.draw('key', [limit]);
        const real = draw.wait(limit, now);
        let left = spends.reduce((sum, { at, units }) => (now - at <= windowMs * 1000 ? sum + units : sum), one.units);
        let exact = 0;
        for (const { at, units } of spends) {
          if (left <= max) break;
          if (now - at > windowMs * 1000) continue;
          left -= units;
          exact = Math.max(1, Math.ceil((at + windowMs * 1000 + 1 - now) / 1000));
        }
        judge(real, exact);
        if (real === 0) {
          const spent = draw.record(now);
          if (spent !== null) spends.push({ at: now, units: one.units, spent });
        }
      }
    }
    database.exec('COMMIT');
    database.close();
  }

  test('sums over several levels of blocks, with give-backs and two windows, are those of adding up every spend', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => play(EXACT, steps, [7, 31], (real, exact) => expect(real).toBe(exact))),
      { numRuns: 25 },
    );
  }, 120_000);

  test('where old spends are known only as blocks, a call may wait longer than it must and never gets in too early', async () => {
    let exactly = 0;
    let longer = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 100, maxLength: 400 }), (steps) => play(THINNED, steps, [7, 31], (real, exact) => {
        expect(real).toBeGreaterThanOrEqual(exact ?? Number.NaN);
        if (real === exact) exactly += 1;
        else longer += 1;
      })),
      { numRuns: 25 },
    );
    expect(exactly).toBeGreaterThan(longer);
    expect(longer).toBeGreaterThan(0);
  }, 120_000);

  test('a call costs a bounded number of rows however many spends its window holds, in whatever way it asks', async () => {
    const { database, rows } = counting(await open());
    const store = new BudgetStore(database, new IdleBudgets(database));
    const COUNT = 100_000;
    const HOUR_MS = 3_600_000;
    const limit = budget({ max: '1000000', amount: '1.25', windowMs: HOUR_MS });
    let now = 1_000_000;
    let most = 0;
    const cost = <Result>(work: () => Result): Result => {
      const before = rows();
      const result = work();
      most = Math.max(most, rows() - before);
      return result;
    };
    const spend = (): number | null => {
      const draw = store.draw('key', [limit]);
      const wait = draw.wait(limit, now);
      if (wait === 0) draw.record(now);
      return wait;
    };
    database.exec('BEGIN');
    for (let i = 0; i < COUNT; i += 1) {
      now += 1000;
      expect(cost(spend)).toBe(0);
    }
    const { fan, levels } = SPEND_SHAPE;
    const bound = 4 * fan * levels;
    expect(most).toBeLessThan(bound);
    most = 0;
    const full = budget({ max: '125000', amount: '62500', windowMs: HOUR_MS });
    // Half of the spends have to leave: the youngest of these is 50 s old.
    expect(cost(() => store.draw('key', [full]).wait(full, now))).toBe(HOUR_MS - 50_000 + 1);
    // A window that was never asked for: 60,001 spends, of which 10,001 have to leave.
    const shorter = { ...full, windowMs: 60_000 };
    expect(cost(() => store.draw('key', [shorter]).wait(shorter, now))).toBe(60_000 - 50_000 + 1);
    cost(() => store.giveBack([[1, 777, '1.25']]));
    // Nearly everything leaves at once.
    now += (HOUR_MS - 1) * 1000;
    expect(cost(spend)).toBe(0);
    expect(most).toBeLessThan(bound);
    database.exec('COMMIT');
    database.close();
  }, 240_000);

  test('the log of a busy budget stays bounded, and its total is kept', async () => {
    const database = await open();
    const shape: SpendShape = { fan: 8, levels: 2, spends: 64, blocks: 16 };
    const log = new SpendLog(database, shape);
    database.exec('BEGIN');
    let head = log.create('key', 1);
    for (let i = 0; i < 5000; i += 1) {
      log.append('key', head, '0.01', head.cursors, i, 1);
      head = log.head('key') ?? expect.fail('the budget is gone');
    }
    const count = (table: string): number => Number(database.prepare(`SELECT count(*) AS value FROM ${table}`).get()?.['value']);
    expect(count('spends')).toBeLessThanOrEqual(64 + 8);
    expect(count('spend_blocks')).toBeLessThanOrEqual(16 + 8 + Math.ceil(5000 / 64));
    expect(formatDecimal(new SpendWalk(log, head.id, head.count).fresh(1e12, 5000).total)).toBe('50');
    database.exec('COMMIT');
    database.close();
  });

  test('a log that something else has torn is a failure, not a small sum', async () => {
    const database = await open();
    const log = new SpendLog(database, EXACT);
    let head = log.create('key', 1);
    for (let i = 0; i < 10; i += 1) {
      log.append('key', head, '1', head.cursors, i, 1);
      head = log.head('key') ?? expect.fail('the budget is gone');
    }
    database.exec('DELETE FROM spends WHERE seq = 8');
    expect(() => new SpendWalk(log, head.id, head.count).fresh(1e12, 20)).toThrow(/has a hole/);
    database.close();
  });
});
