import { errorAnswer } from '../../mcp/answers.ts';
import { INVALID_PARAMS } from '../../mcp/error-codes.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { TargetKind } from '../../policy/types.ts';
import type { InFlight } from '../in-flight.ts';
import type { ClientVerdict } from '../verdict.ts';

/** What a governed call is about. */
export interface Target {
  readonly kind: TargetKind;
  readonly name: string;
  /** `arguments`; null when the call has none, undefined when they are not known, as in a completion. */
  readonly args: JsonNode | null | undefined;
  /** `act`: the governed thing itself. `complete`: a question about it. `undo`: the end of a subscription, which takes nothing. */
  readonly use: 'act' | 'complete' | 'undo';
}

/** Reads what the call is about. No coercion: a name that is not a string matches nothing (attack 6). */
export function identify(call: InFlight): Target | ClientVerdict {
  const params = call.request.params;
  if (call.type?.type === 'complete') {
    const ref = params?.get('ref') ?? null;
    const type = ref?.get('type')?.text() ?? null;
    const kind: TargetKind | null = type === 'ref/prompt' ? 'prompt' : type === 'ref/resource' ? 'resource' : null;
    const name = ref?.get(kind === 'resource' ? 'uri' : 'name')?.text() ?? null;
    if (kind === null || name === null) return invalidParams(call, 'Invalid params: ref must name a prompt or a resource');
    return { kind, name, args: undefined, use: 'complete' };
  }
  if (call.type?.type !== 'governed') return invalidParams(call, 'Invalid params');
  const { kind, key, counts } = call.type;
  const name = params?.get(key)?.text() ?? null;
  if (name === null) return invalidParams(call, `Invalid params: ${key} must be a string`);
  const args = params?.get('arguments') ?? null;
  if (args !== null && args.kind !== 'object') return invalidParams(call, 'Invalid params: arguments must be an object');
  return { kind, name, args, use: counts ? 'act' : 'undo' };
}

function invalidParams(call: InFlight, text: string): ClientVerdict {
  return { do: 'answer', bytes: errorAnswer(call.id, INVALID_PARAMS, text), status: 200 };
}
