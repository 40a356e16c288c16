import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import type { SealedSecret } from './types.ts';

/** Sealed secrets. Writing methods run inside the caller's write transaction. */
export class SecretStore {
  readonly #put: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #get: SqlStatement;
  readonly #all: SqlStatement;
  readonly #names: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#put = database.prepare('INSERT OR REPLACE INTO registry_secrets (name, key, sealed) VALUES (?, ?, ?)');
    this.#drop = database.prepare('DELETE FROM registry_secrets WHERE name = ?');
    this.#get = database.prepare('SELECT * FROM registry_secrets WHERE name = ?');
    this.#all = database.prepare('SELECT * FROM registry_secrets ORDER BY name');
    // Not LIKE: `_` in a name of a server is no wildcard.
    this.#names = database.prepare('SELECT name, key FROM registry_secrets WHERE substr(name, 1, length(?1)) = ?1 ORDER BY name');
  }

  put({ name, key, sealed }: SealedSecret): void {
    this.#put.run(toColumn(name), key, sealed);
  }

  drop(name: string): void {
    this.#drop.run(toColumn(name));
  }

  get(name: string): SealedSecret | null {
    const row = this.#get.get(toColumn(name));
    return row === undefined ? null : secretOf(row);
  }

  all(): SealedSecret[] {
    return this.#all.all().map(secretOf);
  }

  names(prefix: string): { readonly name: string; readonly key: number }[] {
    return this.#names.all(toColumn(prefix)).map((row) => ({ name: fromColumn(row['name']) ?? '', key: Number(row['key']) }));
  }
}

function secretOf(row: SqlRow): SealedSecret {
  return { name: fromColumn(row['name']) ?? '', key: Number(row['key']), sealed: Buffer.from(row['sealed'] as Uint8Array) };
}
