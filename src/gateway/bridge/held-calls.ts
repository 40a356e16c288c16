import { randomBytes } from 'node:crypto';
import type { Exchange } from './exchange.ts';
import { StateSeal } from './seal.ts';

/** How long a client may take to answer what a server asked in the middle of a call. */
export const HOLD_MS = 5 * 60_000;
/** Beyond this a principal's oldest call gives way: nobody can push out what another principal waits for. */
const MAX_HELD_EACH = 256;
const MAX_HELD = 10_000;

interface Held {
  readonly exchange: Exchange;
  readonly timer: NodeJS.Timeout;
  readonly expire: () => void;
}

/** Upstream calls that stay open while their clients think, each reachable once, by a sealed handle. */
export class HeldCalls {
  readonly #held = new Map<string, Held>();
  readonly #seal = new StateSeal();
  readonly #holdMs: number;

  constructor(holdMs: number = HOLD_MS) {
    this.#holdMs = holdMs;
  }

  get size(): number {
    return this.#held.size;
  }

  /**
   * Keeps a call. @param expire called once, when the client did not come back in time or the table is full
   * @returns the `requestState` for the client
   */
  hold(exchange: Exchange, expire: () => void): string {
    const own = Array.from(this.#held).filter(([, { exchange: held }]) => held.principal === exchange.principal);
    const oldest = own.length >= MAX_HELD_EACH ? own[0] : this.#held.size >= MAX_HELD ? Array.from(this.#held)[0] : undefined;
    if (oldest !== undefined) {
      this.#drop(oldest[0]);
      oldest[1].expire();
    }
    const handle = randomBytes(16).toString('base64url');
    const timer = setTimeout(() => {
      this.#drop(handle);
      expire();
    }, this.#holdMs);
    timer.unref();
    this.#held.set(handle, { exchange, timer, expire });
    return this.#seal.seal({ handle, expiresAt: Date.now() + this.#holdMs }, exchange.principal, exchange.digest);
  }

  /** A state for a call that is made anew: nothing is held for it. */
  ticket(principal: string, digest: string): string {
    return this.#seal.seal({ handle: null, expiresAt: Date.now() + this.#holdMs }, principal, digest);
  }

  /**
   * What a retry continues. Looking does not use the state up: `release` does.
   * @returns the held call, `again` for a call to be made anew, or null when the state is void
   */
  find(state: string, principal: string, digest: string): { readonly handle: string; readonly exchange: Exchange } | 'again' | null {
    const sealed = this.#seal.open(state, principal, digest, Date.now());
    if (sealed === null) return null;
    if (sealed.handle === null) return 'again';
    const held = this.#held.get(sealed.handle);
    return held === undefined ? null : { handle: sealed.handle, exchange: held.exchange };
  }

  /** Takes a call out: from here on its state is used up. */
  release(handle: string): void {
    this.#drop(handle);
  }

  clear(): void {
    for (const handle of this.#held.keys()) this.#drop(handle);
  }

  #drop(handle: string): void {
    const held = this.#held.get(handle);
    if (held !== undefined) clearTimeout(held.timer);
    this.#held.delete(handle);
  }
}
