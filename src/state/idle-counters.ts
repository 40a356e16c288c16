import type { SqlDatabase, SqlStatement } from './driver.ts';

/** Counters looked at per new counter. More than one: a store that fills with dead sessions empties faster than it fills. */
const LOOKS = 2;
/** Rows of one idle counter that one look removes. */
const ROWS = 1024;
/** A small store keeps idle counters this long beyond their window, so that a longer window set by an edit still finds its past. */
const GRACE_US = 24 * 3600 * 1e6;
/** A store with more counters than this keeps none of them longer than needed. */
const MANY = 50_000;

/**
 * Removes counters whose newest admission is older than the longest window they were ever asked for: they admit as a new one does.
 * Client sessions make counters, so this is what keeps a client that reconnects for ever from filling the disk.
 */
export class IdleCounters {
  readonly #next: SqlStatement;
  readonly #count: SqlStatement;
  readonly #oldest: SqlStatement;
  readonly #dropRows: SqlStatement;
  readonly #dropCounter: SqlStatement;
  #cursor = 0;
  #made = 0;
  #grace: number | null = null;

  constructor(database: SqlDatabase) {
    this.#next = database.prepare(
      `SELECT id, span, (SELECT at FROM admissions WHERE counter = counters.id ORDER BY seq DESC LIMIT 1) AS at
       FROM counters WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#count = database.prepare(`SELECT count(*) AS value FROM (SELECT 1 FROM counters LIMIT ${MANY + 1})`);
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
      if (typeof at === 'number' && now - at <= Number(row['span']) + this.#currentGrace()) continue;
      // A part that is left is removed in later rounds; what stays are the newest rows, so the counter never looks younger or emptier.
      const keep = this.#oldest.get(id)?.['seq'];
      this.#dropRows.run(id, keep === undefined ? Number.MAX_SAFE_INTEGER : Number(keep));
      if (keep === undefined) this.#dropCounter.run(id);
    }
    if (rows.length < looks) this.#cursor = 0;
  }

  /** Counting costs up to a millisecond in a large store, so it is done once per 256 collections. */
  #currentGrace(): number {
    if (this.#grace === null || ++this.#made >= 256) {
      this.#made = 0;
      this.#grace = Number(this.#count.get()?.['value'] ?? 0) > MANY ? 0 : GRACE_US;
    }
    return this.#grace;
  }
}
