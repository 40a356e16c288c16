import type { JsonNode } from '../../wire/json-node.ts';
import { quoted } from '../printable.ts';
import type { Dialect, SchemaProblem } from './schema-types.ts';

/** What stands at a keyword: one schema, a list of them, a map of them, a schema or a list, a map of schemas and lists of names. */
export type Shape = 'schema' | 'list' | 'map' | 'schema-or-list' | 'mixed-map';

const SHARED: readonly (readonly [string, Shape])[] = [
  ['properties', 'map'],
  ['patternProperties', 'map'],
  ['additionalProperties', 'schema'],
  ['propertyNames', 'schema'],
  ['contains', 'schema'],
  ['allOf', 'list'],
  ['anyOf', 'list'],
  ['oneOf', 'list'],
  ['not', 'schema'],
  ['if', 'schema'],
  ['then', 'schema'],
  ['else', 'schema'],
  ['definitions', 'map'],
  ['dependencies', 'mixed-map'],
];

/** Where the subschemas of a schema object are. */
export const SUBSCHEMAS: Readonly<Record<Dialect, ReadonlyMap<string, Shape>>> = {
  '2020-12': new Map([
    ...SHARED,
    ['items', 'schema'],
    ['prefixItems', 'list'],
    ['unevaluatedItems', 'schema'],
    ['unevaluatedProperties', 'schema'],
    ['dependentSchemas', 'map'],
    ['$defs', 'map'],
    ['contentSchema', 'schema'],
  ]),
  'draft-07': new Map([...SHARED, ['items', 'schema-or-list'], ['additionalItems', 'schema']]),
};

const DIALECTS: ReadonlyMap<string, Dialect> = new Map([
  ['https://json-schema.org/draft/2020-12/schema', '2020-12'],
  ['http://json-schema.org/draft-07/schema', 'draft-07'],
  // The same document; many generators write it so.
  ['https://json-schema.org/draft-07/schema', 'draft-07'],
]);

/** The dialect that a document declares; 2020-12 when it declares none (protocol.md A1). */
export function dialectOf(root: JsonNode): Dialect | SchemaProblem {
  const declared = root.get('$schema');
  if (declared === null) return '2020-12';
  const text = declared.text();
  const dialect = text === null ? undefined : DIALECTS.get(text.replace(/#$/, ''));
  if (dialect !== undefined) return dialect;
  const found = text === null ? 'not a string' : quoted(text, 120);
  return { pointer: '/$schema', message: `\`$schema\` is ${found}; expected the address of JSON Schema 2020-12 or draft-07`, help: 'other versions are not supported' };
}
