import { randomBytes } from 'node:crypto';
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../private-file.ts';
import { UsageError } from '../usage-error.ts';
import type { ClientId, Format } from './clients.ts';
import { sha256, type ConfigFile } from './config-file.ts';
import { writeAll } from './replace-file.ts';

/** One entry as it was and as it became: enough to take it back when the rest of the file has moved on. */
export interface SavedEntry {
  readonly path: readonly string[];
  readonly before: string;
  readonly after: string;
  /** What the wrapped entry means, as JSON. */
  readonly meaning: string;
}

export interface SavedFile {
  readonly client: ClientId | null;
  /** As the client knows it; may be a link. */
  readonly path: string;
  readonly realPath: string;
  readonly format: Format;
  readonly containers: readonly (readonly string[])[];
  /** Name of the copy beside the manifest. */
  readonly copy: string;
  readonly mode: number;
  readonly mtimeMs: number;
  readonly atimeMs: number;
  readonly sha256Before: string;
  readonly sha256After: string;
  readonly entries: readonly SavedEntry[];
}

export interface Manifest {
  readonly format: 1;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly files: readonly SavedFile[];
}

export interface Backup {
  readonly directory: string;
  readonly manifest: Manifest;
}

const MANIFEST = 'manifest.json';
const backupsIn = (dataDir: string): string => join(dataDir, 'init', 'backups');

/**
 * Copies the files and writes down what will become of each, before any of them is touched. Copies hold the secrets that the files hold,
 * so they are for the owner only.
 */
export function saveBackup(dataDir: string, at: Date, files: readonly { readonly file: ConfigFile; readonly after: Buffer; readonly entries: readonly SavedEntry[] }[]): Backup {
  const directory = join(backupsIn(dataDir), `${at.toISOString().replace(/[-:.]/g, '')}-${randomBytes(3).toString('hex')}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const saved = files.map(({ file, after, entries }, index): SavedFile => {
    const copy = `file-${index + 1}`;
    writeCopy(join(directory, copy), file.bytes);
    const { location, stats } = file;
    return {
      client: location.client,
      path: location.path,
      realPath: file.realPath,
      format: location.format,
      containers: location.containers,
      copy,
      mode: stats.mode & 0o7777,
      mtimeMs: stats.mtimeMs,
      atimeMs: stats.atimeMs,
      sha256Before: file.sha256,
      sha256After: sha256(after),
      entries,
    };
  });
  const manifest: Manifest = { format: 1, at: at.toISOString(), files: saved };
  writePrivate(join(directory, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`);
  return { directory, manifest };
}

function writeCopy(path: string, bytes: Buffer): void {
  const descriptor = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    writeAll(descriptor, bytes);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** Backups that are not undone yet, the newest first. @throws UsageError when one of them cannot be read */
export function readBackups(dataDir: string): readonly Backup[] {
  let names: string[];
  try {
    names = readdirSync(backupsIn(dataDir));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  return names.toSorted().toReversed().flatMap((name) => {
    const directory = join(backupsIn(dataDir), name);
    const text = readOwn(join(directory, MANIFEST));
    // Without a manifest no file was touched.
    return text === null ? [] : [{ directory, manifest: readManifest(directory, text) }];
  });
}

/** Somebody else's manifest could name any file. */
function readOwn(path: string): string | null {
  try {
    return readPrivate(path);
  } catch (error) {
    throw new UsageError(`${path} is not to be trusted: ${error instanceof Error ? error.message : 'unknown error'}`);
  }
}

function readManifest(directory: string, text: string): Manifest {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest> | null;
    if (manifest?.format === 1 && Array.isArray(manifest.files)) return manifest as Manifest;
  } catch {
    // As for one of another shape.
  }
  throw new UsageError(`the backup in ${directory} cannot be read`, 'its copies are still there; put them back by hand, then remove the directory');
}

/** The bytes of a copy, or null when they are not those that were saved. */
export function readCopy(directory: string, saved: SavedFile): Buffer | null {
  try {
    const bytes = readFileSync(join(directory, saved.copy));
    return sha256(bytes) === saved.sha256Before ? bytes : null;
  } catch {
    return null;
  }
}

/** Forgets the files that are undone; with the last of them the backup goes. */
export function keepOnly(backup: Backup, files: readonly SavedFile[]): void {
  if (files.length === 0) {
    rmSync(backup.directory, { recursive: true, force: true });
    return;
  }
  writePrivate(join(backup.directory, MANIFEST), `${JSON.stringify({ ...backup.manifest, files }, null, 2)}\n`);
  for (const file of backup.manifest.files) if (!files.includes(file)) rmSync(join(backup.directory, file.copy), { force: true });
}
