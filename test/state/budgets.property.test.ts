import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PerDimension } from '../../src/policy/types.ts';
import { counterKey } from '../../src/state/counter-key.ts';
import type { CounterScope, State } from '../../src/state/types.ts';
import { budget, claim, entry, FakeMachine, scope } from './support.ts';
import { forEachEngine } from './contract/engine.ts';

/** Amounts of the oracle are whole numbers of 10^-12: no decimal arithmetic of ours is trusted to check itself. */
const PLACES = 12;

function units(text: string): bigint {
  const [whole = '', fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(PLACES, '0'));
}

interface Spend {
  readonly at: number;
  readonly amount: bigint;
  back: boolean;
}

/** What the promise says, by adding up: every spend is kept and looked at for every question. */
class Oracle {
  readonly #spends = new Map<string, Spend[]>();

  /** Microseconds until the amount fits; 0 when it does at `now`, null when it never will. */
  wait(key: string, amount: bigint, max: bigint, window: number, now: number): number | null {
    if (amount > max) return null;
    const inside = (this.#spends.get(key) ?? []).filter(({ at, back }) => !back && now - at <= window);
    let total = inside.reduce((sum, spend) => sum + spend.amount, amount);
    let wait = 0;
    for (const spend of inside) {
      if (total <= max) break;
      total -= spend.amount;
      wait = spend.at + window + 1 - now;
    }
    return wait;
  }

  spend(key: string, amount: bigint, at: number): Spend {
    const spend = { at, amount, back: false };
    this.#spends.set(key, [...(this.#spends.get(key) ?? []), spend]);
    return spend;
  }
}

const amounts = fc.constantFrom('0', '0.1', '0.2', '0.3', '1', '1.5', '2.999999999999', '0.000000000001', '3', '7');
const budgets = fc.array(
  fc.record({
    max: fc.constantFrom('0', '0.3', '1', '3', '5.5', '1000000000000000.01'),
    windowMs: fc.constantFrom(1, 2, 5, 10),
    per: fc.constantFrom<PerDimension[][]>(['session'], ['grant'], ['server']),
    enforce: fc.constantFrom(true, true, true, false),
  }),
  { minLength: 1, maxLength: 3 },
);

/** An edit replaces the budgets; `end` settles an earlier call, by its place, with or without giving back; a crash loses what waits. */
const action = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('call' as const), process: fc.nat(1), session: fc.constantFrom('a', 'b'), amount: amounts }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('pass' as const), us: fc.oneof(fc.nat(3000), fc.constantFrom(999, 1000, 1001, 2000, 5000, 10_000, 10_001)) }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('end' as const), process: fc.nat(1), call: fc.nat(40), undo: fc.constantFrom('budgets' as const, 'all' as const, 'nothing' as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('edit' as const), budgets }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('restart' as const), process: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('step' as const), hours: fc.constantFrom(-1, 1) }) },
);

forEachEngine('the promise of a budget', (engine) => {
  test('random calls, give-backs, edits, restarts and clock steps over two processes are decided as adding up by hand decides', async () => {
    await fc.assert(
      fc.asyncProperty(budgets, fc.array(action, { minLength: 10, maxLength: 80 }), async (first, actions) => {
        const clock = new FakeMachine();
        const place = engine.place();
        const processes = [await engine.open(place, clock), await engine.open(place, clock)];
        const process = (index: number): State => processes[index] ?? expect.fail('no such process');
        const oracle = new Oracle();
        const calls: { readonly id: string; readonly spends: readonly Spend[]; ended: boolean }[] = [];
        let current = first;
        for (const step of actions) {
          if (step.do === 'pass') clock.pass(step.us);
          else if (step.do === 'step') clock.wall += step.hours * 3_600_000;
          else if (step.do === 'edit') current = step.budgets;
          else if (step.do === 'restart') {
            await process(step.process).close();
            processes[step.process] = await engine.open(place, clock);
          } else if (step.do === 'end') {
            const call = calls[step.call];
            if (call === undefined) continue;
            process(step.process).settle(call.id, { outcome: 'tool_error', upstreamStatus: null, latencyMs: 1, undo: step.undo });
            await process(step.process).flush();
            if (!call.ended && step.undo !== 'nothing') for (const spend of call.spends) spend.back = true;
            call.ended = true;
          } else {
            const claims = current.map((one, index) => budget({ ...one, amount: step.amount, rule: `/${index}` }));
            const who: CounterScope = scope({ session: step.session });
            const now = clock.monotonic;
            const row = entry();
            const result = await process(step.process).admit(claims, who, row);
            const judged = claims.map((one) => ({ one, key: counterKey(one, who), us: oracle.wait(counterKey(one, who), units(one.amount), units(one.max), one.windowMs * 1000, now) }));
            const enforced = judged.filter(({ one, us }) => one.enforce && us !== 0);
            expect(result.ok).toBe(enforced.length === 0);
            expect(result.observed).toHaveLength(judged.filter(({ one, us }) => !one.enforce && us !== 0).length);
            if (!result.ok) {
              const longest = enforced.some(({ us }) => us === null) ? null : Math.max(...enforced.map(({ us }) => Math.ceil((us ?? 0) / 1000)));
              expect(result.refusal).toMatchObject({ retryAfterMs: longest });
              continue;
            }
            const keys = new Set(judged.filter(({ key }) => {
              const sharing = judged.filter((other) => other.key === key);
              return sharing.some(({ one }) => one.enforce) || sharing.every(({ us }) => us === 0);
            }).map(({ key }) => key));
            calls.push({ id: row.id, ended: false, spends: [...keys].map((key) => oracle.spend(key, units(step.amount), now)) });
          }
        }
        for (const state of processes) await state.close();
      }),
      { numRuns: 30 },
    );
  }, 240_000);

  test('no interval of one window ever holds more than max, by looking at every pair of admitted calls afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.record({ us: fc.nat(1500), amount: amounts }), { minLength: 30, maxLength: 120 }), async (steps) => {
        const clock = new FakeMachine();
        const state = await engine.open(engine.place(), clock);
        const admitted: { at: number; amount: bigint }[] = [];
        for (const { us, amount } of steps) {
          clock.pass(us);
          const claims = [budget({ max: '4.2', windowMs: 3, amount }), claim({ max: 6, windowMs: 4 })];
          if ((await state.reserve(claims, scope())).ok) admitted.push({ at: clock.monotonic, amount: units(amount) });
        }
        for (const [index, { at: start }] of admitted.entries()) {
          const inside = admitted.slice(index).filter(({ at }) => at - start <= 3000);
          expect(inside.reduce((sum, { amount }) => sum + amount, 0n) <= units('4.2')).toBe(true);
        }
        expect(admitted.length).toBeGreaterThan(0);
        await state.close();
      }),
      { numRuns: 10 },
    );
  }, 120_000);
});
