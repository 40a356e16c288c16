import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
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
 * Reads every record of a directory, in the order of the file names.
 * @throws the system's error when the directory cannot be read
 */
export function loadRecords(directory: string): LoadedRecords {
  const records: ServerRecord[] = [];
  const problems: string[] = [];
  for (const name of readdirSync(directory).filter((one) => one.endsWith('.json')).sort()) {
    try {
      records.push(readServerRecord(JSON.parse(readFileSync(join(directory, name), 'utf8'))));
    } catch (error) {
      problems.push(`${join(directory, name)}: ${error instanceof Error ? error.message : 'cannot be read'}`);
    }
  }
  return { records, problems };
}

/** The script of the pages, as the build leaves it. @throws when this is a source tree that was not built */
export function pageScript(): string {
  return readFileSync(join(packageRoot(), 'dist', 'catalogue.js'), 'utf8');
}
