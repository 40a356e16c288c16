import { setImmediate } from 'node:timers/promises';

/** What one piece of long work may take of the event loop: calls of agents pass through the same one. */
const SLICE_MS = 8;

/** Cuts long work into slices: everything else that waits runs between two of them. */
export class Slices {
  readonly #signal: AbortSignal | null;
  #since = performance.now();

  /** @param signal ends the work: nobody waits for its result any more */
  constructor(signal: AbortSignal | null = null) {
    this.#signal = signal;
  }

  /** To be called often. @throws the reason of the signal */
  async breathe(): Promise<void> {
    if (performance.now() - this.#since < SLICE_MS) return;
    await setImmediate();
    this.#signal?.throwIfAborted();
    this.#since = performance.now();
  }
}
