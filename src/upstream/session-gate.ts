/**
 * Holds back what must not overtake the opening of a session: nothing follows `initialize` before its answer, nothing follows
 * `notifications/initialized` before it was accepted, although each message is a connection of its own (protocol.md T8). In order.
 */
export class SessionGate {
  #shut = false;
  #held: (() => void)[] = [];

  shut(): void {
    this.#shut = true;
  }

  /** Runs the action now, or when the gate opens. */
  pass(action: () => void): void {
    if (this.#shut) this.#held.push(action);
    else action();
  }

  /** Lets through what was held; one of the actions may shut the gate again. */
  open(): void {
    this.#shut = false;
    while (!this.#shut) {
      const action = this.#held.shift();
      if (action === undefined) return;
      action();
    }
  }
}
