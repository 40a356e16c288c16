import { scan } from '../wire/scan.ts';
import type { WireLimits } from '../wire/limits.ts';
import { INVALID_REQUEST, PARSE_ERROR } from './error-codes.ts';
import { parseMessage, type Malformed, type ParseResult } from './message.ts';

/** Longest batch that is accepted (attack 9). */
const MAX_ELEMENTS = 1_000;

const refused = (code: string, message: string): Malformed => ({ ok: false, code, rpcCode: INVALID_REQUEST, message, id: null });

/**
 * Takes a JSON-RPC batch of revision 2025-03-26 apart (J9). Each element becomes a message of its own, over its own exact bytes.
 * @returns the elements, or why the batch is refused as a whole
 */
export function splitBatch(bytes: Buffer, limits: WireLimits): readonly ParseResult[] | Malformed {
  const scanned = scan(bytes, limits);
  if (!scanned.ok) return { ok: false, code: scanned.code, rpcCode: PARSE_ERROR, message: scanned.message, id: null };
  const elements = scanned.root.elements();
  if (scanned.root.kind !== 'array' || elements.length === 0) return refused('empty_batch', 'a batch needs at least one message');
  if (elements.length > MAX_ELEMENTS) return refused('batch_too_long', `a batch may hold ${MAX_ELEMENTS} messages, found ${elements.length}`);
  const messages = elements.map((element) => parseMessage(element.bytes(), limits));
  if (messages.some((parsed) => parsed.ok && parsed.message.kind !== 'response' && parsed.message.method === 'initialize')) {
    return refused('initialize_in_batch', 'initialize must not be part of a batch');
  }
  return messages;
}
