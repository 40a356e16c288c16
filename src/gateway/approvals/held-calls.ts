/** Calls that one principal may have held at a time, and the bytes of their messages. */
const MAX_CALLS = 256;
const MAX_BYTES = 64 * 1024 * 1024;

/** What one principal has held. Each held call keeps its whole message, and may do so for ten minutes. */
export class HeldCalls {
  #calls = 0;
  #bytes = 0;

  /** @param bytes of the message of one call */
  hasRoom(bytes: number): boolean {
    return this.#calls < MAX_CALLS && this.#bytes + bytes <= MAX_BYTES;
  }

  /**
   * Takes room for one call.
   * @param bytes of its message
   * @returns gives the room back, once; null when there is none
   */
  take(bytes: number): (() => void) | null {
    if (!this.hasRoom(bytes)) return null;
    this.#calls += 1;
    this.#bytes += bytes;
    let taken = true;
    return () => {
      if (!taken) return;
      taken = false;
      this.#calls -= 1;
      this.#bytes -= bytes;
    };
  }
}
