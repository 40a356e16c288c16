import type { JsonNode } from '../wire/json-node.ts';

export interface SchemaState {
  readonly state: 'ok' | 'missing' | 'invalid' | 'unread';
  /** The keyword that is wrong. */
  readonly term: string;
}

const TYPES = new Set(['object', 'array', 'string', 'number', 'integer', 'boolean', 'null']);

/** Whether an input schema can be one: the keywords that every client reads, at the first two levels. */
export function schemaState(schema: JsonNode | null): SchemaState {
  if (schema === null || schema.kind === 'null') return { state: 'missing', term: 'inputSchema' };
  if (schema.kind !== 'object') return { state: 'invalid', term: 'inputSchema' };
  // The protocol demands an object at the root.
  if (schema.get('type') !== null && schema.get('type')?.text() !== 'object') return { state: 'invalid', term: 'type' };
  const wrong = wrongKeyword(schema) ?? firstWrong(schema.get('properties'));
  return wrong === null ? { state: 'ok', term: '' } : { state: 'invalid', term: wrong };
}

function firstWrong(properties: JsonNode | null): string | null {
  for (const { value } of (properties?.members() ?? []).slice(0, 512)) {
    if (value.kind === 'true' || value.kind === 'false') continue;
    if (value.kind !== 'object') return 'properties';
    const wrong = wrongKeyword(value);
    if (wrong !== null) return wrong;
  }
  return null;
}

function wrongKeyword(schema: JsonNode): string | null {
  const type = schema.get('type');
  if (type !== null && !isType(type)) return 'type';
  const properties = schema.get('properties');
  if (properties !== null && properties.kind !== 'object') return 'properties';
  const required = schema.get('required');
  if (required !== null && (required.kind !== 'array' || required.elements().some((e) => e.kind !== 'string'))) return 'required';
  for (const keyword of ['enum', 'anyOf', 'oneOf', 'allOf']) {
    const list = schema.get(keyword);
    if (list !== null && list.kind !== 'array') return keyword;
  }
  for (const keyword of ['description', 'title', 'pattern', 'format', '$ref']) {
    const text = schema.get(keyword);
    if (text !== null && text.kind !== 'string') return keyword;
  }
  for (const keyword of ['minimum', 'maximum', 'minLength', 'maxLength', 'minItems', 'maxItems']) {
    const number = schema.get(keyword);
    if (number !== null && number.kind !== 'number') return keyword;
  }
  return null;
}

function isType(type: JsonNode): boolean {
  if (type.kind === 'array') return type.elements().length > 0 && type.elements().every((e) => TYPES.has(e.text() ?? ''));
  return TYPES.has(type.text() ?? '');
}
