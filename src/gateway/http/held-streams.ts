import type { PostExchange } from './post-exchange.ts';

/**
 * The requests of one conversation that are being judged, with the responses that wait for them. While a call is held for its approval the
 * gateway can say something there (a heartbeat, a question of its own), which begins an event stream before the answer is known.
 */
export class HeldStreams {
  readonly #exchanges = new Map<string, PostExchange>();

  /**
   * Registers a request before it is judged. A second request under the same id is about to be refused, and must not take the first one's place.
   * @returns a function that takes it out again, or null when the id is taken
   */
  add(requestKey: string, exchange: PostExchange): (() => void) | null {
    if (this.#exchanges.has(requestKey)) return null;
    this.#exchanges.set(requestKey, exchange);
    return () => void this.#exchanges.delete(requestKey);
  }

  /** The response of a request that is being judged, while its client is there. */
  get(requestKey: string): PostExchange | null {
    const exchange = this.#exchanges.get(requestKey);
    return exchange?.isOpen === true ? exchange : null;
  }

  /** Writes a message on the stream of a request that is being judged. @returns false when nobody is there to read it */
  send(requestKey: string, message: Buffer): boolean {
    const exchange = this.get(requestKey);
    if (exchange === null) return false;
    exchange.send(message);
    return true;
  }
}
