import type { JsonNode } from '../../../src/wire/json-node.ts';
import { UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { scan } from '../../../src/wire/scan.ts';

/** The root of a text that must be accepted. */
export function scanned(text: string | Buffer): JsonNode {
  const result = scan(typeof text === 'string' ? Buffer.from(text) : text, UPSTREAM_LIMITS);
  if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
  return result.root;
}

/** A child that must be there. */
export function child(node: JsonNode, key: string): JsonNode {
  const found = node.get(key);
  if (found === null) throw new Error(`no member ${JSON.stringify(key)}`);
  return found;
}
