import { INTERNAL_ERROR, INVALID_PARAMS, UNSUPPORTED_VERSION } from '../mcp/error-codes.ts';
import { errorAnswer } from '../mcp/answers.ts';
import { confusableKey, knownKeys, type KnownKeys } from '../mcp/keys.ts';
import type { Response } from '../mcp/message.ts';
import { allowsInputRequired } from '../mcp/methods.ts';
import { eraOf, LEGACY_VERSIONS, MODERN_VERSIONS } from '../mcp/versions.ts';
import type { JsonNode } from '../wire/json-node.ts';
import { editObject, removeElements, splice } from '../wire/splice.ts';
import type { Outcome, Settlement } from '../state/types.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { refusedInput } from './input-required.ts';
import { filterList, keepOwn } from './lists.ts';
import { bounded, recordRefusal } from './recorder.ts';

/** The upstream's answer as the client gets it, and how its call ended. `bytes` is the original buffer unless policy changed it. */
export interface Answer {
  readonly bytes: Buffer;
  readonly outcome: Outcome;
  readonly upstreamStatus: string | null;
  /** What of the reservation is given back: an upstream that errs, or asks for input first, has not done the work (policy.md, "Rule"). */
  readonly undo: Settlement['undo'];
}

/** Members of a list's result that a client may take what it shows from. */
const LIST_KEYS: KnownKeys = knownKeys(['tools', 'prompts', 'resources', 'resourceTemplates', 'nextCursor']);

/** Judges the answer of an open request: learns from it, filters lists, and keeps what we cannot enforce from the client. */
export function answerFor(conversation: Conversation, call: InFlight, response: Response): Answer {
  const { result, error } = response;
  if (result === null) {
    const code = error?.get('code')?.lexeme() ?? null;
    return { bytes: response.bytes, outcome: 'upstream_error', upstreamStatus: code === null ? null : bounded(code, 32), undo: 'budgets' };
  }
  const refusal = refusedInput(conversation, call, result, allowsInputRequired(call.method));
  if (refusal !== null) return { bytes: refusal, outcome: 'upstream_failed', upstreamStatus: 'input_required', undo: 'nothing' };
  noteTask(conversation, call, result);
  const type = result.get('resultType')?.text() ?? null;
  const bytes = type === 'input_required' && call.approval !== null ? sealedState(call, response, result) : judgeResult(conversation, call, response, result);
  const failed = result.get('isError')?.kind === 'true';
  // A call that may go on with the approval it has used is not counted again, so what it reserved stays reserved.
  const undone = failed || (type === 'input_required' && (call.approval?.wrap ?? null) === null);
  return { bytes, outcome: failed ? 'tool_error' : 'ok', upstreamStatus: type === null || type === 'complete' ? null : bounded(type, 32), undo: undone ? 'budgets' : 'nothing' };
}

function judgeResult(conversation: Conversation, call: InFlight, response: Response, result: JsonNode): Buffer {
  switch (call.method) {
    case 'initialize': return negotiated(conversation, call, response, result);
    case 'server/discover': return knownVersions(call, response, result);
    case 'tasks/list': return keepOwn(response.bytes, result.get('tasks'), 'taskId', (id) => conversation.principal.tasks.has(id));
    default:
  }
  const type = call.type;
  if (type?.type !== 'list') return response.bytes;
  // A client that folds case (J4) would read its items from there, and nothing that is hidden or held was taken out of it.
  if (result.members().some(({ key }) => confusableKey(key, LIST_KEYS))) return unreadable(conversation, call, 'a member of it differs from a protocol member only by case or invisible characters');
  if (type.kind === 'tool') conversation.directory.learn(result, cursorOf(call), performance.now());
  const held = type.kind === 'tool' ? conversation.gateway.pins.page(conversation, result, cursorOf(call)) : undefined;
  const filtered = filterList(conversation, call, response.bytes, result, type, held);
  if (filtered !== null) return filtered;
  return unreadable(conversation, call, 'the policy hides items of it');
}

/** A list that cannot be judged is not delivered (B4). */
function unreadable(conversation: Conversation, call: InFlight, why: string): Buffer {
  const reason = `the list could not be read: ${why}`;
  recordRefusal(conversation, { method: call.method, name: null, requestId: call.id, outcome: 'refused', code: 'policy_error', reason });
  return errorAnswer(call.id, INTERNAL_ERROR, `Refused: the list of the upstream could not be read: ${why}`);
}

/** The upstream's own state travels inside ours when the call has used an approval: its retry needs no second one (M7). */
function sealedState(call: InFlight, response: Response, result: JsonNode): Buffer {
  const wrap = call.approval?.wrap ?? null;
  if (wrap === null) return response.bytes;
  return splice(response.bytes, editObject(result, new Map([['requestState', JSON.stringify(wrap(result.get('requestState')?.lexeme() ?? null))]])));
}

/** JSON text of the cursor of a list request; null for the first page, which some clients ask for with a null. */
function cursorOf(call: InFlight): string | null {
  const cursor = call.request.params?.get('cursor') ?? null;
  return cursor === null || cursor.kind === 'null' ? null : cursor.lexeme();
}

/** What we cannot read we cannot enforce: a session in a revision that we do not know is refused (V1). */
function negotiated(conversation: Conversation, call: InFlight, response: Response, result: JsonNode): Buffer {
  const version = result.get('protocolVersion')?.text() ?? null;
  if (version !== null && eraOf(version) === 'legacy') {
    conversation.version = version;
    conversation.era = 'legacy';
    return response.bytes;
  }
  const text = `Unsupported protocol version: the upstream answered ${version === null ? 'none' : bounded(version, 64)}`;
  conversation.refuseAll(text);
  return errorAnswer(call.id, INVALID_PARAMS, text, { supported: LEGACY_VERSIONS, requested: version === null ? null : bounded(version, 64) });
}

/** Leaves only the revisions that we can enforce (V2). */
function knownVersions(call: InFlight, response: Response, result: JsonNode): Buffer {
  const versions = result.get('supportedVersions');
  if (versions === null || versions.kind !== 'array') return response.bytes;
  const known = versions.elements().map((version) => eraOf(version.text() ?? '') !== null);
  if (known.length > 0 && !known.includes(true)) {
    return errorAnswer(call.id, UNSUPPORTED_VERSION, 'Unsupported protocol version: none of the upstream\'s is supported', { supported: [...MODERN_VERSIONS, ...LEGACY_VERSIONS] });
  }
  return splice(response.bytes, removeElements(versions, (index) => known[index] === false));
}

/** A call that became a task belongs to this principal from now on (K2). */
function noteTask(conversation: Conversation, call: InFlight, result: JsonNode): void {
  if (call.method !== 'tools/call') return;
  const id = result.get('task')?.get('taskId')?.text() ?? (result.get('resultType')?.text() === 'task' ? (result.get('taskId')?.text() ?? null) : null);
  if (id !== null) conversation.principal.tasks.add(id, { tool: call.name ?? '', progressToken: call.progressToken });
}
