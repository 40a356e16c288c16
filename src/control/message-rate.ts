const WINDOW_MS = 600_000;
/** Messages of one address, and of all together, in one window. */
const PER_ADDRESS = 5;
const TOGETHER = 40;

/** Sees that nobody fills the inbox: the messages of the last ten minutes, per address and together. */
export class MessageRate {
  #recent: { readonly address: string; readonly at: number }[] = [];

  /** Counts a message. @param now monotonic milliseconds @returns 0, or how long to wait, in milliseconds, when it is one too many */
  take(address: string, now: number): number {
    this.#recent = this.#recent.filter(({ at }) => now - at < WINDOW_MS);
    const own = this.#recent.filter((one) => one.address === address);
    const blocking = own.length >= PER_ADDRESS ? own[own.length - PER_ADDRESS] : this.#recent.length >= TOGETHER ? this.#recent[0] : undefined;
    if (blocking !== undefined) return WINDOW_MS - (now - blocking.at);
    this.#recent.push({ address, at: now });
    return 0;
  }
}
