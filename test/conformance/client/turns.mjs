// The suite starts all clients at once. On a small machine forty clients, each with a gateway, would measure the scheduler:
// so only a few run at a time. A turn is a directory that only one process can make.
import { mkdirSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PLACES = 3;
const RETRY_MS = 100;

/**
 * Waits for a free place; it is given back when the process ends.
 * @param directory shared by the clients of one run; undefined takes no turn
 */
export async function takeTurn(directory) {
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  for (;;) {
    for (let place = 0; place < PLACES; place += 1) {
      const claim = join(directory, String(place));
      try {
        mkdirSync(claim);
      } catch (error) {
        if (error.code === 'EEXIST') continue;
        throw error;
      }
      process.once('exit', () => rmdirSync(claim));
      return;
    }
    await sleep(RETRY_MS);
  }
}
