import type { JsonNode } from '../../wire/json-node.ts';
import { BOOL, DOUBLE, JSON_LIST, JSON_OBJECT, JSON_VALUE, listOf, mapOf, NULL, type StaticType, STRING, unionOf } from './static-type.ts';

/** Schemas come from upstreams: what is deeper or larger than this is taken for any JSON value. */
const DEEPEST_SCHEMA = 12;
const MOST_SCHEMAS = 2000;

/** Keywords by which a schema says more of an object's members than `properties` does. */
const OPENING = ['patternProperties', 'allOf', 'anyOf', 'oneOf', '$ref', '$dynamicRef', 'if', 'dependentSchemas', 'dependencies', 'unevaluatedProperties'];

/**
 * The type that a JSON Schema (of a tool's arguments) gives its values, as far as names and types go. Whatever is not understood
 * becomes any JSON value, about which the checker says nothing.
 */
export function typeOfSchema(schema: JsonNode): StaticType {
  return new SchemaReader(schema).read(schema, 0);
}

class SchemaReader {
  readonly #root: JsonNode;
  #left = MOST_SCHEMAS;

  constructor(root: JsonNode) {
    this.#root = root;
  }

  read(schema: JsonNode, depth: number): StaticType {
    this.#left -= 1;
    if (schema.kind !== 'object' || depth > DEEPEST_SCHEMA || this.#left < 0) return JSON_VALUE;
    const reference = schema.get('$ref')?.text() ?? null;
    if (reference !== null) {
      const target = this.#find(reference);
      return target === null ? JSON_VALUE : this.read(target, depth + 1);
    }
    const choices = [...(schema.get('anyOf')?.elements() ?? []), ...(schema.get('oneOf')?.elements() ?? [])];
    const named = schema.get('type');
    if (named === null && choices.length > 0) return unionOf(choices.map((choice) => this.read(choice, depth + 1)));
    if (named === null) return this.#untyped(schema, depth);
    const names = named.kind === 'array' ? named.elements() : [named];
    return unionOf(names.map((name) => this.#ofType(name.text(), schema, depth)));
  }

  #untyped(schema: JsonNode, depth: number): StaticType {
    const only = schema.get('const');
    if (only !== null) return this.#ofValue(only);
    const listed = schema.get('enum')?.elements() ?? [];
    if (listed.length > 0) return unionOf(listed.slice(0, MOST_SCHEMAS).map((value) => this.#ofValue(value)));
    return schema.get('properties') === null ? JSON_VALUE : this.#object(schema, depth);
  }

  #ofType(name: string | null, schema: JsonNode, depth: number): StaticType {
    switch (name) {
      case 'string':
        return STRING;
      case 'number':
      case 'integer':
        return DOUBLE;
      case 'boolean':
        return BOOL;
      case 'null':
        return NULL;
      case 'array': {
        const items = schema.get('items');
        return items === null || items.kind !== 'object' || schema.get('prefixItems') !== null ? JSON_LIST : listOf(this.read(items, depth + 1));
      }
      case 'object':
        return this.#object(schema, depth);
      default:
        return JSON_VALUE;
    }
  }

  #object(schema: JsonNode, depth: number): StaticType {
    const properties = schema.get('properties');
    if (properties === null || properties.kind !== 'object') return JSON_OBJECT;
    const members = new Map<string, StaticType>();
    for (const { key, value } of properties.members()) {
      if (members.size >= MOST_SCHEMAS) return mapOf(members, JSON_VALUE);
      members.set(key, this.read(value, depth + 1));
    }
    const additional = schema.get('additionalProperties');
    if (OPENING.some((keyword) => schema.get(keyword) !== null)) return mapOf(members, JSON_VALUE);
    // A schema that is silent about other members allows them, but no author of a condition means one.
    if (additional === null || additional.kind === 'false') return mapOf(members, null);
    return mapOf(members, this.read(additional, depth + 1));
  }

  #ofValue(value: JsonNode): StaticType {
    switch (value.kind) {
      case 'string':
        return STRING;
      case 'number':
        return DOUBLE;
      case 'null':
        return NULL;
      case 'array':
        return JSON_LIST;
      case 'object':
        return JSON_OBJECT;
      default:
        return BOOL;
    }
  }

  /** A reference inside the same document; nothing is ever fetched. */
  #find(reference: string): JsonNode | null {
    if (reference === '#') return this.#root;
    if (!reference.startsWith('#/') || reference.length > 500) return null;
    let node: JsonNode | null = this.#root;
    for (const step of reference.slice(2).split('/')) {
      const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
      node = node.kind === 'array' ? (node.elements()[Number(key)] ?? null) : node.get(key);
      if (node === null) return null;
    }
    return node;
  }
}
