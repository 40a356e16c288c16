import type { BudgetClaim, LimitClaim } from '../policy/types.ts';
import { ZERO, addDecimals, compareDecimals, subtractDecimals, type Decimal } from '../wire/decimal.ts';
import { readAmount } from './amount.ts';
import type { SqlDatabase } from './driver.ts';
import type { HeadCache } from './head-cache.ts';
import type { IdleBudgets } from './idle-budgets.ts';
import { checkWindow, leavesIn, longestWindow, windowUs, type Draw, type Spent } from './limit-draw.ts';
import { placeCursor, type SpendCursor } from './spend-cursor.ts';
import { SpendLog, type BudgetHead, type SpendShape } from './spend-log.ts';
import { SpendWalk } from './spend-walk.ts';

/**
 * Sliding-window sums of exact amounts (policy.md, "Rule"): no interval of one window ever holds spends of more than `max` that were
 * not given back. Every method runs inside the caller's write transaction.
 */
export class BudgetStore {
  readonly log: SpendLog;
  readonly #idle: IdleBudgets;
  readonly #cache: HeadCache | undefined;

  constructor(database: SqlDatabase, idle: IdleBudgets, shape?: SpendShape, cache?: HeadCache) {
    this.log = new SpendLog(database, shape, cache);
    this.#idle = idle;
    this.#cache = cache;
  }

  /** @throws StateUnavailable for claims that cannot be counted */
  draw(key: string, claims: readonly BudgetClaim[]): Draw {
    for (const claim of claims) checkWindow(claim);
    return new BudgetDraw(this, key, claims);
  }

  giveBack(spent: readonly Spent[]): void {
    for (const one of spent) this.log.giveBack(one);
    this.#cache?.forget();
  }

  /** A new budget makes room: others that are over are removed, and what is known of them with them. */
  collect(now: number): void {
    this.#idle.collect(now);
    this.#cache?.forget();
  }
}

class BudgetDraw implements Draw {
  readonly claims: readonly BudgetClaim[];
  readonly #store: BudgetStore;
  readonly #key: string;
  readonly #head: BudgetHead | null;
  /** The largest amount of the claims: they have one `sum`, so they differ only when something is wrong. */
  readonly #text: string;
  readonly #amount: Decimal;
  #cursors: readonly SpendCursor[];

  constructor(store: BudgetStore, key: string, claims: readonly BudgetClaim[]) {
    this.claims = claims;
    this.#store = store;
    this.#key = key;
    this.#head = store.log.head(key);
    this.#cursors = this.#head?.cursors ?? [];
    let text = '0';
    let amount = ZERO;
    for (const claim of claims) {
      const value = readAmount(claim.amount);
      if (compareDecimals(value, amount) > 0) [text, amount] = [claim.amount, value];
    }
    this.#text = text;
    this.#amount = amount;
  }

  get newest(): number {
    return this.#head?.at ?? 0;
  }

  wait(claim: LimitClaim, now: number): number | null {
    const max = readAmount(String(claim.max));
    if (compareDecimals(this.#amount, max) > 0) return null;
    if (this.#head === null) return 0;
    const { id, count } = this.#head;
    const walk = new SpendWalk(this.#store.log, id, count);
    let cursor = this.#cursor(walk, windowUs(claim), now);
    const after = addDecimals(cursor.total, this.#amount);
    if (compareDecimals(after, max) <= 0) return 0;
    let at = walk.roomAfter(cursor, subtractDecimals(after, max));
    if (at === null) {
      cursor = walk.fresh(cursor.window, now);
      this.#cursors = placeCursor(this.#cursors, cursor);
      const again = addDecimals(cursor.total, this.#amount);
      if (compareDecimals(again, max) <= 0) return 0;
      at = walk.roomAfter(cursor, subtractDecimals(again, max)) ?? this.#head.at;
    }
    return Math.max(1, leavesIn(at, cursor.window, now));
  }

  /** A cursor moves only forward and the window with it, so what it has passed never comes back. */
  #cursor(walk: SpendWalk, window: number, now: number): SpendCursor {
    const known = this.#cursors.find((cursor) => cursor.window === window);
    const cursor = known === undefined ? walk.fresh(window, now) : walk.advance(known, now);
    if (cursor !== known) this.#cursors = placeCursor(this.#cursors, cursor);
    return cursor;
  }

  record(now: number): Spent | null {
    // Nothing is spent: no row, so that free calls cannot make a window expensive.
    if (this.#amount.digits === 0n) return null;
    const { log } = this.#store;
    const span = longestWindow(this.claims);
    if (this.#head !== null) return log.append(this.#key, this.#head, this.#text, this.#cursors, now, span);
    const head = log.create(this.#key, span);
    const cursors = this.claims.reduce<readonly SpendCursor[]>(
      (placed, claim) => placeCursor(placed, { window: windowUs(claim), first: 0, firstAt: now, total: ZERO }),
      [],
    );
    const spent = log.append(this.#key, head, this.#text, cursors, now, span);
    this.#store.collect(now);
    return spent;
  }
}
