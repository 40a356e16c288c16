import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { blob, encodeRedaction, type Redaction } from './block.ts';
import type { ChainLog } from './chain-log.ts';
import { commitmentOf, hasArguments, NO_ARGUMENTS, ROW_COLUMNS } from './row-digest.ts';

/** Rows that are erased in one transaction. */
export const REDACT_STEP = 256;

/** As many zeros as the column has bytes; null stays null. */
function zeros(column: string): string {
  const length = `length(CAST(${column} AS BLOB))`;
  return `${column} = substr(hex(zeroblob(${length})), 1, ${length})`;
}

/** Erases the arguments of rows. What was committed to stays, so that the rest of the row can still be checked. */
export class Redactor {
  readonly #log: ChainLog;
  readonly #row: SqlStatement;
  readonly #salt: SqlStatement;
  readonly #blank: SqlStatement;
  readonly #erase: SqlStatement;
  readonly #dropSalt: SqlStatement;
  readonly #note: SqlStatement;
  readonly #before: SqlStatement;

  constructor(database: SqlDatabase, log: ChainLog) {
    this.#log = log;
    this.#row = database.prepare(`SELECT ${ROW_COLUMNS} FROM journal WHERE seq = ?`);
    this.#salt = database.prepare('SELECT salt FROM chain_salts WHERE seq = ?');
    // Of the same length: written over in its place, before anything moves and leaves a copy behind.
    this.#blank = database.prepare(`UPDATE journal SET ${zeros('arg_keys')}, ${zeros('arg_hash')}, ${zeros('arg_values')} WHERE seq = ?`);
    this.#erase = database.prepare('UPDATE journal SET arg_keys = NULL, arg_hash = NULL, arg_values = NULL WHERE seq = ?');
    this.#dropSalt = database.prepare('DELETE FROM chain_salts WHERE seq = ?');
    this.#note = database.prepare('INSERT OR REPLACE INTO chain_redacted (seq, block, commitment) VALUES (?, ?, ?)');
    this.#before = database.prepare(`SELECT chain_salts.seq AS seq FROM chain_salts CROSS JOIN journal ON journal.seq = chain_salts.seq
      WHERE chain_salts.seq > ? AND chain_salts.seq <= ? AND journal.at < ? ORDER BY chain_salts.seq LIMIT ${REDACT_STEP}`);
  }

  /** Rows after `after` up to `through`, written before a time (wall-clock milliseconds), that have something to erase; at most `REDACT_STEP`. */
  erasable(after: number, through: number, before: number): number[] {
    return this.#before.all(after, through, before).map((row) => Number(row['seq']));
  }

  /** Inside a write transaction; every row has been sealed. Rows that are not there, or have no arguments, are left out. @returns the rows */
  erase(seqs: readonly number[], who: string, why: string, wallMs: number): number[] {
    const head = this.#log.head();
    const rows: { seq: number; commitment: Buffer }[] = [];
    for (const seq of new Set(seqs)) {
      const row = this.#row.get(seq);
      if (row === undefined || !hasArguments(row) || seq > head.sealed) continue;
      const salt = blob(this.#salt.get(seq)?.['salt']);
      // Without its salt nothing can be proven of the row any more; what must go goes all the same, and a check tells of it.
      const commitment = salt === null ? NO_ARGUMENTS : commitmentOf(row, salt);
      this.#blank.run(seq);
      this.#erase.run(seq);
      this.#dropSalt.run(seq);
      this.#note.run(seq, head.number + 1, commitment);
      rows.push({ seq, commitment });
    }
    if (rows.length === 0) return [];
    const body: Redaction = { who, why, rows };
    this.#log.append(head, 'redacted', wallMs, { first: 0, last: Math.max(...rows.map(({ seq }) => seq)), body: encodeRedaction(body) });
    return rows.map(({ seq }) => seq);
  }
}
