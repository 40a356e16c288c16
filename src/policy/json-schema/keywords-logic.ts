import type { JsonNode } from '../../wire/json-node.ts';
import type { Check, Subschema } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { kindName } from './site.ts';

function schemaList(keyword: string, node: JsonNode, site: Site): readonly Subschema[] | null {
  const elements = node.elements();
  if (elements.length === 0) {
    site.problem(`\`${keyword}\` is ${node.kind === 'array' ? 'an empty list' : kindName(node)}; expected a list of schemas`, null, keyword);
    return null;
  }
  const schemas = elements.map((element, index) => site.schemaHere(element, keyword, index));
  const found = schemas.filter((schema) => schema !== null);
  return found.length === schemas.length ? found : null;
}

export function allOfKeyword(node: JsonNode, site: Site): Check | null {
  const schemas = schemaList('allOf', node, site);
  if (schemas === null) return null;
  return (value, place, run, seen) => {
    for (const schema of schemas) {
      const failed = run.applyHere(schema, value, place, seen);
      if (failed !== null) return failed;
    }
    return null;
  };
}

export function anyOfKeyword(node: JsonNode, site: Site): Check | null {
  const schemas = schemaList('anyOf', node, site);
  if (schemas === null) return null;
  const [only] = schemas;
  return (value, place, run, seen) => {
    let passed = false;
    let failed = null;
    for (const schema of schemas) {
      failed = run.applyHere(schema, value, place, seen);
      passed ||= failed === null;
      // Without anybody who asks what was looked at, one that passes is enough.
      if (passed && seen === null) return null;
    }
    if (passed) return null;
    return schemas.length === 1 && only !== undefined && failed !== null ? failed : failure(place, `has none of the ${schemas.length} forms that are allowed`);
  };
}

export function oneOfKeyword(node: JsonNode, site: Site): Check | null {
  const schemas = schemaList('oneOf', node, site);
  if (schemas === null) return null;
  return (value, place, run, seen) => {
    let passed = 0;
    let failed = null;
    for (const schema of schemas) {
      failed = run.applyHere(schema, value, place, seen);
      if (failed === null) passed += 1;
      if (passed > 1) return failure(place, 'has two forms of which only one is allowed');
    }
    if (passed === 1) return null;
    return schemas.length === 1 && failed !== null ? failed : failure(place, `has none of the ${schemas.length} forms that are allowed`);
  };
}

export function notKeyword(node: JsonNode, site: Site): Check | null {
  const schema = site.schemaHere(node, 'not');
  if (schema === null) return null;
  return (value, place, run) => (run.apply(schema, value, place, run.newSeen()) === null ? failure(place, 'has a form that is not allowed') : null);
}

/** `if` with `then` and `else`. */
export function conditionalKeyword(schema: JsonNode, site: Site): Check | null {
  const [condition, then, otherwise] = ['if', 'then', 'else'].map((keyword) => {
    const node = schema.get(keyword);
    return node === null ? null : site.schemaHere(node, keyword);
  });
  if (condition === null || condition === undefined) return null;
  return (value, place, run, seen) => {
    const branch = run.applyHere(condition, value, place, seen) === null ? then : otherwise;
    return branch === null || branch === undefined ? null : run.applyHere(branch, value, place, seen);
  };
}
