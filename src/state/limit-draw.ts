import type { LimitClaim } from '../policy/types.ts';
import { StateUnavailable } from './types.ts';

/** What one call took of a budget: enough to give it back. `[budget, seq, amount]` */
export type Spent = readonly [number, number, string];

/** All claims of one call on one counter or budget, as read at the start of a transaction. */
export interface Draw {
  readonly claims: readonly LimitClaim[];
  /** Store time of the newest thing recorded there, microseconds; 0 when there is none. */
  readonly newest: number;
  /** Milliseconds until this claim alone admits the call: 0 when it does now, null when it never will. */
  wait(claim: LimitClaim, now: number): number | null;
  /** Counts the call. @returns what can be given back, or null */
  record(now: number): Spent | null;
}

/** About 126 years: sums of times stay exact integers. */
const MAX_WINDOW_MS = 4e12;

/** @throws StateUnavailable for a window that cannot be counted in */
export function checkWindow({ windowMs, rule }: LimitClaim): void {
  if (Number.isFinite(windowMs) && windowMs > 0 && windowMs <= MAX_WINDOW_MS) return;
  throw new StateUnavailable(`limit ${rule} cannot be counted in ${windowMs} ms; expected a window of at most 126 years`);
}

/** Microseconds, rounded up: a window is never shorter than the policy says. */
export function windowUs(claim: LimitClaim): number {
  return Math.ceil(claim.windowMs * 1000);
}

export function longestWindow(claims: readonly LimitClaim[]): number {
  return claims.reduce((longest, claim) => Math.max(longest, windowUs(claim)), 0);
}

/** Milliseconds from `now` until something recorded at `at` has left the window; what is exactly one window old is still inside. */
export function leavesIn(at: number, window: number, now: number): number {
  const left = at + window + 1 - now;
  return left <= 0 ? 0 : Math.ceil(left / 1000);
}
