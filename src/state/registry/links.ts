import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import type { LinkRecord } from './types.ts';

/** Links for one use, by the hash of their secret. Writing methods run inside the caller's write transaction. */
export class LinkStore {
  readonly #add: SqlStatement;
  readonly #get: SqlStatement;
  readonly #take: SqlStatement;
  readonly #remove: SqlStatement;
  readonly #removeOf: SqlStatement;
  readonly #tidy: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#add = database.prepare('INSERT INTO registry_links (hash, purpose, member, expires_at) VALUES (?, ?, ?, ?)');
    this.#get = database.prepare('SELECT * FROM registry_links WHERE hash = ? AND expires_at > ?');
    this.#take = database.prepare('DELETE FROM registry_links WHERE hash = ? AND expires_at > ? RETURNING *');
    this.#remove = database.prepare('DELETE FROM registry_links WHERE purpose = ? AND member IS ?');
    this.#removeOf = database.prepare('DELETE FROM registry_links WHERE member = ?');
    this.#tidy = database.prepare('DELETE FROM registry_links WHERE hash IN (SELECT hash FROM registry_links WHERE expires_at <= ? LIMIT ?)');
  }

  add({ hash, purpose, member, expiresAt }: LinkRecord): void {
    this.#add.run(hash, purpose, toColumn(member), expiresAt);
  }

  get(hash: string, now: string): LinkRecord | null {
    const row = this.#get.get(toColumn(hash), now);
    return row === undefined ? null : linkOf(row);
  }

  take(hash: string, now: string): LinkRecord | null {
    const row = this.#take.get(toColumn(hash), now);
    return row === undefined ? null : linkOf(row);
  }

  remove(purpose: LinkRecord['purpose'], member: string | null): number {
    return this.#remove.run(purpose, toColumn(member)).changes;
  }

  removeOf(member: string): void {
    this.#removeOf.run(toColumn(member));
  }

  tidy(now: string, most: number): void {
    this.#tidy.run(now, most);
  }
}

function linkOf(row: SqlRow): LinkRecord {
  return { hash: String(row['hash']), purpose: String(row['purpose']) as LinkRecord['purpose'], member: fromColumn(row['member']), expiresAt: String(row['expires_at']) };
}
