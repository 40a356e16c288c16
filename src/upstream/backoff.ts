export interface BackoffOptions {
  readonly firstMs?: number;
  readonly maxMs?: number;
  /** A process that ran this long was healthy: what ends it then is not the same trouble as before. */
  readonly healthyMs?: number;
  /** Monotonic milliseconds. */
  readonly now?: () => number;
  /** From 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** How long to leave a server alone that keeps dying: twice as long each time, with jitter so that many do not return at once (M2). */
export class Backoff {
  readonly #firstMs: number;
  readonly #maxMs: number;
  readonly #healthyMs: number;
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #startedAt = 0;
  #readyAt = Number.NEGATIVE_INFINITY;

  constructor(options: BackoffOptions = {}) {
    this.#firstMs = options.firstMs ?? 500;
    this.#maxMs = options.maxMs ?? 30_000;
    this.#healthyMs = options.healthyMs ?? 30_000;
    this.#now = options.now ?? ((): number => performance.now());
    this.#random = options.random ?? Math.random;
  }

  /** Milliseconds until the next start is allowed; 0 when it is allowed now. */
  waitMs(): number {
    return Math.max(0, Math.ceil(this.#readyAt - this.#now()));
  }

  started(): void {
    this.#startedAt = this.#now();
  }

  /** The process ended although nobody asked it to. */
  failed(): void {
    const now = this.#now();
    if (now - this.#startedAt >= this.#healthyMs) this.#failures = 0;
    const full = Math.min(this.#maxMs, this.#firstMs * 2 ** this.#failures);
    this.#failures += 1;
    this.#readyAt = now + full * (0.5 + this.#random() / 2);
  }
}
