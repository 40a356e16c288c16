import { describe, expect, test } from 'vitest';
import type { RateClaim } from '../../src/policy/types.ts';
import { openState } from '../../src/state/open.ts';
import { DENSE_ROWS, STRIDE } from '../../src/state/counter-log.ts';
import type { CounterScope, ReserveResult, State } from '../../src/state/types.ts';
import { claim, entry, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

forEachDriver('counters', (driver) => {
  const path = scratch();

  async function open(clock = new FakeMachine(), file = path()): Promise<{ state: State; clock: FakeMachine; file: string }> {
    return { state: await openState({ path: file, driver, clock }), clock, file };
  }

  async function reserve(state: State, claims: RateClaim[], who: CounterScope = scope()): Promise<ReserveResult> {
    return state.reserve(claims, who);
  }

  async function admitted(state: State, times: number, claims: RateClaim[], who: CounterScope = scope()): Promise<number> {
    let count = 0;
    for (let i = 0; i < times; i += 1) if ((await reserve(state, claims, who)).ok) count += 1;
    return count;
  }

  test('a call exactly one window old still counts, and one microsecond later it does not', async () => {
    const { state, clock } = await open();
    expect(await admitted(state, 5, [claim()])).toBe(3);
    clock.pass(1_000_000);
    expect(await reserve(state, [claim()])).toMatchObject({ ok: false, refusal: { retryAfterMs: 1 } });
    clock.pass(1);
    expect(await admitted(state, 5, [claim()])).toBe(3);
    await state.close();
  });

  test('a refusal says when the limit would admit a call, and a call at that moment is admitted', async () => {
    const { state, clock } = await open();
    await admitted(state, 1, [claim()]);
    clock.pass(250_300);
    await admitted(state, 2, [claim()]);
    const refused = await reserve(state, [claim()]);
    expect(refused).toMatchObject({ ok: false, refusal: { retryAfterMs: 750 } });
    clock.pass(749_000);
    expect((await reserve(state, [claim()])).ok).toBe(false);
    clock.pass(1000);
    expect((await reserve(state, [claim()])).ok).toBe(true);
    await state.close();
  });

  test('a call that one limit refuses uses up no other limit, enforced or observed', async () => {
    const { state } = await open();
    const full = claim({ max: 1 });
    const wide = claim({ max: 2, per: ['grant'] });
    const watched = claim({ max: 2, per: ['server'], enforce: false });
    expect(await admitted(state, 6, [full, wide, watched])).toBe(1);
    expect(await admitted(state, 6, [wide])).toBe(1);
    expect((await reserve(state, [watched])).observed).toEqual([]);
    expect((await reserve(state, [watched])).observed).toHaveLength(1);
    await state.close();
  });

  test('the refusal names the enforced limit with the longest wait', async () => {
    const { state } = await open();
    const second = claim({ max: 1, windowMs: 1000, rule: '/second' });
    const hour = claim({ max: 1, windowMs: 3_600_000, rule: '/hour' });
    const watched = claim({ max: 1, windowMs: 86_400_000, rule: '/day', enforce: false, per: ['grant'] });
    await reserve(state, [second, hour, watched]);
    const result = await reserve(state, [second, hour, watched]);
    expect(result).toMatchObject({ ok: false, refusal: { claim: { rule: '/hour' } }, observed: [{ claim: { rule: '/day' } }] });
    await state.close();
  });

  test('an observed limit blocks nothing and counts only what it would have let through', async () => {
    const { state, clock } = await open();
    const watched = claim({ max: 1, enforce: false });
    const results: number[] = [];
    for (let i = 0; i < 4; i += 1) {
      const result = await reserve(state, [watched]);
      expect(result.ok).toBe(true);
      results.push(result.observed.length);
      clock.pass(400_000);
    }
    // Calls at 0, 0.4, 0.8 and 1.2 s: the third and second would have been refused and so did not push the fourth out.
    expect(results).toEqual([0, 1, 1, 0]);
    await state.close();
  });

  test('several limits of one rule count a call once', async () => {
    const { state, clock } = await open();
    const burst = claim({ max: 2, windowMs: 100 });
    const long = claim({ max: 5, windowMs: 10_000 });
    for (let round = 0; round < 3; round += 1) {
      expect(await admitted(state, 4, [burst, long])).toBe(round < 2 ? 2 : 1);
      clock.pass(100_001);
    }
    await state.close();
  });

  test('neither a new max, nor a new window, nor a new version of the policy resets a counter', async () => {
    const { state, clock } = await open();
    expect(await admitted(state, 9, [claim({ max: 4, windowMs: 60_000 })])).toBe(4);
    clock.pass(2_000_000);
    const edited = { policyId: 'mq@2', rule: '/tools/send/rate_limit/0' };
    expect(await admitted(state, 9, [claim({ ...edited, max: 6, windowMs: 60_000 })])).toBe(2);
    expect(await admitted(state, 9, [claim({ ...edited, max: 5, windowMs: 60_000 })])).toBe(0);
    clock.pass(30_000_000);
    expect(await admitted(state, 9, [claim({ ...edited, max: 6, windowMs: 3_600_000 })])).toBe(0);
    expect(await admitted(state, 9, [claim({ ...edited, max: 1, windowMs: 29_000 })])).toBe(1);
    await state.close();
  });

  test('a limit that is raised far beyond what the log was kept for never admits too much, and errs by less than a stride', async () => {
    const { state, clock } = await open();
    const small = claim({ max: 10, windowMs: 1000 });
    for (let i = 0; i < 1200; i += 1) {
      expect(await admitted(state, 5, [small])).toBe(5);
      clock.pass(500_001);
    }
    // 6000 calls, of which 3000 in the last 300 s and a bit.
    const raised = claim({ max: 4000, windowMs: 300_200 });
    const more = await admitted(state, 1100, [raised]);
    expect(more).toBeLessThanOrEqual(1000);
    expect(more).toBeGreaterThan(1000 - STRIDE);
    await state.close();
  });

  test('a limit up to the dense part is exact at once after any edit', async () => {
    const { state, clock } = await open();
    const small = claim({ max: 5, windowMs: 1000 });
    for (let i = 0; i < 150; i += 1) {
      await admitted(state, 5, [small]);
      clock.pass(1_000_001);
    }
    // 750 calls, five a second: the newest 510 are younger than 102 s and a bit.
    const raised = claim({ max: DENSE_ROWS, windowMs: 102_500 });
    expect(await admitted(state, 20, [raised])).toBe(DENSE_ROWS - 510);
    await state.close();
  });

  test('max 0 admits nothing, and a limit that cannot be counted is a failure, not an admission', async () => {
    const { state } = await open();
    expect(await reserve(state, [claim({ max: 0, windowMs: 5000 })])).toMatchObject({ ok: false, refusal: { retryAfterMs: 5000 } });
    for (const bad of [{ max: Number.NaN }, { max: 1.5 }, { max: -1 }, { windowMs: 0 }, { windowMs: Number.POSITIVE_INFINITY }, { windowMs: 1e300 }]) {
      await expect(reserve(state, [claim(bad)])).rejects.toMatchObject({ name: 'StateUnavailable' });
    }
    expect(await admitted(state, 4, [claim()])).toBe(3);
    await state.close();
  });

  describe('keys', () => {
    const cases: [string, Partial<RateClaim>, Partial<CounterScope>, Partial<RateClaim>, boolean][] = [
      ['session: another session', {}, { session: 's-2' }, {}, false],
      ['session: the same id under another grant', {}, { grant: 'other' }, {}, false],
      ['session: no session counts per grant', {}, { session: null }, {}, false],
      ['grant: another session', { per: ['grant'] }, { session: 's-2' }, {}, true],
      ['grant: another grant', { per: ['grant'] }, { grant: 'other' }, {}, false],
      ['server: another grant', { per: ['server'] }, { grant: 'other', session: null }, {}, true],
      ['another server', { per: ['server'] }, { server: 'tickets' }, {}, false],
      ['exact selector: another name', { per: ['grant'] }, { name: 'send2' }, { selector: 'send2' }, false],
      ['exact selector: another spelling of its name', { per: ['grant', 'tool'] }, { name: 'send2' }, {}, true],
      ['spanning selector: another name', { spansTools: true, selector: '*' }, { name: 'send2' }, {}, true],
      ['spanning selector per tool: another name', { spansTools: true, selector: '*', per: ['session', 'tool'] }, { name: 'send2' }, {}, false],
      ['another selector', {}, {}, { selector: 'sen*', spansTools: true }, false],
      ['another kind', {}, {}, { kind: 'prompt' }, false],
      ['another policy', {}, {}, { policy: 'other' }, false],
      ['the order of per', { per: ['grant', 'tool'] }, {}, { per: ['tool', 'grant'] }, true],
      ['names with a quote', { per: ['grant'] }, { name: 'send","x' }, { selector: 'send","x' }, false],
    ];
    test.each(cases)('%s', async (_name, limit, otherScope, otherLimit, shared) => {
      const { state } = await open();
      const base = claim({ max: 1, ...limit });
      expect(await admitted(state, 1, [base])).toBe(1);
      expect(await admitted(state, 1, [{ ...base, ...otherLimit }], scope(otherScope))).toBe(shared ? 0 : 1);
      await state.close();
    });

    test('two long names that differ at the end have two counters', async () => {
      const { state } = await open();
      const long = 'x'.repeat(5000);
      for (const name of [`${long}1`, `${long}2`, 'nul\u0000a', 'nul\u0000b', '\ud800', '\ud801']) {
        expect(await admitted(state, 5, [claim({ selector: 's*', spansTools: true, per: ['session', 'tool'] })], scope({ name })), name.slice(-4)).toBe(3);
      }
      await state.close();
    });
  });

  test('counters survive a restart', async () => {
    const { state, clock, file } = await open();
    expect(await admitted(state, 2, [claim()])).toBe(2);
    await state.close();
    const again = await open(clock, file);
    expect(await admitted(again.state, 5, [claim()])).toBe(1);
    await again.state.close();
  });

  test('admit records an admitted call and not a refused one', async () => {
    const { state } = await open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) {
      const row = entry();
      if ((await state.admit([claim()], scope(), row)).ok) ids.push(row.id);
    }
    expect(ids).toHaveLength(3);
    expect((await state.query({})).map(({ id }) => id)).toEqual(ids);
    await state.close();
  });

  test('reserving without limits admits', async () => {
    const { state } = await open();
    expect(await state.reserve([], scope())).toEqual({ ok: true, observed: [] });
    await state.close();
  });
});
