import type { ApprovalStore } from './approval-store.ts';
import type { SqlDatabase, SqlStatement } from './driver.ts';

const DAY_US = 24 * 3600 * 1e6;
/** How long the text of arguments outlives the decision. */
const READABLE_US = DAY_US;
/** Texts of finished approvals that are kept at most: requests that nobody answers must not fill the disk. */
const READABLE = 1000;
/** Finished approvals that are kept at most. */
const KEPT = 100_000;
/** Approvals that one step changes: it holds the write lock for a few milliseconds at most. */
const STEP = 100;

/** Writes down what has run out, erases arguments some time after the decision, and removes what is older than the journal. */
export class ApprovalTidy {
  readonly #store: ApprovalStore;
  readonly #days: number;
  readonly #due: SqlStatement;
  readonly #erase: SqlStatement;
  readonly #eraseMany: SqlStatement;
  readonly #old: SqlStatement;
  readonly #tooMany: SqlStatement;
  readonly #remove: readonly SqlStatement[];

  constructor(database: SqlDatabase, store: ApprovalStore, days: number) {
    this.#store = store;
    this.#days = days;
    this.#due = database.prepare(`SELECT id FROM approvals WHERE status IN ('pending', 'approved') AND expires_us <= ? ORDER BY expires_us LIMIT ${STEP}`);
    const erase = 'UPDATE approvals SET arguments = NULL, also_sent = NULL WHERE seq IN (SELECT seq FROM approvals WHERE done_us IS NOT NULL AND (arguments IS NOT NULL OR also_sent IS NOT NULL)';
    this.#erase = database.prepare(`${erase} AND done_us <= ? ORDER BY done_us LIMIT ${STEP})`);
    this.#eraseMany = database.prepare(`${erase} ORDER BY done_us DESC LIMIT ${STEP} OFFSET ${READABLE})`);
    // A denial holds until its request would have expired, however short the retention.
    this.#old = database.prepare(`SELECT seq FROM approvals WHERE done_us IS NOT NULL AND done_us <= ? AND expires_us <= ? ORDER BY done_us LIMIT ${STEP}`);
    this.#tooMany = database.prepare(
      `SELECT seq FROM approvals WHERE done_us IS NOT NULL AND expires_us <= ?1 AND seq <= (SELECT max(seq) FROM approvals) - ${KEPT} ORDER BY seq LIMIT ${STEP}`,
    );
    this.#remove = ['DELETE FROM approval_votes WHERE approval = ?', 'DELETE FROM approval_links WHERE approval = ?', 'DELETE FROM approvals WHERE seq = ?']
      .map((sql) => database.prepare(sql));
  }

  /** One step, inside a write transaction. @returns true when there may be more to do */
  step(now: number): boolean {
    const due = this.#due.all(now);
    for (const row of due) {
      const stored = this.#store.log.byId(String(row['id']), now);
      if (stored !== null) this.#store.expire(stored, now);
    }
    const erased = this.#erase.run(now - READABLE_US).changes + this.#eraseMany.run().changes;
    const old = [...this.#old.all(now - this.#days * DAY_US, now), ...this.#tooMany.all(now)];
    for (const row of old) for (const statement of this.#remove) statement.run(Number(row['seq']));
    return due.length >= STEP || erased >= STEP || old.length >= STEP;
  }
}
