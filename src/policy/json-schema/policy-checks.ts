import type { JsonNode } from '../../wire/json-node.ts';
import { pointer } from '../pointer.ts';
import { quoted } from '../printable.ts';
import { suggest } from '../suggest.ts';
import { kindName } from './site.ts';
import { checkContradictions } from './contradictions.ts';
import { KEYWORDS } from './keywords.ts';
import { knownTypes } from './known-types.ts';
import type { SchemaProblem, Subschema } from './schema-types.ts';

/** Keywords that say something to people and nothing to validators. */
export const ANNOTATIONS = ['$schema', '$id', '$anchor', '$dynamicAnchor', '$comment', '$defs', 'title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly'];

/** What other versions have, or what looks as if it were enforced: an author who writes it expects more than he gets. */
export const INSTEAD: ReadonlyMap<string, string> = new Map([
  ['definitions', 'write `$defs`'],
  ['dependencies', 'write `dependentRequired` or `dependentSchemas`'],
  ['additionalItems', 'write `prefixItems` and `items`'],
  ['$recursiveRef', 'write `$dynamicRef`'],
  ['$recursiveAnchor', 'write `$dynamicAnchor`'],
  ['id', 'write `$id`'],
  ['nullable', 'write `type: [string, "null"]`'],
  ['contentEncoding', 'nothing checks it; use `pattern`'],
  ['contentMediaType', 'nothing checks it; use `pattern`'],
  ['contentSchema', 'nothing checks it'],
  ['additional', 'write `additionalProperties: false`, or `additional: false` in the rule'],
  ['optional', 'a property is optional unless `required` names it'],
]);

const KNOWN: readonly string[] = [...[...KEYWORDS['2020-12'].keys()].filter((keyword) => !INSTEAD.has(keyword)), ...ANNOTATIONS];

/** The JSON type that a keyword says something about; it says nothing about values of other types. */
const APPLIES_TO: readonly (readonly [type: string, keywords: readonly string[]])[] = [
  ['number', ['maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum', 'multipleOf']],
  ['string', ['minLength', 'maxLength', 'pattern', 'format']],
  ['array', ['minItems', 'maxItems', 'uniqueItems', 'items', 'prefixItems', 'contains', 'minContains', 'maxContains', 'unevaluatedItems']],
  [
    'object',
    ['minProperties', 'maxProperties', 'required', 'properties', 'patternProperties', 'additionalProperties', 'propertyNames', 'dependentRequired', 'dependentSchemas', 'unevaluatedProperties'],
  ],
];

/**
 * Checks of the policy's own schemas beyond JSON Schema: nothing may be written that is not enforced. Misspelt keywords would be
 * annotations, and `maximum: 500` without `type` lets the text "9999" through (attack 42).
 */
export function checkPolicySchema(subschema: Subschema, report: (problem: SchemaProblem) => void): void {
  const { node } = subschema;
  const at = (key: string): string => subschema.pointer + pointer(key);
  for (const { key } of node.members()) {
    if (KNOWN.includes(key)) continue;
    const near = suggest(key, KNOWN);
    const instead = INSTEAD.get(key);
    report({ pointer: at(key), message: `unknown keyword ${quoted(key, 60)} in a JSON Schema`, help: instead ?? (near === null ? null : `did you mean \`${near}\`?`) });
  }
  checkCompanions(node, at, report);
  checkTypes(subschema, at, report);
  checkContradictions(node, at, report);
}

function checkCompanions(node: JsonNode, at: (key: string) => string, report: (problem: SchemaProblem) => void): void {
  const pairs = [
    ['then', 'if'],
    ['else', 'if'],
    ['minContains', 'contains'],
    ['maxContains', 'contains'],
  ] as const;
  for (const [key, needed] of pairs) {
    if (node.get(key) !== null && node.get(needed) === null) report({ pointer: at(key), message: `\`${key}\` has no effect without \`${needed}\``, help: `add \`${needed}\`, or remove it` });
  }
  for (const key of ['$id', '$anchor', '$dynamicAnchor', '$comment', 'title', 'description']) {
    const value = node.get(key);
    if (value !== null && value.kind !== 'string') report({ pointer: at(key), message: `\`${key}\` is ${kindName(value)}; expected a string`, help: null });
  }
}

function checkTypes(subschema: Subschema, at: (key: string) => string, report: (problem: SchemaProblem) => void): void {
  const types = knownTypes(subschema);
  for (const [type, keywords] of APPLIES_TO) {
    if (types !== null && (types.has(type) || (type === 'number' && types.has('integer')))) continue;
    const key = keywords.find((keyword) => subschema.node.get(keyword) !== null);
    if (key === undefined) continue;
    if (types === null) {
      const help = type === 'number' ? 'add `type: number` or `type: integer`' : `add \`type: ${type}\``;
      report({ pointer: at(key), message: `\`${key}\` restricts only ${plural(type)}, so any other value would pass`, help });
    } else report({ pointer: at(key), message: `\`${key}\` restricts only ${plural(type)}, and the type here is ${[...types].join(' or ') || 'impossible'}`, help: 'change `type`, or remove it' });
  }
}

function plural(type: string): string {
  return type === 'array' ? 'arrays' : `${type}s`;
}
