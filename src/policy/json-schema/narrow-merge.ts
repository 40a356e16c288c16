import type { JsonNode } from '../../wire/json-node.ts';
import { combined } from './narrow-simple.ts';
import { mergeMembers } from './narrow-members.ts';
import type { Patch } from './narrow-patch.ts';
import type { Dialect } from './schema-types.ts';

/** Say nothing about values. */
const ANNOTATIONS: ReadonlySet<string> = new Set(['title', 'description', 'default', 'examples', 'deprecated', 'readOnly', 'writeOnly', 'contentEncoding', 'contentMediaType', 'contentSchema']);
/** Keywords that change each other's meaning: they are added together where none of them is listed, and under `allOf` otherwise. */
const GROUPS: readonly (readonly string[])[] = [
  ['items', 'prefixItems', 'additionalItems'],
  ['contains', 'minContains', 'maxContains'],
  ['if', 'then', 'else'],
];
const MEMBERS: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'additionalProperties']);

/** Adds the demands of a schema to a listed one. Both are schemas of the same value. */
export function mergeSchema(patch: Patch, demanded: JsonNode, dialect: Dialect): void {
  if (demanded.kind === 'true') return;
  // `unevaluated*` looks at its neighbours: they stay together.
  if (demanded.kind === 'false' || demanded.get('unevaluatedProperties') !== null || demanded.get('unevaluatedItems') !== null) {
    patch.demand(demanded.lexeme());
    return;
  }
  const done = new Set<string>();
  const once = (group: string, work: () => void): void => {
    if (!done.has(group)) work();
    done.add(group);
  };
  for (const { key, value } of demanded.members()) {
    const group = GROUPS.find((keywords) => keywords.includes(key));
    if (ANNOTATIONS.has(key)) continue;
    if (MEMBERS.has(key)) once('members', () => mergeMembers(patch, demanded, dialect, mergeSchema));
    else if (group !== undefined) once(group.join(), () => mergeGroup(patch, demanded, group, dialect));
    else if (key === 'allOf') for (const part of value.elements()) mergeSchema(patch, part, dialect);
    else if (key === 'required') for (const name of value.elements()) patch.require(name.text() ?? '');
    else mergeKeyword(patch, key, value);
  }
}

function mergeKeyword(patch: Patch, keyword: string, value: JsonNode): void {
  const listed = patch.current(keyword);
  const text = listed === null ? value.lexeme() : combined(keyword, listed, value);
  if (text === null) patch.demand(`{${JSON.stringify(keyword)}:${value.lexeme()}}`);
  else if (text !== listed) patch.set(keyword, text);
}

function mergeGroup(patch: Patch, demanded: JsonNode, group: readonly string[], dialect: Dialect): void {
  const wanted = group.flatMap((keyword) => {
    const value = demanded.get(keyword);
    return value === null ? [] : [[keyword, value] as const];
  });
  const listed = group.filter((keyword) => patch.current(keyword) !== null);
  const [first] = wanted;
  const items = patch.node.get('items');
  const onlyItems = wanted.length === 1 && first !== undefined && first[0] === 'items' && listed.join() === 'items' && patch.current('items') === items?.lexeme();
  if (listed.length === 0) {
    for (const [keyword, value] of wanted) patch.set(keyword, value.lexeme());
  } else if (onlyItems && items?.kind === 'object' && !ignoresNeighbours(items, dialect)) mergeSchema(patch.below('items', items), first[1], dialect);
  else patch.demand(`{${wanted.map(([keyword, value]) => `${JSON.stringify(keyword)}:${value.lexeme()}`).join(',')}}`);
}

/** In draft-07 nothing beside `$ref` has a meaning. */
export function ignoresNeighbours(schema: JsonNode, dialect: Dialect): boolean {
  return dialect === 'draft-07' && schema.get('$ref') !== null;
}
