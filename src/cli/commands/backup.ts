import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { checkCopy } from '../../state/backup/check-copy.ts';
import { copyState } from '../../state/backup/copy-state.ts';
import { databasePath } from '../../state/open.ts';
import { StateUnavailable } from '../../state/types.ts';
import { BACKUP_DATABASE, KEY_FILES } from '../backup-keys.ts';
import { locate } from '../config/locate.ts';
import { readPrivate, writePrivate } from '../private-file.ts';
import { formatBytes } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export interface BackupFlags {
  readonly config?: string;
  readonly data?: string;
  readonly to: string;
  readonly withKeys?: boolean;
  readonly json?: boolean;
}

const ROUNDS = 3;

/**
 * `policylayer backup`: a copy of the database as it is now, while the gateway runs.
 * @returns 0 when the copy was made and is sound, 1 when it was made and its journal does not verify @throws UsageError
 */
export async function backup(flags: BackupFlags, out: { readonly stdout: NodeJS.WritableStream } = process): Promise<number> {
  const { dataDir } = await locate(flags);
  const path = databasePath(dataDir);
  if (!existsSync(path)) throw new UsageError(`${path} does not exist; nothing has been recorded there yet`, 'name the data directory with --data, or the configuration with --config');
  const to = resolve(flags.to);
  if (existsSync(to)) throw new UsageError(`${to} exists`, 'a backup replaces nothing: choose another name');
  try {
    const database = flags.withKeys === true ? join(to, BACKUP_DATABASE) : to;
    const keys = flags.withKeys === true ? await withKeys(path, dataDir, to) : await copyState({ path, to }).then(() => [] as string[]);
    const { version, chain } = await checkCopy(database);
    const kept = KEY_FILES.filter(({ name }) => !keys.includes(name) && existsSync(join(dataDir, name)));
    const ok = chain === null || chain.ok;
    if (flags.json === true) {
      out.stdout.write(`${JSON.stringify({ database, bytes: statSync(database).size, schemaVersion: version, rows: chain?.rows ?? null, verifies: chain?.ok ?? null, keys, keepAlso: kept.map(({ name }) => join(dataDir, name)) })}\n`);
      return ok ? 0 : 1;
    }
    const lines = [`${database}: ${formatBytes(statSync(database).size)}, sound, schema version ${version}${chain === null ? '' : `, ${chain.rows.toLocaleString('en-US')} sealed rows`}`];
    if (keys.length > 0) lines.push(`With keys: ${keys.join(', ')}. Whoever has this directory can open the credentials in it.`);
    if (kept.length > 0) lines.push('Keep these as well, somewhere else:', ...kept.map(({ name, without }) => `  ${join(dataDir, name)}\n    without it ${without}`));
    lines.push('Also yours to keep: gateway.yaml and its policies.');
    if (!ok) lines.push('The journal in it does not verify: see `policylayer verify`.');
    out.stdout.write(`${lines.join('\n')}\n`);
    return ok ? 0 : 1;
  } catch (error) {
    if (error instanceof StateUnavailable) throw new UsageError(error.message);
    throw error;
  }
}

/** A directory for its owner alone, with the database and the keys that were in force when it was copied. */
async function withKeys(path: string, dataDir: string, to: string): Promise<string[]> {
  mkdirSync(to, { mode: 0o700 });
  try {
    for (let round = 1; ; round += 1) {
      const before = readKeys(dataDir);
      await copyState({ path, to: join(to, BACKUP_DATABASE) });
      const after = readKeys(dataDir);
      if (JSON.stringify([...before]) === JSON.stringify([...after]) || round === ROUNDS) {
        for (const [name, text] of after) writePrivate(join(to, name), text);
        return [...after.keys()];
      }
      // A key was changed meanwhile: it might not fit what was copied.
      rmSync(join(to, BACKUP_DATABASE));
    }
  } catch (error) {
    rmSync(to, { recursive: true, force: true });
    throw error;
  }
}

function readKeys(dataDir: string): Map<string, string> {
  const keys = new Map<string, string>();
  for (const { name } of KEY_FILES) {
    try {
      const text = readPrivate(join(dataDir, name));
      if (text !== null) keys.set(name, text);
    } catch (error) {
      throw new UsageError(`${join(dataDir, name)}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  }
  return keys;
}
