import type { IncomingMessage } from 'node:http';
import { errorAnswer } from '../../mcp/answers.ts';
import { splitBatch } from '../../mcp/batch.ts';
import { parseMessage, type Malformed, type Message } from '../../mcp/message.ts';
import { checkHeaders } from '../../mcp/http-headers.ts';
import type { Era } from '../../mcp/versions.ts';
import type { Conversation } from '../conversation.ts';
import { appendLoudly, journalRow, randomId } from '../recorder.ts';
import { readBody } from './body.ts';
import type { EndpointContext, Incoming } from './context.ts';
import { accepts, isUtf8Charset, mediaType } from './head.ts';
import { sendJson, sendProblem } from './reply.ts';

/** A POST whose headers, encoding and body are in order. */
export interface Posted {
  readonly body: Buffer;
  readonly message: Message;
  readonly era: Era;
  /** The elements of a batch of revision 2025-03-26, the first of which is `message`; null otherwise. */
  readonly batch: readonly Message[] | null;
}

/** Writes the journal row of a request that was refused before there was a conversation. */
export function recordProblem(context: EndpointContext, incoming: Incoming, code: string, text: string): void {
  appendLoudly(context.services, {
    ...EMPTY_ROW, id: randomId(), server: context.server.name, grant: incoming.principal.grant, transport: 'http', code, reason: text,
  });
}

const EMPTY_ROW = {
  session: null, protocol: null, method: null, name: null, requestId: null, outcome: 'rejected', rule: null, policy: null, retryAfterMs: null,
  observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
} as const;

/** Content headers of a POST, checked before its body is read (H1, H3, H4). */
function checkContent(incoming: Incoming, answers: boolean): { readonly status: number; readonly code: string; readonly text: string } | null {
  const { head } = incoming;
  const type = head.get('content-type');
  if (type === null || mediaType(type) !== 'application/json' || type.includes(',')) return { status: 415, code: 'unsupported_media_type', text: 'the content type must be application/json' };
  if (!isUtf8Charset(type)) return { status: 415, code: 'unsupported_charset', text: 'the charset must be utf-8' };
  const coding = head.get('content-encoding');
  if (coding !== null && coding.trim().toLowerCase() !== 'identity') return { status: 415, code: 'unsupported_encoding', text: 'the body must not be compressed' };
  const accept = head.get('accept');
  if (answers && (!accepts(accept, 'application/json') || !accepts(accept, 'text/event-stream'))) return { status: 406, code: 'not_acceptable', text: 'Accept must list application/json and text/event-stream' };
  return null;
}

/** How long a body that is too large may go on before it is answered anyway. */
const DISCARD_MS = 5_000;

/**
 * Throws away what still comes of a body that is refused, then answers. A connection that is closed while the client still sends is
 * reset, and the client may then never see why it was refused.
 */
function afterBody(request: IncomingMessage, answer: () => void): void {
  const timer = setTimeout(answer, DISCARD_MS);
  request.once('end', () => {
    clearTimeout(timer);
    answer();
  });
  request.once('close', () => clearTimeout(timer));
  request.resume();
}

/**
 * Reads one POST up to the point where a conversation can judge its message. Refusals are answered and recorded here.
 * @param negotiated the version of the session that the request belongs to, or null
 * @param next called with an acceptable message
 * @param answers false where the answer comes on another stream, so that `Accept` says nothing
 */
export function readPost(context: EndpointContext, incoming: Incoming, negotiated: string | null, next: (posted: Posted) => void, answers = true): void {
  const refuse = (status: number, code: string, text: string): void => {
    recordProblem(context, incoming, code, text);
    if (status === 413) return afterBody(incoming.request, () => sendProblem(incoming.response, status, text, { connection: 'close' }));
    // What is still on its way is not read: the connection cannot be used again.
    sendProblem(incoming.response, status, text, { connection: 'close' });
  };
  const content = checkContent(incoming, answers);
  if (content !== null) return refuse(content.status, content.code, content.text);
  readBody(incoming.request, context.limits.client.maxBytes, context.limits.bodyTimeoutMs, (body) => {
    if (!Buffer.isBuffer(body)) return refuse(body.status, body.code, body.text);
    if (incoming.principal.revoked) return refuse(401, 'invalid_token', 'the grant of this token has ended');
    const parsed = parseMessage(body, context.limits.client);
    if (!parsed.ok) {
      if (parsed.code === 'batch' && negotiated === '2025-03-26') return batch(body);
      return malformed(parsed);
    }
    const era = checkHeaders(parsed.message, (name) => incoming.head.get(name), negotiated);
    if (typeof era !== 'string') {
      recordProblem(context, incoming, era.code, era.text);
      return sendJson(incoming.response, 400, era.bytes);
    }
    next({ body, message: parsed.message, era, batch: null });
  });

  const malformed = (problem: Malformed): void => {
    recordProblem(context, incoming, problem.code, problem.message);
    sendJson(incoming.response, problem.code === 'too_large' ? 413 : 400, errorAnswer(problem.id, problem.rpcCode, problem.message));
  };

  const batch = (body: Buffer): void => {
    const elements = splitBatch(body, context.limits.client);
    if ('ok' in elements) return malformed(elements);
    const messages: Message[] = [];
    for (const element of elements) {
      if (!element.ok) return malformed(element);
      messages.push(element.message);
    }
    const first = messages[0];
    if (first !== undefined) next({ body, message: first, era: 'legacy', batch: messages });
  };
}

/** Records that the upstream sent bytes that are no message. */
export function recordGarbage(conversation: Conversation, code: string, sample: string): void {
  appendLoudly(conversation.gateway, journalRow(conversation, { method: null, name: null, requestId: null, outcome: 'dropped', code, reason: sample }));
}


