/** Wrong secrets of one address in one window; the next wrong one waits. */
const MAX_WRONG = 20;
const WINDOW_MS = 60_000;
const MAX_ADDRESSES = 1_000;

/** Counts wrong secrets per address, so that nobody can try them by the thousand. A right secret is never asked to wait. */
export class Attempts {
  readonly #wrong = new Map<string, { count: number; since: number }>();

  /** @param now monotonic milliseconds @returns how long this address has to wait, in milliseconds; 0 when it need not */
  waitMs(address: string, now: number): number {
    const entry = this.#wrong.get(address);
    if (entry === undefined || now - entry.since >= WINDOW_MS || entry.count < MAX_WRONG) return 0;
    return WINDOW_MS - (now - entry.since);
  }

  wrong(address: string, now: number): void {
    const entry = this.#wrong.get(address);
    if (entry !== undefined && now - entry.since < WINDOW_MS) {
      entry.count += 1;
      return;
    }
    this.#wrong.delete(address);
    this.#wrong.set(address, { count: 1, since: now });
    if (this.#wrong.size > MAX_ADDRESSES) for (const oldest of this.#wrong.keys()) return void this.#wrong.delete(oldest);
  }
}
