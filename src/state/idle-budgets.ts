import type { SqlDatabase, SqlStatement } from './driver.ts';
import { IdleGrace } from './idle-grace.ts';

/** Budgets looked at per new budget. More than one: a store that fills with dead sessions empties faster than it fills. */
const LOOKS = 2;
/** Rows of one idle budget that one look removes from each table. */
const ROWS = 1024;

/**
 * Removes budgets whose newest spend is older than the longest window they were ever asked for. A budget first loses its key, so that
 * no call finds one that is half removed; ids are never used again, so that nothing is given back to another budget.
 */
export class IdleBudgets {
  readonly #next: SqlStatement;
  readonly #retire: SqlStatement;
  readonly #dropSpends: SqlStatement;
  readonly #dropBlocks: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #grace: IdleGrace;
  #cursor = 0;

  constructor(database: SqlDatabase) {
    this.#grace = new IdleGrace(database, 'budgets');
    this.#next = database.prepare(
      `SELECT id, key IS NULL AS retired, span, coalesce((SELECT at FROM spends WHERE budget = budgets.id ORDER BY seq DESC LIMIT 1), 0) AS at
       FROM budgets WHERE id > ? ORDER BY id LIMIT ?`,
    );
    this.#retire = database.prepare('UPDATE budgets SET key = NULL WHERE id = ?');
    this.#dropSpends = database.prepare(
      `DELETE FROM spends WHERE budget = ?1 AND seq <= (SELECT max(seq) FROM (SELECT seq FROM spends WHERE budget = ?1 ORDER BY seq LIMIT ${ROWS}))`,
    );
    this.#dropBlocks = database.prepare('DELETE FROM spend_blocks WHERE budget = ?');
    this.#drop = database.prepare('DELETE FROM budgets WHERE id = ?');
  }

  /** Looks at a few budgets, each time the next ones, and removes those that are over. Inside a write transaction. */
  collect(now: number, looks: number = LOOKS): void {
    const rows = this.#next.all(this.#cursor, looks);
    for (const row of rows) {
      const id = Number(row['id']);
      this.#cursor = id;
      const retired = row['retired'] === 1;
      if (!retired && now - Number(row['at']) <= Number(row['span']) + this.#grace.current()) continue;
      if (!retired) this.#retire.run(id);
      // What is left is removed by later looks.
      if (this.#dropSpends.run(id).changes >= ROWS) continue;
      this.#dropBlocks.run(id);
      this.#drop.run(id);
    }
    if (rows.length < looks) this.#cursor = 0;
  }
}
