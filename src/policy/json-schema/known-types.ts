import type { JsonNode } from '../../wire/json-node.ts';
import type { Subschema } from './schema-types.ts';

const STRINGS: ReadonlySet<string> = new Set(['string']);

/**
 * The JSON types that a value can have where a schema of the policy applies, as far as the schema and those around it that apply to
 * the same value say; null when they say nothing. References are not followed.
 */
export function knownTypes(subschema: Subschema): ReadonlySet<string> | null {
  let types: ReadonlySet<string> | null = null;
  for (let at: Subschema | null = subschema; at !== null; at = at.around) types = both(both(types, statedTypes(at.node, 0)), at.ofNames ? STRINGS : null);
  return types;
}

/** What one schema object says by `type`, `const`, `enum`, and in `allOf`. */
function statedTypes(node: JsonNode, depth: number): ReadonlySet<string> | null {
  if (node.kind !== 'object' || depth > 8) return null;
  const type = node.get('type');
  const named = type === null ? null : type.kind === 'array' ? type.elements().map((element) => element.text() ?? '') : [type.text() ?? ''];
  const fixed = node.get('const');
  const choices = node.get('enum');
  let types: ReadonlySet<string> | null = named === null ? null : new Set(named);
  if (fixed !== null) types = both(types, new Set([typeOf(fixed)]));
  if (choices !== null) types = both(types, new Set(choices.elements().map(typeOf)));
  for (const part of node.get('allOf')?.elements() ?? []) types = both(types, statedTypes(part, depth + 1));
  return types;
}

function typeOf(node: JsonNode): string {
  return node.kind === 'true' || node.kind === 'false' ? 'boolean' : node.kind;
}

function both(a: ReadonlySet<string> | null, b: ReadonlySet<string> | null): ReadonlySet<string> | null {
  if (a === null || b === null) return a ?? b;
  const out = new Set([...a].filter((type) => b.has(type)));
  // Every integer is a number.
  if (a.has('integer') && b.has('number')) out.add('integer');
  if (b.has('integer') && a.has('number')) out.add('integer');
  return out;
}
