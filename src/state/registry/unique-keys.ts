import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import { ChangeRefused } from './refused.ts';
import type { GrantDefinition, Kind, Kinds, MemberDefinition, TokenDefinition } from './types.ts';

export const emailKey = (email: string): string => `email:${email.toLowerCase()}`;
export const oidcKey = (issuer: string, subject: string): string => `oidc:${JSON.stringify([issuer, subject])}`;
/** Tokens of grants and of members share one space: no secret may mean two things. */
export const bearerKey = (sha256: string): string => `bearer:${sha256.toLowerCase()}`;

function keysOf(kind: Kind, value: Kinds[Kind]): string[] {
  if (kind === 'member') {
    const { email, oidc } = value as MemberDefinition;
    return oidc === null ? [emailKey(email)] : [emailKey(email), oidcKey(oidc.issuer, oidc.subject)];
  }
  if (kind === 'token') return [bearerKey((value as TokenDefinition).tokenSha256)];
  if (kind !== 'grant') return [];
  const { tokenSha256, previous } = value as GrantDefinition;
  return [tokenSha256, previous?.tokenSha256 ?? null].filter((one) => one !== null).map(bearerKey);
}

/** What must be unique over records, and finds them. Writing methods run inside the caller's write transaction. */
export class UniqueKeys {
  readonly #find: SqlStatement;
  readonly #put: SqlStatement;
  readonly #drop: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#find = database.prepare('SELECT kind, name FROM registry_keys WHERE key = ?');
    this.#put = database.prepare('INSERT INTO registry_keys (key, kind, name) VALUES (?, ?, ?)');
    this.#drop = database.prepare('DELETE FROM registry_keys WHERE kind = ? AND name = ?');
  }

  /** Name of the record that has this key. */
  holder(kind: Kind, key: string): string | null {
    const row = this.#find.get(toColumn(key));
    return row === undefined || row['kind'] !== kind ? null : fromColumn(row['name']);
  }

  /** @throws ChangeRefused `duplicate` when another record has one of them */
  replace(kind: Kind, name: string, value: Kinds[Kind]): void {
    this.drop(kind, name);
    for (const key of new Set(keysOf(kind, value))) {
      if (this.#find.get(toColumn(key)) !== undefined) throw new ChangeRefused('duplicate', null);
      this.#put.run(toColumn(key), kind, toColumn(name));
    }
  }

  drop(kind: Kind, name: string): void {
    this.#drop.run(kind, toColumn(name));
  }
}
