import { Removal } from './chain/removal.ts';
import type { SqlDatabase, SqlStatement } from './driver.ts';

/** How much of the journal is kept; the newest row always is. */
export interface Retention {
  readonly rows: number;
  readonly days: number;
}

export const DEFAULT_RETENTION: Retention = { rows: 5_000_000, days: 90 };

/** Rows removed per step: a step holds the write lock for a few milliseconds at most. */
const STEP = 1000;
/** Bytes of arguments removed per step: a long value lies on dozens of pages, each of which is touched. */
const STEP_BYTES = 4 * 1024 * 1024;
const DAY_US = 24 * 3600 * 1e6;

/** Removes old journal rows, oldest first, a bounded number per step. */
export class JournalRetention {
  readonly #keep: Retention;
  readonly #ends: SqlStatement;
  readonly #young: SqlStatement;
  readonly #fits: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #removal: Removal;

  constructor(database: SqlDatabase, keep: Retention) {
    this.#keep = keep;
    this.#removal = new Removal(database);
    this.#ends = database.prepare('SELECT (SELECT min(seq) FROM journal) AS first, (SELECT max(seq) FROM journal) AS last');
    this.#young = database.prepare('SELECT min(seq) AS seq FROM journal WHERE seq >= ? AND seq < ? AND clock >= ?');
    // `octet_length` reads the head of a row, not its pages.
    this.#fits = database.prepare(`SELECT max(seq) AS seq FROM (SELECT seq, sum(coalesce(octet_length(arg_values), 0)) OVER (ORDER BY seq) AS bytes FROM journal
      WHERE seq >= ? AND seq < ?) WHERE bytes <= ${STEP_BYTES}`);
    this.#drop = database.prepare('DELETE FROM journal WHERE seq < ?');
  }

  /**
   * One step, inside a write transaction. Age is measured on the store's clock: setting the wall clock forward erases nothing.
   * @param now store clock, microseconds.
   * @param wallMs wall clock, for the block that tells of it.
   * @returns true when there may be more to remove.
   */
  step(now: number, wallMs: number): boolean {
    const row = this.#ends.get();
    if (typeof row?.['first'] !== 'number' || typeof row['last'] !== 'number') return false;
    const { first, last } = { first: row['first'], last: row['last'] };
    // A row that is not sealed yet would go without a trace.
    const reach = Math.min(first + STEP, last, this.#removal.sealed() + 1);
    if (reach <= first) return false;
    const young = this.#young.get(first, reach, now - this.#keep.days * DAY_US)?.['seq'];
    const byAge = typeof young === 'number' ? young : reach;
    const byRows = Math.min(reach, last - this.#keep.rows + 1);
    const due = Math.max(byAge, byRows);
    if (due <= first) return false;
    const fits = this.#fits.get(first, due)?.['seq'];
    const end = Math.min(due, (typeof fits === 'number' ? fits : first) + 1);
    this.#drop.run(end);
    this.#removal.removed(end - 1, wallMs);
    return end < due || (due === reach && reach < last);
  }
}
