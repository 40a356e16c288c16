import type { JsonNode } from '../../wire/json-node.ts';
import { printable } from '../printable.ts';
import type { Dialect, Origin, Pattern, Resource, Subschema } from './schema-types.ts';

/** What compiling one schema object needs of its document. */
export interface Site {
  readonly origin: Origin;
  readonly dialect: Dialect;
  readonly subschema: Subschema;
  /** The schema object. */
  readonly node: JsonNode;
  /** The subschema that was found at this place; null when what is there is no schema (reported). */
  schemaAt(node: JsonNode, ...tokens: readonly (string | number)[]): Subschema | null;
  /** The same, applied to the very value of this schema. */
  schemaHere(node: JsonNode, ...tokens: readonly (string | number)[]): Subschema | null;
  /** What `$ref` and its like mean; null when that cannot be found (reported). */
  reference(text: string, ...tokens: readonly (string | number)[]): { readonly target: Subschema; readonly resource: Resource; readonly anchor: string } | null;
  pattern(text: string, ...tokens: readonly (string | number)[]): Pattern | null;
  problem(message: string, help: string | null, ...tokens: readonly (string | number)[]): void;
}

/** Reads a keyword that must be a whole number, at least 0; `3.0` is one. */
export function countOf(keyword: string, node: JsonNode, site: Site): number | null {
  const value = node.kind === 'number' ? Number(node.lexeme()) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= 0) return value;
  site.problem(`\`${keyword}\` is ${foundIn(node)}; expected a whole number, at least 0`, null, keyword);
  return null;
}

/** Reads a keyword that must be a list of different strings. */
export function namesOf(node: JsonNode, what: string, site: Site, ...tokens: readonly (string | number)[]): readonly string[] | null {
  const names = node.elements().map((element) => element.text());
  const texts = names.filter((name) => name !== null);
  // A quote in front keeps digits from being their own hash: a hostile schema could choose names that collide.
  if (node.kind === 'array' && texts.length === names.length && new Set(texts.map((text) => `"${text}`)).size === texts.length) return texts;
  site.problem(`${what} is ${node.kind === 'array' ? 'a list with repeats or with something that is no string' : kindName(node)}; expected a list of different strings`, null, ...tokens);
  return null;
}

/** How a message names what stands in a schema where something else is expected. */
export function foundIn(schema: JsonNode): string {
  return schema.kind === 'number' ? printable(schema.lexeme(), 40) : kindName(schema);
}

/** How a message names what a schema or a value is: never its content. */
export function kindName(node: JsonNode): string {
  switch (node.kind) {
    case 'object':
      return 'an object';
    case 'array':
      return 'an array';
    case 'true':
    case 'false':
      return 'a boolean';
    case 'null':
      return 'null';
    default:
      return `a ${node.kind}`;
  }
}
