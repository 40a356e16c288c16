import { tooMany } from '../api/problem.ts';

/** Work on a password takes a core for a third of a second and 128 MiB. */
const AT_ONCE = 2;
const WAITING = 16;

/**
 * Bounds how much costly work runs at once. Work for callers who are known goes first, and what strangers can queue is bounded apart, so that a flood
 * of strangers makes nobody wait who has been here before.
 */
export class WorkGate {
  #running = 0;
  readonly #known: (() => void)[] = [];
  readonly #strangers: (() => void)[] = [];

  /** @throws ApiProblem too_many_requests when too much waits already */
  async run<Result>(known: boolean, work: () => Promise<Result>): Promise<Result> {
    if (this.#running >= AT_ONCE) {
      const queue = known ? this.#known : this.#strangers;
      if (queue.length >= WAITING) throw tooMany('too many sign-ins at this moment; try again in some seconds', 5);
      await new Promise<void>((resolve) => queue.push(resolve));
    } else this.#running++;
    try {
      return await work();
    } finally {
      // The place is handed on, so that nobody who comes now gets in between.
      const next = this.#known.shift() ?? this.#strangers.shift();
      if (next === undefined) this.#running--;
      else next();
    }
  }
}
