import type { JsonNode } from '../../wire/json-node.ts';
import { ambiguous } from './keywords-number.ts';
import { canonicalInRun } from './keywords-value.ts';
import type { Check, Subschema } from './schema-types.ts';
import { failure } from './schema-types.ts';
import type { Site } from './site.ts';
import { countOf, kindName } from './site.ts';

/** `minItems` and `maxItems`. */
export function itemCountKeyword(keyword: 'minItems' | 'maxItems', node: JsonNode, site: Site): Check | null {
  const bound = countOf(keyword, node, site);
  if (bound === null) return null;
  const least = keyword === 'minItems';
  const amount = `${least ? 'at least' : 'at most'} ${bound} item${bound === 1 ? '' : 's'}`;
  return (value, place, run) => {
    if (value.kind !== 'array') return null;
    const count = value.elements().length;
    run.spend(Math.floor(count / 64));
    return (least ? count >= bound : count <= bound) ? null : failure(place, `must have ${amount}`, `has ${amount}`);
  };
}

export function uniqueItemsKeyword(node: JsonNode, site: Site): Check | null {
  if (node.kind !== 'true' && node.kind !== 'false') {
    site.problem(`\`uniqueItems\` is ${kindName(node)}; expected true or false`, null, 'uniqueItems');
    return null;
  }
  if (node.kind === 'false') return null;
  return (value, place, run) => {
    if (value.kind !== 'array') return null;
    const exact = new Set<string>();
    const asDoubles = new Set<string>();
    for (const element of value.elements()) {
      const text = canonicalInRun(element, place, run);
      exact.add(`=${text.exact}`);
      asDoubles.add(`=${text.asDoubles}`);
    }
    const unique = exact.size === value.elements().length;
    if ((asDoubles.size === value.elements().length) !== unique) throw ambiguous(place, null);
    return unique ? null : failure(place, 'must not hold the same item twice', 'has no item twice');
  };
}

/**
 * The schemas of elements: of the first ones one by one, and of the rest. 2020-12: `prefixItems` and `items`; draft-07: `items` as a
 * list, and `additionalItems`.
 */
export function elementsKeyword(schema: JsonNode, site: Site): Check | null {
  const listName = site.dialect === '2020-12' ? 'prefixItems' : 'items';
  const restName = site.dialect === '2020-12' ? 'items' : 'additionalItems';
  let first: readonly (Subschema | null)[] = [];
  let rest: Subschema | null = null;
  const list = schema.get(listName);
  if (list !== null && (site.dialect === '2020-12' || list.kind === 'array')) {
    if (list.kind !== 'array' || (list.elements().length === 0 && site.origin === 'policy')) {
      site.problem(`\`${listName}\` is ${list.kind === 'array' ? 'an empty list' : kindName(list)}; expected a list of schemas`, null, listName);
      return null;
    }
    first = list.elements().map((element, index) => site.schemaAt(element, listName, index));
    const other = schema.get(restName);
    if (other !== null) rest = site.schemaAt(other, restName);
  } else {
    const every = schema.get('items');
    if (every?.kind === 'array') {
      site.problem('`items` is an array; expected one schema', 'write `prefixItems` for a schema per position', 'items');
      return null;
    }
    if (every !== null) rest = site.schemaAt(every, 'items');
  }
  return (value, place, run, seen) => {
    if (value.kind !== 'array') return null;
    const elements = value.elements();
    for (const [index, element] of elements.entries()) {
      const schemaOfElement = index < first.length ? first[index] : rest;
      if (schemaOfElement === null || schemaOfElement === undefined) break;
      const failed = run.applyBelow(schemaOfElement, element, { parent: place, key: index });
      if (failed !== null) return failed;
      if (rest === null) seen?.addIndex(index);
    }
    if (rest !== null) seen?.addAllIndexes();
    return null;
  };
}

/** `contains` with `minContains` and `maxContains`. */
export function containsKeyword(schema: JsonNode, site: Site): Check | null {
  const node = schema.get('contains');
  const wanted = node === null ? null : site.schemaAt(node, 'contains');
  if (wanted === null) return null;
  const modern = site.dialect === '2020-12';
  const leastNode = modern ? schema.get('minContains') : null;
  const mostNode = modern ? schema.get('maxContains') : null;
  const least = leastNode === null ? 1 : countOf('minContains', leastNode, site);
  const most = mostNode === null ? Number.POSITIVE_INFINITY : countOf('maxContains', mostNode, site);
  if (least === null || most === null) return null;
  const items = (count: number): string => `${count} item${count === 1 ? '' : 's'} of the required form`;
  return (value, place, run, seen) => {
    if (value.kind !== 'array') return null;
    let count = 0;
    for (const [index, element] of value.elements().entries()) {
      if (run.applyBelow(wanted, element, { parent: place, key: index }) !== null) continue;
      count += 1;
      if (modern) seen?.addIndex(index);
      else break;
    }
    if (count < least) return failure(place, `must have at least ${items(least)}`, `has at least ${items(least)}`);
    return count > most ? failure(place, `must have at most ${items(most)}`, `has at most ${items(most)}`) : null;
  };
}

export function unevaluatedItemsKeyword(node: JsonNode, site: Site): Check | null {
  const schema = site.schemaAt(node, 'unevaluatedItems');
  if (schema === null) return null;
  return (value, place, run, seen) => {
    if (value.kind !== 'array') return null;
    for (const [index, element] of value.elements().entries()) {
      run.spend(1);
      if (seen?.hasIndex(index) === true) continue;
      const failed = run.applyBelow(schema, element, { parent: place, key: index });
      if (failed !== null) return failed;
    }
    seen?.addAllIndexes();
    return null;
  };
}
