import { INVALID_PARAMS, MISSING_CAPABILITY } from '../mcp/error-codes.ts';
import { META_PREFIX } from '../mcp/keys.ts';
import { clientCapabilities } from '../mcp/meta.ts';
import { errorAnswer } from '../mcp/answers.ts';
import type { Conversation } from './conversation.ts';
import type { InFlight } from './in-flight.ts';
import { recordRefusal } from './recorder.ts';
import { forwardRecorded } from './call/reserve.ts';
import type { ClientVerdict } from './verdict.ts';

const TASKS_EXTENSION = `${META_PREFIX}tasks`;

/**
 * `tasks/get`, `tasks/result`, `tasks/cancel` and `tasks/update` reach the upstream for tasks that this principal started; any other id
 * is answered like one that never existed (K2).
 */
export function judgeTaskMethod(conversation: Conversation, call: InFlight): ClientVerdict | Promise<ClientVerdict> {
  const id = call.request.params?.get('taskId')?.text() ?? null;
  const task = id === null ? null : conversation.principal.tasks.get(id);
  if (task !== null) {
    call.name = task.tool;
    const opening = conversation.gateway.ready();
    return opening === null ? forwardRecorded(conversation, call) : opening.then(() => forwardRecorded(conversation, call));
  }
  if (call.era === 'modern' && (clientCapabilities(call.request.params)?.get('extensions')?.get(TASKS_EXTENSION) ?? null) === null) {
    recordRefusal(conversation, { method: call.method, name: null, requestId: call.id, outcome: 'refused', code: 'missing_capability' });
    const data = { requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } } };
    return { do: 'answer', bytes: errorAnswer(call.id, MISSING_CAPABILITY, 'Missing required client capability: tasks', data), status: 400 };
  }
  recordRefusal(conversation, { method: call.method, name: null, requestId: call.id, outcome: 'refused', code: 'unknown_task' });
  return { do: 'answer', bytes: errorAnswer(call.id, INVALID_PARAMS, 'Task not found'), status: 200 };
}
