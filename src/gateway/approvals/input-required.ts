import { resultAnswer } from '../../mcp/answers.ts';
import { parseMessage, type Request } from '../../mcp/message.ts';
import type { ApprovalRecord } from '../../state/types.ts';
import { CLIENT_LIMITS } from '../../wire/limits.ts';
import { editObject, splice, type Edit } from '../../wire/splice.ts';
import type { Target } from '../call/target.ts';
import type { Conversation } from '../conversation.ts';
import type { CallApproval, InFlight } from '../in-flight.ts';
import { digestNow } from './bound.ts';
import { questionParams, type QuestionMode } from './question.ts';
import { sealOf, type Sealed } from './seal.ts';

/** How long a state of ours can come back. */
const STATE_MS = 60 * 60_000;

/**
 * The modern way to ask (M7): the answer to the call is our question, and the retry brings the user's word back. Nothing is counted and
 * nothing reaches the upstream before that.
 */
export function askByResult(conversation: Conversation, call: InFlight, target: Target, record: ApprovalRecord, mode: QuestionMode, url: string | null): Buffer | null {
  const digest = digestNow(conversation, call, target, 'without-input');
  if (digest === null) return null;
  const seal = sealOf(conversation.gateway.state);
  const key = seal.newKey();
  const state = seal.ask({ approval: record.id, key, mode, expiresAt: Math.min(Date.parse(record.expiresAt), Date.now() + STATE_MS) }, digest);
  const params = questionParams(record, mode, url, { named: true });
  return resultAnswer(call.id, `{"resultType":"input_required","inputRequests":{"${key}":{"method":"elicitation/create","params":${params}}},"requestState":"${state}"}`);
}

/** Seals what the upstream wants to see again: a retry of a call that used an approval needs no second one, once. */
export function wrapping(conversation: Conversation, call: InFlight, target: Target, approval: string): ((state: string | null) => string) | null {
  const digest = digestNow(conversation, call, target, 'without-input');
  if (digest === null) return null;
  const seal = sealOf(conversation.gateway.state);
  return (state) => seal.through({ approval, upstream: state, expiresAt: Date.now() + STATE_MS }, digest);
}

/**
 * Takes what is ours out of a retry: our key in `inputResponses`, our `requestState`. What has no valid seal is stripped and decides nothing, so
 * the call is judged like a first one (M6, #35). What is the upstream's passes byte for byte.
 */
export function takeBack(conversation: Conversation, call: InFlight, target: Target): void {
  const { params } = call.request;
  const state = params?.get('requestState')?.text() ?? null;
  const responses = params?.get('inputResponses') ?? null;
  const seal = sealOf(conversation.gateway.state);
  const ours = state !== null && state.startsWith(seal.stateMark);
  const keys = (responses?.members() ?? []).filter(({ key }) => key.startsWith(seal.keyMark)).map(({ key }) => key);
  if (params === null || (!ours && keys.length === 0)) return;

  const digest = digestNow(conversation, call, target, 'without-input');
  const sealed: Sealed | null = ours && digest !== null ? seal.open(state, digest, Date.now()) : null;
  const changes = new Map<string, string | null>();
  const edits: Edit[] = [];
  if (ours) changes.set('requestState', sealed?.stage === 'through' ? sealed.upstream : null);
  // Behind a state of ours there are answers to the upstream only if we let the call through before.
  if (ours && sealed?.stage !== 'through') changes.set('inputResponses', null);
  else if (keys.length > 0 && responses !== null) edits.push(...editObject(responses, new Map(keys.map((key) => [key, null]))));
  edits.push(...editObject(params, changes));
  call.request = rewritten(call.request, edits);
  call.approval = approvalOf(conversation, call, target, sealed, responses);
}

function approvalOf(conversation: Conversation, call: InFlight, target: Target, sealed: Sealed | null, responses: { get(key: string): CallApprovalNode } | null): CallApproval | null {
  if (sealed === null) return null;
  const fresh = { holdUntil: null, rounds: 0 };
  if (sealed.stage === 'through') return { ...fresh, answer: null, continues: true, wrap: wrapping(conversation, call, target, sealed.approval) };
  const result = responses?.get(sealed.key) ?? null;
  return { ...fresh, answer: { approval: sealed.approval, mode: sealed.mode, result }, continues: false, wrap: null };
}

type CallApprovalNode = NonNullable<CallApproval['answer']>['result'];

/** The request with our edits. @throws TypeError when that is no request, which would be a fault of ours */
function rewritten(request: Request, edits: readonly Edit[]): Request {
  const bytes = splice(request.bytes, edits);
  const parsed = parseMessage(bytes, { ...CLIENT_LIMITS, maxBytes: bytes.length });
  if (!parsed.ok || parsed.message.kind !== 'request') throw new TypeError('a request without what is ours is malformed');
  return parsed.message;
}
