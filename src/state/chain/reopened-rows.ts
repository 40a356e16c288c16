import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { ChainLog } from './chain-log.ts';

/** How long the row of a flood may still change, store clock. A flood is told for a minute; beyond this it gets another row. */
export const TOLD_OPEN_US = 300_000_000;

/** Marks rows that change after they were sealed, so that they are sealed again. Part of the transaction that changes them. */
export class ReopenedRows {
  readonly #log: ChainLog;
  readonly #mark: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#log = new ChainLog(database);
    this.#mark = database.prepare('UPDATE chain_open SET state = 1 WHERE seq = ? AND state = 0');
  }

  /** To be asked once in a transaction: rows beyond are sealed later, as they are then. */
  sealed(): number {
    return this.#log.sealed();
  }

  changed(seq: number): void {
    this.#mark.run(seq);
  }
}
