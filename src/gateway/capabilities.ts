import { parseMessage } from '../mcp/message.ts';
import { clientCapabilities } from '../mcp/meta.ts';
import type { ClientFeature } from '../policy/types.ts';
import { CLIENT_LIMITS } from '../wire/limits.ts';
import { editObject, splice } from '../wire/splice.ts';
import type { InFlight } from './in-flight.ts';
import type { ClientVerdict } from './verdict.ts';

const FEATURES: readonly ClientFeature[] = ['sampling', 'elicitation', 'roots'];

/**
 * Takes denied features out of the capabilities that a modern request declares, so that the upstream does without them or says
 * that it cannot (C3). A request without denied features is forwarded as it came.
 */
export function stripDeniedCapabilities(call: InFlight, verdict: Extract<ClientVerdict, { do: 'forward' }>): ClientVerdict {
  const message = verdict.message;
  if (message.kind !== 'request') return verdict;
  const declared = clientCapabilities(message.params);
  if (declared === null || declared.kind !== 'object') return verdict;
  const denied = FEATURES.filter((feature) => declared.get(feature) !== null && call.policies.client(feature).effect !== 'allow');
  if (denied.length === 0) return verdict;
  const bytes = splice(message.bytes, editObject(declared, new Map(denied.map((feature) => [feature, null]))));
  const parsed = parseMessage(bytes, { ...CLIENT_LIMITS, maxBytes: bytes.length });
  return parsed.ok ? { do: 'forward', message: parsed.message } : { do: 'drop', code: parsed.code, status: 400 };
}
