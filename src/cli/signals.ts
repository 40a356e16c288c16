import { constants } from 'node:os';

/**
 * An abort signal for the first SIGINT, SIGTERM or SIGHUP: the work ends in good order. The second one ends the process at once.
 * @param log told what was received
 */
export function endOnSignal(log: (line: string) => void): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) process.exit(128 + constants.signals[signal]);
      log(`${signal} received, ending (once more to end at once)`);
      controller.abort();
    });
  }
  return controller.signal;
}
