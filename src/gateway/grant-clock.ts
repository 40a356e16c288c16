/** Timers of Node end after 24.8 days; and a clock that was set is noticed within the hour. */
const LONGEST_MS = 3_600_000;

/** Tells when the next of some moments has come. A grant that nobody uses, and its open streams, end on time too. */
export class GrantClock {
  readonly #reached: () => void;
  #timer: NodeJS.Timeout | null = null;

  constructor(reached: () => void) {
    this.#reached = reached;
  }

  /** Forgets what it waited for before. @param moments milliseconds since 1970; those that have passed are left out */
  wait(moments: readonly number[]): void {
    this.stop();
    const now = Date.now();
    const next = Math.min(...moments.filter((moment) => moment > now));
    if (next === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(() => (Date.now() >= next ? this.#reached() : this.wait(moments)), Math.min(LONGEST_MS, next - now)).unref();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
