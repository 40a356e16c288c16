import type { JsonNode } from '../wire/json-node.ts';
import { LIMITS } from './limits.ts';

export interface ParameterFact {
  readonly name: string;
  /** A short name of ours: `string`, `array of object`, `string | null`, `enum`, `any`; null when the schema is no schema. */
  readonly type: string | null;
  readonly required: boolean;
}

const PLAIN = new Set(['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']);
const DEEPEST = 6;
/** A union of more says no more than `any` does. */
const MOST_BRANCHES = 4;

/**
 * The top-level parameters of an input schema, in its order; at most LIMITS.parameters. Whatever the schema holds, a type is made of a
 * fixed vocabulary, so no text of the server can get into it.
 * @param schema `inputSchema` of a definition; null or of a wrong kind: no parameters
 */
export function parameterFacts(schema: JsonNode | null): readonly ParameterFact[] {
  if (schema === null) return [];
  const required = new Set((schema.get('required')?.elements() ?? []).map((name) => name.text()));
  const members = schema.get('properties')?.members() ?? [];
  return members.slice(0, LIMITS.parameters).map(({ key, value }) => ({
    name: cut(key, LIMITS.nameCharacters),
    type: typeName(value, schema, 0),
    required: required.has(key),
  }));
}

/** The first characters of a text, never half of a surrogate pair. */
export function cut(text: string, characters: number): string {
  return text.length <= characters ? text : text.slice(0, characters).replace(/[\uD800-\uDBFF]$/u, '');
}

function typeName(schema: JsonNode, root: JsonNode, depth: number): string | null {
  if (schema.kind === 'true') return 'any';
  if (schema.kind !== 'object') return null;
  // References may form a circle.
  if (depth >= DEEPEST) return 'any';
  const referenced = followReference(schema, root);
  if (referenced !== null) return typeName(referenced, root, depth + 1);
  const branches = schema.get('anyOf') ?? schema.get('oneOf');
  if (branches?.kind === 'array' && schema.get('type') === null) return union(branches.elements().map((branch) => typeName(branch, root, depth + 1)));
  const all = schema.get('allOf')?.elements() ?? [];
  const [only] = all;
  if (only !== undefined && all.length === 1 && schema.get('type') === null) return typeName(only, root, depth + 1);
  const type = schema.get('type');
  if (type?.kind === 'array') return union(type.elements().map((item) => plain(item.text(), schema, root, depth)));
  return plain(type?.text() ?? null, schema, root, depth);
}

function plain(type: string | null, schema: JsonNode, root: JsonNode, depth: number): string {
  if (schema.get('enum')?.kind === 'array' || schema.get('const') !== null) return type === 'null' ? 'null' : 'enum';
  if (type === null || !PLAIN.has(type)) return 'any';
  const items = type === 'array' ? schema.get('items') : null;
  const of = items === null ? null : typeName(items, root, depth + 1);
  // One level says enough: a list of lists is an array of array.
  return of === null || of === 'any' ? type : `array of ${of.split(' ', 1)[0] ?? of}`;
}

function union(types: readonly (string | null)[]): string {
  const different = [...new Set(types.flatMap((type) => (type ?? 'any').split(' | ')))].toSorted((a, b) => Number(a === 'null') - Number(b === 'null') || (a < b ? -1 : 1));
  if (different.length === 0 || different.length > MOST_BRANCHES || different.includes('any')) return 'any';
  return different.join(' | ');
}

/** The schema that a local reference (`#/$defs/Name`) names; null when there is none. */
function followReference(schema: JsonNode, root: JsonNode): JsonNode | null {
  const reference = schema.get('$ref')?.text() ?? null;
  if (reference === null || !reference.startsWith('#/')) return null;
  let found: JsonNode | null = root;
  for (const token of reference.slice(2).split('/').slice(0, 8)) found = found?.get(token.replaceAll('~1', '/').replaceAll('~0', '~')) ?? null;
  return found;
}
