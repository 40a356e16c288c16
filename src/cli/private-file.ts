import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** Windows has no modes: there the access list of the directory protects the file. */
const HAS_MODES = process.platform !== 'win32';
const OTHERS_WRITE = 0o022;

/**
 * Reads a file of ours. A link, or a file that other users can write, is refused: its content would be theirs, not ours.
 * @returns null when there is no such file
 */
export function readPrivate(path: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    if ((error as NodeJS.ErrnoException).code === 'ELOOP') throw new Error('it is a symbolic link', { cause: error });
    throw error;
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error('it is not a regular file');
    if (HAS_MODES && (stats.mode & OTHERS_WRITE) !== 0) throw new Error('other users can write it; check who changed it, then chmod 600');
    if (HAS_MODES && process.getuid !== undefined && stats.uid !== process.getuid() && stats.uid !== 0) throw new Error('it belongs to another user');
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Writes a file of ours whole or not at all, with mode 0600, in a directory of mode 0700 that is made when missing. */
export function writePrivate(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    try {
      // Not writeSync: on a disk that is nearly full it writes a part, and says so only by a number.
      writeFileSync(descriptor, text);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}
