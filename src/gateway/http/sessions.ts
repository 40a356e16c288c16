/** Sessions of a server, each bound to one principal; knowing an id is never enough (S1). */

export interface SessionEntry {
  /** The principal that opened it; anybody else gets the answer for an unknown session. */
  readonly owner: object;
  /** Which of several callers behind that principal opened it; null where they are one. */
  readonly caller: string | null;
  lastUsed: number;
  /** True while something is going on in it: it is not idle then, however long that takes. */
  busy(): boolean;
  /** Ends it from our side. */
  close(reason: string): void;
}

/** A bounded table of sessions by id. */
export class SessionTable<T extends SessionEntry> {
  readonly #sessions = new Map<string, T>();
  readonly #perOwner = new Map<object, number>();
  readonly #maxPerOwner: number;
  readonly #idleMs: number;
  readonly #timer: NodeJS.Timeout;

  constructor(maxPerOwner: number, idleMs: number) {
    this.#maxPerOwner = maxPerOwner;
    this.#idleMs = idleMs;
    this.#timer = setInterval(() => this.#sweep(), Math.min(30_000, Math.max(250, idleMs / 4)));
    this.#timer.unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  values(): IterableIterator<T> {
    return this.#sessions.values();
  }

  /** The session of this id, owner and caller, marked as used; null otherwise, without telling which of them was wrong. */
  get(id: string, { principal, caller }: { readonly principal: object; readonly caller: string | null }): T | null {
    const session = this.#sessions.get(id);
    if (session === undefined || session.owner !== principal || session.caller !== caller) return null;
    session.lastUsed = performance.now();
    return session;
  }

  /** True when this owner may open one more; the longest idle one makes room when the table is full of idle ones. */
  hasRoom(owner: object): boolean {
    if ((this.#perOwner.get(owner) ?? 0) < this.#maxPerOwner) return true;
    let oldest: string | null = null;
    let used = Number.POSITIVE_INFINITY;
    for (const [id, session] of this.#sessions) {
      if (session.owner === owner && !session.busy() && session.lastUsed < used) {
        oldest = id;
        used = session.lastUsed;
      }
    }
    if (oldest === null) return false;
    this.end(oldest, 'replaced by a newer session');
    return true;
  }

  add(id: string, session: T): void {
    this.end(id, 'the id was given out again');
    this.#sessions.set(id, session);
    this.#perOwner.set(session.owner, (this.#perOwner.get(session.owner) ?? 0) + 1);
  }

  /** Forgets a session and ends it. */
  end(id: string, reason: string): void {
    const session = this.#sessions.get(id);
    if (session === undefined) return;
    this.#sessions.delete(id);
    const left = (this.#perOwner.get(session.owner) ?? 1) - 1;
    if (left > 0) this.#perOwner.set(session.owner, left);
    else this.#perOwner.delete(session.owner);
    session.close(reason);
  }

  #sweep(): void {
    const now = performance.now();
    for (const [id, session] of this.#sessions) {
      if (!session.busy() && now - session.lastUsed > this.#idleMs) this.end(id, 'idle for too long');
    }
  }

  closeAll(reason: string): void {
    clearInterval(this.#timer);
    for (const id of this.#sessions.keys()) this.end(id, reason);
  }

  /** Ends every session of one owner: its grant is gone. */
  endOwner(owner: object, reason: string): void {
    for (const [id, session] of this.#sessions) if (session.owner === owner) this.end(id, reason);
  }
}
