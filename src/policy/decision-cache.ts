import type { ToolClass } from './class-selector.ts';
import type { TargetKind } from './types.ts';

const GENERATION = 512;
/** Names of hostile length are looked up anew each time, so that the cache holds at most half a megabyte of them. */
const LONGEST_KEY = 256;

/**
 * What was found lately for a kind, a name and the class of its tool, in two generations: what is asked again moves to the young one, and the old one is
 * dropped whole when the young one is full. Bounded, and a client that invents names cannot push out what is used between.
 */
export class DecisionCache<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  get(kind: TargetKind, name: string, toolClass: ToolClass | null, make: (kind: TargetKind, name: string, toolClass: ToolClass | null) => T): T {
    if (name.length > LONGEST_KEY) return make(kind, name, toolClass);
    // The class comes first: it holds no colon, and a name may hold anything.
    const key = `${kind}:${toolClass?.key ?? ''}:${name}`;
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const value = this.#old.get(key) ?? make(kind, name, toolClass);
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
    return value;
  }
}
