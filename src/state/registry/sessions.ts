import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import type { SessionRecord } from './types.ts';

/** Sessions of the dashboard, by the hash of their secret. Writing methods run inside the caller's write transaction. */
export class SessionStore {
  readonly #open: SqlStatement;
  readonly #get: SqlStatement;
  readonly #touch: SqlStatement;
  readonly #of: SqlStatement;
  readonly #close: SqlStatement;
  readonly #closeAll: SqlStatement;
  readonly #tidy: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#open = database.prepare('INSERT INTO registry_sessions (hash, member, created_at, last_used_at, expires_at, user_agent) VALUES (?, ?, ?, ?, ?, ?)');
    this.#get = database.prepare('SELECT * FROM registry_sessions WHERE hash = ? AND expires_at > ?');
    this.#touch = database.prepare('UPDATE registry_sessions SET last_used_at = ? WHERE hash = ?');
    this.#of = database.prepare('SELECT * FROM registry_sessions WHERE member = ? AND expires_at > ? ORDER BY created_at DESC, hash');
    this.#close = database.prepare('DELETE FROM registry_sessions WHERE hash = ?');
    this.#closeAll = database.prepare('DELETE FROM registry_sessions WHERE member = ? AND hash <> ?');
    this.#tidy = database.prepare('DELETE FROM registry_sessions WHERE hash IN (SELECT hash FROM registry_sessions WHERE expires_at <= ? LIMIT ?)');
  }

  open({ hash, member, createdAt, lastUsedAt, expiresAt, userAgent }: SessionRecord): void {
    this.#open.run(hash, toColumn(member), createdAt, lastUsedAt, expiresAt, toColumn(userAgent));
  }

  /** One that has ended is none. */
  get(hash: string, now: string): SessionRecord | null {
    const row = this.#get.get(toColumn(hash), now);
    return row === undefined ? null : sessionOf(row);
  }

  touch(hash: string, at: string): void {
    this.#touch.run(at, toColumn(hash));
  }

  of(member: string, now: string): SessionRecord[] {
    return this.#of.all(toColumn(member), now).map(sessionOf);
  }

  close(which: { readonly hash: string } | { readonly member: string; readonly except?: string }): number {
    if ('hash' in which) return this.#close.run(toColumn(which.hash)).changes;
    return this.#closeAll.run(toColumn(which.member), toColumn(which.except ?? '')).changes;
  }

  tidy(now: string, most: number): void {
    this.#tidy.run(now, most);
  }
}

function sessionOf(row: SqlRow): SessionRecord {
  return {
    hash: String(row['hash']),
    member: fromColumn(row['member']) ?? '',
    createdAt: String(row['created_at']),
    lastUsedAt: String(row['last_used_at']),
    expiresAt: String(row['expires_at']),
    userAgent: fromColumn(row['user_agent']),
  };
}
