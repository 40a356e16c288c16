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

/** `items[].price` as names: `items`, any element, `price`. How conditions tell which arguments they read (cel/paths.ts). */
export function pathOfCondition(path: string): string[] {
  return path.split('.').flatMap((part) => part.split(/(?=\[\])/)).filter((part) => part !== '');
}

const ELEMENTS = '[]';
/** Names that fold to themselves, which are nearly all. */
const PLAIN = /^[a-z0-9_]+$/;

/** Names that a policy governs, as a tree: `card.number` is `number` inside `card`. */
export class GovernedNames {
  readonly #inside = new Map<string, GovernedNames>();
  readonly #folded = new Set<string>();

  add(path: readonly string[]): void {
    const [first, ...rest] = path;
    if (first === undefined) return;
    let inner = this.#inside.get(first);
    if (inner === undefined) {
      inner = new GovernedNames();
      this.#inside.set(first, inner);
      if (first !== ELEMENTS) this.#folded.add(foldKey(first));
    }
    inner.add(rest);
  }

  get size(): number {
    return this.#inside.size;
  }

  /**
   * A name in the arguments that is not governed but that a lenient server would take for one that is: by case, by invisible
   * characters, by width (protocol.md J4, attack 43). Null when there is none.
   */
  lookalike(args: JsonNode | null): string | null {
    if (args === null || this.#inside.size === 0) return null;
    const each = this.#inside.get(ELEMENTS);
    for (const { key, value } of args.members()) {
      const named = this.#inside.get(key);
      if (named === undefined && this.#folded.has(PLAIN.test(key) ? key : foldKey(key))) return key;
      const found = named?.lookalike(value) ?? each?.lookalike(value) ?? null;
      if (found !== null) return found;
    }
    if (each === undefined || each.size === 0) return null;
    for (const element of args.elements()) {
      const found = each.lookalike(element);
      if (found !== null) return found;
    }
    return null;
  }
}
