import { SUBSCHEMAS } from './json-schema/dialect.ts';
import { FORMATS } from './json-schema/formats.ts';
import { KEYWORDS } from './json-schema/keywords.ts';
import { ANNOTATIONS, INSTEAD } from './json-schema/policy-checks.ts';
import { TYPE_NAMES } from './json-schema/keywords-value.ts';

/** A part of the schema for editors: JSON, with the keywords of JSON Schema. */
export type EditorSchema = { readonly [keyword: string]: unknown };

/** Where a schema of an argument is described in the editor's schema. */
const SELF = { $ref: '#/$defs/argument_schema' } as const;
const COUNT = { type: 'integer', minimum: 0 } as const;
const NAMES = { type: 'array', items: { type: 'string' }, uniqueItems: true } as const;
const TEXT = { type: 'string' } as const;
const TYPE = { enum: [...TYPE_NAMES.keys()] };

/** Keywords whose value is no schema. */
const VALUES: Readonly<Record<string, EditorSchema>> = {
  type: { anyOf: [TYPE, { type: 'array', items: TYPE, minItems: 1, uniqueItems: true }], description: 'The JSON types that the argument may have. Write it beside every restriction: `maximum: 500` alone lets a text through.' },
  enum: { type: 'array', minItems: 1, description: 'The values that are allowed.' },
  const: { description: 'The only value that is allowed.' },
  maximum: { type: 'number', description: 'The largest number that is allowed; compared exactly.' },
  minimum: { type: 'number', description: 'The smallest number that is allowed; compared exactly.' },
  exclusiveMaximum: { type: 'number', description: 'The number must be less than this.' },
  exclusiveMinimum: { type: 'number', description: 'The number must be more than this.' },
  multipleOf: { type: 'number', exclusiveMinimum: 0, description: 'The number must be a whole multiple of this; exact, also for 0.01.' },
  pattern: { type: 'string', maxLength: 1000, description: 'A regular expression (RE2) that must match somewhere in the text. Write `^` and `$` to mean the whole text.' },
  format: { enum: [...FORMATS.keys()], description: 'The form of the text. It is checked.' },
  uniqueItems: { type: 'boolean', description: 'No element may occur twice.' },
  required: { ...NAMES, description: 'Names of members that must be there.' },
  dependentRequired: { type: 'object', additionalProperties: NAMES, description: 'Names of members that must be there when another one is.' },
  $ref: { type: 'string', description: 'A schema of this document, such as `#/$defs/name`. Nothing is ever fetched.' },
  deprecated: {},
  readOnly: {},
  writeOnly: {},
  examples: {},
  default: {},
};

/**
 * The schema of an argument's JSON Schema, as far as policies may use that: the keywords that the validator enforces, and annotations.
 */
export function argumentSchema(): EditorSchema {
  const names = [...KEYWORDS['2020-12'].keys(), ...ANNOTATIONS].filter((name) => !INSTEAD.has(name));
  const properties = Object.fromEntries(names.map((name) => [name, keyword(name)]));
  return { description: 'A JSON Schema (2020-12) that the argument must satisfy. `false` forbids the argument.', type: ['object', 'boolean'], properties, additionalProperties: false };
}

function keyword(name: string): EditorSchema {
  const shape = SUBSCHEMAS['2020-12'].get(name);
  if (shape === 'schema') return SELF;
  if (shape === 'list') return { type: 'array', minItems: 1, items: SELF };
  if (shape !== undefined) return { type: 'object', additionalProperties: SELF };
  return VALUES[name] ?? (/^(?:min|max)[A-Z]/.test(name) ? COUNT : TEXT);
}
