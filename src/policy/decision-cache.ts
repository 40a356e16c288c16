import type { Decision, Query } from './types.ts';

const ENTRIES = 1024;
/** Names of hostile length are decided anew each time, so that the cache holds at most half a megabyte of them. */
const LONGEST_KEY = 256;

/** The latest decisions by kind and name. Bounded: a client that invents names pushes old entries out and nothing else. */
export class DecisionCache {
  readonly #entries = new Map<string, Decision>();

  get(query: Query, decide: (query: Query) => Decision): Decision {
    if (query.name.length > LONGEST_KEY) return decide(query);
    const key = `${query.kind}:${query.name}`;
    const known = this.#entries.get(key);
    if (known !== undefined) return known;
    const decision = decide(query);
    if (this.#entries.size >= ENTRIES) {
      const oldest = this.#entries.keys().next();
      if (oldest.done !== true) this.#entries.delete(oldest.value);
    }
    this.#entries.set(key, decision);
    return decision;
  }
}
