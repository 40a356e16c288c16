import { randomBytes } from 'node:crypto';
import { closeSync, constants, fchmodSync, fchownSync, fsyncSync, openSync, renameSync, rmSync, utimesSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { FileProblem, readFileBytes, type FileBytes } from './config-file.ts';

export interface ReplaceOptions {
  /** Modification and access time to give the file, in milliseconds; left out: now. */
  readonly times?: { readonly mtimeMs: number; readonly atimeMs: number };
  readonly mode?: number;
}

/**
 * Puts new bytes in place of a file, whole or not at all: a sibling is written, synced and renamed over it. Mode and owner stay; a link
 * that leads to the file stays a link. Nothing happens when the file is no longer what was read.
 * @throws FileProblem
 */
export function replaceFile(before: FileBytes, bytes: Buffer, options: ReplaceOptions = {}): void {
  const { realPath, stats } = before;
  const temporary = join(dirname(realPath), `.${basename(realPath)}.${randomBytes(6).toString('hex')}.tmp`);
  try {
    const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    try {
      writeAll(descriptor, bytes);
      if (process.platform !== 'win32') {
        if (process.getuid?.() === 0) fchownSync(descriptor, stats.uid, stats.gid);
        else if (process.getgid?.() !== stats.gid) tryGroup(descriptor, stats.uid, stats.gid);
        // After the owner: a change of owner clears some bits.
        fchmodSync(descriptor, (options.mode ?? stats.mode) & 0o7777);
      }
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (options.times !== undefined) utimesSync(temporary, options.times.atimeMs / 1_000, options.times.mtimeMs / 1_000);
    // Clients write their files too. What came in between would be lost.
    if (readFileBytes(realPath)?.sha256 !== before.sha256) throw new FileProblem('it was changed by another program just now; try again');
    renameSync(temporary, realPath);
  } catch (error) {
    rmSync(temporary, { force: true });
    if (error instanceof FileProblem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') throw new FileProblem(`it cannot be written: ${code === 'EROFS' ? 'the file system is read-only' : `no permission to write in ${dirname(realPath)}`}`);
    throw new FileProblem(`it cannot be written (${code ?? 'unknown error'})`);
  }
  syncDirectory(dirname(realPath));
}

export function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(descriptor, bytes, at);
}

function tryGroup(descriptor: number, uid: number, gid: number): void {
  try {
    fchownSync(descriptor, uid, gid);
  } catch {
    // A group that we are not in cannot be given; the owner is the same, and the mode grants no more to our group than it did to that one.
  }
}

/** So that the new name survives a loss of power. Windows has no such call. */
function syncDirectory(path: string): void {
  try {
    const descriptor = openSync(path, constants.O_RDONLY);
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return;
  }
}
