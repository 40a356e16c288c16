import type { JsonNode } from '../wire/json-node.ts';
import type { Parameter } from './definition.ts';
import { LIMITS } from './limits.ts';
import { squash } from './words.ts';

/** A schema whose properties are still to be read. */
interface Pending {
  readonly schema: JsonNode;
  readonly pointer: string;
  /** Schemas between it and the root. */
  readonly depth: number;
  /** Names between it and the root: `params.filter.id` has three. */
  readonly level: number;
  readonly inside: Pending | null;
}

interface Reading {
  readonly root: JsonNode;
  readonly parameters: Parameter[];
  readonly pending: Pending[];
  oversized: boolean;
  unknown: boolean;
  bytes: number;
  visits: number;
  readonly targets: Map<string, JsonNode | null>;
}

export interface ParametersRead {
  readonly parameters: readonly Parameter[];
  /** Not everything was read. */
  readonly oversized: boolean;
  /** What was not read could be an argument of the tool, and is not only a member of some record deep in one. */
  readonly unknown: boolean;
}

/** Names as deep as this are members of records, not arguments: a wrapper such as `params` takes one level. */
const ARGUMENT_LEVELS = 2;

/**
 * The parameters of an input schema in order of their names, nested objects and local `$ref` included: tools that wrap everything
 * in `params` or `request` hide their arguments one level down. Level by level, so that a limit cuts off what is deepest.
 */
export function readParameters(inputSchema: JsonNode): ParametersRead {
  const reading: Reading = { root: inputSchema, parameters: [], pending: [], oversized: false, unknown: false, bytes: 0, visits: 0, targets: new Map() };
  enqueue(reading, inputSchema, '/inputSchema', 0, 0, null);
  for (let next = 0; next < reading.pending.length; next++) {
    const pending = reading.pending[next];
    if (pending !== undefined && !readObject(reading, pending)) break;
  }
  const inOrder = reading.parameters.toSorted((a, b) => compare(a.key, b.key) || compare(a.pointer, b.pointer));
  return { parameters: inOrder, oversized: reading.oversized, unknown: reading.unknown };
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function enqueue(reading: Reading, schema: JsonNode, pointer: string, depth: number, level: number, inside: Pending | null): void {
  if (schema.kind !== 'object') return;
  // A schema inside itself says nothing new.
  for (let outer = inside; outer !== null; outer = outer.inside) if (outer.schema.start === schema.start) return;
  if (depth > LIMITS.schemaDepth) {
    reading.oversized = true;
    reading.unknown = true;
    return;
  }
  reading.pending.push({ schema, pointer, depth, level, inside });
}

/** False when a limit is reached: all that is left lies as deep or deeper. */
function readObject(reading: Reading, pending: Pending): boolean {
  const { schema, pointer, depth, level } = pending;
  if (!affordable(reading, schema)) return cutOff(reading, level);
  const required = new Set(schema.get('required')?.elements().map((e) => e.text()) ?? []);
  for (const { key, value } of schema.get('properties')?.members() ?? []) {
    if (reading.parameters.length >= LIMITS.parameters) return cutOff(reading, level);
    readParameter(reading, key, value, `${pointer}/properties/${escapePointer(key)}`, required.has(key), pending);
  }
  for (const branches of ['anyOf', 'oneOf', 'allOf']) {
    for (const [i, branch] of (schema.get(branches)?.elements() ?? []).entries()) {
      enqueue(reading, resolve(reading, branch), `${pointer}/${branches}/${i}`, depth + 1, level, pending);
    }
  }
  return true;
}

function cutOff(reading: Reading, level: number): false {
  reading.oversized = true;
  reading.unknown ||= level < ARGUMENT_LEVELS;
  return false;
}

function readParameter(reading: Reading, name: string, written: JsonNode, pointer: string, required: boolean, inside: Pending): void {
  const schema = resolve(reading, written);
  const values: string[] = [];
  collectValues(reading, schema, values, 0, inside.level);
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
  enqueue(reading, schema, pointer, inside.depth + 1, inside.level + 1, inside);
  const items = schema.get('items');
  if (items !== null) enqueue(reading, resolve(reading, items), `${pointer}/items`, inside.depth + 1, inside.level + 1, inside);
}

/** Counts a visit; false when there were too many. References to wide objects grow with the power of the depth. */
function affordable(reading: Reading, schema: JsonNode): boolean {
  reading.visits++;
  reading.bytes += schema.end - schema.start;
  return reading.visits <= LIMITS.schemaVisits && reading.bytes <= LIMITS.schemaBytes;
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

function collectValues(reading: Reading, schema: JsonNode, into: string[], depth: number, level: number): void {
  if (depth > 2) return;
  if (!affordable(reading, schema)) {
    cutOff(reading, level);
    return;
  }
  const constant = schema.get('const')?.text();
  if (constant != null) into.push(constant.slice(0, LIMITS.nameCharacters));
  for (const element of schema.get('enum')?.elements() ?? []) {
    if (into.length >= LIMITS.enumValues) {
      reading.oversized = true;
      reading.unknown = true;
      return;
    }
    const value = element.text();
    if (value !== null) into.push(value.slice(0, LIMITS.nameCharacters));
  }
  for (const branches of ['anyOf', 'oneOf', 'allOf']) {
    for (const branch of schema.get(branches)?.elements() ?? []) collectValues(reading, resolve(reading, branch), into, depth + 1, level);
  }
  const items = schema.get('items');
  if (items !== null) collectValues(reading, resolve(reading, items), into, depth + 1, level);
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
