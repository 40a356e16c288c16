import { StateUnavailable } from './types.ts';

/** What a column can hold here. Integers stay below 2^53, so both drivers read them back as numbers. */
export type SqlValue = string | number | Uint8Array | null;
/** A result row by column name. A driver may add names of its own, so rows are never spread or enumerated. */
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlStatement {
  run(...parameters: SqlValue[]): { readonly changes: number; readonly lastRowid: number };
  get(...parameters: SqlValue[]): SqlRow | undefined;
  /** The first row as an array in column order; cheaper than `get`, for the path of every call. */
  first(...parameters: SqlValue[]): readonly unknown[] | undefined;
  all(...parameters: SqlValue[]): SqlRow[];
}

/** The little of SQLite that the state room uses; every call is synchronous and may throw a driver's own error. */
export interface SqlDatabase {
  readonly driver: DriverName;
  prepare(sql: string): SqlStatement;
  exec(sql: string): void;
  /** Never throws; safe to call twice. Every later use throws. */
  close(): void;
}

export type DriverName = 'node' | 'libsql';

/**
 * Opens a SQLite file with the named driver, or with the best one: `node:sqlite` where this Node has it, else `libsql`.
 * Drivers are loaded here and not before: a run without state pays nothing.
 * @throws StateUnavailable when the driver is missing; a driver's own error when the file cannot be opened.
 */
export async function openDriver(path: string, name?: DriverName): Promise<SqlDatabase> {
  const { nodeSqlite, openNodeDriver } = await import('./driver-node.ts');
  if (name !== 'libsql') {
    const builtin = nodeSqlite();
    if (builtin !== null) return openNodeDriver(builtin, path);
    if (name === 'node') {
      throw new StateUnavailable(`Node ${process.versions.node} has no node:sqlite; use Node 22.13 or later, or the libsql driver`);
    }
  }
  const { openLibsqlDriver } = await import('./driver-libsql.ts');
  return openLibsqlDriver(path);
}

/** SQLite's primary result code of a driver's error, or null when the error does not come from SQLite. */
export function sqliteCode(error: unknown): number | null {
  if (typeof error !== 'object' || error === null) return null;
  const { errcode, rawCode } = error as { errcode?: unknown; rawCode?: unknown };
  const code = typeof errcode === 'number' ? errcode : rawCode;
  return typeof code === 'number' ? code & 0xff : null;
}

export const SQLITE_BUSY = 5;
export const SQLITE_LOCKED = 6;
