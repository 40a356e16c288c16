import { verifyChain } from '../chain/verify.ts';
import type { VerifyReport } from '../chain/types.ts';
import { openDriver, type DriverName } from '../driver.ts';
import { unavailable } from '../failure.ts';
import { checkFiles } from '../files.ts';
import { SCHEMA_VERSION, schemaVersion } from '../schema.ts';
import { StateUnavailable } from '../types.ts';

const MAX_TOLD = 5;

export interface CopyReport {
  readonly version: number;
  /** Null for a version that had no chain yet. */
  readonly chain: VerifyReport | null;
}

/**
 * Reads a whole database that nobody uses and looks whether it is sound: SQLite's own check, the version, the chain of the journal.
 * @throws StateUnavailable when it is damaged, not ours, or of a newer version
 */
export async function checkCopy(path: string, driver?: DriverName): Promise<CopyReport> {
  checkFiles(path);
  try {
    const database = await openDriver(path, driver);
    try {
      database.exec('PRAGMA trusted_schema = OFF');
      const version = schemaVersion(database);
      if (version === 0) throw new StateUnavailable(`${path} is empty`);
      const faults = database.prepare(`PRAGMA integrity_check(${MAX_TOLD})`).all().map((row) => String(row['integrity_check']));
      if (faults.join() !== 'ok') throw new StateUnavailable(`${path} is damaged: ${faults.join('; ').slice(0, 500)}`);
      if (version < SCHEMA_VERSION) return { version, chain: null };
      const walk = verifyChain(database);
      for (;;) {
        const step = walk.next();
        if (step.done === true) return { version, chain: step.value };
      }
    } finally {
      database.close();
    }
  } catch (error) {
    throw unavailable(`cannot read ${path}`, error);
  }
}
