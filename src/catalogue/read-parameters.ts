import type { JsonNode } from '../wire/json-node.ts';
import type { Parameter } from './definition.ts';
import { LIMITS } from './limits.ts';
import { squash } from './words.ts';

interface Reading {
  readonly root: JsonNode;
  readonly parameters: Parameter[];
  oversized: boolean;
  bytes: number;
  visits: number;
  readonly targets: Map<string, JsonNode | null>;
  /** Starts of the schemas that are being read: one that refers back to them says nothing new. */
  readonly path: Set<number>;
}

/**
 * The parameters of an input schema in order of their names, nested objects and local `$ref` included: tools that wrap everything
 * in `params` or `request` hide their arguments one level down.
 */
export function readParameters(inputSchema: JsonNode): { readonly parameters: readonly Parameter[]; readonly oversized: boolean } {
  const reading: Reading = { root: inputSchema, parameters: [], oversized: false, bytes: 0, visits: 0, targets: new Map(), path: new Set() };
  readObject(reading, inputSchema, '/inputSchema', 0);
  const inOrder = reading.parameters.toSorted((a, b) => compare(a.key, b.key) || compare(a.pointer, b.pointer));
  return { parameters: inOrder, oversized: reading.oversized };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function readObject(reading: Reading, schema: JsonNode, pointer: string, depth: number): void {
  if (reading.path.has(schema.start)) return;
  reading.path.add(schema.start);
  readMembers(reading, schema, pointer, depth);
  reading.path.delete(schema.start);
}

function readMembers(reading: Reading, schema: JsonNode, pointer: string, depth: number): void {
  if (depth > LIMITS.schemaDepth || !affordable(reading, schema)) {
    reading.oversized = true;
    return;
  }
  const required = new Set(schema.get('required')?.elements().map((e) => e.text()) ?? []);
  for (const { key, value } of schema.get('properties')?.members() ?? []) {
    if (reading.parameters.length >= LIMITS.parameters) {
      reading.oversized = true;
      return;
    }
    readParameter(reading, key, value, `${pointer}/properties/${escapePointer(key)}`, required.has(key), depth);
  }
  for (const branches of ['anyOf', 'oneOf', 'allOf']) {
    for (const [i, branch] of (schema.get(branches)?.elements() ?? []).entries()) {
      readObject(reading, resolve(reading, branch), `${pointer}/${branches}/${i}`, depth + 1);
    }
  }
}

function readParameter(reading: Reading, name: string, written: JsonNode, pointer: string, required: boolean, depth: number): void {
  const schema = resolve(reading, written);
  const values: string[] = [];
  collectValues(reading, schema, values, 0);
  const described = written.get('description')?.text() ?? schema.get('description')?.text() ?? '';
  reading.parameters.push({
    name: name.slice(0, LIMITS.nameCharacters),
    key: squash(name.slice(0, LIMITS.nameCharacters)),
    pointer,
    type: typeOf(schema),
    description: described.slice(0, LIMITS.parameterText),
    values,
    required,
  });
  readObject(reading, schema, pointer, depth + 1);
  const items = schema.get('items');
  if (items !== null) readObject(reading, resolve(reading, items), `${pointer}/items`, depth + 1);
}

/** Counts a visit; false when there were too many. References to wide objects grow with the power of the depth. */
function affordable(reading: Reading, schema: JsonNode): boolean {
  reading.visits++;
  reading.bytes += schema.end - schema.start;
  if (reading.visits <= LIMITS.schemaVisits && reading.bytes <= LIMITS.schemaBytes) return true;
  reading.oversized = true;
  return false;
}

function typeOf(schema: JsonNode): string | null {
  const type = schema.get('type');
  if (type !== null) return type.text() ?? type.elements().map((e) => e.text()).find((t) => t !== 'null') ?? null;
  for (const branches of ['anyOf', 'oneOf']) {
    for (const branch of schema.get(branches)?.elements() ?? []) {
      const own = branch.get('type')?.text() ?? null;
      if (own !== null && own !== 'null') return own;
    }
  }
  return null;
}

function collectValues(reading: Reading, schema: JsonNode, into: string[], depth: number): void {
  if (depth > 2 || !affordable(reading, schema)) return;
  const constant = schema.get('const')?.text();
  if (constant != null) into.push(constant.slice(0, LIMITS.nameCharacters));
  for (const element of schema.get('enum')?.elements() ?? []) {
    if (into.length >= LIMITS.enumValues) {
      reading.oversized = true;
      return;
    }
    const value = element.text();
    if (value !== null) into.push(value.slice(0, LIMITS.nameCharacters));
  }
  for (const branches of ['anyOf', 'oneOf', 'allOf']) {
    for (const branch of schema.get(branches)?.elements() ?? []) collectValues(reading, resolve(reading, branch), into, depth + 1);
  }
  const items = schema.get('items');
  if (items !== null) collectValues(reading, resolve(reading, items), into, depth + 1);
}

/** Follows one local reference; a chain of them leads nowhere that a bounded reader needs to go. */
function resolve(reading: Reading, schema: JsonNode): JsonNode {
  const reference = schema.get('$ref')?.text();
  if (reference === '#') return reading.root;
  if (reference == null || !reference.startsWith('#/')) return schema;
  const known = reading.targets.get(reference);
  if (known !== undefined) return known ?? schema;
  let target: JsonNode | null = reading.root;
  for (const step of reference.slice(2, LIMITS.nameCharacters).split('/')) {
    target = target?.get(step.replaceAll('~1', '/').replaceAll('~0', '~')) ?? null;
  }
  reading.targets.set(reference, target);
  return target ?? schema;
}

export function escapePointer(key: string): string {
  return key.slice(0, LIMITS.nameCharacters).replaceAll('~', '~0').replaceAll('/', '~1');
}
