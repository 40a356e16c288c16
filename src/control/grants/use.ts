import type { State } from '../../state/types.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** Rows that one step looks at; between two steps other work goes on. */
const STEP_ROWS = 5_000;
/** A request does not wait longer for the count; the next one finds it further on. */
const PATIENCE_MS = 500;

export interface GrantUse {
  readonly lastUsedAt: string | null;
  /** Calls in the last 24 hours, to the hour. */
  readonly calls24h: number;
}

/** How much grants are used, kept in memory and brought up to date by the journal's new rows: what a look costs does not grow with the journal. */
export class GrantUses {
  readonly #state: State;
  readonly #now: () => number;
  readonly #hours = new Map<string, Map<number, number>>();
  readonly #last = new Map<string, number>();
  #after: number | null = null;
  #running: Promise<void> | null = null;

  constructor(state: State, now: () => number) {
    this.#state = state;
    this.#now = now;
  }

  /** @throws StateUnavailable */
  async update(): Promise<void> {
    this.#running ??= this.#run().finally(() => (this.#running = null));
    const running = this.#running;
    running.catch(() => undefined);
    let timer: NodeJS.Timeout | null = null;
    await Promise.race([running, new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS).unref()))]);
    if (timer !== null) clearTimeout(timer);
  }

  of(grant: string): GrantUse {
    const since = this.#now() - DAY_MS;
    const last = this.#last.get(grant);
    const calls24h = [...(this.#hours.get(grant) ?? [])].reduce((sum, [hour, calls]) => (hour + HOUR_MS > since ? sum + calls : sum), 0);
    return { lastUsedAt: last === undefined ? null : new Date(last).toISOString(), calls24h };
  }

  async #run(): Promise<void> {
    const { figures } = this.#state;
    this.#after ??= (await figures.span(new Date(this.#now() - 30 * DAY_MS))).after;
    const { last } = await figures.span(new Date(this.#now()));
    while (this.#after < last) {
      const until = Math.min(last, this.#after + STEP_ROWS);
      for (const { grant, hour, rows, lastAt } of await figures.grants(this.#after, until)) {
        const hours = this.#hours.get(grant) ?? new Map<number, number>();
        hours.set(hour, (hours.get(hour) ?? 0) + rows);
        this.#hours.set(grant, hours);
        this.#last.set(grant, Math.max(this.#last.get(grant) ?? 0, lastAt));
      }
      this.#after = until;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const oldest = this.#now() - DAY_MS - HOUR_MS;
    for (const hours of this.#hours.values()) for (const hour of hours.keys()) if (hour < oldest) hours.delete(hour);
  }
}

const known = new WeakMap<State, GrantUses>();

/** The one count of this process. */
export function grantUses(state: State, now: () => number): GrantUses {
  const uses = known.get(state) ?? new GrantUses(state, now);
  known.set(state, uses);
  return uses;
}
