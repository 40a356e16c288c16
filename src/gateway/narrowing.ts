import type { JsonNode } from '../wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../wire/limits.ts';
import { scan } from '../wire/scan.ts';
import type { Edit } from '../wire/splice.ts';
import type { PolicySet } from '../policy/types.ts';

type Narrow = (inputSchema: JsonNode, constraint: JsonNode) => Edit[] | null;

let narrow: Narrow | null = null;
let loading: Promise<void> | null = null;

/**
 * The code that merges schemas is loaded for policies that constrain arguments, and before the list is asked for: its answer is filtered
 * without waiting.
 * @returns null when nothing has to be waited for
 */
export function narrowingReady(policies: PolicySet): Promise<void> | null {
  if (!policies.mayNarrow || narrow !== null) return null;
  loading ??= import('../policy/json-schema/index.ts').then((module) => {
    narrow = module.narrowInputSchema;
  });
  return loading;
}

/**
 * The splices that show the legal range of a tool's arguments in the definition that is listed (policy.md, "What the agent sees").
 * @param constraint text of a JSON Schema, as `PolicySet.narrow` gives it
 * @returns nothing where the two cannot be merged: the list then shows the upstream's own schema, and calls are refused all the same
 */
export function narrowedSchema(inputSchema: JsonNode, constraint: string): readonly Edit[] {
  const scanned = scan(Buffer.from(constraint), UPSTREAM_LIMITS);
  return (scanned.ok ? narrow?.(inputSchema, scanned.root) : null) ?? [];
}
