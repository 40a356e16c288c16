import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { fromColumn, toColumn } from '../text.ts';
import { bounded } from './page.ts';
import { ChangeRefused } from './refused.ts';
import type { Kind, Kinds, Stored } from './types.ts';
import { UniqueKeys } from './unique-keys.ts';

/** Records of every kind, each with a version. Writing methods run inside the caller's write transaction. */
export class RecordStore {
  readonly keys: UniqueKeys;
  readonly #get: SqlStatement;
  readonly #list: SqlStatement;
  readonly #all: SqlStatement;
  readonly #put: SqlStatement;
  readonly #delete: SqlStatement;
  readonly #gone: SqlStatement;
  readonly #putGone: SqlStatement;
  readonly #dropGone: SqlStatement;

  constructor(database: SqlDatabase) {
    this.keys = new UniqueKeys(database);
    this.#get = database.prepare('SELECT * FROM registry_records WHERE kind = ? AND name = ?');
    this.#list = database.prepare('SELECT * FROM registry_records WHERE kind = ? AND name > ? ORDER BY name LIMIT ?');
    this.#all = database.prepare('SELECT * FROM registry_records WHERE kind = ? ORDER BY name');
    this.#put = database.prepare('INSERT OR REPLACE INTO registry_records (kind, name, version, created_at, updated_at, value) VALUES (?, ?, ?, ?, ?, ?)');
    this.#delete = database.prepare('DELETE FROM registry_records WHERE kind = ? AND name = ?');
    this.#gone = database.prepare('SELECT version FROM registry_gone WHERE kind = ? AND name = ?');
    this.#putGone = database.prepare('INSERT OR REPLACE INTO registry_gone (kind, name, version) VALUES (?, ?, ?)');
    this.#dropGone = database.prepare('DELETE FROM registry_gone WHERE kind = ? AND name = ?');
  }

  get<K extends Kind>(kind: K, name: string): Stored<K> | null {
    const row = this.#get.get(kind, toColumn(name));
    return row === undefined ? null : storedOf(kind, row);
  }

  list<K extends Kind>(kind: K, { after = '', limit }: { readonly after?: string; readonly limit?: number }): Stored<K>[] {
    return this.#list.all(kind, toColumn(after), bounded(limit)).map((row) => storedOf(kind, row));
  }

  all<K extends Kind>(kind: K): Stored<K>[] {
    return this.#all.all(kind).map((row) => storedOf(kind, row));
  }

  /** @returns the new version @throws ChangeRefused */
  put<K extends Kind>(kind: K, name: string, value: Kinds[K], expect: number | null | undefined, at: string): number {
    const before = this.get(kind, name);
    if (expect === null && before !== null) throw new ChangeRefused('exists', before.version);
    if (typeof expect === 'number') demand(before, expect);
    const version = 1 + (before?.version ?? Number(this.#gone.first(kind, toColumn(name))?.[0] ?? 0));
    this.keys.replace(kind, name, value);
    this.#put.run(kind, toColumn(name), version, before?.createdAt ?? at, at, JSON.stringify(value ?? null));
    if (before === null) this.#dropGone.run(kind, toColumn(name));
    return version;
  }

  /** Without `expect` it is well when it was not there. @throws ChangeRefused @returns whether it was there */
  delete(kind: Kind, name: string, expect: number | undefined): boolean {
    const before = this.get(kind, name);
    if (expect !== undefined) demand(before, expect);
    if (before === null) return false;
    this.keys.drop(kind, name);
    this.#delete.run(kind, toColumn(name));
    this.#putGone.run(kind, toColumn(name), before.version);
    return true;
  }
}

function demand(before: { readonly version: number } | null, expect: number): void {
  if (before === null) throw new ChangeRefused('not_found', null);
  if (before.version !== expect) throw new ChangeRefused('conflict', before.version);
}

function storedOf<K extends Kind>(kind: K, row: SqlRow): Stored<K> {
  return {
    kind,
    name: fromColumn(row['name']) ?? '',
    version: Number(row['version']),
    createdAt: String(row['created_at']),
    updatedAt: String(row['updated_at']),
    // Written by `put` and by nothing else.
    value: JSON.parse(String(row['value'])) as Kinds[K],
  };
}
