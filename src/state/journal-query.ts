import type { SqlDatabase, SqlStatement, SqlValue } from './driver.ts';
import { unavailable } from './failure.ts';
import { boundedColumn, rowOf } from './journal-row.ts';
import type { JournalFilter, JournalRow } from './types.ts';

const DEFAULT_LIMIT = 10_000;
const MAX_LIMIT = 100_000;
/** Rows are in order of the store clock; the wall clock may have been set back by less than this without hiding a row. */
const WALL_STEP_MS = 26 * 3600 * 1000;

function equals(conditions: string[], values: SqlValue[], column: string, wanted: string | undefined): void {
  if (wanted === undefined) return;
  conditions.push(`${column} = ?`);
  values.push(boundedColumn(wanted));
}

function oneOf(conditions: string[], values: SqlValue[], column: string, wanted: readonly string[] | undefined): void {
  if (wanted === undefined) return;
  conditions.push(wanted.length === 0 ? '0' : `${column} IN (${wanted.map(() => '?').join(', ')})`);
  values.push(...wanted.map((text) => boundedColumn(text)));
}

/** The parts of a filter that each row answers by itself. */
export function conditionsOf(filter: JournalFilter): { readonly conditions: string[]; readonly values: SqlValue[] } {
  const conditions: string[] = [];
  const values: SqlValue[] = [];
  if (filter.since !== undefined) {
    conditions.push('at >= ?');
    values.push(filter.since.getTime());
  }
  if (filter.until !== undefined) {
    conditions.push('at < ?');
    values.push(filter.until.getTime());
  }
  equals(conditions, values, 'server', filter.server);
  equals(conditions, values, 'grant_label', filter.grant);
  equals(conditions, values, 'session', filter.session);
  equals(conditions, values, 'name', filter.name);
  equals(conditions, values, 'method', filter.method);
  oneOf(conditions, values, 'outcome', filter.outcome);
  oneOf(conditions, values, 'code', filter.code);
  return { conditions, values };
}

/** Reads the journal. Rows carry no index but `seq`: writing is what has to be cheap. */
export class JournalQuery {
  readonly #database: SqlDatabase;
  readonly #atOrAfter: SqlStatement;
  readonly #ends: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#atOrAfter = database.prepare('SELECT seq, at FROM journal WHERE seq >= ? ORDER BY seq LIMIT 1');
    this.#ends = database.prepare(
      'SELECT coalesce((SELECT seq FROM journal ORDER BY seq LIMIT 1), 0) AS first, coalesce((SELECT seq FROM journal ORDER BY seq DESC LIMIT 1), 0) AS last',
    );
  }

  /** Lowest and highest `seq`; both 0 for an empty journal. @throws StateUnavailable */
  ends(): { first: number; last: number } {
    try {
      const row = this.#ends.get();
      return { first: Number(row?.['first'] ?? 0), last: Number(row?.['last'] ?? 0) };
    } catch (error) {
      throw unavailable('cannot read the journal', error);
    }
  }

  /** @throws StateUnavailable */
  query(filter: JournalFilter): JournalRow[] {
    try {
      return this.#select(filter);
    } catch (error) {
      throw unavailable('cannot read the journal', error);
    }
  }

  /** The rows with these sequence numbers that still exist, in order. @throws StateUnavailable */
  bySeq(seqs: readonly number[]): JournalRow[] {
    if (seqs.length === 0) return [];
    try {
      const marks = seqs.map(() => '?').join(', ');
      return this.#database.prepare(`SELECT * FROM journal WHERE seq IN (${marks}) ORDER BY seq`).all(...seqs).map(rowOf);
    } catch (error) {
      throw unavailable('cannot read the journal', error);
    }
  }

  #select(filter: JournalFilter): JournalRow[] {
    const { conditions, values } = conditionsOf(filter);
    let after = filter.afterSeq ?? 0;
    if (filter.since !== undefined) after = Math.max(after, this.through(filter.since, 'certainly before'));
    conditions.push('seq > ?');
    values.push(after);
    values.push(Math.max(0, Math.min(MAX_LIMIT, Math.trunc(filter.limit ?? DEFAULT_LIMIT))));
    const order = filter.order === 'desc' ? 'DESC' : 'ASC';
    const sql = `SELECT * FROM journal WHERE ${conditions.join(' AND ')} ORDER BY seq ${order} LIMIT ?`;
    return this.#database.prepare(sql).all(...values).map(rowOf);
  }

  /**
   * A `seq` such that every row up to it was written before a time, or every row after it was not: the wall clock may have been set back in between.
   */
  through(time: Date, which: 'certainly before' | 'perhaps before'): number {
    return this.lastBefore(time.getTime() + (which === 'certainly before' ? -WALL_STEP_MS : WALL_STEP_MS));
  }

  /** A `seq` such that every row up to it was written before `at`, by bisection: no index on time is needed. */
  lastBefore(at: number): number {
    let { first: low, last: high } = this.ends();
    low -= 1;
    while (low < high) {
      const middle = Math.floor((low + high + 1) / 2);
      const row = this.#atOrAfter.get(middle);
      if (row !== undefined && Number(row['at']) < at) low = Number(row['seq']);
      else high = middle - 1;
    }
    return low;
  }
}
