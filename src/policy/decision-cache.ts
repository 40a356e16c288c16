import type { Decision, Query } from './types.ts';

const GENERATION = 512;
/** Names of hostile length are decided anew each time, so that the cache holds at most half a megabyte of them. */
const LONGEST_KEY = 256;

/**
 * The latest decisions by kind and name, in two generations: what is asked again moves to the young one, and the old one is
 * dropped whole when the young one is full. Bounded, and a client that invents names cannot push out what is used between.
 */
export class DecisionCache {
  #young = new Map<string, Decision>();
  #old = new Map<string, Decision>();

  get(query: Query, decide: (query: Query) => Decision): Decision {
    if (query.name.length > LONGEST_KEY) return decide(query);
    const key = `${query.kind}:${query.name}`;
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const decision = this.#old.get(key) ?? decide(query);
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, decision);
    return decision;
  }
}
