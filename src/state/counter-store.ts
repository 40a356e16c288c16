import type { LimitClaim, RateClaim } from '../policy/types.ts';
import { CounterLog, type CounterHead } from './counter-log.ts';
import type { SqlDatabase } from './driver.ts';
import type { HeadCache } from './head-cache.ts';
import type { IdleCounters } from './idle-counters.ts';
import { checkWindow, leavesIn, longestWindow, windowUs, type Draw } from './limit-draw.ts';
import { StateUnavailable } from './types.ts';

/** Sliding-window counters of calls (policy.md, "Rule"; protocol.md B1, B3). Every method runs inside the caller's write transaction. */
export class CounterStore {
  readonly log: CounterLog;
  readonly #idle: IdleCounters;
  readonly #cache: HeadCache | undefined;

  constructor(database: SqlDatabase, idle: IdleCounters, cache?: HeadCache) {
    this.log = new CounterLog(database, cache);
    this.#idle = idle;
    this.#cache = cache;
  }

  /** @throws StateUnavailable for a claim that cannot be counted */
  check(claim: RateClaim): void {
    checkWindow(claim);
    if (Number.isSafeInteger(claim.max) && claim.max >= 0) return;
    throw new StateUnavailable(`limit ${claim.rule} cannot be counted: max ${claim.max}; expected a whole number of at least 0`);
  }

  draw(key: string, claims: readonly RateClaim[]): Draw {
    return new RateDraw(this, key, claims);
  }

  /** A new counter makes room: others that are over are removed, and what is known of them with them. */
  collect(now: number): void {
    this.#idle.collect(now);
    this.#cache?.forget();
  }
}

class RateDraw implements Draw {
  readonly claims: readonly RateClaim[];
  readonly #store: CounterStore;
  readonly #key: string;
  readonly #head: CounterHead | null;

  constructor(store: CounterStore, key: string, claims: readonly RateClaim[]) {
    this.claims = claims;
    this.#store = store;
    this.#key = key;
    this.#head = store.log.head(key, claims[0]?.max ?? 0);
  }

  get newest(): number {
    return this.#head?.at ?? 0;
  }

  wait(claim: LimitClaim, now: number): number {
    const max = Number(claim.max);
    if (max === 0) return Math.max(1, Math.ceil(claim.windowMs));
    const at = this.#head === null ? null : this.#store.log.blockingAt(this.#head, max);
    return at === null ? 0 : leavesIn(at, windowUs(claim), now);
  }

  record(now: number): null {
    const depth = this.claims.reduce((most, { max }) => Math.max(most, max), 0);
    if (this.#store.log.record(this.#key, this.#head, now, depth, longestWindow(this.claims))) this.#store.collect(now);
    return null;
  }
}
