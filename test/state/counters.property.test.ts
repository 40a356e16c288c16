import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PerDimension, RateClaim } from '../../src/policy/types.ts';
import { counterKey } from '../../src/state/counter-key.ts';
import { openState } from '../../src/state/open.ts';
import type { CounterScope, State } from '../../src/state/types.ts';
import { claim, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

/** What the promise says, by counting: every admitted call of every counter is kept and looked at for every question. */
class Oracle {
  readonly #calls = new Map<string, number[]>();

  /** Microseconds until `limit` admits a call; 0 when it does at `now`. A closed interval of one window holds at most max. */
  #wait(limit: RateClaim, who: CounterScope, now: number): number {
    const window = limit.windowMs * 1000;
    const inside = (this.#calls.get(counterKey(limit, who)) ?? []).filter((at) => now - at <= window);
    const blocking = inside.at(-limit.max);
    return inside.length < limit.max || blocking === undefined ? 0 : blocking + window + 1 - now;
  }

  reserve(limits: readonly RateClaim[], who: CounterScope, now: number): { ok: boolean; waitMs: number; observed: number } {
    let waitMs = 0;
    let observed = 0;
    const counts = new Map<string, boolean>();
    for (const limit of limits) {
      const wait = Math.ceil(this.#wait(limit, who, now) / 1000);
      const key = counterKey(limit, who);
      const enforcedHere = limits.some((other) => other.enforce && counterKey(other, who) === key);
      counts.set(key, enforcedHere || ((counts.get(key) ?? true) && wait === 0));
      if (wait === 0) continue;
      if (limit.enforce) waitMs = Math.max(waitMs, wait);
      else observed += 1;
    }
    if (waitMs > 0) return { ok: false, waitMs, observed };
    for (const [key, record] of counts) if (record) this.#calls.set(key, [...(this.#calls.get(key) ?? []), now]);
    return { ok: true, waitMs: 0, observed };
  }
}

const limits = fc.array(
  fc.record({
    selector: fc.constantFrom('send', 's*'),
    max: fc.integer({ min: 1, max: 5 }),
    windowMs: fc.constantFrom(1, 2, 5, 10),
    per: fc.constantFrom<PerDimension[][]>(['session'], ['grant'], ['server'], ['session', 'tool']),
    enforce: fc.constantFrom(true, true, true, false),
  }),
  { minLength: 1, maxLength: 3 },
);

/** An edit replaces the limits of the policy; a restart closes and opens one of the processes; a step moves the wall clock. */
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), process: fc.nat(1), session: fc.constantFrom('a', 'b', null), name: fc.constantFrom('send', 'sent') }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), us: fc.oneof(fc.nat(3000), fc.constantFrom(999, 1000, 1001, 2000, 5000, 10_000, 10_001)) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit' as const), limits }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), process: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('step' as const), hours: fc.constantFrom(-1, 1) }) },
);

forEachDriver('the promise', (driver) => {
  const path = scratch();

  test('[B2, #37] random calls, edits, restarts and clock steps over two processes are decided as counting by hand decides', async () => {
    await fc.assert(
      fc.asyncProperty(limits, fc.array(action, { minLength: 10, maxLength: 80 }), async (first, actions) => {
        const clock = new FakeMachine();
        const file = path();
        const open = (): Promise<State> => openState({ path: file, driver, clock });
        const processes = [await open(), await open()];
        const oracle = new Oracle();
        let current = first;
        for (const step of actions) {
          if (step.do === 'pass') clock.pass(step.us);
          else if (step.do === 'step') clock.wall += step.hours * 3_600_000;
          else if (step.do === 'edit') current = step.limits;
          else if (step.do === 'restart') {
            await processes[step.process]?.close();
            processes[step.process] = await open();
          } else {
            const claims = current.map((limit) => claim({ ...limit, spansTools: limit.selector === 's*' }));
            const who = scope({ session: step.session, name: step.name });
            const result = await processes[step.process]?.reserve(claims, who);
            const expected = oracle.reserve(claims, who, clock.monotonic);
            expect(result?.ok).toBe(expected.ok);
            expect(result?.observed).toHaveLength(expected.observed);
            if (result?.ok === false) expect(result.refusal).toMatchObject({ retryAfterMs: expected.waitMs });
          }
        }
        for (const state of processes) await state.close();
      }),
      { numRuns: 60 },
    );
  }, 120_000);

  test('large limits and long runs: the log is thinned and still decides as counting does', async () => {
    const clock = new FakeMachine();
    const state = await openState({ path: path(), driver, clock });
    const oracle = new Oracle();
    const random = fc.sample(fc.integer({ min: 0, max: 40 }), { numRuns: 6000, seed: 20_261_120 });
    const claims = [claim({ max: 600, windowMs: 10 }), claim({ max: 3, windowMs: 0.05 })];
    for (const us of random) {
      clock.pass(us);
      const expected = oracle.reserve(claims, scope(), clock.monotonic);
      const result = state.reserve(claims, scope());
      expect(result.ok).toBe(expected.ok);
      if (!result.ok) expect(result.refusal).toMatchObject({ retryAfterMs: expected.waitMs });
    }
    state.close();
  });
});
