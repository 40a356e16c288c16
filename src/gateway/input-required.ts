import { INTERNAL_ERROR } from '../mcp/error-codes.ts';
import { errorAnswer, errorRefusal, toolRefusal } from '../mcp/answers.ts';
import { clientCapabilities } from '../mcp/meta.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type { ClientFeature } from '../policy/types.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { recordRefusal } from './recorder.ts';

/** Which feature of the client a request of the upstream uses; null for one that no rule governs. */
export function featureOf(method: string): ClientFeature | null {
  switch (method) {
    case 'sampling/createMessage': return 'sampling';
    case 'elicitation/create': return 'elicitation';
    case 'roots/list': return 'roots';
    default: return null;
  }
}

/**
 * Judges an `InputRequiredResult` (M5): it is legal on few methods, may ask only for what the client declared on this very request,
 * and each of its requests is under the policy's `client` section (C1, K4).
 * @returns the answer that the client gets instead, or null when the result may pass
 */
export function refusedInput(conversation: Conversation, call: InFlight, result: JsonNode, allowedMethod: boolean): Buffer | null {
  const required = result.get('resultType')?.text() === 'input_required';
  const requests = result.get('inputRequests');
  if (!required && requests === null) return null;
  if (required && !allowedMethod) return broken(conversation, call, `input is required by ${call.method}, which cannot ask for it`);
  if (requests === null) return null;
  const declared = clientCapabilities(call.request.params);
  for (const { value } of requests.members()) {
    const feature = featureOf(value.get('method')?.text() ?? '');
    if (feature === null) return broken(conversation, call, 'an input request of an unknown kind');
    if (call.era === 'modern' && required && (declared === null || declared.get(feature) === null)) {
      return broken(conversation, call, `${feature} was asked of a client that did not declare it`);
    }
    const verdict = call.policies.client(feature);
    if (verdict.effect !== 'allow') {
      const text = `[POLICY DENIED] the server may not ask this client for ${feature} (rule ${verdict.rule})`;
      const decisionId = recordRefusal(conversation, { method: call.method, name: call.name, requestId: call.id, outcome: 'refused', code: 'denied', rule: verdict.rule, policy: verdict.policyId, reason: `client ${feature} is denied` });
      const detail = { code: 'denied', rule: verdict.rule, policy: verdict.policyId, decisionId, retryAfterMs: null, approval: null } as const;
      return call.method === 'tools/call' ? toolRefusal(call.id, call.era, text, detail) : errorRefusal(call.id, text, detail);
    }
  }
  return null;
}

function broken(conversation: Conversation, call: InFlight, reason: string): Buffer {
  recordRefusal(conversation, { method: call.method, name: call.name, requestId: call.id, outcome: 'dropped', code: 'invalid_input_required', reason });
  return errorAnswer(call.id, INTERNAL_ERROR, `Upstream failed: ${reason}`);
}
