import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { ChainLog } from './chain-log.ts';

/** What the chain says when old rows go. */
export class Removal {
  readonly #log: ChainLog;
  readonly #forget: readonly SqlStatement[];

  constructor(database: SqlDatabase) {
    this.#log = new ChainLog(database);
    this.#forget = [
      database.prepare('DELETE FROM chain_salts WHERE seq <= ?'),
      database.prepare('DELETE FROM chain_open WHERE seq <= ?'),
      database.prepare('DELETE FROM chain_redacted WHERE seq <= ?'),
      // The hash of a block stands for its list: without its rows the list proves nothing.
      database.prepare("UPDATE chain_blocks SET body = NULL WHERE kind = 'rows' AND body IS NOT NULL AND last <= ?"),
    ];
  }

  /** Only rows up to here may be removed: one that goes before it is sealed would go without a trace. */
  sealed(): number {
    return this.#log.sealed();
  }

  /** Inside the write transaction that removes the rows. */
  removed(through: number, wallMs: number): void {
    const head = this.#log.head();
    if (through <= head.removed) return;
    this.#log.append(head, 'removed', wallMs, { first: head.removed + 1, last: through, body: Buffer.alloc(0) }, { removed: through });
    for (const statement of this.#forget) statement.run(through);
  }
}
