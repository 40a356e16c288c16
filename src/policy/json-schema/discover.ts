import type { JsonNode } from '../../wire/json-node.ts';
import { quoted } from '../printable.ts';
import { pointer } from '../pointer.ts';
import { SUBSCHEMAS } from './dialect.ts';
import { MAX_SCHEMA_DEPTH, MAX_SUBSCHEMAS } from './limits.ts';
import type { Dialect, Resource, SchemaProblem, Subschema } from './schema-types.ts';
import { resolveReference } from './uri-reference.ts';

/** Every schema of one document, by place and by name, found before anything is compiled: references may point forward. */
export class SchemaIndex {
  readonly dialect: Dialect;
  readonly resources = new Map<string, Resource>();
  /** In the order in which they were found. */
  readonly found: Subschema[] = [];
  readonly #byStart = new Map<number, Subschema>();
  readonly #report: (problem: SchemaProblem) => void;
  #full = false;

  constructor(dialect: Dialect, report: (problem: SchemaProblem) => void) {
    this.dialect = dialect;
    this.#report = report;
  }

  /** True when the document has more schemas, or deeper ones, than are read. */
  get full(): boolean {
    return this.#full;
  }

  at(node: JsonNode): Subschema | null {
    return this.#byStart.get(node.start) ?? null;
  }

  /** Reads a schema and everything below it. `resource` is null for the root of the document. */
  add(node: JsonNode, at: string, depth: number, resource: Resource | null): Subschema | null {
    if (this.#full) return null;
    if (this.found.length >= MAX_SUBSCHEMAS) return this.#overflow(at, `the schema has more than ${MAX_SUBSCHEMAS} subschemas`);
    if (depth > MAX_SCHEMA_DEPTH) return this.#overflow(at, `the schema is nested deeper than ${MAX_SCHEMA_DEPTH} levels`);
    if (node.kind !== 'object' && node.kind !== 'true' && node.kind !== 'false') {
      this.#report({ pointer: at, message: 'found something that is no schema; expected an object, true or false', help: null });
      return null;
    }
    const own = { node, pointer: at, depth, checks: [], around: null, ofNames: false, inPlace: [] };
    const placed = resource ?? this.#resource('', own, at);
    const subschema: Subschema = resource === null ? placed.root : { ...own, resource: placed };
    this.#byStart.set(node.start, subschema);
    this.found.push(subschema);
    if (node.kind !== 'object') return subschema;
    this.#identify(subschema);
    for (const { key, value } of node.members()) this.#descend(subschema, key, value);
    return subschema;
  }

  #overflow(at: string, message: string): null {
    this.#full = true;
    this.#report({ pointer: at, message, help: 'use a smaller schema' });
    return null;
  }

  /** Makes the resource of a schema and, for the root, the schema itself: each holds the other. */
  #resource(uri: string, own: Omit<Subschema, 'resource'>, at: string): Resource {
    const root = own as Subschema;
    const resource: Resource = { uri, root, anchors: new Map(), dynamicAnchors: new Map() };
    root.resource = resource;
    if (this.resources.has(uri)) this.#report({ pointer: at, message: `two schemas have the \`$id\` ${quoted(uri, 120)}`, help: null });
    this.resources.set(uri, resource);
    return resource;
  }

  /** `$id`, `$anchor` and `$dynamicAnchor`. */
  #identify(subschema: Subschema): void {
    const { node, pointer: at } = subschema;
    const legacy = this.dialect === 'draft-07';
    // In draft-07 nothing beside `$ref` has a meaning.
    if (legacy && node.get('$ref') !== null) return;
    const id = node.get('$id')?.text() ?? null;
    if (id !== null) {
      const { uri, fragment } = resolveReference(subschema.resource.uri, id);
      if (legacy && id.startsWith('#')) this.#anchor(subschema, fragment, false);
      else if (fragment !== '') this.#report({ pointer: at, message: '`$id` has a fragment; expected none', help: null });
      else if (at === '' && subschema.resource.root === subschema) this.#rename(subschema, uri);
      else if (uri !== subschema.resource.uri) this.#resource(uri, subschema, at);
    }
    if (legacy) return;
    const anchor = node.get('$anchor')?.text() ?? null;
    const dynamic = node.get('$dynamicAnchor')?.text() ?? null;
    if (anchor !== null) this.#anchor(subschema, anchor, false);
    if (dynamic !== null) this.#anchor(subschema, dynamic, true);
  }

  #rename(subschema: Subschema, uri: string): void {
    this.resources.clear();
    this.#resource(uri, subschema, '');
  }

  #anchor(subschema: Subschema, name: string, dynamic: boolean): void {
    const { anchors, dynamicAnchors } = subschema.resource;
    if (anchors.has(name)) this.#report({ pointer: subschema.pointer, message: `two schemas have the anchor ${quoted(name, 60)}`, help: null });
    anchors.set(name, subschema);
    if (dynamic) dynamicAnchors.set(name, subschema);
  }

  #descend(parent: Subschema, key: string, value: JsonNode): void {
    const shape = SUBSCHEMAS[this.dialect].get(key);
    if (shape === undefined) return;
    const at = parent.pointer + pointer(key);
    const add = (node: JsonNode, where: string): void => void this.add(node, where, parent.depth + 1, parent.resource);
    const isMap = shape === 'map' || shape === 'mixed-map';
    // What does not have the right shape is reported by its keyword.
    if (isMap && value.kind === 'object') {
      for (const member of value.members()) {
        if (shape === 'map' || member.value.kind !== 'array') add(member.value, at + pointer(member.key));
      }
    } else if (shape !== 'schema' && !isMap && value.kind === 'array') {
      for (const [index, element] of value.elements().entries()) add(element, `${at}/${index}`);
    } else if (shape === 'schema' || shape === 'schema-or-list') add(value, at);
  }
}
