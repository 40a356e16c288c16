import type { JsonNode } from '../../wire/json-node.ts';
import type { Edit } from '../../wire/splice.ts';
import { editObject } from '../../wire/splice.ts';

/** What is to change in one schema object of the listed schema, collected before any byte is touched. */
export class Patch {
  readonly node: JsonNode;
  readonly #changes = new Map<string, string>();
  readonly #below = new Map<string, Patch>();
  /** Properties that are written anew: the schemas that must all hold. */
  readonly #added = new Map<string, string[]>();
  readonly #removed = new Set<string>();
  readonly #required: string[] = [];
  readonly #extra: string[] = [];

  constructor(node: JsonNode) {
    this.node = node;
  }

  /** The text that a keyword has or will have; null when it is absent. */
  current(keyword: string): string | null {
    return this.#changes.get(keyword) ?? this.node.get(keyword)?.lexeme() ?? null;
  }

  set(keyword: string, text: string): void {
    this.#changes.set(keyword, text);
  }

  /** A schema that must hold besides everything else. */
  demand(text: string): void {
    if (!this.#extra.includes(text)) this.#extra.push(text);
  }

  /** The patch of a subschema that stays where it is: the value of a keyword, or a property. */
  below(keyword: 'items', node: JsonNode): Patch;
  below(keyword: 'properties', node: JsonNode, name: string): Patch;
  below(keyword: string, node: JsonNode, name = ''): Patch {
    const key = `${keyword}/${name}`;
    const patch = this.#below.get(key) ?? new Patch(node);
    this.#below.set(key, patch);
    return patch;
  }

  /** The listed schema of a property that will still be there; null when there is none or it is written anew. */
  property(name: string): JsonNode | null {
    return this.#removed.has(name) || this.#added.has(name) ? null : (this.node.get('properties')?.get(name) ?? null);
  }

  isRemoved(name: string): boolean {
    return this.#removed.has(name);
  }

  isAdded(name: string): boolean {
    return this.#added.has(name);
  }

  /** Writes a property, or adds a demand to one that is already being written. */
  addProperty(name: string, ...schemas: readonly string[]): void {
    const texts = this.#added.get(name) ?? [];
    for (const text of schemas) {
      if (!texts.includes(text)) texts.push(text);
    }
    this.#added.set(name, texts);
    this.#below.delete(`properties/${name}`);
  }

  #lists(name: string): boolean {
    const properties = this.node.get('properties');
    return properties !== null && properties.get(name) !== null;
  }

  /** Removes every property that is not in `names`; the caller sees to it that `additionalProperties` forbids them. */
  keepOnly(names: ReadonlySet<string>): void {
    for (const { key } of this.node.get('properties')?.members() ?? []) {
      if (names.has(key)) continue;
      this.#removed.add(key);
      this.#below.delete(`properties/${key}`);
    }
    for (const name of this.#added.keys()) {
      if (names.has(name)) continue;
      this.#added.delete(name);
      if (this.#lists(name)) this.#removed.add(name);
    }
  }

  require(name: string): void {
    const listed = this.node.get('required')?.elements() ?? [];
    if (!listed.some((element) => element.text() === name) && !this.#required.includes(name)) this.#required.push(name);
  }

  edits(): Edit[] {
    const edits: Edit[] = [];
    for (const patch of this.#below.values()) edits.push(...patch.edits());
    const changes = new Map<string, string>(this.#changes);
    const properties = this.node.get('properties');
    const members = new Map<string, string | null>([...this.#added].map(([name, texts]) => [name, conjunction(texts)]));
    for (const name of this.#removed) members.set(name, null);
    if (members.size > 0) {
      if (properties?.kind === 'object') edits.push(...editObject(properties, members));
      else changes.set('properties', `{${[...members].flatMap(([name, text]) => (text === null ? [] : [`${JSON.stringify(name)}:${text}`])).join(',')}}`);
    }
    extend('required', this.#required.map((name) => JSON.stringify(name)), this.node, edits, changes);
    extend('allOf', this.#extra, this.node, edits, changes);
    return changes.size === 0 ? edits : [...edits, ...editObject(this.node, changes)];
  }
}

function conjunction(texts: readonly string[]): string {
  const useful = texts.filter((text) => text !== 'true' && text !== '{}');
  // `{}` rather than `true`: not every client expects a boolean among its properties.
  return useful.length === 0 ? '{}' : useful.length === 1 ? (useful[0] as string) : `{"allOf":[${useful.join(',')}]}`;
}

/** Adds elements to a list of a schema object, behind those that are there. */
function extend(keyword: string, elements: readonly string[], node: JsonNode, edits: Edit[], changes: Map<string, string>): void {
  if (elements.length === 0) return;
  const last = node.get(keyword)?.elements().at(-1);
  if (last === undefined) changes.set(keyword, `[${elements.join(',')}]`);
  else edits.push({ start: last.end, end: last.end, with: `,${elements.join(',')}` });
}
