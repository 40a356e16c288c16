import { openDriver, type DriverName } from '../driver.ts';
import { unavailable } from '../failure.ts';

/** The version that brought sign-in. */
const SIGN_IN = 4;

/**
 * Ends every session of the dashboard, and every one-time link, in a copy that is to be restored: somebody may have signed out, been thrown out or
 * used his link since it was made. The journal and its chain are not touched. @throws StateUnavailable
 */
export async function endSessions(path: string, version: number, driver?: DriverName): Promise<void> {
  if (version < SIGN_IN) return;
  try {
    const database = await openDriver(path, driver);
    try {
      database.exec('PRAGMA trusted_schema = OFF');
      database.exec('BEGIN IMMEDIATE; DELETE FROM registry_sessions; DELETE FROM registry_links; COMMIT');
    } finally {
      database.close();
    }
  } catch (error) {
    throw unavailable(`cannot end the sessions in ${path}`, error);
  }
}
