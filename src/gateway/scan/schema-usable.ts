import { compileSchema } from '../../policy/json-schema/index.ts';
import type { JsonNode } from '../../wire/json-node.ts';

/** Whether the gateway can hold calls against the tool's `inputSchema`; where it cannot, `schema: upstream` would refuse every call. */
export function schemaUsable(definition: JsonNode): boolean {
  const schema = definition.get('inputSchema');
  return schema?.kind === 'object' && compileSchema(schema, 'upstream').ok;
}
