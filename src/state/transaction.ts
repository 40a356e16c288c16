import type { SqlDatabase, SqlStatement } from './driver.ts';
import { unavailable } from './failure.ts';

/**
 * Write transactions. The lock is taken at the start (`BEGIN IMMEDIATE`): what is read inside cannot change before the commit, in
 * this process or another, and there is no later upgrade of a read lock that could fail half way.
 */
export class Transactions {
  readonly #begin: SqlStatement;
  readonly #commit: SqlStatement;
  readonly #rollback: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#begin = database.prepare('BEGIN IMMEDIATE');
    this.#commit = database.prepare('COMMIT');
    this.#rollback = database.prepare('ROLLBACK');
  }

  /**
   * Runs `work` and commits; undoes everything when `work` or the commit throws.
   * @throws StateUnavailable for every failure, with the driver's error as its cause.
   */
  run<Result>(task: string, work: () => Result): Result {
    try {
      this.#begin.run();
      const result = work();
      this.#commit.run();
      return result;
    } catch (error) {
      this.#abandon();
      throw unavailable(task, error);
    }
  }

  /** SQLite has rolled back by itself after some errors, and nothing is open when `BEGIN` failed: both refuse, and both are fine. */
  #abandon(): void {
    try {
      this.#rollback.run();
    } catch {}
  }
}
