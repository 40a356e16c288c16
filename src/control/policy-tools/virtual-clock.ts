import type { ClockSource } from '../../state/store-clock.ts';

/** A machine whose time is what we say: calls are judged at the moments that a case or a journal gives them. */
export class VirtualClock implements ClockSource {
  readonly #origin: number;
  #at: number;

  /** @param start milliseconds since the epoch */
  constructor(start: number) {
    this.#origin = start;
    this.#at = start;
  }

  /** Moves on to a moment; time never goes back. Milliseconds since the epoch. */
  moveTo(at: number): void {
    this.#at = Math.max(this.#at, at);
  }

  monotonicUs(): number {
    return Math.round((this.#at - this.#origin) * 1000) + 1;
  }

  wallMs(): number {
    return this.#at;
  }

  uptimeUs(): number {
    return this.monotonicUs();
  }

  machine(): string {
    return 'virtual';
  }
}
