import type { SqlDatabase, SqlStatement } from './driver.ts';
import type { HeadCache, Heads } from './head-cache.ts';

/** Newest rows of a counter that are always kept, whatever its limits: any new limit up to this size is exact at once. */
export const DENSE_ROWS = 512;
/** Below the dense part one row in so many is kept. */
export const STRIDE = 32;
/** How far back, in admissions, the thinned part reaches. */
export const SPARSE_REACH = STRIDE * 1024;
/** Most rows that one call thins or drops: no edit of a policy makes one call slow. */
const PRUNE_STEP = 512;

/** One counter as read at the start of a transaction. */
export interface CounterHead {
  readonly id: number;
  /** Sequence number and time of the newest admission; both 0 when there is none. */
  readonly last: number;
  readonly at: number;
  readonly span: number;
  readonly dense: number;
  /** Answer of `blockingAt` for the `max` that `head` was asked with; null when it was not looked up. */
  readonly max: number | null;
  readonly blocking: number | null;
}

/**
 * The log of admitted calls behind every counter. A limit `max` per window admits when the max-th newest admission is older than the
 * window, which is exact (no buckets) and needs two index look-ups whatever `max` is.
 *
 * The log outlives what its limits need, because limits change: the newest rows stay, and below them every STRIDE-th row stays as a mark.
 * A look-up that lands between marks takes the next newer one, so it can only err towards refusing, and by less than STRIDE calls.
 */
export class CounterLog {
  readonly #heads: Heads<CounterHead> | null;
  readonly #head: SqlStatement;
  readonly #nextAt: SqlStatement;
  readonly #create: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #widen: SqlStatement;
  readonly #thin: SqlStatement;
  readonly #setDense: SqlStatement;
  readonly #drop: SqlStatement;

  /** @param cache left out: every head is looked up */
  constructor(database: SqlDatabase, cache?: HeadCache) {
    this.#heads = cache?.kind() ?? null;
    this.#head = database.prepare(
      `SELECT c.id, c.span, c.dense, a.seq, a.at,
         (SELECT b.at FROM admissions b WHERE b.counter = c.id AND b.seq > a.seq - ? ORDER BY b.seq LIMIT 1)
       FROM counters c LEFT JOIN admissions a ON a.counter = c.id
       WHERE c.key = ? ORDER BY a.seq DESC LIMIT 1`,
    );
    this.#nextAt = database.prepare('SELECT at FROM admissions WHERE counter = ? AND seq >= ? ORDER BY seq LIMIT 1');
    this.#create = database.prepare('INSERT INTO counters (key, span, dense) VALUES (?, ?, 1)');
    this.#insert = database.prepare('INSERT INTO admissions (counter, seq, at) VALUES (?, ?, ?)');
    this.#widen = database.prepare('UPDATE counters SET span = ? WHERE id = ?');
    this.#thin = database.prepare(`DELETE FROM admissions WHERE counter = ? AND seq >= ? AND seq < ? AND seq % ${STRIDE} <> 0`);
    this.#setDense = database.prepare('UPDATE counters SET dense = ? WHERE id = ?');
    this.#drop = database.prepare('DELETE FROM admissions WHERE counter = ? AND seq < ?');
  }

  /** The counter and, in the same look-up, what blocks a limit of `max`; null when there is no such counter. */
  head(key: string, max: number): CounterHead | null {
    const known = this.#heads?.get(key);
    if (known !== undefined) return known;
    const row = this.#head.first(max, key);
    if (row === undefined) return null;
    const [id, span, dense, last, at, blocking] = row;
    const head = { id: Number(id), span: Number(span), dense: Number(dense), last: Number(last ?? 0), at: Number(at ?? 0), max };
    return { ...head, blocking: head.last < max ? null : Number(blocking ?? head.at) };
  }

  /** Time of the `max`-th newest admission (or of the next newer one that is still kept); null when there were fewer. */
  blockingAt(head: CounterHead, max: number): number | null {
    if (max === head.max) return head.blocking;
    if (head.last < max) return null;
    const row = this.#nextAt.first(head.id, head.last - max + 1);
    return row === undefined ? head.at : Number(row[0]);
  }

  /**
   * Records one admission at `now`, which is at least `head.at`.
   * @param depth largest `max` among the limits of this counter: rows that they can ask for are not thinned.
   * @param span longest window of this counter's limits, microseconds.
   * @returns true when the counter is new.
   */
  record(key: string, head: CounterHead | null, now: number, depth: number, span: number): boolean {
    if (head === null) {
      const { lastRowid } = this.#create.run(key, span);
      this.#insert.run(lastRowid, 1, now);
      this.#heads?.put(key, { id: lastRowid, last: 1, at: now, span, dense: 1, max: null, blocking: null });
      return true;
    }
    const last = head.last + 1;
    this.#insert.run(head.id, last, now);
    if (span > head.span) this.#widen.run(span, head.id);
    const dense = last % STRIDE === 0 ? this.#prune(head, last, Math.max(depth, DENSE_ROWS)) : head.dense;
    this.#heads?.put(key, { id: head.id, last, at: now, span: Math.max(span, head.span), dense, max: null, blocking: null });
    return false;
  }

  /** @returns where the dense part begins now */
  #prune(head: CounterHead, last: number, keep: number): number {
    const dense = Math.min(last - keep + 1, head.dense + PRUNE_STEP);
    if (dense > head.dense) {
      this.#thin.run(head.id, head.dense, dense);
      this.#setDense.run(dense, head.id);
    }
    const oldest = Math.min(last - keep - SPARSE_REACH, Math.max(dense, head.dense));
    if (oldest > 1) this.#drop.run(head.id, oldest);
    return Math.max(dense, head.dense);
  }
}
