import type { SqlDatabase, SqlStatement } from './driver.ts';

/** A small store keeps what is idle this long beyond its window, so that a longer window set by an edit still finds its past. */
const GRACE_US = 24 * 3600 * 1e6;
/** A store with more rows than this keeps none of them longer than needed. */
const MANY = 50_000;
/** Counting costs up to a millisecond in a large store, so it is done once in so many questions. */
const COUNT_EVERY = 256;

/** How long counters, or budgets, are kept after their window has passed. */
export class IdleGrace {
  readonly #count: SqlStatement;
  #asked = 0;
  #grace: number | null = null;

  constructor(database: SqlDatabase, table: 'counters' | 'budgets') {
    this.#count = database.prepare(`SELECT count(*) AS value FROM (SELECT 1 FROM ${table} LIMIT ${MANY + 1})`);
  }

  /** Microseconds. */
  current(): number {
    if (this.#grace === null || ++this.#asked >= COUNT_EVERY) {
      this.#asked = 0;
      this.#grace = Number(this.#count.get()?.['value'] ?? 0) > MANY ? 0 : GRACE_US;
    }
    return this.#grace;
  }
}
