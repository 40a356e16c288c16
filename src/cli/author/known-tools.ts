import { knownKeys, type KnownKeys } from '../../mcp/keys.ts';
import type { ToolFacts } from '../../policy/types.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** What a call needs to know of a tool that a server lists. */
export interface ListedTool {
  readonly facts: ToolFacts;
  /** Names that the schema declares; null when it declares none. */
  readonly arguments: KnownKeys | null;
}

/** The tools of a server by name. Of several with one name the first counts, as in the gateway. */
export function listedTools(definitions: readonly JsonNode[]): ReadonlyMap<string, ListedTool> {
  const tools = new Map<string, ListedTool>();
  for (const definition of definitions) {
    const name = definition.get('name')?.text() ?? null;
    if (name !== null && !tools.has(name)) tools.set(name, { facts: factsOf(definition), arguments: declared(definition) });
  }
  return tools;
}

function factsOf(definition: JsonNode): ToolFacts {
  const annotations = definition.get('annotations');
  return {
    title: definition.get('title')?.text() ?? annotations?.get('title')?.text() ?? null,
    annotations,
    inputSchema: definition.get('inputSchema'),
    category: null,
    risk: null,
  };
}

function declared(definition: JsonNode): KnownKeys | null {
  const properties = definition.get('inputSchema')?.get('properties')?.members() ?? [];
  return properties.length === 0 ? null : knownKeys(properties.map((property) => property.key));
}
