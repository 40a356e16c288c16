import type { JsonNode } from '../../wire/json-node.ts';
import { containsKeyword, elementsKeyword, itemCountKeyword, unevaluatedItemsKeyword, uniqueItemsKeyword } from './keywords-array.ts';
import { dependenciesKeyword, dependentRequiredKeyword, dependentSchemasKeyword } from './keywords-dependent.ts';
import { allOfKeyword, anyOfKeyword, conditionalKeyword, notKeyword, oneOfKeyword } from './keywords-logic.ts';
import { NUMBER_RULES, numberKeyword } from './keywords-number.ts';
import { memberCountKeyword, membersKeyword, propertyNamesKeyword, requiredKeyword, unevaluatedPropertiesKeyword } from './keywords-object.ts';
import { dynamicRefKeyword, refKeyword } from './keywords-reference.ts';
import { formatKeyword, lengthKeyword, patternKeyword } from './keywords-string.ts';
import { enumKeyword, typeKeyword } from './keywords-value.ts';
import type { Check, Dialect } from './schema-types.ts';
import type { Site } from './site.ts';

interface Keyword {
  /** Keywords of one group are compiled once, by whichever comes first. */
  readonly group: string;
  readonly compile: (value: JsonNode, site: Site, keyword: string) => Check | null;
}

function alone(keyword: string, compile: (value: JsonNode, site: Site) => Check | null): [string, Keyword] {
  return [keyword, { group: keyword, compile }];
}

function together(keywords: readonly string[], compile: (schema: JsonNode, site: Site) => Check | null): [string, Keyword][] {
  return keywords.map((keyword) => [keyword, { group: keywords.join(), compile: (_value, site) => compile(site.node, site) }]);
}

const SHARED: readonly [string, Keyword][] = [
  alone('$ref', refKeyword),
  alone('type', typeKeyword),
  alone('enum', (value, site) => enumKeyword('enum', value, site)),
  alone('const', (value, site) => enumKeyword('const', value, site)),
  ...Object.keys(NUMBER_RULES).map((name) => alone(name, (value, site) => numberKeyword(name, value, site))),
  alone('minLength', (value, site) => lengthKeyword('minLength', value, site)),
  alone('maxLength', (value, site) => lengthKeyword('maxLength', value, site)),
  alone('pattern', patternKeyword),
  alone('format', formatKeyword),
  alone('minItems', (value, site) => itemCountKeyword('minItems', value, site)),
  alone('maxItems', (value, site) => itemCountKeyword('maxItems', value, site)),
  alone('uniqueItems', uniqueItemsKeyword),
  alone('minProperties', (value, site) => memberCountKeyword('minProperties', value, site)),
  alone('maxProperties', (value, site) => memberCountKeyword('maxProperties', value, site)),
  alone('required', requiredKeyword),
  ...together(['properties', 'patternProperties', 'additionalProperties'], membersKeyword),
  alone('propertyNames', propertyNamesKeyword),
  alone('allOf', allOfKeyword),
  alone('anyOf', anyOfKeyword),
  alone('oneOf', oneOfKeyword),
  alone('not', notKeyword),
  ...together(['if', 'then', 'else'], conditionalKeyword),
  // Gone since 2019-09, and still what the authors of upstream schemas mean when they write it.
  alone('dependencies', dependenciesKeyword),
];

/** The keywords that assert something. Every other one is an annotation or unknown. */
export const KEYWORDS: Readonly<Record<Dialect, ReadonlyMap<string, Keyword>>> = {
  '2020-12': new Map([
    ...SHARED,
    alone('$dynamicRef', dynamicRefKeyword),
    ...together(['prefixItems', 'items'], elementsKeyword),
    ...together(['contains', 'minContains', 'maxContains'], containsKeyword),
    alone('dependentRequired', (value, site) => dependentRequiredKeyword('dependentRequired', value, site)),
    alone('dependentSchemas', (value, site) => dependentSchemasKeyword('dependentSchemas', value, site)),
    alone('unevaluatedItems', unevaluatedItemsKeyword),
    alone('unevaluatedProperties', unevaluatedPropertiesKeyword),
  ]),
  'draft-07': new Map([...SHARED, ...together(['items', 'additionalItems'], elementsKeyword), ...together(['contains'], containsKeyword)]),
};

/** Applied after every other keyword of their schema. */
export const LAST: ReadonlySet<string> = new Set(['unevaluatedItems', 'unevaluatedProperties']);
