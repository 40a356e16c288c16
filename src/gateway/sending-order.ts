interface Slot {
  /** What to do when the slot's turn has come; null while that is being decided. */
  run: (() => void) | null;
  /** Decided too late to be waited for: it is carried out whenever it is decided. */
  late: boolean;
}

/**
 * Keeps the order in which messages came across decisions that take to the end of the turn, as the admission of a call does: a ping
 * right behind a call, or an unsubscribe behind its subscribe, does not overtake it. A decision that takes longer delays its own
 * request only (T8).
 */
export class SendingOrder {
  readonly #queue: Slot[] = [];

  /** True when nothing is being waited for, so that what comes next can be carried out at once. */
  get isIdle(): boolean {
    return this.#queue.length === 0;
  }

  /** Carries out what is already decided, behind everything that is being waited for. */
  add(run: () => void): void {
    this.#queue.push({ run, late: false });
    this.#drain();
  }

  /** Takes a place for something that is being decided. @returns takes what to do, once */
  hold(): (run: () => void) => void {
    const slot: Slot = { run: null, late: false };
    this.#queue.push(slot);
    // The first of these runs right after the admissions of this turn were committed; by the second their promises have settled.
    setImmediate(() => setImmediate(() => {
      slot.late = true;
      this.#drain();
    }));
    return (run) => {
      if (slot.late) return run();
      slot.run = run;
      this.#drain();
    };
  }

  #drain(): void {
    for (let head = this.#queue[0]; head !== undefined && (head.run !== null || head.late); head = this.#queue[0]) {
      this.#queue.shift();
      head.run?.();
    }
  }
}
