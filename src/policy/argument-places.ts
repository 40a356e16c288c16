import { foldKey } from '../mcp/keys.ts';
import type { JsonNode } from '../wire/json-node.ts';

/** The value at a path of names. `misshapen`: something on the way is no object; its path is told. */
export type Found = { readonly kind: 'value'; readonly node: JsonNode } | { readonly kind: 'absent' } | { readonly kind: 'misshapen'; readonly path: readonly string[] };

export function findArgument(args: JsonNode | null, path: readonly string[]): Found {
  let node = args;
  for (const [index, name] of path.entries()) {
    if (node === null) return { kind: 'absent' };
    if (node.kind !== 'object') return { kind: 'misshapen', path: path.slice(0, index) };
    node = node.get(name);
  }
  return node === null ? { kind: 'absent' } : { kind: 'value', node };
}

/** Any member or element, in a path. */
export const ELEMENTS = '[]';

/** `items[].price` as names: `items`, any element, `price`. How conditions tell which arguments they read (cel/paths.ts). */
export function pathOfCondition(path: string): string[] {
  const names: string[] = [];
  for (const part of path.matchAll(/\[\]|((?:\\[^]|[^.\\[])+)/g)) {
    const [written, name] = part;
    names.push(name === undefined ? written : name.replace(/\\([^])/g, '$1'));
  }
  return names;
}

/** Names that fold to themselves, which are nearly all. */
const PLAIN = /^[a-z0-9_]+$/;

/**
 * Names that a policy governs, from one place in the arguments on: `card.number` is `number` inside `card`. Schemas may go in circles,
 * so this is a graph.
 */
export class GovernedNames {
  readonly #inside = new Map<string, GovernedNames>();
  readonly #folded = new Set<string>();
  /** What governs the same place. */
  readonly #also: GovernedNames[] = [];
  #here: readonly GovernedNames[] | null = null;

  /**
   * @param path names from this place inwards
   * @param below what is governed at the end of the path. Complete before anything is asked
   */
  add(path: readonly string[], below: GovernedNames | null = null): void {
    this.#here = null;
    const [first, ...rest] = path;
    if (first === undefined) {
      if (below !== null) this.#also.push(below);
      return;
    }
    let inner = this.#inside.get(first);
    if (inner === undefined) {
      inner = new GovernedNames();
      this.#inside.set(first, inner);
      if (first !== ELEMENTS) this.#folded.add(foldKey(first));
    }
    inner.add(rest, below);
  }

  /**
   * A name in the arguments that is not governed but that a lenient server would take for one that is: by case, by invisible
   * characters, by width (protocol.md J4, attack 43). Null when there is none.
   */
  lookalike(args: JsonNode | null): string | null {
    return args === null ? null : lookalikeIn(args, this.#reached());
  }

  get inside(): ReadonlyMap<string, GovernedNames> {
    return this.#inside;
  }

  governs(folded: string): boolean {
    return this.#folded.has(folded);
  }

  /** This and everything that governs the same place, without what governs nothing. */
  #reached(): readonly GovernedNames[] {
    if (this.#here !== null) return this.#here;
    const all = new Set<GovernedNames>([this]);
    for (const one of all) for (const other of one.#also) all.add(other);
    this.#here = [...all].filter((one) => one.#inside.size > 0);
    return this.#here;
  }

  /** Everything that governs what these lead to with a name. */
  static inside(places: readonly GovernedNames[], name: string): readonly GovernedNames[] {
    const found = places.flatMap((place) => [place.#inside.get(name), place.#inside.get(ELEMENTS)]).filter((place) => place !== undefined);
    const [only, ...more] = found;
    if (only === undefined) return [];
    return more.length === 0 ? only.#reached() : [...new Set(found.flatMap((place) => place.#reached()))];
  }
}

function lookalikeIn(node: JsonNode, places: readonly GovernedNames[]): string | null {
  if (places.length === 0) return null;
  if (node.kind === 'object') {
    for (const { key, value } of node.members()) {
      if (!places.some((place) => place.inside.has(key))) {
        const folded = PLAIN.test(key) ? key : foldKey(key);
        if (places.some((place) => place.governs(folded))) return key;
      }
      const found = lookalikeIn(value, GovernedNames.inside(places, key));
      if (found !== null) return found;
    }
    return null;
  }
  if (node.kind !== 'array') return null;
  const each = GovernedNames.inside(places, ELEMENTS);
  if (each.length === 0) return null;
  for (const element of node.elements()) {
    const found = lookalikeIn(element, each);
    if (found !== null) return found;
  }
  return null;
}
