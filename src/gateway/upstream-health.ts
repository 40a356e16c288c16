/** How an upstream stands, from what calls have shown. `unknown`: nobody has asked it since its endpoint was opened. */
export interface UpstreamHealth {
  readonly status: 'ready' | 'failing' | 'unknown';
  /** Why the last exchange failed, for people; null when it did not. */
  readonly problem: string | null;
  /** When it last answered, milliseconds since 1970; null when it has not. */
  readonly lastSeenAt: number | null;
}

/** Keeps in mind what passes of one server: the newest word decides. Nothing is asked of the upstream for it. */
export class HealthWatch {
  #problem: string | null = null;
  #lastSeenAt: number | null = null;

  get health(): UpstreamHealth {
    const status = this.#problem !== null ? 'failing' : this.#lastSeenAt === null ? 'unknown' : 'ready';
    return { status, problem: this.#problem, lastSeenAt: this.#lastSeenAt };
  }

  /** The upstream answered something, be it an error of its own. */
  answered(): void {
    this.#problem = null;
    this.#lastSeenAt = Date.now();
  }

  /** @param problem the text of an UpstreamFailure: safe to show */
  failed(problem: string): void {
    this.#problem = problem;
  }
}
