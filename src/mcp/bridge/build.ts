import type { JsonNode } from '../../wire/json-node.ts';
import type { WireLimits } from '../../wire/limits.ts';
import { splice, type Edit } from '../../wire/splice.ts';
import { parseMessage, type Message, type Notification, type Request } from '../message.ts';

/**
 * What is parsed here has passed the limits of its own leg before; a translation only adds a level and a few members, and must not
 * fail over a limit that the original met.
 */
const TRANSLATED: WireLimits = { maxBytes: Number.MAX_SAFE_INTEGER, maxDepth: 1_024, maxKeys: Number.MAX_SAFE_INTEGER };

/**
 * A message of our own making.
 * @throws TypeError when the text is no message: a fault of the translation, never of the peer
 */
export function toMessage(bytes: Buffer | string): Message {
  const parsed = parseMessage(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, TRANSLATED);
  if (!parsed.ok) throw new TypeError(`a translated message is malformed: ${parsed.message}`);
  return parsed.message;
}

/** A request of our own. `id` and `params` are JSON texts. */
export function toRequest(id: string, method: string, params: string | null): Request {
  const message = toMessage(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${params === null ? '' : `,"params":${params}`}}`);
  if (message.kind !== 'request') throw new TypeError('expected a request');
  return message;
}

/** A notification of our own. `params` is a JSON text. */
export function toNotification(method: string, params: string | null): Notification {
  const message = toMessage(`{"jsonrpc":"2.0","method":${JSON.stringify(method)}${params === null ? '' : `,"params":${params}`}}`);
  if (message.kind !== 'notification') throw new TypeError('expected a notification');
  return message;
}

/** The message with some of its bytes replaced; itself when there is nothing to replace. */
export function edited<M extends Message>(message: M, edits: readonly Edit[]): M {
  if (edits.length === 0) return message;
  const next = toMessage(splice(message.bytes, edits));
  if (next.kind !== message.kind) throw new TypeError(`an edited ${message.kind} became a ${next.kind}`);
  return next as M;
}

/** The text of one value with some of its bytes replaced; offsets are those of the whole message. */
export function editedText(node: JsonNode, edits: readonly Edit[]): string {
  if (edits.length === 0) return node.lexeme();
  const local = edits.map((edit) => ({ start: edit.start - node.start, end: edit.end - node.start, with: edit.with }));
  return splice(node.bytes(), local).toString('utf8');
}

/** The JSON text of the id of a request. */
export function idText(request: Request): string {
  return JSON.stringify(request.id);
}
