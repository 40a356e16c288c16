import { JsonNode } from '../../wire/json-node.ts';

/** A text as a JSON string, for schemas that apply to the names of members. */
export function textNode(text: string): JsonNode {
  const bytes = Buffer.from(JSON.stringify(text), 'utf8');
  return new JsonNode(bytes, 0, bytes.length);
}
