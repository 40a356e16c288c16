import type { JsonNode } from '../wire/json-node.ts';
import { decodeHeaderValue, encodeHeaderValue } from './header-values.ts';

/** `x-mcp-header` annotations of a tool's `inputSchema` and the `Mcp-Param-*` headers they ask for (SEP-2243; protocol.md H7, L8). */

export interface ParamHeader {
  /** Names of the properties from `arguments` down to the value. */
  readonly path: readonly string[];
  /** Header name without `Mcp-Param-`, as declared. */
  readonly header: string;
  readonly type: 'string' | 'integer' | 'boolean' | 'number';
}

/** The annotations of one schema. `valid: false` means that a conforming HTTP client must not use the tool. */
export interface ParamHeaders {
  readonly valid: boolean;
  readonly headers: readonly ParamHeader[];
}

const ANNOTATION = 'x-mcp-header';
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const MAX_DEPTH = 64;
/** Where a subschema may hide whose annotation would not be reachable through `properties` alone. */
const OPAQUE = [
  'items', 'prefixItems', 'contains', 'additionalProperties', 'unevaluatedProperties', 'unevaluatedItems', 'propertyNames',
  'patternProperties', 'dependentSchemas', 'oneOf', 'anyOf', 'allOf', 'not', 'if', 'then', 'else', '$defs', 'definitions',
];

const NONE: ParamHeaders = { valid: true, headers: [] };

/** Reads the annotations of an `inputSchema`. */
export function paramHeadersOf(schema: JsonNode | null): ParamHeaders {
  if (schema === null || schema.kind !== 'object' || schema.bytes().indexOf(ANNOTATION) < 0) return NONE;
  const headers: ParamHeader[] = [];
  const seen = new Set<string>();
  let valid = true;

  const visit = (node: JsonNode, path: readonly string[], reachable: boolean, depth: number): void => {
    if (depth > MAX_DEPTH) {
      valid = false;
      return;
    }
    if (node.kind === 'array') {
      for (const element of node.elements()) visit(element, path, false, depth + 1);
      return;
    }
    if (node.kind !== 'object') return;
    const annotation = node.get(ANNOTATION);
    if (annotation !== null) {
      const name = annotation.text();
      const type = node.get('type')?.text() ?? null;
      const typed = type === 'string' || type === 'integer' || type === 'boolean';
      if (!reachable || path.length === 0 || name === null || !TOKEN.test(name) || seen.has(name.toLowerCase())) {
        valid = false;
      } else if (typed || type === 'number') {
        if (!typed) valid = false;
        seen.add(name.toLowerCase());
        headers.push({ path, header: name, type });
      } else {
        valid = false;
      }
    }
    for (const property of node.get('properties')?.members() ?? []) visit(property.value, [...path, property.key], reachable, depth + 1);
    for (const keyword of OPAQUE) {
      const sub = node.get(keyword);
      if (sub === null) continue;
      if (keyword === 'patternProperties' || keyword === 'dependentSchemas' || keyword === '$defs' || keyword === 'definitions') {
        for (const member of sub.members()) visit(member.value, path, false, depth + 1);
      } else {
        visit(sub, path, false, depth + 1);
      }
    }
  };
  visit(schema, [], true, 0);
  return headers.length === 0 && valid ? NONE : { valid, headers };
}

function valueAt(args: JsonNode | null, path: readonly string[]): JsonNode | null {
  let node = args;
  for (const key of path) node = node?.get(key) ?? null;
  return node;
}

/** The text of a value that a header mirrors; null when the value is absent, null, or not one that a header can carry. */
function headerText(node: JsonNode | null): string | null {
  if (node === null) return null;
  switch (node.kind) {
    case 'string': return node.text();
    case 'true': return 'true';
    case 'false': return 'false';
    case 'number': {
      const value = Number(node.lexeme());
      if (!Number.isFinite(value) || (Number.isInteger(value) && !Number.isSafeInteger(value))) return null;
      return String(value);
    }
    default: return null;
  }
}

/** The `Mcp-Param-*` headers that a client has to send with these arguments: pairs of name and encoded value. */
export function writeParamHeaders(headers: readonly ParamHeader[], args: JsonNode | null): [string, string][] {
  const pairs: [string, string][] = [];
  for (const { path, header } of headers) {
    const text = headerText(valueAt(args, path));
    if (text !== null) pairs.push([`Mcp-Param-${header}`, encodeHeaderValue(text)]);
  }
  return pairs;
}

const DECIMAL = /^-?\d+(\.\d+)?$/;

/**
 * Compares headers with arguments. A header for an absent or null value is ignored, a missing or different one is a mismatch;
 * integers compare as numbers (`42.0` equals `42`).
 * @param read the header's value by lower-case name, or null
 * @returns the name of the offending header, or null when all agree
 */
export function mismatchedParamHeader(headers: readonly ParamHeader[], args: JsonNode | null, read: (name: string) => string | null): string | null {
  for (const { path, header, type } of headers) {
    const node = valueAt(args, path);
    const text = headerText(node);
    if (text === null) continue;
    const name = `Mcp-Param-${header}`;
    const raw = read(name.toLowerCase());
    const decoded = raw === null ? null : decodeHeaderValue(raw);
    if (decoded === null) return name;
    const numeric = node?.kind === 'number' && (type === 'integer' || type === 'number') && DECIMAL.test(decoded);
    if (numeric ? Number(decoded) !== Number(text) : decoded !== text) return name;
  }
  return null;
}
