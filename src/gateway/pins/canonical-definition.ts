import { createHash } from 'node:crypto';
import type { JsonNode } from '../../wire/json-node.ts';
import { canonicalJson } from '../approvals/canonical.ts';

/** Above it a definition is known by its own bytes: putting megabytes into canonical form would hold up every other message. */
const MOST_CANONICAL_BYTES = 256 * 1024;

export interface CanonicalDefinition {
  /** SHA-256 (hex) of the text, or of the bytes as served. */
  readonly hash: string;
  /** RFC 8785, or as served where there is no such form; null when it is too long to keep. */
  readonly text: string | null;
}

export function canonicalDefinition(definition: JsonNode): CanonicalDefinition {
  if (definition.end - definition.start > MOST_CANONICAL_BYTES) return { hash: createHash('sha256').update(definition.bytes()).digest('hex'), text: null };
  const text = canonicalJson(definition, 'keep') ?? definition.lexeme();
  return { hash: createHash('sha256').update(text).digest('hex'), text };
}
