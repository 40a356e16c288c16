import type { BudgetClaim, LimitClaim, RateClaim } from '../policy/types.ts';
import type { BudgetStore } from './budget-store.ts';
import { counterKey } from './counter-key.ts';
import type { CounterStore } from './counter-store.ts';
import type { Draw, Spent } from './limit-draw.ts';
import type { StoreClock } from './store-clock.ts';
import type { CounterScope, LimitRefusal, ReserveResult } from './types.ts';

export interface Reserved {
  readonly result: ReserveResult;
  /** What the call took of budgets; empty when it was not admitted. */
  readonly spent: readonly Spent[];
}

/** Claims that share a counter, by its key. */
interface Groups {
  readonly rates: Map<string, RateClaim[]>;
  readonly budgets: Map<string, BudgetClaim[]>;
}

function add<Claim>(groups: Map<string, Claim[]>, key: string, claim: Claim): void {
  const known = groups.get(key);
  if (known === undefined) groups.set(key, [claim]);
  else known.push(claim);
}

function longer(a: LimitRefusal, b: LimitRefusal): boolean {
  if (b.retryAfterMs === null) return false;
  return a.retryAfterMs === null || a.retryAfterMs > b.retryAfterMs;
}

const NOTHING: readonly Spent[] = [];

/** Admits a call into all of its limits or none (policy.md, "Rule"). Runs inside the caller's write transaction. */
export class LimitStore {
  readonly #clock: StoreClock;
  readonly #counters: CounterStore;
  readonly #budgets: BudgetStore;

  constructor(clock: StoreClock, counters: CounterStore, budgets: BudgetStore) {
    this.#clock = clock;
    this.#counters = counters;
    this.#budgets = budgets;
  }

  /**
   * Judges every claim before anything is written. A call that is refused by one enforced limit is recorded nowhere. A counter whose
   * limits are only observed records the admitted calls that fit, as it would if it were enforced.
   */
  reserve(claims: readonly LimitClaim[], scope: CounterScope): Reserved {
    const draws = this.#draws(claims, scope);
    const now = this.#clock.now(draws.reduce((latest, { newest }) => Math.max(latest, newest), 0));
    const observed: LimitRefusal[] = [];
    let refusal: LimitRefusal | null = null;
    const counting: Draw[] = [];
    for (const draw of draws) {
      let enforced = false;
      let fits = true;
      for (const claim of draw.claims) {
        if (claim.enforce) enforced = true;
        const retryAfterMs = draw.wait(claim, now);
        if (retryAfterMs === 0) continue;
        const refused: LimitRefusal = { claim, retryAfterMs };
        if (!claim.enforce) {
          observed.push(refused);
          fits = false;
        } else if (refusal === null || longer(refused, refusal)) {
          refusal = refused;
        }
      }
      if (enforced || fits) counting.push(draw);
    }
    if (refusal !== null) return { result: { ok: false, refusal, observed }, spent: NOTHING };
    // Those that are new come last: each of them clears away what is idle, and what is drawn from now must not be that any more.
    const ordered = counting.toSorted((a, b) => Number(a.newest === 0) - Number(b.newest === 0));
    const spent = ordered.map((draw) => draw.record(now)).filter((one) => one !== null);
    return { result: { ok: true, observed }, spent };
  }

  /** Each counter and each budget is read once and counts a call once, however many limits share it. */
  #draws(claims: readonly LimitClaim[], scope: CounterScope): Draw[] {
    const groups: Groups = { rates: new Map(), budgets: new Map() };
    for (const claim of claims) {
      const key = counterKey(claim, scope);
      if (claim.type === 'rate') {
        this.#counters.check(claim);
        add(groups.rates, key, claim);
      } else {
        add(groups.budgets, key, claim);
      }
    }
    const draws: Draw[] = [];
    for (const [key, shared] of groups.rates) draws.push(this.#counters.draw(key, shared));
    for (const [key, shared] of groups.budgets) draws.push(this.#budgets.draw(key, shared));
    return draws;
  }
}
