import type { InFlight } from './in-flight.ts';

/** Cancelled requests whose late answer is still expected; beyond this the oldest is given up. */
const MAX_WITHDRAWN = 1_000;

/** The requests of a client that an answer may still come for. */
export class OpenRequests {
  /** Somebody waits for these. */
  readonly inFlight: Map<string, InFlight> = new Map();
  /** Forwarded and then cancelled: nobody waits for them, but an answer may still come, and it is judged as what was asked (N1). */
  readonly #withdrawn = new Map<string, InFlight>();

  get(idKey: string): InFlight | undefined {
    return this.inFlight.get(idKey) ?? this.#withdrawn.get(idKey);
  }

  expects(idKey: string): boolean {
    return this.inFlight.has(idKey) || this.#withdrawn.has(idKey);
  }

  withdraw(call: InFlight): void {
    this.inFlight.delete(call.idKey);
    this.#withdrawn.set(call.idKey, call);
    if (this.#withdrawn.size > MAX_WITHDRAWN) forgetOldest(this.#withdrawn);
  }

  delete(idKey: string): void {
    this.inFlight.delete(idKey);
    this.#withdrawn.delete(idKey);
  }

  clear(): void {
    this.inFlight.clear();
    this.#withdrawn.clear();
  }

  /** Key of the forwarded request that somebody waits for, when there is exactly one. */
  only(): string | null {
    let only: string | null = null;
    for (const call of this.inFlight.values()) {
      if (call.state !== 'forwarded') continue;
      if (only !== null) return null;
      only = call.idKey;
    }
    return only;
  }

  /**
   * The forwarded request with this progress token. An upstream knows nothing of a call that it has not been sent, and reports nothing of it.
   * @param arrivedOn the request whose stream the progress came on, which tells two requests with one token apart
   */
  byProgressToken(token: string, arrivedOn: string | null): InFlight | undefined {
    const own = arrivedOn === null ? undefined : this.inFlight.get(arrivedOn);
    if (own?.progressToken === token && own.state === 'forwarded') return own;
    for (const calls of [this.inFlight, this.#withdrawn]) {
      for (const call of calls.values()) if (call.progressToken === token && call.state === 'forwarded') return call;
    }
    return undefined;
  }
}

/** Takes out the entry that was put in first. */
export function forgetOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}
