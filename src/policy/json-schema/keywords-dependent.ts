import type { JsonNode } from '../../wire/json-node.ts';
import { firstMissing } from './keywords-object.ts';
import type { Check, Subschema } from './schema-types.ts';
import type { Site } from './site.ts';
import { kindName, namesOf } from './site.ts';

export function dependentRequiredKeyword(keyword: string, node: JsonNode, site: Site): Check | null {
  if (node.kind !== 'object') {
    site.problem(`\`${keyword}\` is ${kindName(node)}; expected an object of lists of names`, null, keyword);
    return null;
  }
  const demands: [string, readonly string[]][] = [];
  for (const { key, value } of node.members()) {
    const names = namesOf(value, `an entry of \`${keyword}\``, site, keyword, key);
    if (names === null) return null;
    demands.push([key, names]);
  }
  return (value, place, run) => {
    if (value.kind !== 'object') return null;
    run.spend(Math.floor(demands.length / 16));
    for (const [key, names] of demands) {
      const failed = value.get(key) === null ? null : firstMissing(names, value, place, run);
      if (failed !== null) return failed;
    }
    return null;
  };
}

export function dependentSchemasKeyword(keyword: string, node: JsonNode, site: Site): Check | null {
  if (node.kind !== 'object') {
    site.problem(`\`${keyword}\` is ${kindName(node)}; expected an object of schemas`, null, keyword);
    return null;
  }
  const demands: [string, Subschema][] = [];
  for (const { key, value } of node.members()) {
    const schema = site.schemaHere(value, keyword, key);
    if (schema === null) return null;
    demands.push([key, schema]);
  }
  return (value, place, run, seen) => {
    if (value.kind !== 'object') return null;
    run.spend(Math.floor(demands.length / 16));
    for (const [key, schema] of demands) {
      const failed = value.get(key) === null ? null : run.applyHere(schema, value, place, seen);
      if (failed !== null) return failed;
    }
    return null;
  };
}

/** Draft-07 `dependencies`: lists of names and schemas in one map. */
export function dependenciesKeyword(node: JsonNode, site: Site): Check | null {
  if (node.kind !== 'object') {
    site.problem(`\`dependencies\` is ${kindName(node)}; expected an object`, null, 'dependencies');
    return null;
  }
  const checks: Check[] = [];
  for (const { key, value } of node.members()) {
    if (value.kind === 'array') {
      const names = namesOf(value, 'an entry of `dependencies`', site, 'dependencies', key);
      if (names === null) return null;
      checks.push((object, place, run) => (object.get(key) === null ? null : firstMissing(names, object, place, run)));
    } else {
      const schema = site.schemaHere(value, 'dependencies', key);
      if (schema === null) return null;
      checks.push((object, place, run, seen) => (object.get(key) === null ? null : run.applyHere(schema, object, place, seen)));
    }
  }
  return (value, place, run, seen) => {
    if (value.kind !== 'object') return null;
    run.spend(Math.floor(checks.length / 16));
    for (const check of checks) {
      const failed = check(value, place, run, seen);
      if (failed !== null) return failed;
    }
    return null;
  };
}
