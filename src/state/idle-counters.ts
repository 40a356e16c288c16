import type { SqlDatabase, SqlStatement } from './driver.ts';
import { IdleGrace } from './idle-grace.ts';

/** Counters looked at per new counter. More than one: a store that fills with dead sessions empties faster than it fills. */
const LOOKS = 2;
/** Rows of one idle counter that one look removes. */
const ROWS = 1024;

/**
 * Removes counters whose newest admission is older than the longest window they were ever asked for: they admit as a new one does.
 * Client sessions make counters, so this is what keeps a client that reconnects for ever from filling the disk.
 */
export class IdleCounters {
  readonly #next: SqlStatement;
  readonly #oldest: SqlStatement;
  readonly #dropRows: SqlStatement;
  readonly #dropCounter: SqlStatement;
  readonly #grace: IdleGrace;
  #cursor = 0;

  constructor(database: SqlDatabase) {
    this.#next = database.prepare(
      `SELECT id, span, (SELECT at FROM admissions WHERE counter = counters.id ORDER BY seq DESC LIMIT 1) AS at
       FROM counters WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#grace = new IdleGrace(database, 'counters');
    this.#oldest = database.prepare(`SELECT seq FROM admissions WHERE counter = ? ORDER BY seq LIMIT 1 OFFSET ${ROWS}`);
    this.#dropRows = database.prepare('DELETE FROM admissions WHERE counter = ? AND seq < ?');
    this.#dropCounter = database.prepare('DELETE FROM counters WHERE id = ?');
  }

  /** Looks at a few counters, each time the next ones, and removes those that are over. Inside a write transaction. */
  collect(now: number, looks: number = LOOKS): void {
    const rows = this.#next.all(this.#cursor, looks);
    for (const row of rows) {
      const id = Number(row['id']);
      this.#cursor = id;
      const at = row['at'];
      if (typeof at === 'number' && now - at <= Number(row['span']) + this.#grace.current()) continue;
      // A part that is left is removed in later rounds; what stays are the newest rows, so the counter never looks younger or emptier.
      const keep = this.#oldest.get(id)?.['seq'];
      this.#dropRows.run(id, keep === undefined ? Number.MAX_SAFE_INTEGER : Number(keep));
      if (keep === undefined) this.#dropCounter.run(id);
    }
    if (rows.length < looks) this.#cursor = 0;
  }
}
