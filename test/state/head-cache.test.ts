import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openState } from '../../src/state/open.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import { budget, claim, entry, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

const settlement = { outcome: 'upstream_error', upstreamStatus: null, latencyMs: 1, undo: 'budgets' } as const;

/** `by`: which of the two connections does it. */
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('admit' as const), by: fc.nat(1), session: fc.nat(3), amount: fc.integer({ min: 0, max: 4 }), calls: fc.integer({ min: 1, max: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('give back' as const), by: fc.nat(1), which: fc.nat(9) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 300, 1100, 4000) }) },
);

forEachDriver('what is kept of the end of each log', (driver) => {
  const at = scratch();

  async function open(path: string, machine: FakeMachine): Promise<SqliteState> {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openState({ path, driver, clock: machine });
  }

  test('is never older than what another connection wrote: two that share a file decide like one that looks everything up', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
        const machine = new FakeMachine();
        const [shared, lonely] = [at(), at()];
        const pair = [await open(shared, machine), await open(shared, machine)] as const;
        const admitted: string[] = [];
        try {
          for (const [index, one] of steps.entries()) {
            if (one.do === 'wait') {
              machine.pass(one.ms * 1000);
              continue;
            }
            // A connection of its own for every step has nothing that it could remember.
            const fresh = await open(lonely, machine);
            try {
              const state = pair[one.by] ?? pair[0];
              if (one.do === 'give back') {
                const id = admitted[one.which];
                if (id === undefined) continue;
                for (const each of [state, fresh]) {
                  each.settle(id, settlement);
                  each.flush();
                }
                continue;
              }
              const calls = Array.from({ length: one.calls }, (_, place) => ({
                claims: [claim({ max: 4 }), claim({ max: 2, windowMs: 300 }), budget({ max: '7', amount: String(one.amount) })],
                scope: scope({ session: `s-${one.session}` }),
                entry: entry({ id: `d-${index}-${place}` }),
              }));
              const results = state.admitAll(calls);
              expect(results).toEqual(fresh.admitAll(calls));
              for (const [place, result] of results.entries()) if (result.ok) admitted.push(`d-${index}-${place}`);
            } finally {
              fresh.close();
            }
          }
        } finally {
          for (const state of pair) state.close();
        }
      }),
      { numRuns: 15 },
    );
  }, 120_000);

  test('is forgotten with a transaction that fails: what it counted was never counted', async () => {
    const machine = new FakeMachine();
    const state = await open(at(), machine);
    const claims = [claim({ max: 2 }), budget({ max: '2' })];
    const broken = claim({ max: Number.NaN, rule: '/tools/other/rate_limit', selector: 'other' });
    const call = (over: Partial<ReturnType<typeof claim>>[] = []) => ({ claims: [...claims, ...over.map((each) => claim(each))], scope: scope(), entry: entry() });
    expect(state.admitAll([call()])[0]?.ok).toBe(true);
    expect(() => state.admitAll([call(), { ...call(), claims: [broken] }])).toThrow(/cannot be counted/);
    expect(state.admitAll([call(), call()]).map(({ ok }) => ok)).toEqual([true, false]);
    state.close();
  });

  test.each([
    ['counter', claim({ max: 5, windowMs: 3_600_000, per: ['grant'], rule: '/all' })],
    ['budget', budget({ max: '5', windowMs: 3_600_000, per: ['grant'], rule: '/all' })],
  ])('a %s that was idle, and is drawn from together with a new one, is not cleared away under the call', async (kind, limit) => {
    const machine = new FakeMachine();
    const state = await open(at(), machine);
    const each = kind === 'counter' ? claim({ max: 1000, windowMs: 60_000, rule: '/each' }) : budget({ max: '1000', windowMs: 60_000, rule: '/each' });
    const call = (session: string): boolean => state.admit([each, limit], scope({ session }), entry()).ok;
    // The clean-up looks at two each time a new one comes: the last call of these lets it begin again with the first.
    expect([call('s-1'), call('s-2')]).toEqual([true, true]);
    machine.pass(26 * 3_600_000_000);
    const admitted = Array.from({ length: 12 }, () => {
      const ok = call('s-3');
      state.append(entry({ outcome: 'refused', code: 'denied' }));
      return ok;
    });
    expect(admitted.filter(Boolean)).toHaveLength(5);
    state.close();
  });

  test('follows a log while it is thinned', async () => {
    const machine = new FakeMachine();
    const [path, lonely] = [at(), at()];
    const state = await open(path, machine);
    for (let round = 0; round < 60; round += 1) {
      const fresh = await open(lonely, machine);
      const calls = Array.from({ length: 20 }, () => ({ claims: [claim({ max: 30 }), budget({ max: '25' })], scope: scope(), entry: entry() }));
      expect(state.admitAll(calls)).toEqual(fresh.admitAll(calls));
      machine.pass(317_000);
      fresh.close();
    }
    state.close();
  }, 60_000);
});
