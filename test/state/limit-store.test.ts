import { expect, test } from 'vitest';
import { BudgetStore } from '../../src/state/budget-store.ts';
import { CounterStore } from '../../src/state/counter-store.ts';
import { openDriver } from '../../src/state/driver.ts';
import { IdleBudgets } from '../../src/state/idle-budgets.ts';
import { IdleCounters } from '../../src/state/idle-counters.ts';
import { LimitStore } from '../../src/state/limit-store.ts';
import { migrate } from '../../src/state/schema.ts';
import { StoreClock } from '../../src/state/store-clock.ts';
import { Transactions } from '../../src/state/transaction.ts';
import { budget, claim, FakeMachine, forEachDriver, scope } from './support.ts';

forEachDriver('all limits of a call', (driver) => {
  async function open(): Promise<{ readonly limits: LimitStore; readonly machine: FakeMachine; readonly close: () => void }> {
    const database = await openDriver(':memory:', driver);
    migrate(database, new Transactions(database));
    const machine = new FakeMachine();
    const limits = new LimitStore(new StoreClock(database, machine), new CounterStore(database, new IdleCounters(database)), new BudgetStore(database, new IdleBudgets(database)));
    return { limits, machine, close: () => database.close() };
  }

  test('a counter goes on counting for the limit that is enforced when one that is only observed is over', async () => {
    const { limits, close } = await open();
    const watched = claim({ max: 1, windowMs: 10_000, enforce: false });
    const enforced = claim({ max: 3, windowMs: 10_000 });
    const results = [1, 2, 3, 4].map(() => limits.reserve([watched, enforced], scope()).result);
    expect(results.map(({ ok }) => ok)).toEqual([true, true, true, false]);
    expect(results.map(({ observed }) => observed.map((one) => one.claim.max))).toEqual([[], [1], [1], [1]]);
    close();
  });

  test('limits that are only observed count what fits, and nothing beyond', async () => {
    const { limits, machine, close } = await open();
    const watched = claim({ max: 2, windowMs: 1000, enforce: false });
    const call = (): number => limits.reserve([watched], scope()).result.observed.length;
    expect([call(), call(), call(), call()]).toEqual([0, 0, 1, 1]);
    machine.pass(1_000_100);
    // The third and fourth were not counted, so two fit again.
    expect([call(), call(), call()]).toEqual([0, 0, 1]);
    close();
  });

  test('a call that one limit refuses is counted by none, takes nothing, and is told the longest wait', async () => {
    const { limits, machine, close } = await open();
    const short = claim({ max: 1, windowMs: 1000, rule: '/short' });
    const long = claim({ max: 1, windowMs: 9000, rule: '/long', per: ['grant'] });
    const sum = budget({ max: '5', amount: '2', windowMs: 4000 });
    const first = limits.reserve([short, long, sum], scope());
    expect([first.result, first.spent]).toEqual([{ ok: true, observed: [] }, [[1, 0, '2']]]);
    for (const claims of [[short, long, sum], [long, short, sum]]) {
      const { result, spent } = limits.reserve(claims, scope());
      expect([result, spent]).toEqual([{ ok: false, refusal: { claim: long, retryAfterMs: 9001 }, observed: [] }, []]);
    }
    // Of equal waits the first counts; what can never be admitted is worse than any wait.
    const other = claim({ max: 1, windowMs: 1000, rule: '/other' });
    expect(limits.reserve([short, other], scope()).result).toMatchObject({ refusal: { claim: { rule: '/short' } } });
    const never = budget({ max: '5', amount: '6', windowMs: 4000, rule: '/never' });
    for (const claims of [[never, long], [long, never], [never, { ...never, rule: '/again' }]]) {
      expect(limits.reserve(claims, scope()).result).toMatchObject({ ok: false, refusal: { claim: { rule: '/never' }, retryAfterMs: null } });
    }
    machine.pass(9_000_100);
    expect(limits.reserve([short, long, sum], scope()).result.ok).toBe(true);
    close();
  });

  test('a counter that was idle is not cleared away by the new one of the same call', async () => {
    const { limits, machine, close } = await open();
    const old = claim({ max: 1, windowMs: 1, selector: 'old' });
    limits.reserve([old], scope());
    for (const [index, first] of [true, false, true, false].entries()) {
      machine.pass(1e13);
      const fresh = claim({ max: 1, windowMs: 1, selector: `new${index}` });
      expect(limits.reserve(first ? [fresh, old] : [old, fresh], scope()).result.ok).toBe(true);
      expect(limits.reserve([old], scope()).result.ok).toBe(false);
    }
    close();
  });
});
