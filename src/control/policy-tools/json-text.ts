import type { JsonNode } from '../../wire/json-node.ts';
import { CLIENT_LIMITS } from '../../wire/limits.ts';
import { scan } from '../../wire/scan.ts';

/** Reads JSON text as strictly as a message of a client. @returns the value, or what is wrong with the text */
export function jsonOfText(text: string): JsonNode | string {
  const result = scan(Buffer.from(text), CLIENT_LIMITS);
  return result.ok ? result.root : result.message;
}
