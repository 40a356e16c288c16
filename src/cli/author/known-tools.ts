import { KnownTool } from '../../gateway/tool-directory.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** The tools that a server lists, by name; null: every tool exists, and nothing is known of any. */
export type Tools = ReadonlyMap<string, KnownTool> | null;

/** As the gateway learns them: of several definitions with one name the first counts. */
export function knownTools(definitions: readonly JsonNode[]): ReadonlyMap<string, KnownTool> {
  const tools = new Map<string, KnownTool>();
  for (const definition of definitions) {
    const name = definition.get('name')?.text() ?? null;
    if (name !== null && !tools.has(name)) tools.set(name, new KnownTool(name, definition));
  }
  return tools;
}
