import { nameSkeleton } from './words.ts';

export interface NamedTool {
  readonly server: string;
  readonly name: string;
}

/** Tools whose names another server uses as well, or that look like one to the eye; the pairs in the order of the input. */
export function findShadowedNames(tools: readonly NamedTool[]): readonly { readonly tool: NamedTool; readonly shadows: NamedTool }[] {
  const bySkeleton = new Map<string, NamedTool>();
  const pairs: { tool: NamedTool; shadows: NamedTool }[] = [];
  for (const tool of tools) {
    const skeleton = nameSkeleton(tool.name);
    const first = bySkeleton.get(skeleton);
    if (first === undefined) bySkeleton.set(skeleton, tool);
    else if (first.server !== tool.server || first.name !== tool.name) pairs.push({ tool, shadows: first });
  }
  return pairs;
}
