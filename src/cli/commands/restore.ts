import { randomBytes } from 'node:crypto';
import { chmodSync, constants, copyFileSync, existsSync, linkSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkCopy } from '../../state/backup/check-copy.ts';
import { endSessions } from '../../state/backup/end-sessions.ts';
import { replaceState } from '../../state/backup/replace-state.ts';
import { databasePath } from '../../state/open.ts';
import { StateUnavailable } from '../../state/types.ts';
import { BACKUP_DATABASE, KEY_FILES } from '../backup-keys.ts';
import { locate } from '../config/locate.ts';
import { readPrivate, writePrivate } from '../private-file.ts';
import { UsageError } from '../usage-error.ts';
import { printable } from '../../policy/index.ts';

export interface RestoreFlags {
  readonly config?: string;
  readonly data?: string;
  readonly from: string;
  readonly force?: boolean;
  readonly json?: boolean;
}

const MAX_TOLD = 10;

/**
 * `policylayer restore`: puts a backup in the place of the database. Everything is checked on a copy before anything is replaced, and what was there stays.
 * @returns 0 done, 1 the backup is not sound and nothing was changed @throws UsageError
 */
export async function restore(flags: RestoreFlags, out: { readonly stdout: NodeJS.WritableStream; readonly stderr: NodeJS.WritableStream } = process): Promise<number> {
  const from = resolve(flags.from);
  const stats = statSync(from, { throwIfNoEntry: false });
  if (stats === undefined) throw new UsageError(`${from} does not exist`);
  const source = stats.isDirectory() ? join(from, BACKUP_DATABASE) : from;
  if (!existsSync(source)) throw new UsageError(`${from} has no ${BACKUP_DATABASE}`, 'name a file that `policylayer backup` wrote, or a directory that it wrote with --with-keys');
  if (existsSync(`${source}-wal`)) throw new UsageError(`${source} is in use, or was copied while it was: ${source}-wal stands beside it`, 'make a backup with `policylayer backup`');
  const { dataDir } = await locate(flags);
  const path = databasePath(dataDir);
  if (existsSync(path) && flags.force !== true) throw new UsageError(`${path} exists`, 'add --force to put it aside');
  const keys = stats.isDirectory() ? readKeys(from) : new Map<string, string>();
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const mark = `${new Date().toISOString().replace(/[:.]/g, '-')}-${randomBytes(3).toString('hex')}`;
  const candidate = `${path}.restore-${mark}`;
  try {
    copyFileSync(source, candidate, constants.COPYFILE_EXCL);
    chmodSync(candidate, 0o600);
    const { version, chain } = await checkCopy(candidate);
    if (chain !== null && !chain.ok) {
      const told = chain.problems.slice(0, MAX_TOLD).map(({ code, message }) => `  ${code}  ${printable(message, 400)}\n`);
      out.stderr.write(`policylayer: the journal in ${source} does not verify (${chain.problemCount} problems); nothing was changed\n${told.join('')}`);
      return 1;
    }
    await endSessions(candidate, version);
    const aside = `${path}.before-${mark}`;
    const replaced = await replaceState({ path, from: candidate, aside });
    const installed = installKeys(keys, dirname(path), mark);
    if (flags.json === true) out.stdout.write(`${JSON.stringify({ database: path, schemaVersion: version, rows: chain?.rows ?? null, aside: replaced ? aside : null, keys: installed })}\n`);
    else {
      const lines = [`${path}: restored, schema version ${version}${chain === null ? ' (the gateway brings it up to date when it starts)' : `, ${chain.rows.toLocaleString('en-US')} sealed rows that verify`}`];
      if (replaced) lines.push(`What was there is in ${aside}`);
      if (installed.length > 0) lines.push(`Keys put in place: ${installed.join(', ')}`);
      else for (const { name, without } of KEY_FILES) if (!existsSync(join(dirname(path), name))) lines.push(`There is no ${name}: ${without}`);
      lines.push('Everybody is signed out. Grants, members and tokens are those of the backup: what was revoked or rotated since is in force as it was; look through them.');
      lines.push('Approvals too: one that was used since can be used once more until it expires.', 'Limits count from the state of the backup: calls that were admitted since are not in it.');
      out.stdout.write(`${lines.join('\n')}\n`);
    }
    return 0;
  } catch (error) {
    if (error instanceof StateUnavailable) throw new UsageError(`${error.message}; nothing was changed`);
    throw error;
  } finally {
    for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(`${candidate}${suffix}`, { force: true });
  }
}

function readKeys(from: string): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { name } of KEY_FILES) {
    try {
      const text = readPrivate(join(from, name));
      if (text !== null) keys.set(name, text);
    } catch (error) {
      throw new UsageError(`${join(from, name)}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  }
  return keys;
}

/** What was there stays beside it: an old key may open what a newer one cannot. */
function installKeys(keys: ReadonlyMap<string, string>, directory: string, mark: string): string[] {
  for (const [name, text] of keys) {
    const path = join(directory, name);
    if (existsSync(path)) linkSync(path, `${path}.before-${mark}`);
    writePrivate(path, text);
  }
  return [...keys.keys()];
}
