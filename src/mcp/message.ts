import type { JsonNode } from '../wire/json-node.ts';
import type { WireLimits } from '../wire/limits.ts';
import { scan } from '../wire/scan.ts';
import { confusableKey, ENVELOPE_KEYS } from './keys.ts';
import { INVALID_REQUEST, PARSE_ERROR } from './error-codes.ts';

/** A JSON-RPC id as MCP allows it (protocol.md J5): a string, or an integer that a double holds exactly. */
export type Id = string | number;

interface Base {
  /** The exact bytes of the JSON value; what is forwarded when nothing is edited. No line ending. */
  readonly bytes: Buffer;
  /** The whole message. */
  readonly root: JsonNode;
}

export interface Request extends Base {
  readonly kind: 'request';
  readonly id: Id;
  /** `s:` + string or `n:` + integer: `7` and `"7"` are different ids (J7). */
  readonly idKey: string;
  readonly method: string;
  readonly params: JsonNode | null;
}

export interface Notification extends Base {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonNode | null;
}

export interface Response extends Base {
  readonly kind: 'response';
  /** Null only for an error whose request could not be read. */
  readonly id: Id | null;
  readonly idKey: string | null;
  readonly result: JsonNode | null;
  readonly error: JsonNode | null;
}

export type Message = Request | Notification | Response;

/** Why bytes are not an acceptable message. `code` is a stable slug for the journal. */
export interface Malformed {
  readonly ok: false;
  readonly code: string;
  readonly rpcCode: typeof PARSE_ERROR | typeof INVALID_REQUEST;
  readonly message: string;
  /** The id, where it could still be read safely; an error without a readable id carries none (H12). */
  readonly id: Id | null;
}

export type ParseResult = { readonly ok: true; readonly message: Message } | Malformed;

/** Longest id we keep in tables; longer ones are refused (attack 20). */
const MAX_ID_LENGTH = 1024;

/** The key under which an id is kept: ids of different JSON types never collide. */
export function idKeyOf(id: Id): string {
  return typeof id === 'string' ? `s:${id}` : `n:${id}`;
}

function malformed(code: string, message: string, id: Id | null = null, rpcCode: Malformed['rpcCode'] = INVALID_REQUEST): Malformed {
  return { ok: false, code, rpcCode, message, id };
}

function readId(node: JsonNode): Id | undefined {
  if (node.kind === 'string') {
    const text = node.text();
    return text !== null && text.length <= MAX_ID_LENGTH ? text : undefined;
  }
  return node.integer() ?? undefined;
}

/**
 * Reads one JSON-RPC message under the strict rules of protocol.md J1 to J6. Whatever two parsers could read differently is
 * refused, never given one of its readings.
 * @param bytes one complete JSON text, without line ending
 * @param limits bounds for its size, depth and number of keys
 */
export function parseMessage(bytes: Buffer, limits: WireLimits): ParseResult {
  const scanned = scan(bytes, limits);
  if (!scanned.ok) {
    const parse = scanned.code !== 'duplicate_key' && scanned.code !== 'too_deep' && scanned.code !== 'too_many_keys' && scanned.code !== 'too_large';
    return malformed(scanned.code, scanned.message, null, parse ? PARSE_ERROR : INVALID_REQUEST);
  }
  return classifyMessage(scanned.root);
}

function classifyMessage(root: JsonNode): ParseResult {
  if (root.kind === 'array') return malformed('batch', 'JSON-RPC batches are not accepted; send each message by itself');
  if (root.kind !== 'object') return malformed('not_an_object', `a message is a JSON object, found ${root.kind}`);
  const bytes = root.buffer;

  let version: JsonNode | null = null;
  let idNode: JsonNode | null = null;
  let methodNode: JsonNode | null = null;
  let params: JsonNode | null = null;
  let result: JsonNode | null = null;
  let error: JsonNode | null = null;
  for (const member of root.members()) {
    switch (member.key) {
      case 'jsonrpc': version = member.value; break;
      case 'id': idNode = member.value; break;
      case 'method': methodNode = member.value; break;
      case 'params': params = member.value; break;
      case 'result': result = member.value; break;
      case 'error': error = member.value; break;
      default:
        if (confusableKey(member.key, ENVELOPE_KEYS)) {
          return malformed('confusable_key', 'a member of the message differs from a JSON-RPC member only by case or invisible characters');
        }
    }
  }

  let id: Id | null = null;
  if (idNode !== null && !(idNode.kind === 'null' && error !== null && methodNode === null)) {
    const read = readId(idNode);
    if (read === undefined) return malformed('invalid_id', 'the id must be a string or an integer of at most 2^53-1');
    id = read;
  }
  if (version === null || version.text() !== '2.0') return malformed('invalid_jsonrpc', 'the member jsonrpc must be "2.0"', id);

  if (methodNode !== null) {
    if (result !== null || error !== null) return malformed('ambiguous_message', 'a message has either a method or a result or an error', id);
    const method = methodNode.text();
    if (method === null) return malformed('invalid_method', `the method must be a string, found ${methodNode.kind}`, id);
    if (params !== null && params.kind !== 'object') return malformed('invalid_params', `params must be an object, found ${params.kind}`, id);
    if (id === null) return { ok: true, message: { kind: 'notification', bytes, root, method, params } };
    return { ok: true, message: { kind: 'request', bytes, root, id, idKey: idKeyOf(id), method, params } };
  }

  if (params !== null) return malformed('ambiguous_message', 'a message with params needs a method', id);
  if (result === null && error === null) return malformed('invalid_message', 'a message needs a method, a result or an error', id);
  if (result !== null && error !== null) return malformed('ambiguous_message', 'a response has either a result or an error', id);
  if (error !== null && error.kind !== 'object') return malformed('invalid_error', 'the member error must be an object', id);
  if (id === null && result !== null) return malformed('invalid_id', 'a result needs the id of its request');
  return { ok: true, message: { kind: 'response', bytes, root, id, idKey: id === null ? null : idKeyOf(id), result, error } };
}
