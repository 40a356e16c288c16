import { describe, expect, test } from 'vitest';
import type { BudgetClaim } from '../../src/policy/types.ts';
import type { CounterScope, ReserveResult, Settlement, State } from '../../src/state/types.ts';
import { budget, claim, entry, scope } from './builders.ts';
import { forEachEngine, one } from './contract/engine.ts';

const HOUR = { windowMs: 3_600_000 };
const FAILED: Settlement = { outcome: 'tool_error', upstreamStatus: null, latencyMs: 1, undo: 'budgets' };
const DONE: Settlement = { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' };

forEachEngine('budgets', (engine) => {
  async function spend(state: State, amount: string, over: Partial<BudgetClaim> = {}, who: CounterScope = scope()): Promise<ReserveResult> {
    return state.reserve([budget({ ...HOUR, ...over, amount })], who);
  }

  async function fits(state: State, amount: string, over: Partial<BudgetClaim> = {}, who: CounterScope = scope()): Promise<boolean> {
    return (await spend(state, amount, over, who)).ok;
  }

  /** A call that is admitted with its row, as a gateway does it. */
  async function call(state: State, amount: string, over: Partial<BudgetClaim> = {}): Promise<string> {
    const row = entry();
    expect((await state.admit([budget({ ...HOUR, ...over, amount })], scope(), row)).ok).toBe(true);
    return row.id;
  }

  describe('exact to the last decimal', () => {
    const cases: [name: string, max: string, admitted: string[], refused: string, fitting: string | null][] = [
      ['ten tenths are one', '1', Array.from({ length: 10 }, () => '0.1'), '0.000000000001', null],
      ['a tenth and two tenths are three tenths', '0.3', ['0.1', '0.2'], '0.0000000000000000001', null],
      ['a picounit is seen beside a quadrillion', '1000000000000000.000000000001', ['1000000000000000'], '0.000000000002', '0.000000000001'],
      ['cents beyond the integers of a double', '9007199254740993.01', ['9007199254740992.01'], '1.01', '1'],
      ['a quadrillion and a cent', '1000000000000000.01', ['1000000000000000', '0.01'], '0.01', null],
      ['numbers beyond 64 bits', '340282366920938463463374607431768211457', ['340282366920938463463374607431768211456'], '2', '1'],
      ['very small parts', `0.${'0'.repeat(300)}3`, [`0.${'0'.repeat(300)}1`, `0.${'0'.repeat(300)}1`], `0.${'0'.repeat(300)}2`, `0.${'0'.repeat(300)}1`],
      ['a maximum of nothing', '0', [], '0.1', null],
    ];
    test.each(cases)('%s', async (_name, max, admitted, refused, fitting) => {
      const { state } = await one(engine);
      for (const amount of admitted) expect(await fits(state, amount, { max })).toBe(true);
      expect(await fits(state, refused, { max })).toBe(false);
      if (fitting !== null) expect(await fits(state, fitting, { max })).toBe(true);
      if (fitting !== null) expect(await fits(state, fitting, { max })).toBe(false);
      expect(await fits(state, '0', { max })).toBe(true);
      await state.close();
    });
  });

  test('what is exactly one window old is still spent, and one microsecond later it is not', async () => {
    const { state, clock } = await one(engine);
    expect(await fits(state, '3', { windowMs: 1000 })).toBe(true);
    clock.pass(1_000_000);
    expect(await spend(state, '3', { windowMs: 1000 })).toMatchObject({ ok: false, refusal: { retryAfterMs: 1 } });
    clock.pass(1);
    expect(await fits(state, '3', { windowMs: 1000 })).toBe(true);
    await state.close();
  });

  test('a refusal says when this very amount will fit, and it fits then and not a millisecond before', async () => {
    const { state, clock } = await one(engine);
    for (const amount of ['1', '0.5', '2', '0.25', '6.25']) {
      expect(await fits(state, amount, { max: '10', windowMs: 60_000 })).toBe(true);
      clock.pass(1_000_700);
    }
    // The spends leave after 60, 61.0007, 62.0014, 63.0021 and 64.0028 s; now is 5.0035 s.
    const waits: [string, number | null][] = [['0.5', 54_997], ['1', 54_997], ['1.5', 55_998], ['3.5', 56_998], ['3.75', 57_999], ['3.76', 59_000], ['10', 59_000], ['10.01', null]];
    for (const [amount, retryAfterMs] of waits) {
      expect(await spend(state, amount, { max: '10', windowMs: 60_000 }), amount).toMatchObject({ ok: false, refusal: { retryAfterMs } });
    }
    clock.pass(55_997_000);
    expect(await fits(state, '1.5', { max: '10', windowMs: 60_000 })).toBe(false);
    clock.pass(1000);
    expect(await fits(state, '1.5', { max: '10', windowMs: 60_000 })).toBe(true);
    await state.close();
  });

  test('nothing costs nothing, also when the budget is used up; only a budget that an edit overdrew refuses it, until it is back', async () => {
    const { state, clock } = await one(engine);
    expect(await fits(state, '2')).toBe(true);
    clock.pass(10_000_000);
    expect(await fits(state, '1')).toBe(true);
    for (let i = 0; i < 100; i += 1) expect(await fits(state, '0')).toBe(true);
    expect(await fits(state, '0.01')).toBe(false);
    expect(await spend(state, '0', { max: '1.5' })).toMatchObject({ ok: false, refusal: { retryAfterMs: 3_590_001 } });
    expect(await fits(state, '0', { max: '3' })).toBe(true);
    clock.pass(3_590_000_001);
    expect(await fits(state, '0', { max: '1.5' })).toBe(true);
    await state.close();
  });

  test('a spend that the upstream did not use is given back in its own place', async () => {
    const { state, clock } = await one(engine);
    const first = await call(state, '1');
    clock.pass(1_000_000);
    await call(state, '1');
    clock.pass(1_000_000);
    const third = await call(state, '1');
    expect(await spend(state, '1')).toMatchObject({ ok: false, refusal: { retryAfterMs: 3_598_001 } });
    state.settle(third, FAILED);
    await state.flush();
    expect(await fits(state, '1')).toBe(true);
    state.settle(first, { ...FAILED, outcome: 'upstream_error' });
    await state.flush();
    expect(await fits(state, '1')).toBe(true);
    // What is left are the spends at 1 s and, twice, 2 s: the first of them leaves a second later than the one given back.
    expect(await spend(state, '1')).toMatchObject({ ok: false, refusal: { retryAfterMs: 3_599_001 } });
    expect(await spend(state, '1.5')).toMatchObject({ ok: false, refusal: { retryAfterMs: 3_600_001 } });
    await state.close();
  });

  test('given back once, whatever is told afterwards; and never when the work was done', async () => {
    const { state } = await one(engine);
    const failed = await call(state, '1');
    const done = await call(state, '1');
    state.settle(failed, FAILED);
    state.settle(failed, FAILED);
    state.settle(done, DONE);
    state.settle(done, FAILED);
    await state.flush();
    state.settle(failed, FAILED);
    state.settle(done, FAILED);
    state.settle('never seen', FAILED);
    await state.flush();
    expect(await fits(state, '2.01')).toBe(false);
    expect(await fits(state, '2')).toBe(true);
    await state.close();
  });

  test('never reached gives back as well, and rate limits stay counted', async () => {
    const { state } = await one(engine);
    const row = entry();
    const limits = [budget({ ...HOUR, amount: '3' }), claim({ ...HOUR, max: 1 })];
    expect((await state.admit(limits, scope(), row)).ok).toBe(true);
    state.settle(row.id, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'all' });
    await state.flush();
    expect(await fits(state, '3')).toBe(true);
    expect((await state.reserve([claim({ ...HOUR, max: 1 })], scope())).ok).toBe(false);
    await state.close();
  });

  test('a spend is given back by another process, after a restart, and when its window is long over', async () => {
    const { state, clock, again } = await one(engine);
    const [first, second, third] = [await call(state, '1'), await call(state, '1'), await call(state, '1')];
    const other = await again();
    other.settle(first, FAILED);
    await other.flush();
    expect(await fits(state, '1')).toBe(true);
    await state.close();
    await other.close();
    const later = await again();
    expect(await fits(later, '0.1')).toBe(false);
    later.settle(second, FAILED);
    await later.flush();
    expect(await fits(later, '1')).toBe(true);
    clock.pass(3_600_000_001);
    expect(await fits(later, '3')).toBe(true);
    later.settle(third, FAILED);
    await later.flush();
    expect(await fits(later, '0.1')).toBe(false);
    await later.close();
  });

  test('a crash before the settlement leaves the amount spent', async () => {
    const { state, again } = await one(engine);
    state.settle(await call(state, '3'), FAILED);
    const other = await again();
    expect(await fits(other, '1')).toBe(false);
    await other.close();
    await state.close();
  });

  test('several budgets and rate limits: all or none', async () => {
    const { state } = await one(engine);
    const tight = budget({ ...HOUR, max: '2', amount: '1', counter: 'a' });
    const wide = budget({ ...HOUR, max: '5', amount: '1.5', counter: 'b' });
    const calls = claim({ ...HOUR, max: 4 });
    const results: boolean[] = [];
    for (let i = 0; i < 4; i += 1) results.push((await state.reserve([calls, wide, tight], scope())).ok);
    expect(results).toEqual([true, true, false, false]);
    // The refused ones took nothing: two calls and an amount of two are left.
    expect((await state.reserve([{ ...wide, amount: '2' }], scope())).ok).toBe(true);
    expect((await state.reserve([{ ...wide, amount: '0.1' }], scope())).ok).toBe(false);
    expect((await state.reserve([calls], scope())).ok).toBe(true);
    expect((await state.reserve([calls], scope())).ok).toBe(true);
    expect((await state.reserve([calls], scope())).ok).toBe(false);
    await state.close();
  });

  test('the refusal names the limit that takes longest, and one that will never admit before all others', async () => {
    const { state } = await one(engine);
    const calls = claim({ windowMs: 7_200_000, max: 1, rule: '/calls' });
    const hour = budget({ ...HOUR, max: '1', rule: '/hour' });
    const day = budget({ windowMs: 86_400_000, max: '1', rule: '/day' });
    expect((await state.reserve([calls, hour, day], scope())).ok).toBe(true);
    expect(await state.reserve([hour, calls], scope())).toMatchObject({ ok: false, refusal: { claim: { rule: '/calls' } } });
    expect(await state.reserve([day, calls, hour], scope())).toMatchObject({ ok: false, refusal: { claim: { rule: '/day' }, retryAfterMs: 86_400_001 } });
    const never = budget({ ...HOUR, max: '1', amount: '2', rule: '/never', counter: 'c' });
    expect(await state.reserve([calls, never, day], scope())).toMatchObject({ ok: false, refusal: { claim: { rule: '/never' }, retryAfterMs: null } });
    await state.close();
  });

  test('an observed budget blocks nothing and counts only what it would have let through', async () => {
    const { state, clock } = await one(engine);
    const watched = budget({ windowMs: 1000, max: '1', amount: '0.75', enforce: false });
    const observed: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const result = await state.reserve([watched], scope());
      expect(result.ok).toBe(true);
      observed.push(result.observed.length);
      clock.pass(400_000);
    }
    expect(observed).toEqual([0, 1, 1, 0]);
    const result = await state.reserve([{ ...watched, amount: '9' }], scope());
    expect(result).toMatchObject({ ok: true, observed: [{ retryAfterMs: null }] });
    await state.close();
  });

  test('two windows of one budget count a spend once', async () => {
    const { state, clock } = await one(engine);
    const both = (amount: string): BudgetClaim[] => [budget({ windowMs: 1000, max: '2', amount }), budget({ windowMs: 10_000, max: '5', amount })];
    const admitted: boolean[] = [];
    for (let i = 0; i < 6; i += 1) {
      admitted.push((await state.reserve(both('1.5'), scope())).ok);
      clock.pass(1_000_001);
    }
    expect(admitted).toEqual([true, true, true, false, false, false]);
    expect((await state.reserve(both('0.5'), scope())).ok).toBe(true);
    await state.close();
  });

  test('neither a new max, nor a new window, nor a new version of the policy resets a budget; another sum is another budget', async () => {
    const { state, clock } = await one(engine);
    expect(await fits(state, '3')).toBe(true);
    clock.pass(1_800_000_000);
    const edited = { policyId: 'mq@2', rule: '/tools/send/budget/0' };
    expect(await fits(state, '2', { ...edited, max: '5' })).toBe(true);
    expect(await fits(state, '0.1', { ...edited, max: '5' })).toBe(false);
    expect(await fits(state, '3', { ...edited, max: '5', windowMs: 1_700_000 })).toBe(true);
    clock.pass(7_200_000_000);
    expect(await fits(state, '0.1', { ...edited, max: '8', windowMs: 86_400_000 })).toBe(false);
    expect(await fits(state, '8', { ...edited, max: '8' })).toBe(true);
    expect(await fits(state, '3', { counter: 'args.other' })).toBe(true);
    expect(await fits(state, '3', { counter: 'args.other' })).toBe(false);
    await state.close();
  });

  describe('keys', () => {
    const cases: [string, Partial<BudgetClaim>, Partial<CounterScope>, Partial<BudgetClaim>, boolean][] = [
      ['another session', {}, { session: 's-2' }, {}, false],
      ['per grant: another session', { per: ['grant'] }, { session: 's-2' }, {}, true],
      ['another server', { per: ['server'] }, { server: 'tickets' }, {}, false],
      ['spanning selector: another name', { spansTools: true, selector: '*' }, { name: 'send2' }, {}, true],
      ['another policy', {}, {}, { policy: 'other' }, false],
      ['another sum', {}, {}, { counter: 'args.other' }, false],
    ];
    test.each(cases)('%s', async (_name, limit, otherScope, otherLimit, shared) => {
      const { state } = await one(engine);
      expect(await fits(state, '3', limit)).toBe(true);
      expect(await fits(state, '3', { ...limit, ...otherLimit }, scope(otherScope))).toBe(!shared);
      await state.close();
    });

    test('a rate limit with the same origin is not the same counter, and a `when` sets counters apart', async () => {
      const { state } = await one(engine);
      const plain = claim({ ...HOUR, max: 1 });
      const conditional = { ...plain, counter: 'args.amount > 5' };
      expect((await state.reserve([plain, budget({ ...HOUR, counter: '', amount: '3' })], scope())).ok).toBe(true);
      expect((await state.reserve([conditional], scope())).ok).toBe(true);
      expect((await state.reserve([conditional], scope())).ok).toBe(false);
      expect((await state.reserve([plain], scope())).ok).toBe(false);
      await state.close();
    });
  });

  test('a budget that cannot be counted is a failure, not an admission, and takes nothing', async () => {
    const { state } = await one(engine);
    const bad: Partial<BudgetClaim>[] = [
      { amount: '-1' }, { amount: '1e3' }, { amount: 'NaN' }, { amount: '' }, { amount: '1.0' }, { amount: '.5' }, { amount: '01' }, { amount: '9'.repeat(5000) }, { max: '-1' }, { max: 'Infinity' },
      { windowMs: 0 }, { windowMs: Number.NaN }, { windowMs: 1e300 },
    ];
    for (const over of bad) {
      const attempt = async (): Promise<ReserveResult> => state.reserve([claim({ max: 1 }), budget({ ...HOUR, ...over })], scope());
      await expect(attempt(), JSON.stringify(over).slice(0, 60)).rejects.toMatchObject({ name: 'StateUnavailable' });
    }
    expect((await state.reserve([claim({ max: 1 }), budget({ ...HOUR, amount: '3' })], scope())).ok).toBe(true);
    await state.close();
  });

  test('budgets survive a restart', async () => {
    const { state, again } = await one(engine);
    expect(await fits(state, '2')).toBe(true);
    await state.close();
    const later = await again();
    expect(await fits(later, '1.01')).toBe(false);
    expect(await fits(later, '1')).toBe(true);
    await later.close();
  });
});
