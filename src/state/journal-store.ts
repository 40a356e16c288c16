import { ReopenedRows, TOLD_OPEN_US } from './chain/reopened-rows.ts';
import type { SqlDatabase, SqlStatement, SqlValue } from './driver.ts';
import { suppressedEntry, type Suppressed } from './flood.ts';
import { COLUMNS, boundedColumn, parametersOf } from './journal-row.ts';
import { readReservation, type Reservation } from './reservation.ts';
import type { JournalEntry, Settlement } from './types.ts';

/** How far back a settlement looks for a row that this process did not write. */
const LOOK_BACK = 10_000;

/** Statements that write the journal. Every method runs inside the caller's transaction, or is one by itself. */
export class JournalStore {
  readonly #insert: SqlStatement;
  readonly #settleSeq: SqlStatement;
  readonly #findId: SqlStatement;
  readonly #reservedSeq: SqlStatement;
  readonly #reservedId: SqlStatement;
  readonly #tell: SqlStatement;
  readonly #reopened: ReopenedRows;
  readonly #withValues: boolean;

  constructor(database: SqlDatabase, withValues: boolean) {
    this.#withValues = withValues;
    this.#insert = database.prepare(`INSERT INTO journal (${COLUMNS.join(', ')}) VALUES (${COLUMNS.map(() => '?').join(', ')})`);
    const set = 'UPDATE journal SET outcome = ?, upstream_status = ?, latency_ms = ?';
    this.#settleSeq = database.prepare(`${set} WHERE seq = ? AND id = ? AND outcome = 'forwarded'`);
    this.#findId = database.prepare(
      `SELECT seq FROM journal WHERE seq > (SELECT coalesce(max(seq), 0) FROM journal) - ${LOOK_BACK} AND id = ? AND outcome = 'forwarded' ORDER BY seq LIMIT 1`,
    );
    this.#reservedSeq = database.prepare("SELECT reserved FROM journal WHERE seq = ? AND id = ? AND outcome = 'forwarded'");
    this.#reservedId = database.prepare(
      `SELECT reserved FROM journal WHERE seq > (SELECT coalesce(max(seq), 0) FROM journal) - ${LOOK_BACK} AND id = ? AND outcome = 'forwarded'`,
    );
    this.#tell = database.prepare('UPDATE journal SET reason = ? WHERE seq = ? AND clock > ?');
    this.#reopened = new ReopenedRows(database);
  }

  /** @returns the row's `seq`. */
  insert(entry: JournalEntry, wallMs: number, clockUs: number, reserved: string | null = null): number {
    return this.#insert.run(...parametersOf(entry, wallMs, clockUs, this.#withValues, reserved)).lastRowid;
  }

  /** What a call took that has not ended yet; null when it took nothing, has ended, or is not known. */
  reservation(id: string, seq: number | null): Reservation | null {
    const column = boundedColumn(id, 128);
    const row = seq === null ? this.#reservedId.first(column) : this.#reservedSeq.first(seq, column);
    return readReservation(row?.[0]);
  }

  /** Every row up to this one is sealed: what `settle` wants to know, once in a transaction. */
  sealed(): number {
    return this.#reopened.sealed();
  }

  settle(id: string, seq: number | null, { outcome, upstreamStatus, latencyMs }: Settlement, sealed: number): void {
    const values: SqlValue[] = [outcome, boundedColumn(upstreamStatus), latencyMs];
    const column = boundedColumn(id, 128);
    const place = seq ?? Number(this.#findId.first(column)?.[0] ?? 0);
    const { changes } = this.#settleSeq.run(...values, place, column);
    if (place <= sealed && changes > 0) this.#reopened.changed(place);
  }

  /** Writes, or brings up to date, the row that tells what a flood left out. */
  tell(suppressed: Suppressed, wallMs: number, clockUs: number): number {
    const entry = suppressedEntry(suppressed);
    if (suppressed.seq === null) return this.insert(entry, wallMs, clockUs);
    // A row that is as old as this may be sealed for good: a later one then tells the whole count.
    if (this.#tell.run(boundedColumn(entry.reason), suppressed.seq, clockUs - TOLD_OPEN_US / 2).changes === 0) return this.insert(entry, wallMs, clockUs);
    if (suppressed.seq <= this.sealed()) this.#reopened.changed(suppressed.seq);
    return suppressed.seq;
  }
}
