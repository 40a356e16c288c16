import { isDeepStrictEqual } from 'node:util';
import { printable } from '../../policy/printable.ts';
import { keepOnly, readBackups, readCopy, type Backup, type SavedEntry, type SavedFile } from './backups.ts';
import type { ClientId } from './clients.ts';
import { decode, FileProblem, parseText, readFileBytes, writeObstacle, type FileBytes } from './config-file.ts';
import type { ServerEntry } from './entries.ts';
import { replaceFile } from './replace-file.ts';
import { isWrapped } from './server-spec.ts';
import { applyEdits, member, type Edit } from './syntax.ts';

/** `away`: the file is not there; its copy is kept, because it may come back wrapped. */
export type UndoStatus = 'restored' | 'unwrapped' | 'unchanged' | 'away' | 'failed';

export interface UndoneFile {
  readonly path: string;
  readonly status: UndoStatus;
  readonly notes: readonly string[];
}

export interface UndoOptions {
  readonly dataDir: string;
  readonly client: ClientId | null;
  readonly config: string | null;
  /** Put back the copy, whatever was changed since. */
  readonly force: boolean;
  readonly dryRun: boolean;
}

/**
 * Takes back what `init` did, the latest first. A file that is as `init` left it gets its old bytes, mode and times. In one that was
 * changed since, only our own entries are taken back, and only those that still say what we wrote.
 */
export function undo(options: UndoOptions): readonly UndoneFile[] {
  const done: UndoneFile[] = [];
  for (const backup of readBackups(options.dataDir)) {
    const wanted = backup.manifest.files.filter((file) => (options.client === null || file.client === options.client) && (options.config === null || file.path === options.config || file.realPath === options.config));
    const results = wanted.map((file) => ({ file, result: undoFile(backup, file, options) }));
    done.push(...results.map(({ result }) => result));
    if (options.dryRun) continue;
    const over = new Set(results.filter(({ result }) => result.status !== 'failed' && result.status !== 'away').map(({ file }) => file));
    if (over.size > 0) keepOnly(backup, backup.manifest.files.filter((file) => !over.has(file)));
  }
  return done;
}

function undoFile(backup: Backup, saved: SavedFile, options: UndoOptions): UndoneFile {
  const end = (status: UndoStatus, ...notes: string[]): UndoneFile => ({ path: saved.path, status, notes });
  try {
    const current = readFileBytes(saved.path);
    if (current === null) return options.force ? end('unchanged', 'it is not there any more; its copy is not kept') : end('away', 'it is not there; its copy is kept in case it comes back (--force removes the copy)');
    if (current.sha256 === saved.sha256Before) return end('unchanged', 'it is already as it was');
    const obstacle = writeObstacle(current);
    if (obstacle !== null) return end('failed', obstacle);
    if (current.sha256 === saved.sha256After || options.force) return restore(backup, saved, current, options, end);
    return unwrap(saved, current, options, end);
  } catch (error) {
    if (error instanceof FileProblem) return end('failed', error.message);
    throw error;
  }
}

type End = (status: UndoStatus, ...notes: string[]) => UndoneFile;

function restore(backup: Backup, saved: SavedFile, current: FileBytes, options: UndoOptions, end: End): UndoneFile {
  const bytes = readCopy(backup.directory, saved);
  if (bytes === null) return end('failed', `its copy in ${backup.directory} is damaged or gone`);
  if (!options.dryRun) replaceFile(current, bytes, { mode: saved.mode, times: saved });
  const notes = current.sha256 === saved.sha256After ? [] : ['--force: what was changed in it since is gone'];
  return end('restored', ...notes);
}

function unwrap(saved: SavedFile, current: FileBytes, options: UndoOptions, end: End): UndoneFile {
  const text = decode(current.bytes);
  const { entries } = parseText(text, saved);
  const edits: Edit[] = [];
  const notes = ['it was changed since, so only our entries are taken back'];
  let left = 0;
  for (const before of saved.entries) {
    const name = printable(before.path.at(-1) ?? '', 60);
    const entry = entries.find((each) => isDeepStrictEqual(each.path, before.path));
    if (entry === undefined) notes.push(`${name}: removed since`);
    else if (text.slice(entry.start, entry.end) === before.after) edits.push({ start: entry.start, end: entry.end, text: before.before });
    else if (meaningOf(entry.value) === before.meaning) {
      edits.push({ start: entry.start, end: entry.end, text: before.before });
      notes.push(`${name}: was formatted anew; its original text is back`);
    } else if (stillOurs(entry, before)) {
      left += 1;
      notes.push(`${name}: was edited and still runs through PolicyLayer; take it back by hand, or add --force to restore the whole file`);
    } else notes.push(`${name}: no longer runs through PolicyLayer; left as it is`);
  }
  if (edits.length > 0) {
    const result = applyEdits(text, edits);
    if (!isReadable(result, saved)) return end('failed', 'its entries were written anew in another form, in which the old text of ours has no place; take them back by hand, or add --force to restore the whole file');
    if (!options.dryRun) replaceFile(current, Buffer.from(result));
  }
  return end(left > 0 ? 'failed' : edits.length > 0 ? 'unwrapped' : 'unchanged', ...notes);
}

/** The text of a TOML table, put in place of an inline one or of dotted keys, is no TOML. */
function isReadable(text: string, saved: SavedFile): boolean {
  try {
    parseText(text, saved);
    return true;
  } catch (error) {
    if (error instanceof FileProblem) return false;
    throw error;
  }
}

function stillOurs(entry: ServerEntry, before: SavedEntry): boolean {
  if (before.path.length === 0) return false;
  const command = member(entry.value, 'command');
  const holder = typeof command === 'object' && command !== null ? command : entry.value;
  const program = holder === command ? member(command, 'path') : command;
  const args = member(holder, 'args');
  return typeof program === 'string' && Array.isArray(args) && isWrapped(program, args.map(String));
}

/** What an entry means, in one form whatever the order of its keys. */
export function meaningOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => {
    if (typeof each === 'bigint') return each.toString();
    if (typeof each !== 'object' || each === null || Array.isArray(each)) return each;
    return Object.fromEntries(Object.entries(each).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
