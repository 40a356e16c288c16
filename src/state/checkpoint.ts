import { statSync } from 'node:fs';
import type { SqlDatabase, SqlStatement } from './driver.ts';

/** Size of the log at which its content is moved into the database: about a thousand pages, as SQLite does by itself. */
const LOG_BYTES = 4 * 1024 * 1024;
/** Transactions between two looks at the size. */
const LOOK_EVERY = 64;
/** Longest wait for other writers; when they are busy for longer, a later look tries again. */
const WAIT_MS = 50;

/**
 * Moves the write-ahead log into the database, only while holding the write lock, from a second connection.
 *
 * SQLite up to 3.51.2, and so libsql and the SQLite of older Nodes, has a race: a checkpoint that runs while another process commits and
 * restarts the log can drop committed transactions (sqlite.org/wal.html, "The WAL-Reset Bug"; tursodatabase/libsql#2271). SQLite's
 * automatic checkpoints run without the write lock, so they are off for every connection of ours.
 */
export class Checkpointer {
  readonly #log: string;
  readonly #guard: SqlDatabase;
  readonly #lock: SqlStatement;
  readonly #unlock: SqlStatement;
  readonly #checkpoint: SqlStatement;
  #due = LOG_BYTES;
  #transactions = 0;

  /** @param guard a second connection to the same file; closed by `close`. */
  constructor(database: SqlDatabase, guard: SqlDatabase, path: string) {
    this.#log = `${path}-wal`;
    this.#guard = guard;
    guard.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    this.#lock = guard.prepare('BEGIN IMMEDIATE');
    this.#unlock = guard.prepare('ROLLBACK');
    // PASSIVE: with every writer locked out by us there is nobody to wait for, and readers are not waited for either.
    this.#checkpoint = database.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** Whether the log has grown enough; cheap, to be asked after every transaction. */
  due(): boolean {
    this.#transactions += 1;
    return this.#transactions % LOOK_EVERY === 0 && this.#size() >= this.#due;
  }

  /** Outside of any transaction. @throws a driver's error, also when other writers are busy: nothing has happened then. */
  run(): void {
    this.#lock.run();
    try {
      const row = this.#checkpoint.get();
      // An old reader keeps part of the log in use: then it is tried again when the log has grown as much again.
      const complete = row?.['busy'] === 0 && row['log'] === row['checkpointed'];
      this.#due = complete ? LOG_BYTES : this.#size() + LOG_BYTES;
    } finally {
      this.#unlock.run();
    }
  }

  close(): void {
    this.#guard.close();
  }

  #size(): number {
    return statSync(this.#log, { throwIfNoEntry: false })?.size ?? 0;
  }
}
