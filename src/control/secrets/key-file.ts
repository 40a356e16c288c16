import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { KEY_BYTES, keyId, type KeyRing, parseKeys } from './key-ring.ts';

/** Windows has no modes: there the access list of the directory protects the file. */
const HAS_MODES = process.platform !== 'win32';
const OTHERS_ANY = 0o077;
const MAX_FILE_BYTES = 64 * 1024;
/** A lock older than this was left by a process that was killed: nobody holds it for longer than a few writes. */
const STALE_LOCK_MS = 60_000;

/** The key file cannot be changed now. The message is for people and holds nothing of it. */
export class KeysNotChanged extends Error {}

/** One entry of `secret-keys.json`. */
export interface KeptKey {
  /** ISO 8601, UTC. */
  readonly since: string;
  /** 32 bytes in base64. */
  readonly key: string;
}

/**
 * Reads a file that holds keys. A link, or a file that anybody else can read or write, is refused: its keys would not be ours alone.
 * @returns null when there is no such file
 * @throws Error without any of the content
 */
export function readKeyFile(path: string): string | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    if (code === 'ELOOP') throw new Error(`${path} is a symbolic link; name the key file itself`, { cause: error });
    throw new Error(`${path} cannot be read (${code ?? 'unknown error'})`, { cause: error });
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error(`${path} is not a regular file; a key file is expected there`);
    if (HAS_MODES && (stats.mode & OTHERS_ANY) !== 0) throw new Error(`${path} can be read or written by other users; check who has seen it, then chmod 600`);
    if (HAS_MODES && process.getuid !== undefined && stats.uid !== process.getuid() && stats.uid !== 0) throw new Error(`${path} belongs to another user`);
    if (stats.size > MAX_FILE_BYTES) throw new Error(`${path} is larger than ${MAX_FILE_BYTES} bytes; it is no key file`);
    return readFileSync(descriptor, 'utf8');
  } finally {
    closeSync(descriptor);
  }
}

/** Identity and age of the file, to see cheaply whether another process has changed it; null when it is not there. */
export function keyFileMark(path: string): string | null {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats === undefined ? null : `${stats.ino}:${stats.mtimeNs}:${stats.size}`;
}

/** Reads the text of `secret-keys.json`. @throws Error without any of the content */
export function parseKeptKeys(text: string, path: string): readonly [KeptKey, ...KeptKey[]] {
  const wrong = (): Error => new Error(`${path} is damaged: expected {"version":1,"keys":[{"since":...,"key":...}]}; restore it from a backup, without it no sealed value can be opened`);
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw wrong();
  }
  const { version, keys } = (document ?? {}) as { version?: unknown; keys?: unknown };
  if (version !== 1 || !Array.isArray(keys)) throw wrong();
  const kept = keys.map((entry: unknown): KeptKey => {
    const { since, key } = (entry ?? {}) as { since?: unknown; key?: unknown };
    if (typeof since !== 'string' || typeof key !== 'string') throw wrong();
    return { since, key };
  });
  const [first, ...rest] = kept;
  if (first === undefined) throw wrong();
  return [first, ...rest];
}

export function ringOf(kept: readonly KeptKey[], path: string): KeyRing {
  return parseKeys(kept.map((entry) => entry.key), path);
}

/** A new random key. */
export function newKey(now: number): KeptKey {
  let key = randomBytes(KEY_BYTES);
  // The number 0 is left free, so that "no key" can never be one.
  while (keyId(key) === 0) key = randomBytes(KEY_BYTES);
  return { since: new Date(now).toISOString(), key: key.toString('base64') };
}

/** Makes the file with one new key. Of two processes that do it at once one wins, and both go on with its key. */
export function createKeyFile(path: string, now: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  withTemporary(path, [newKey(now)], (temporary) => {
    try {
      // A link, unlike a rename, never takes the place of a file that is there.
      linkSync(temporary, path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  });
}

/**
 * Changes the file while no other process does. The old file stays until the new one is on the disk, so a kill loses no key.
 * @param change from the keys that are there now to those that shall be
 * @throws KeysNotChanged when another process is changing it, or the directory cannot be written
 */
export function changeKeyFile(path: string, change: (kept: readonly [KeptKey, ...KeptKey[]]) => readonly KeptKey[]): void {
  const lock = `${path}.lock`;
  const held = statSync(lock, { throwIfNoEntry: false });
  if (held !== undefined && Date.now() - held.mtimeMs > STALE_LOCK_MS) rmSync(lock, { force: true });
  try {
    closeSync(openSync(lock, 'wx', 0o600));
  } catch (error) {
    throw notChanged(error);
  }
  try {
    const text = readKeyFile(path);
    if (text === null) throw new KeysNotChanged('the file of the secret keys is missing; restore it from a backup, without it no sealed value can be opened');
    withTemporary(path, change(parseKeptKeys(text, path)), (temporary) => renameSync(temporary, path));
  } catch (error) {
    throw notChanged(error);
  } finally {
    rmSync(lock, { force: true });
  }
}

function notChanged(error: unknown): KeysNotChanged {
  if (error instanceof KeysNotChanged) return error;
  const code = (error as NodeJS.ErrnoException).code ?? null;
  if (code === 'EEXIST') return new KeysNotChanged('another process is changing the secret keys; try again in a minute', { cause: error });
  return new KeysNotChanged(`the secret keys cannot be changed${code === null ? '' : ` (${code})`}; check the data directory`, { cause: error });
}

function withTemporary(path: string, kept: readonly KeptKey[], place: (temporary: string) => void): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    try {
      writeFileSync(descriptor, `${JSON.stringify({ version: 1, keys: kept }, null, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    place(temporary);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(dirname(path));
}

/** Without this a power cut may forget the new name of the file, and with it a key that has sealed values already. */
function syncDirectory(path: string): void {
  if (!HAS_MODES) return;
  const descriptor = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
