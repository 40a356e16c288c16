import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, lstatSync, openSync, readFileSync, readdirSync, realpathSync, statSync, type Stats } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { readConfigText, type ConfigText } from './entries.ts';
import type { Location } from './clients.ts';
import { SyntaxProblem } from './syntax.ts';

/** Far more than any settings file; Claude Code keeps histories in its own. */
const MAX_BYTES = 32 * 1024 * 1024;
const OWNER_WRITE = 0o200;

/** A file that cannot be used, in one line that is safe to print but for the path. */
export class FileProblem extends Error {
  override readonly name = 'FileProblem';
}

export interface FileBytes {
  /** Where the bytes are, behind any links. */
  readonly realPath: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly stats: Stats;
}

export interface ConfigFile extends FileBytes {
  readonly location: Location;
  readonly text: string;
  readonly content: ConfigText;
}

/** @returns null when there is no such file @throws FileProblem */
export function readFileBytes(path: string): FileBytes | null {
  let descriptor: number | null = null;
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return null;
    const realPath = realOf(path);
    // Not blocking: a named pipe in place of the file would wait for a writer.
    descriptor = openSync(realPath, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) throw new FileProblem('it is a directory; expected a file');
    if (!stats.isFile()) throw new FileProblem('it is no regular file');
    if (stats.size > MAX_BYTES) throw new FileProblem(`it has ${Math.ceil(stats.size / 1_048_576)} MB; expected at most ${MAX_BYTES / 1_048_576}`);
    const bytes = readFileSync(descriptor);
    return { realPath, bytes, sha256: sha256(bytes), stats };
  } catch (error) {
    if (error instanceof FileProblem) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    if (code === 'EACCES' || code === 'EPERM') throw new FileProblem('it cannot be read: permission denied');
    if (code === 'ELOOP') throw new FileProblem('its links lead in a circle');
    if (code === 'EISDIR') throw new FileProblem('it is a directory; expected a file');
    throw new FileProblem(`it cannot be read (${code ?? 'unknown error'})`);
  } finally {
    if (descriptor !== null) closeSync(descriptor);
  }
}

function realOf(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) throw new FileProblem('it is a link to a file that does not exist');
    throw error;
  }
}

/** Reads one configuration with its servers. @returns null when there is no such file @throws FileProblem */
export function readConfigFile(location: Location): ConfigFile | null {
  const file = readFileBytes(location.path);
  if (file === null) return null;
  const text = decode(file.bytes);
  return { ...file, location, text, content: parseText(text, location) };
}

/** @throws FileProblem */
export function parseText(text: string, location: Pick<Location, 'format' | 'containers'>): ConfigText {
  try {
    return readConfigText(text, location.format, location.containers);
  } catch (error) {
    if (error instanceof SyntaxProblem) throw new FileProblem(`it is no valid ${location.format === 'toml' ? 'TOML' : 'JSON'}: ${error.message}`);
    throw error;
  }
}

/** @throws FileProblem */
export function decode(bytes: Buffer): string {
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) throw new FileProblem('it is UTF-16; save it as UTF-8');
  if (bytes.includes(0)) throw new FileProblem('it holds NUL bytes, so it is no text');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new FileProblem('it is not UTF-8; save it as UTF-8');
  }
}

/** Why the file must not be replaced, or null. */
export function writeObstacle(file: FileBytes): string | null {
  const { stats, realPath } = file;
  if (process.platform === 'win32') return (stats.mode & OWNER_WRITE) === 0 ? 'it is read-only' : null;
  if ((stats.mode & OWNER_WRITE) === 0) return `it is read-only (mode ${(stats.mode & 0o7777).toString(8).padStart(4, '0')})`;
  if (process.getuid !== undefined && process.getuid() !== 0 && stats.uid !== process.getuid()) return 'it belongs to another user';
  if (stats.nlink > 1) return 'it has several hard links, and replacing it would part them';
  if ((statSync(dirname(realPath)).mode & OWNER_WRITE) === 0) return `its directory ${dirname(realPath)} is read-only`;
  return null;
}

/** The paths that a location stands for: itself, or one for every directory that fits its `*`. */
export function expandPath(path: string): readonly string[] {
  const parts = path.split(sep);
  const at = parts.findIndex((part) => part.includes('*'));
  if (at === -1) return [path];
  const pattern = new RegExp(`^${(parts[at] ?? '').split('*').map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')).join('.*')}$`);
  const base = parts.slice(0, at).join(sep);
  try {
    return readdirSync(base).filter((name) => pattern.test(name)).toSorted().flatMap((name) => expandPath(join(base, name, ...parts.slice(at + 1))));
  } catch {
    return [];
  }
}

export function sha256(bytes: Buffer | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
