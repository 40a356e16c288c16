import type { JournalEntry, Settlement } from './types.ts';

const DELAY_MS = 25;
const RETRY_MS = 1000;
const BATCH = 256;
/** Settlements that wait while the database cannot be written; the oldest beyond are given up, their rows stay `forwarded`. */
const MAX_WAITING = 65_536;
/** Rows of calls in flight whose place is remembered. */
const MAX_IN_FLIGHT = 65_536;

/** How a call ended, and the place of its row if this process wrote it. */
export interface Ended {
  readonly seq: number | null;
  readonly settlement: Settlement;
}

function dropOldest(map: Map<string, unknown>): void {
  for (const id of map.keys()) {
    map.delete(id);
    return;
  }
}

/**
 * Ends of calls, written a little later and many at once: nobody waits for them. A crash before that leaves a row `forwarded` and what
 * the call took taken, which is the safe side.
 */
export class Settlements {
  readonly #write: (ended: ReadonlyMap<string, Ended>) => void;
  readonly #failed: (error: unknown) => void;
  readonly #inFlight = new Map<string, number>();
  #waiting = new Map<string, Ended>();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  /**
   * @param write writes all of them, or throws and has written none
   * @param failed told when that did not work and will be tried again
   */
  constructor(write: (ended: ReadonlyMap<string, Ended>) => void, failed: (error: unknown) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  /** Keeps the place of a row that will be settled, which saves looking for it. */
  remember({ id, outcome }: JournalEntry, seq: number): void {
    if (outcome !== 'forwarded') return;
    this.#inFlight.set(id, seq);
    if (this.#inFlight.size > MAX_IN_FLIGHT) dropOldest(this.#inFlight);
  }

  add(id: string, settlement: Settlement): void {
    // The first word counts: what it undid, or did not, stays.
    if (this.#waiting.has(id)) return;
    this.#waiting.set(id, { seq: this.#inFlight.get(id) ?? null, settlement });
    this.#inFlight.delete(id);
    if (this.#waiting.size > MAX_WAITING) dropOldest(this.#waiting);
    if (this.#waiting.size % BATCH === 0) this.#now();
    else this.#soon(DELAY_MS);
  }

  /** Writes what waits. Whatever `write` throws; then it still waits. */
  flush(): void {
    if (this.#waiting.size === 0) return;
    this.#write(this.#waiting);
    this.#waiting = new Map();
  }

  /** No more by itself; `flush` still works. */
  stop(): void {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #now(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    try {
      this.flush();
    } catch (error) {
      this.#failed(error);
      this.#soon(RETRY_MS);
    }
  }

  /** The timer keeps no process alive: whoever ends it closes the state first. */
  #soon(delay: number): void {
    if (!this.#stopped) this.#timer ??= setTimeout(() => this.#now(), delay).unref();
  }
}
