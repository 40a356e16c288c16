import type { JsonNode } from '../../wire/json-node.ts';
import { searches } from './keywords-string.ts';
import { textNode } from './text-node.ts';
import type { Run } from './run.ts';
import type { Check, Failure, Pattern, Place, Subschema } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { countOf, kindName, namesOf } from './site.ts';

/** `minProperties` and `maxProperties`. */
export function memberCountKeyword(keyword: 'minProperties' | 'maxProperties', node: JsonNode, site: Site): Check | null {
  const bound = countOf(keyword, node, site);
  if (bound === null) return null;
  const least = keyword === 'minProperties';
  const amount = `${least ? 'at least' : 'at most'} ${bound} ${bound === 1 ? 'property' : 'properties'}`;
  return (value, place, run) => {
    if (value.kind !== 'object') return null;
    const count = value.members().length;
    run.spend(Math.floor(count / 64));
    return (least ? count >= bound : count <= bound) ? null : failure(place, `must have ${amount}`, `has ${amount}`);
  };
}

export function requiredKeyword(node: JsonNode, site: Site): Check | null {
  const names = namesOf(node, '`required`', site, 'required');
  if (names === null) return null;
  return (value, place, run) => (value.kind === 'object' ? firstMissing(names, value, place, run) : null);
}

/** The failure that names the first member of a list that is not there. */
export function firstMissing(names: readonly string[], value: JsonNode, place: Place | null, run: Run): Failure | null {
  run.spend(Math.floor(names.length / 16));
  const missing = names.find((name) => value.get(name) === null);
  return missing === undefined ? null : failure({ parent: place, key: missing }, 'is missing', 'is present');
}

/** A map from names to schemas; the names with a quote in front, see `Seen`. */
function schemaMap(keyword: string, schema: JsonNode, site: Site): readonly (readonly [string, Subschema])[] | null {
  const node = schema.get(keyword);
  if (node === null) return [];
  if (node.kind !== 'object') {
    site.problem(`\`${keyword}\` is ${kindName(node)}; expected an object of schemas`, null, keyword);
    return null;
  }
  const entries: [string, Subschema][] = [];
  for (const { key, value } of node.members()) {
    const found = site.schemaAt(value, keyword, key);
    if (found === null) return null;
    entries.push([key, found]);
  }
  return entries;
}

/** `properties`, `patternProperties` and `additionalProperties`, in the order of the value's members. */
export function membersKeyword(schema: JsonNode, site: Site): Check | null {
  const properties = schemaMap('properties', schema, site);
  const patternProperties = schemaMap('patternProperties', schema, site);
  const restNode = schema.get('additionalProperties');
  const rest = restNode === null ? null : site.schemaAt(restNode, 'additionalProperties');
  if (properties === null || patternProperties === null || (restNode !== null && rest === null)) return null;
  const byName = new Map(properties.map(([name, subschema]) => [`"${name}`, subschema]));
  const patterns: [Pattern, Subschema][] = [];
  for (const [source, subschema] of patternProperties) {
    const pattern = site.pattern(source, 'patternProperties', source);
    if (pattern === null) return null;
    patterns.push([pattern, subschema]);
  }
  const nothingElse = restNode?.kind === 'false';
  return (value, place, run, seen) => {
    if (value.kind !== 'object') return null;
    for (const { key, value: member } of value.members()) {
      run.spend(1);
      const here = { parent: place, key };
      const named = byName.get(`"${key}`);
      let known = named !== undefined;
      if (named !== undefined) {
        const failed = run.applyBelow(named, member, here);
        if (failed !== null) return failed;
      }
      for (const [pattern, subschema] of patterns) {
        if (!searches(pattern, key, here, run)) continue;
        known = true;
        const failed = run.applyBelow(subschema, member, here);
        if (failed !== null) return failed;
      }
      if (!known) {
        if (nothingElse) return failure(here, 'is not among the names that are allowed', 'is absent');
        if (rest === null) continue;
        const failed = run.applyBelow(rest, member, here);
        if (failed !== null) return failed;
      }
      seen?.addName(key);
    }
    return null;
  };
}

export function propertyNamesKeyword(node: JsonNode, site: Site): Check | null {
  const schema = site.schemaAt(node, 'propertyNames');
  if (schema === null) return null;
  schema.ofNames = true;
  return (value, place, run) => {
    if (value.kind !== 'object') return null;
    for (const { key } of value.members()) {
      const here = { parent: place, key };
      if (run.applyBelow(schema, textNode(key), here) !== null) return failure(here, 'has a name that is not allowed', 'is absent');
    }
    return null;
  };
}

export function unevaluatedPropertiesKeyword(node: JsonNode, site: Site): Check | null {
  const schema = site.schemaAt(node, 'unevaluatedProperties');
  if (schema === null) return null;
  return (value, place, run, seen) => {
    if (value.kind !== 'object') return null;
    for (const { key, value: member } of value.members()) {
      run.spend(1);
      if (seen?.hasName(key) === true) continue;
      const here = { parent: place, key };
      if (node.kind === 'false') return failure(here, 'is not among the names that are allowed', 'is absent');
      const failed = run.applyBelow(schema, member, here);
      if (failed !== null) return failed;
    }
    seen?.addAllNames();
    return null;
  };
}
