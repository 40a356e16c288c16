import { chmodSync, closeSync, lstatSync, mkdirSync, openSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { StateUnavailable } from './types.ts';

const OWNER_ONLY = 0o600;
const OTHERS_WRITE = 0o022;
/** Windows has no modes: there the access list of the directory protects the file. */
const HAS_MODES = process.platform !== 'win32';

/** The files that SQLite keeps beside a database in WAL mode. */
const COMPANIONS = ['-wal', '-shm', '-journal'] as const;

function lookUp(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null;
}

/**
 * A database that somebody else can write, or that somebody else placed as a link, could hand out counters and journal rows of
 * their choice. Such a file is refused, never repaired: what it holds is no longer ours.
 */
function refuseUnsafe(path: string, stats: Stats): void {
  if (stats.isSymbolicLink()) throw new StateUnavailable(`${path} is a symbolic link; name the database file itself`);
  if (!stats.isFile()) throw new StateUnavailable(`${path} is not a regular file; a database file is expected there`);
  if (HAS_MODES && (stats.mode & OTHERS_WRITE) !== 0) {
    const mode = (stats.mode & 0o777).toString(8).padStart(4, '0');
    throw new StateUnavailable(`${path} can be written by other users (mode ${mode}); check who changed it, then chmod 600`);
  }
}

/** Refuses unsafe files where they exist already. @throws StateUnavailable */
export function checkFiles(path: string): void {
  for (const suffix of ['', ...COMPANIONS]) {
    const stats = lookUp(path + suffix);
    if (stats !== null) refuseUnsafe(path + suffix, stats);
  }
}

/**
 * Makes the directory (0700) and the file (0600) where missing. SQLite gives `-wal` and `-shm` the mode of the database, so the file
 * exists with the right mode before SQLite sees it and no umask has to be changed.
 *
 * A file that exists is never opened here: closing any descriptor of a file drops all POSIX locks that this process holds on it,
 * also those of a connection of SQLite's, and another process would then take the log away under that connection.
 * @throws StateUnavailable for a link, a file that others can write, or a file that cannot be made.
 */
export function prepareFiles(path: string): void {
  checkFiles(path);
  if (lookUp(path) !== null) return;
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', OWNER_ONLY));
  } catch (error) {
    // Another process was faster; O_EXCL follows no link, so what is there is looked at like any other file.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    checkFiles(path);
  }
}

/** Takes access by others away. Only for a database that is known to be ours: a wrong path must not change another program's file. */
export function restrictFiles(path: string): void {
  if (!HAS_MODES) return;
  for (const suffix of ['', ...COMPANIONS]) {
    const stats = lookUp(path + suffix);
    if (stats?.isFile() === true && (stats.mode & 0o777) !== OWNER_ONLY) chmodSync(path + suffix, OWNER_ONLY);
  }
}
