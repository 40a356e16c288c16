import type { LimitClaim, RateClaim } from '../policy/types.ts';
import { CounterLog, type CounterHead } from './counter-log.ts';
import { counterKey } from './counter-key.ts';
import type { SqlDatabase } from './driver.ts';
import type { IdleCounters } from './idle-counters.ts';
import type { StoreClock } from './store-clock.ts';
import { StateUnavailable, type CounterScope, type LimitRefusal, type ReserveResult } from './types.ts';

/** About 126 years: sums of times stay exact integers. */
const MAX_WINDOW_MS = 4e12;

/** All claims of one call on one counter. */
interface Draw {
  readonly key: string;
  readonly head: CounterHead | null;
  readonly claims: RateClaim[];
}

function check({ max, windowMs, rule }: RateClaim): void {
  if (Number.isSafeInteger(max) && max >= 0 && Number.isFinite(windowMs) && windowMs > 0 && windowMs <= MAX_WINDOW_MS) return;
  throw new StateUnavailable(`limit ${rule} cannot be counted: max ${max} in ${windowMs} ms; expected a whole max and a window of at most 126 years`);
}

function windowUs(claim: RateClaim): number {
  return Math.ceil(claim.windowMs * 1000);
}

/** Sliding-window counters (policy.md, "Rule"; protocol.md B1, B3). Every method runs inside the caller's write transaction. */
export class CounterStore {
  readonly #log: CounterLog;
  readonly #clock: StoreClock;
  readonly #idle: IdleCounters;

  constructor(database: SqlDatabase, clock: StoreClock, idle: IdleCounters) {
    this.#log = new CounterLog(database);
    this.#clock = clock;
    this.#idle = idle;
  }

  /**
   * Judges every claim before anything is written. A call that is refused by one enforced limit is recorded nowhere. A counter whose
   * limits are only observed records the admitted calls that fit, as it would if it were enforced.
   */
  reserve(claims: readonly LimitClaim[], scope: CounterScope): ReserveResult {
    const draws = this.#draws(claims, scope);
    const now = this.#clock.now(draws.reduce((latest, { head }) => Math.max(latest, head?.at ?? 0), 0));
    const observed: LimitRefusal[] = [];
    let refusal: LimitRefusal | null = null;
    const fitting: Draw[] = [];
    for (const draw of draws) {
      let records = false;
      let fits = true;
      for (const claim of draw.claims) {
        const retryAfterMs = this.#wait(claim, draw.head, now);
        if (claim.enforce) records = true;
        if (retryAfterMs === 0) continue;
        if (!claim.enforce) {
          observed.push({ claim, retryAfterMs });
          fits = false;
        } else if (refusal === null || retryAfterMs > (refusal.retryAfterMs ?? 0)) {
          refusal = { claim, retryAfterMs };
        }
      }
      if (records || fits) fitting.push(draw);
    }
    if (refusal !== null) return { ok: false, refusal, observed };
    for (const { key, head, claims: shared } of fitting) {
      const depth = shared.reduce((most, { max }) => Math.max(most, max), 0);
      const span = shared.reduce((longest, claim) => Math.max(longest, windowUs(claim)), 0);
      if (this.#log.record(key, head, now, depth, span)) this.#idle.collect(now);
    }
    return { ok: true, observed };
  }

  /** Claims grouped by the counter that they share: each counter is read once and records a call once. */
  #draws(claims: readonly LimitClaim[], scope: CounterScope): Draw[] {
    const draws: Draw[] = [];
    for (const claim of claims) {
      if (claim.type !== 'rate') throw new StateUnavailable(`limit ${claim.rule} is a budget, which this store cannot count`);
      check(claim);
      const key = counterKey(claim, scope);
      const known = draws.find((draw) => draw.key === key);
      if (known === undefined) draws.push({ key, head: this.#log.head(key, claim.max), claims: [claim] });
      else known.claims.push(claim);
    }
    return draws;
  }

  /** Milliseconds until this limit alone admits a call; 0 when it does now. An admission exactly one window old still counts. */
  #wait(claim: RateClaim, head: CounterHead | null, now: number): number {
    if (claim.max === 0) return Math.max(1, Math.ceil(claim.windowMs));
    const at = head === null ? null : this.#log.blockingAt(head, claim.max);
    if (at === null) return 0;
    const left = at + windowUs(claim) + 1 - now;
    return left <= 0 ? 0 : Math.ceil(left / 1000);
  }
}
