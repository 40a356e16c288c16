import type { JsonNode } from '../../wire/json-node.ts';
import { compilePattern } from '../re2.ts';
import type { Patch } from './narrow-patch.ts';
import type { Dialect } from './schema-types.ts';

/** Schemas that list more names are closed under `allOf`: taking every other name out would cost their author's choice of time. */
const MOST_REMOVED = 5000;

type Merge = (patch: Patch, demanded: JsonNode, dialect: Dialect) => void;

/**
 * Merges `properties`, `patternProperties` and `additionalProperties`, which decide together what a name may hold. A name that is
 * listed is narrowed where it stands; one that is not gets an entry that repeats what the listed schema demanded of it.
 */
export function mergeMembers(patch: Patch, demanded: JsonNode, dialect: Dialect, merge: Merge): void {
  const named = demanded.get('properties')?.members() ?? [];
  const rest = demanded.get('additionalProperties');
  const patterns = demanded.get('patternProperties');
  const few = (patch.node.get('properties')?.members().length ?? 0) <= MOST_REMOVED;
  const closes = rest?.kind === 'false' && patterns === null && patch.current('patternProperties') === null && few;
  if (patterns !== null) {
    const parts = ['properties', 'patternProperties', 'additionalProperties'].flatMap((keyword) => {
      const value = demanded.get(keyword);
      return value === null ? [] : [`${JSON.stringify(keyword)}:${value.lexeme()}`];
    });
    patch.demand(`{${parts.join(',')}}`);
    return;
  }
  for (const { key, value } of named) mergeProperty(patch, key, value, dialect, merge, closes);
  if (rest === null || rest.kind === 'true') return;
  if (closes) {
    patch.keepOnly(new Set(named.map(({ key }) => key)));
    if (patch.current('additionalProperties') !== 'false') patch.set('additionalProperties', 'false');
  } else {
    const names = named.map(({ key }) => `${JSON.stringify(key)}:{}`).join(',');
    patch.demand(`{"properties":{${names}},"additionalProperties":${rest.lexeme()}}`);
  }
}

/** @param mustBeNamed the schema will allow only what it names, so that also a name without any demand needs an entry */
function mergeProperty(patch: Patch, name: string, demanded: JsonNode, dialect: Dialect, merge: Merge, mustBeNamed: boolean): void {
  const text = asObject(demanded.lexeme());
  const free = text === '{}';
  const listed = patch.property(name);
  if (patch.isRemoved(name) || listed?.kind === 'false') return;
  if (patch.isAdded(name)) patch.addProperty(name, text);
  else if (listed !== null) {
    if (free) return;
    const legacyReference = dialect === 'draft-07' && listed.get('$ref') !== null;
    if (listed.kind === 'true' || demanded.kind === 'false') patch.addProperty(name, text);
    else if (!legacyReference) merge(patch.below('properties', listed, name), demanded, dialect);
    // The annotation must stay on the property itself.
    else if (listed.get('x-mcp-header') !== null) patch.demand(`{"properties":{${JSON.stringify(name)}:${text}}}`);
    else patch.addProperty(name, oneLine(listed.lexeme()), text);
  } else if (!free || mustBeNamed) {
    const others = demandedOfOthers(patch, name);
    if (others === null) patch.demand(`{"properties":{${JSON.stringify(name)}:${text}}}`);
    else if (others !== 'false') patch.addProperty(name, asObject(others), text);
  }
}

/** Official clients refuse a whole list in which a property of an `inputSchema` is `true` or `false`. */
function asObject(schema: string): string {
  if (schema === 'true') return '{}';
  return schema === 'false' ? '{"not":{}}' : schema;
}

/** What the listed schema demands of a name that it does not list, by `additionalProperties`; null when that cannot be told. */
function demandedOfOthers(patch: Patch, name: string): string | null {
  for (const { key } of patch.node.get('patternProperties')?.members() ?? []) {
    const pattern = compilePattern(key);
    if (!pattern.ok) return null;
    if (pattern.test(name)) return 'true';
  }
  if (patch.current('patternProperties') !== (patch.node.get('patternProperties')?.lexeme() ?? null)) return null;
  return oneLine(patch.current('additionalProperties') ?? 'true');
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n]/g, ' ');
}
