// Keeps the processors busy while a run goes on, to show that nothing depends on good timing.
import { availableParallelism } from 'node:os';
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const BURN_MS = 80;
const REST_MS = 20;
const MAX_MINUTES = 120;

/** Starts one worker per processor; each burns four fifths of its time. @returns a function that stops them */
export function startLoad() {
  const workers = Array.from({ length: availableParallelism() }, () => fork(fileURLToPath(import.meta.url)));
  return () => workers.forEach((worker) => worker.disconnect());
}

if (process.argv[1] === import.meta.filename && process.send !== undefined) {
  process.once('disconnect', () => process.exit());
  setTimeout(() => process.exit(), MAX_MINUTES * 60_000);
  setInterval(() => {
    const end = performance.now() + BURN_MS;
    while (performance.now() < end);
  }, BURN_MS + REST_MS);
}
