import type { JournalEntry, Outcome } from './types.ts';

/** Rows per minute that one (outcome, code, grant) may write; null: as many as there are. */
export interface FloodLimits {
  /** For `rejected` and `dropped`: what anybody who can reach the port can cause. */
  readonly rejected: number;
  /** For `refused`: what a caller with a grant can cause. */
  readonly refused: number;
}

export const DEFAULT_FLOOD: FloodLimits = { rejected: 600, refused: 6000 };

const MINUTE_US = 60_000_000;
/** Distinct (outcome, code, grant) that are counted on their own at a time; what comes beyond shares one count. */
const MAX_KINDS = 4096;

/** Rows that were left out since `from`, to be told in one row. */
export interface Suppressed {
  readonly entry: JournalEntry;
  count: number;
  /** Row that tells it, once written. */
  seq: number | null;
  changed: boolean;
  readonly from: number;
}

interface Window {
  from: number;
  rows: number;
  suppressed: Suppressed | null;
}

/**
 * Keeps a flood of denials from filling the disk without letting anything vanish (protocol.md, attack 55): beyond so many equal rows a
 * minute, one row with code `suppressed` tells how many there were. That row exists from the first one that is left out on.
 */
export class Flood {
  readonly #limits: FloodLimits;
  readonly #windows = new Map<string, Window>();
  #ended: Suppressed[] = [];

  constructor(limits: FloodLimits) {
    this.#limits = limits;
  }

  /** Whether this entry is to be written as it is. `now`: microseconds, monotonic. */
  admits(entry: JournalEntry, now: number): boolean {
    const limit = this.#limitOf(entry.outcome);
    if (limit === null) return true;
    let key = JSON.stringify([entry.outcome, entry.code, entry.grant]);
    if (!this.#windows.has(key) && this.#windows.size >= MAX_KINDS) {
      this.#sweep(now);
      if (this.#windows.size >= MAX_KINDS) key = entry.outcome;
    }
    let window = this.#windows.get(key);
    if (window !== undefined && now - window.from >= MINUTE_US) {
      this.#end(key, window);
      window = undefined;
    }
    if (window === undefined) {
      window = { from: now, rows: 0, suppressed: null };
      this.#windows.set(key, window);
    }
    if (window.rows < limit) {
      window.rows += 1;
      return true;
    }
    window.suppressed ??= { entry, count: 0, seq: null, changed: false, from: now };
    window.suppressed.count += 1;
    window.suppressed.changed = true;
    return false;
  }

  /** What has to be written or rewritten now; windows whose minute is over are forgotten. */
  changed(now: number): Suppressed[] {
    this.#sweep(now);
    const due = this.#ended;
    this.#ended = [];
    for (const { suppressed } of this.#windows.values()) if (suppressed?.changed === true) due.push(suppressed);
    return due;
  }

  /** Puts back what could not be written. */
  restore(due: readonly Suppressed[]): void {
    const live = new Set([...this.#windows.values()].map(({ suppressed }) => suppressed));
    for (const one of due) if (!live.has(one)) this.#ended.push(one);
    if (this.#ended.length > MAX_KINDS) this.#ended = this.#ended.slice(-MAX_KINDS);
  }

  get waiting(): boolean {
    return this.#ended.length > 0 || [...this.#windows.values()].some(({ suppressed }) => suppressed !== null);
  }

  #limitOf(outcome: Outcome): number | null {
    if (outcome === 'rejected' || outcome === 'dropped') return this.#limits.rejected;
    return outcome === 'refused' ? this.#limits.refused : null;
  }

  #sweep(now: number): void {
    for (const [key, window] of this.#windows) if (now - window.from >= MINUTE_US) this.#end(key, window);
  }

  #end(key: string, { suppressed }: Window): void {
    this.#windows.delete(key);
    if (suppressed?.changed === true) this.#ended.push(suppressed);
  }
}

/** The row that stands for the ones left out. It keeps who and what, and loses what differed between them. */
export function suppressedEntry({ entry, count }: Suppressed): JournalEntry {
  return {
    ...entry,
    code: 'suppressed',
    reason: `${count} more like this within a minute: ${entry.outcome} ${entry.code ?? 'without code'}`,
    session: null,
    requestId: null,
    retryAfterMs: null,
    argKeys: null,
    argHash: null,
    argValues: null,
    upstreamStatus: null,
    latencyMs: null,
  };
}
