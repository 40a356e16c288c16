import type { JsonNode } from '../wire/json-node.ts';
import type { ToolFacts } from './types.ts';

/** Says what a tool does to the world; the catalogue's `classify` is one. */
export type Classify = (definition: JsonNode) => { readonly category: string; readonly risk: string; readonly effects?: readonly string[] };

/**
 * What a tool's definition says, for conditions and checks. Parts of the wrong type count as not there. Its class is not known.
 * @param tool one element of `tools` of a `tools/list` result
 */
export function factsOf(tool: JsonNode): ToolFacts {
  const annotations = tool.get('annotations');
  const inputSchema = tool.get('inputSchema');
  return {
    title: tool.get('title')?.text() ?? annotations?.get('title')?.text() ?? null,
    annotations: annotations?.kind === 'object' ? annotations : null,
    inputSchema: inputSchema?.kind === 'object' ? inputSchema : null,
    category: null,
    risk: null,
  };
}
