import { ELEMENTS, GovernedNames } from '../argument-places.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { SchemaIndex } from './discover.ts';
import type { Subschema } from './schema-types.ts';

/** Keywords whose schemas are about members or elements, whichever they are. */
const ANY: readonly string[] = ['additionalProperties', 'unevaluatedProperties', 'items', 'unevaluatedItems', 'contains'];

/**
 * The names that a schema has something to say of, at every depth and through references: a server that reads names leniently must not
 * be given one of them in another spelling (protocol.md J4, attack 43). Says more rather than less: what one branch of a choice speaks
 * of is governed, and so is what is forbidden.
 */
export function governedNames(root: Subschema, index: SchemaIndex): GovernedNames {
  const places = new Map<Subschema, GovernedNames>(index.found.map((subschema) => [subschema, new GovernedNames()]));
  const anchors = [...index.resources.values()].flatMap(({ dynamicAnchors }) => [...dynamicAnchors.values()]);
  const placeOf = (node: JsonNode): GovernedNames | null => {
    const found = index.at(node);
    return found === null ? null : (places.get(found) ?? null);
  };
  for (const [subschema, place] of places) {
    const { node } = subschema;
    if (node.kind !== 'object') continue;
    for (const other of subschema.inPlace) place.add([], places.get(other));
    // Which of them is meant shows only in use.
    if (node.get('$dynamicRef') !== null) for (const anchor of anchors) place.add([], places.get(anchor));
    for (const { key, value } of node.get('properties')?.members() ?? []) place.add([key], placeOf(value));
    for (const { value } of node.get('patternProperties')?.members() ?? []) place.add([ELEMENTS], placeOf(value));
    for (const element of node.get('prefixItems')?.elements() ?? []) place.add([ELEMENTS], placeOf(element));
    for (const keyword of ANY) {
      const value = node.get(keyword);
      if (value !== null) place.add([ELEMENTS], placeOf(value));
    }
    for (const name of node.get('required')?.elements() ?? []) place.add([name.text() ?? '']);
    for (const keyword of ['dependentRequired', 'dependentSchemas']) {
      for (const { key, value } of node.get(keyword)?.members() ?? []) {
        place.add([key]);
        for (const name of value.elements()) place.add([name.text() ?? '']);
      }
    }
    const names = node.get('propertyNames');
    for (const name of names === null ? [] : textsOf(index.at(names))) place.add([name]);
  }
  return places.get(root) ?? new GovernedNames();
}

/** The texts that a schema for names lists, as what is allowed or what is not. */
function textsOf(schema: Subschema | null): string[] {
  const all = new Set(schema === null ? [] : [schema]);
  for (const one of all) for (const other of one.inPlace) all.add(other);
  return [...all].flatMap(({ node }) => [...(node.get('enum')?.elements() ?? []), node.get('const')].flatMap((listed) => listed?.text() ?? []));
}
