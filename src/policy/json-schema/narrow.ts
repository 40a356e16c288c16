import type { JsonNode } from '../../wire/json-node.ts';
import type { Edit } from '../../wire/splice.ts';

/**
 * The splices that merge the policy's range into a listed schema, so that a value is valid against the result exactly if it is valid
 * against both; null when they cannot be merged, and the schema is then listed as it is.
 */
export function narrowInputSchema(_inputSchema: JsonNode, _constraint: JsonNode): Edit[] | null {
  return null;
}
