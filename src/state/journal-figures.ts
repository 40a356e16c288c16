import type { SqlDatabase, SqlStatement } from './driver.ts';
import { JournalQuery } from './journal-query.ts';
import { fromColumn } from './text.ts';
import type { GrantCount, JournalCount, JournalFigures, JournalRow, Outcome } from './types.ts';

/** Length of the intervals in which rows are counted. */
const BUCKET_MS = 300_000;
const HOUR_MS = 3_600_000;
/** Rows that one count looks at, so that nothing waits long for it. */
const MAX_ROWS = 20_000;
/** Groups of one count; what is beyond is counted without its name, rule and code. */
const MAX_GROUPS = 2_000;
const MAX_SEQS = 1_000;

/** Counts over the journal, made by the database: a view of a million rows reads no row of them. */
export class SqliteJournalFigures implements JournalFigures {
  readonly #query: JournalQuery;
  readonly #counts: SqlStatement;
  readonly #grants: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#query = new JournalQuery(database);
    this.#counts = database.prepare(`SELECT at / ${BUCKET_MS} AS bucket, server, method, name, outcome, code, policy, rule, count(*) AS rows FROM journal
      WHERE seq > ? AND seq <= ? AND NOT (outcome = 'forwarded' AND coalesce(observed, '') IN ('would_rate_limit', 'would_exceed_budget')) GROUP BY 1, 2, 3, 4, 5, 6, 7, 8 ORDER BY rows DESC`);
    this.#grants = database.prepare(`SELECT grant_label, at / ${HOUR_MS} AS hour, count(*) AS rows, max(at) AS last_at FROM journal
      WHERE seq > ? AND seq <= ? AND grant_label IS NOT NULL AND method NOT IN ('approvals/decide', 'pins/decide')
        AND NOT (outcome = 'forwarded' AND coalesce(observed, '') IN ('would_rate_limit', 'would_exceed_budget')) GROUP BY 1, 2`);
  }

  grants(after: number, until: number): GrantCount[] {
    return this.#grants.all(after, Math.min(until, after + MAX_ROWS)).map((row) => (
      { grant: fromColumn(row['grant_label']) ?? '', hour: Number(row['hour']) * HOUR_MS, rows: Number(row['rows']), lastAt: Number(row['last_at']) }
    ));
  }

  span(since: Date): { readonly after: number; readonly last: number } {
    const { last } = this.#query.ends();
    return { after: Math.max(0, this.#query.lastBefore(since.getTime())), last };
  }

  counts(after: number, until: number): JournalCount[] {
    const rows = this.#counts.all(after, Math.min(until, after + MAX_ROWS));
    return rows.map((row, index) => {
      const kept = index < MAX_GROUPS;
      const text = (column: string): string | null => (kept ? fromColumn(row[column]) : null);
      return {
        at: Number(row['bucket']) * BUCKET_MS, server: fromColumn(row['server']) ?? '', outcome: String(row['outcome']) as Outcome, method: fromColumn(row['method']),
        name: text('name'), code: text('code'), policy: text('policy'), rule: text('rule'), rows: Number(row['rows']),
      };
    });
  }

  bySeq(seqs: readonly number[]): JournalRow[] {
    return this.#query.bySeq(seqs.slice(0, MAX_SEQS));
  }
}
