import { setImmediate as turn } from 'node:timers/promises';
import type { SqlDatabase, SqlValue } from './driver.ts';
import { unavailable } from './failure.ts';
import { conditionsOf, JournalQuery } from './journal-query.ts';
import { rowOf } from './journal-row.ts';
import { StateUnavailable, type FoundRows, type JournalSearchFilter, type JournalRow } from './types.ts';

/** Rows looked at without letting anybody else work: a few milliseconds. */
const SLICE = 8192;
/** Rows looked at for one page. A text is looked for in every row, which costs more. */
const LOOKS = 1_000_000;
const TEXT_LOOKS = 200_000;
const MAX_LIMIT = 1000;

/**
 * Finds rows of a long journal without an index, which would make every call slower: in slices, with turns for others in between. A page may hold
 * fewer rows than asked for, and none, while `next` says where to go on.
 */
export class JournalSearch {
  readonly #database: SqlDatabase;
  readonly #query: JournalQuery;

  constructor(database: SqlDatabase) {
    this.#database = database;
    this.#query = new JournalQuery(database);
  }

  /** @throws StateUnavailable, also when nobody waits any more */
  async search(filter: JournalSearchFilter, signal?: AbortSignal): Promise<FoundRows> {
    try {
      return await this.#search(filter, signal);
    } catch (error) {
      throw unavailable('cannot search the journal', error);
    }
  }

  async #search(filter: JournalSearchFilter, signal: AbortSignal | undefined): Promise<FoundRows> {
    const down = filter.order !== 'asc';
    const limit = Math.max(1, Math.min(MAX_LIMIT, Math.trunc(filter.limit ?? 50)));
    const { low, high } = this.#bounds(filter);
    const { conditions, values } = conditionsOf(filter);
    also(conditions, values, filter);
    const sql = `SELECT * FROM journal WHERE ${['seq BETWEEN ? AND ?', ...conditions].join(' AND ')} ORDER BY seq ${down ? 'DESC' : 'ASC'} LIMIT ?`;
    const statement = this.#database.prepare(sql);
    const rows: JournalRow[] = [];
    const most = filter.text === undefined ? LOOKS : TEXT_LOOKS;
    for (let looked = 0; low + looked <= high; looked += SLICE) {
      if (looked >= most) return { rows, next: down ? high - looked + 1 : low + looked - 1 };
      if (looked > 0) await turn();
      if (signal?.aborted === true) throw new StateUnavailable('nobody waits for the rows any more');
      const from = down ? Math.max(low, high - looked - SLICE + 1) : low + looked;
      const to = down ? high - looked : Math.min(high, low + looked + SLICE - 1);
      for (const row of statement.all(from, to, ...values, limit + 1 - rows.length)) rows.push(rowOf(row));
      if (rows.length > limit) return { rows: rows.slice(0, limit), next: rows[limit - 1]?.seq ?? null };
    }
    return { rows, next: null };
  }

  #bounds({ beforeSeq, afterSeq, since, until }: JournalSearchFilter): { low: number; high: number } {
    const { first, last } = this.#query.ends();
    const low = Math.max(first, (afterSeq ?? 0) + 1, since === undefined ? 0 : this.#query.through(since, 'certainly before') + 1);
    const high = Math.min(last, (beforeSeq ?? Number.MAX_SAFE_INTEGER) - 1, until === undefined ? last : this.#query.through(until, 'perhaps before'));
    return { low, high };
  }
}

function also(conditions: string[], values: SqlValue[], { policy, text, ids, servers }: JournalSearchFilter): void {
  if (policy !== undefined) {
    // A row names the version as well: `name@version`.
    conditions.push("(policy = ? OR substr(policy, 1, length(?) + 1) = ? || '@')");
    values.push(policy, policy, policy);
  }
  if (text !== undefined) {
    conditions.push("(instr(lower(coalesce(name, '')), lower(?)) > 0 OR instr(lower(coalesce(reason, '')), lower(?)) > 0)");
    values.push(text, text);
  }
  if (servers !== undefined) {
    conditions.push(servers.length === 0 ? '0' : `server IN (${servers.map(() => '?').join(', ')})`);
    values.push(...servers);
  }
  if (ids !== undefined) {
    conditions.push(ids.length === 0 ? '0' : `id IN (${ids.map(() => '?').join(', ')})`);
    values.push(...ids);
  }
}
