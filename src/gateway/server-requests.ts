import { METHOD_NOT_FOUND } from '../mcp/error-codes.ts';
import { errorAnswer, resultAnswer } from '../mcp/answers.ts';
import type { Request } from '../mcp/message.ts';
import { classifyRequest } from '../mcp/methods.ts';
import type { Conversation } from './conversation.ts';
import { featureOf } from './input-required.ts';
import { recordRefusal } from './recorder.ts';

/** The code that the sampling specification gives to a user's refusal (S25 client/sampling#error-handling). */
const USER_REJECTED = -1;

/**
 * Judges what a legacy upstream asks of the client (C1, C2). A denied request is answered here, in the words the specification
 * has for a client that declines; the client never sees it.
 * @returns the answer for the upstream, or null when the request may pass
 */
export function judgeServerRequest(conversation: Conversation, message: Request): Buffer | null {
  const feature = featureOf(message.method);
  if (feature === null) {
    // Tools are called by clients only: a server that asks its client to call one tries to come round the gate.
    const type = classifyRequest(message.method)?.type;
    if (type === undefined || type === 'task' || type === 'task-list' || message.method === 'ping') return null;
    recordRefusal(conversation, { method: message.method, name: null, requestId: message.id, outcome: 'dropped', code: 'server_request', reason: 'the upstream sent a request that only clients send' });
    return errorAnswer(message.id, METHOD_NOT_FOUND, 'Method not found');
  }
  const verdict = conversation.principal.policies.client(feature);
  if (verdict.effect === 'allow') return null;
  recordRefusal(conversation, { method: message.method, name: null, requestId: message.id, outcome: 'refused', code: 'denied', rule: verdict.rule, policy: verdict.policyId, reason: `client ${feature} is denied` });
  switch (feature) {
    case 'sampling': return errorAnswer(message.id, USER_REJECTED, 'User rejected sampling request');
    case 'elicitation': return resultAnswer(message.id, '{"action":"decline"}');
    case 'roots': return resultAnswer(message.id, '{"roots":[]}');
  }
}
