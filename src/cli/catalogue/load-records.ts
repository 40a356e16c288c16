import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { readServerRecord, type ServerRecord } from '../../catalogue/server-record.ts';
import { packageRoot } from '../package-root.ts';

export interface LoadedRecords {
  readonly records: readonly ServerRecord[];
  /** One line per file that could not be used. */
  readonly problems: readonly string[];
}

/** Where the records that come with this program are. */
export function ownRecords(): string {
  return join(packageRoot(), 'catalogue', 'servers');
}

/**
 * Reads every record of a directory, in the order of the file names. Between two of them others have their turn: a gateway serves calls
 * meanwhile.
 * @throws the system's error when the directory cannot be read
 */
export async function loadRecords(directory: string): Promise<LoadedRecords> {
  const records: ServerRecord[] = [];
  const problems: string[] = [];
  for (const name of (await readdir(directory)).filter((one) => one.endsWith('.json')).sort()) {
    try {
      records.push(readServerRecord(JSON.parse(await readFile(join(directory, name), 'utf8'))));
    } catch (error) {
      problems.push(`${join(directory, name)}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
    await setImmediate();
  }
  return { records, problems };
}

/** The script of the pages, as the build leaves it. @throws when this is a source tree that was not built */
export function pageScript(): string {
  return readFileSync(join(packageRoot(), 'dist', 'catalogue.js'), 'utf8');
}
