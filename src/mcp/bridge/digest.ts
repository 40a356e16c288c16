import { createHash, type Hash } from 'node:crypto';
import type { JsonNode } from '../../wire/json-node.ts';

function feed(hash: Hash, node: JsonNode): void {
  switch (node.kind) {
    case 'object': {
      hash.update('{');
      for (const { key, value } of node.members().toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
        hash.update(`${JSON.stringify(key)}:`);
        feed(hash, value);
        hash.update(',');
      }
      hash.update('}');
      break;
    }
    case 'array':
      hash.update('[');
      for (const element of node.elements()) {
        feed(hash, element);
        hash.update(',');
      }
      hash.update(']');
      break;
    case 'string':
      hash.update(JSON.stringify(node.text()));
      break;
    default:
      hash.update(node.lexeme());
  }
}

/**
 * SHA-256 of a value whatever its white space, order of members and spelling of strings. Numbers count by their text: `1` and `1.0`
 * differ, which at worst refuses a retry that a client has re-written.
 */
export function digestOf(node: JsonNode | null): string {
  const hash = createHash('sha256');
  if (node !== null) feed(hash, node);
  return hash.digest('base64url');
}

/** Members of `params` that a retry may add or change without being another call (S26 mrtr). */
const VOLATILE = new Set(['_meta', 'inputResponses', 'requestState']);

/** SHA-256 of what a call asks for: its method and every member of `params` that a retry must repeat. */
export function callDigest(method: string, params: JsonNode | null): string {
  const hash = createHash('sha256').update(JSON.stringify(method));
  for (const { key, value } of (params?.members() ?? []).toSorted((a, b) => (a.key < b.key ? -1 : 1))) {
    if (VOLATILE.has(key)) continue;
    hash.update(`${JSON.stringify(key)}:`);
    feed(hash, value);
  }
  return hash.digest('base64url');
}
