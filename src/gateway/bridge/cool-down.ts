import type { UpstreamFailure } from '../../upstream/types.ts';

/** A server that could not be opened is left alone for this long: a client that retries must not become a fork bomb. */
const COOL_DOWN_MS = 1_000;

/** Why something failed just now, for as long as trying it again makes no sense. */
export class CoolDown {
  readonly #reasons = new Map<string, { readonly reason: UpstreamFailure; readonly timer: NodeJS.Timeout }>();

  /** The failure to repeat, or null. */
  get(key: string): UpstreamFailure | null {
    return this.#reasons.get(key)?.reason ?? null;
  }

  /** Repeats this failure for a while; what it is told to never reached the server. */
  set(key: string, reason: UpstreamFailure): void {
    clearTimeout(this.#reasons.get(key)?.timer);
    const timer = setTimeout(() => this.#reasons.delete(key), COOL_DOWN_MS);
    timer.unref();
    this.#reasons.set(key, { reason: { ...reason, reached: false }, timer });
  }

  clear(): void {
    for (const { timer } of this.#reasons.values()) clearTimeout(timer);
    this.#reasons.clear();
  }
}
