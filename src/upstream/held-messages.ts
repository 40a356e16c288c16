import type { Message } from '../mcp/message.ts';

type Deliver = (message: Message, requestKey: string | null) => void;

/**
 * What a paused client of a shared child has not taken yet. The child itself is not stopped for it, because the others would stand still
 * too; so the memory is bounded here, and a client over the bound is given up (protocol.md T9).
 */
export class HeldMessages {
  readonly #maxBytes: number;
  readonly #deliver: Deliver;
  #held: { readonly message: Message; readonly requestKey: string | null }[] = [];
  #bytes = 0;
  #paused = false;

  constructor(maxBytes: number, deliver: Deliver) {
    this.#maxBytes = maxBytes;
    this.#deliver = deliver;
  }

  /** Delivers, or keeps while paused. @returns false when the bound is exceeded; a single message always fits */
  take(message: Message, requestKey: string | null): boolean {
    if (!this.#paused) {
      this.#deliver(message, requestKey);
      return true;
    }
    if (this.#held.length > 0 && this.#bytes + message.bytes.length > this.#maxBytes) return false;
    this.#held.push({ message, requestKey });
    this.#bytes += message.bytes.length;
    return true;
  }

  pause(): void {
    this.#paused = true;
  }

  /** Delivers what was held; the receiver may pause again in the midst of it. */
  resume(): void {
    this.#paused = false;
    const held = this.#held;
    let done = 0;
    while (done < held.length && !this.#paused) {
      const entry = held[done];
      done += 1;
      if (entry === undefined) break;
      this.#bytes -= entry.message.bytes.length;
      this.#deliver(entry.message, entry.requestKey);
    }
    this.#held = held.slice(done);
  }

  /** Drops what is held for a request that was given up, or everything. */
  drop(requestKey: string | null): void {
    this.#held = requestKey === null ? [] : this.#held.filter((entry) => entry.requestKey !== requestKey);
    this.#bytes = this.#held.reduce((sum, entry) => sum + entry.message.bytes.length, 0);
  }
}
