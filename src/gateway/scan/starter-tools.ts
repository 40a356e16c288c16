import type { StarterTool } from '../../catalogue/starter/index.ts';
import { schemaUsable } from './schema-usable.ts';
import type { NamedSummary } from './tool-summary.ts';

/** Scanned tools as the starter policy takes them, each with the answer whether the gateway could use its schema. */
export function starterTools(tools: readonly NamedSummary[]): readonly StarterTool[] {
  return tools.map((tool) => ({ ...tool, schemaUsable: schemaUsable(tool.definition) }));
}
