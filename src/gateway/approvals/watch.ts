import type { ApprovalStatus, State } from '../../state/types.ts';

/** How often pending approvals are looked at: their decisions may come from another process. */
const POLL_MS = 250;

/** Why a watcher was called: its approval is no longer pending, or nothing is held any more because the process is ending. */
export type WatchEvent = 'decided' | 'ending';

/** Looks after all approvals that calls of one process are held for: one look at each, however many calls wait for it. */
export class ApprovalWatch {
  readonly #state: State;
  readonly #waiting = new Map<string, Set<(event: WatchEvent) => void>>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #ended = false;

  constructor(state: State) {
    this.#state = state;
  }

  /** Approvals that something waits for. */
  get size(): number {
    return this.#waiting.size;
  }

  /** True once the process is ending: a call that comes to be held now would only keep it from ending. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Calls back, once, when the approval is no longer pending. @returns ends the watching */
  on(id: string, listener: (event: WatchEvent) => void): () => void {
    const listeners = this.#waiting.get(id) ?? new Set();
    this.#waiting.set(id, listeners.add(listener));
    this.#timer ??= setInterval(() => void this.#look([...this.#waiting.keys()]), POLL_MS).unref();
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#waiting.get(id) === listeners) this.#forget(id);
    };
  }

  /** Looks at one approval now: it was decided here. */
  look(id: string): void {
    if (this.#waiting.has(id)) void this.#check([id]);
  }

  /** Nothing is held from here on: the process is ending. */
  end(): void {
    this.#ended = true;
    for (const id of this.#waiting.keys()) this.#call(id, 'ending');
  }

  async #look(ids: readonly string[]): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    await this.#check(ids);
    this.#looking = false;
  }

  async #check(ids: readonly string[]): Promise<void> {
    let statuses: ReadonlyMap<string, ApprovalStatus>;
    try {
      statuses = await this.#state.approvalStatus(ids);
    } catch {
      // A store that is out of reach for a moment decides nothing; the wait has an end of its own.
      return;
    }
    for (const id of ids) if (statuses.get(id) !== 'pending') this.#call(id, 'decided');
  }

  #call(id: string, event: WatchEvent): void {
    const listeners = this.#waiting.get(id) ?? new Set();
    this.#forget(id);
    for (const listener of listeners) listener(event);
  }

  #forget(id: string): void {
    this.#waiting.delete(id);
    if (this.#waiting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}

const watches = new WeakMap<State, ApprovalWatch>();

/** The watch of a store, one per process. */
export function watchOf(state: State): ApprovalWatch {
  let watch = watches.get(state);
  if (watch === undefined) {
    watch = new ApprovalWatch(state);
    watches.set(state, watch);
  }
  return watch;
}
