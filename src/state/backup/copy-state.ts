import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, rmSync } from 'node:fs';
import { openDriver, type DriverName } from '../driver.ts';
import { unavailable } from '../failure.ts';
import { checkFiles } from '../files.ts';
import { schemaVersion } from '../schema.ts';
import { StateUnavailable } from '../types.ts';

const BUSY_TIMEOUT_MS = 5000;

/**
 * Copies a database as it is at one moment, while gateways write to it, into one file that is complete by itself (mode 0600). Nothing of it stands
 * under the wanted name before it is whole.
 * @param to must not be there @throws StateUnavailable
 */
export async function copyState(options: { readonly path: string; readonly to: string; readonly driver?: DriverName }): Promise<void> {
  const { path, to } = options;
  checkFiles(path);
  const temporary = `${to}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    // VACUUM INTO takes an empty file; this one has its mode before anything is in it.
    closeSync(openSync(temporary, 'wx', 0o600));
    const database = await openDriver(path, options.driver);
    try {
      database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
      if (schemaVersion(database) === 0) throw new StateUnavailable(`${path} is empty; there is nothing to copy`);
      database.exec(`VACUUM INTO '${temporary.replaceAll("'", "''")}'`);
    } finally {
      database.close();
    }
    const descriptor = openSync(temporary, 'r+');
    fsyncSync(descriptor);
    closeSync(descriptor);
    linkSync(temporary, to);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && syscall === 'link') throw new StateUnavailable(`${to} exists; choose another file`, { cause: error });
    if (syscall !== undefined && code !== undefined) throw new StateUnavailable(`cannot write the copy ${to} (${code})`, { cause: error });
    throw unavailable(`cannot copy the state database ${path}`, error);
  } finally {
    rmSync(temporary, { force: true });
  }
}
