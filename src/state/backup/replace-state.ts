import { existsSync, linkSync, renameSync } from 'node:fs';
import { openDriver, sqliteCode, SQLITE_BUSY, SQLITE_LOCKED, type DriverName, type SqlDatabase } from '../driver.ts';
import { unavailable } from '../failure.ts';
import { checkFiles } from '../files.ts';
import { StateUnavailable } from '../types.ts';

const WAIT_MS = 200;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

/**
 * Puts a checked database in the place of one that nobody uses. The old one stays, whole, under another name; at every moment there is a database.
 * @param from on the same file system @param aside where the old one goes; must not be there
 * @returns whether there was an old one
 * @throws StateUnavailable when another process has the old one open, or something cannot be moved: nothing has changed then
 */
export async function replaceState(options: { readonly path: string; readonly from: string; readonly aside: string; readonly driver?: DriverName }): Promise<boolean> {
  const { path, from, aside } = options;
  try {
    const existed = existsSync(path);
    const old = existed ? await alone(path, options.driver) : null;
    try {
      // A log beside the new file would be taken for its own.
      if (!existed && existsSync(`${path}-wal`)) throw new StateUnavailable(`${path}-wal belongs to another database file; move it away first`);
      if (existed) linkSync(path, aside);
      for (const suffix of ['-wal', '-shm', '-journal']) if (existed && existsSync(path + suffix)) renameSync(path + suffix, aside + suffix);
      renameSync(from, path);
    } finally {
      old?.close();
    }
    return existed;
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall !== undefined && code !== undefined) throw new StateUnavailable(`cannot put the database in its place: ${syscall} was refused (${code})`, { cause: error });
    throw unavailable(`cannot replace ${path}`, error);
  }
}

/**
 * A connection that is the only one: leaving WAL mode takes every lock there is, moves the log into the file and removes it. A database that is too
 * damaged for that is in nobody's use that could be asked for.
 */
async function alone(path: string, driver: DriverName | undefined): Promise<SqlDatabase | null> {
  checkFiles(path);
  let database: SqlDatabase | null = null;
  try {
    database = await openDriver(path, driver);
    database.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
    const mode = database.prepare('PRAGMA journal_mode = DELETE').get()?.['journal_mode'];
    if (mode !== 'delete') throw new StateUnavailable(`${path} is in use; stop the gateway, and every other policylayer command, first`);
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database?.close();
    const code = sqliteCode(error);
    if (code === SQLITE_CORRUPT || code === SQLITE_NOTADB) return null;
    if (code === SQLITE_BUSY || code === SQLITE_LOCKED) throw new StateUnavailable(`${path} is in use; stop the gateway, and every other policylayer command, first`, { cause: error });
    throw error;
  }
}
