import type { SqlDatabase, SqlStatement } from './driver.ts';

/** Heads kept of one kind; when there are more, all are forgotten, because sessions make keys without end. */
const KEPT = 4096;

/** The heads of one kind of log, by key. */
export type Heads<Head> = Pick<Map<string, Head>, 'get' | 'delete'> & { put(key: string, head: Head): void };

/**
 * What the admissions of this connection left at the end of each log, so that the next one need not look it up. Exact, because a write
 * transaction holds the lock: inside it, `PRAGMA data_version` tells whether another connection has written since, and every
 * transaction of our own that is neither an admission nor a settlement forgets everything. So does one that fails or gives back.
 */
export class HeadCache {
  readonly #version: SqlStatement;
  readonly #kinds: Map<string, unknown>[] = [];
  #seen: unknown = null;

  constructor(database: SqlDatabase) {
    this.#version = database.prepare('PRAGMA data_version');
  }

  /** @returns the place of one kind of head */
  kind<Head>(): Heads<Head> {
    const heads = new Map<string, Head>();
    this.#kinds.push(heads);
    return {
      get: (key) => heads.get(key),
      delete: (key) => heads.delete(key),
      put: (key, head) => {
        if (heads.size >= KEPT && !heads.has(key)) heads.clear();
        heads.set(key, head);
      },
    };
  }

  /** At the start of a write transaction that admits calls: forgets what another connection may have changed. */
  look(): void {
    const version = this.#version.first()?.[0];
    if (version === this.#seen) return;
    this.forget();
    this.#seen = version;
  }

  forget(): void {
    for (const heads of this.#kinds) heads.clear();
  }
}
