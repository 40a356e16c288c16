/** The kinds of thing that a rule can be about. */
export type TargetKind = 'tool' | 'resource' | 'prompt';

/**
 * What each client request is, for the gateway. Matching is exact: `TOOLS/CALL` and `tools/call/` are unknown methods (attack 30).
 *
 * - `governed`: a rule decides; `key` is the member of `params` that names the target
 * - `complete`: governed through its `ref`
 * - `list`: passes; its result is filtered
 * - `task`: passes for the principal's own tasks only
 * - `listen`: passes without targets that the principal may not see
 * - `plain`: lifecycle and housekeeping, nothing that a rule governs
 */
export type MethodClass =
  | { readonly type: 'governed'; readonly kind: TargetKind; readonly key: 'name' | 'uri'; readonly counts: boolean }
  | { readonly type: 'complete' }
  | { readonly type: 'list'; readonly kind: TargetKind; readonly member: string; readonly id: string }
  | { readonly type: 'task-list' }
  | { readonly type: 'task' }
  | { readonly type: 'listen' }
  | { readonly type: 'plain' };

const PLAIN: MethodClass = { type: 'plain' };

const CLIENT_REQUESTS: ReadonlyMap<string, MethodClass> = new Map<string, MethodClass>([
  ['initialize', PLAIN],
  ['server/discover', PLAIN],
  ['ping', PLAIN],
  ['logging/setLevel', PLAIN],
  ['tools/call', { type: 'governed', kind: 'tool', key: 'name', counts: true }],
  ['prompts/get', { type: 'governed', kind: 'prompt', key: 'name', counts: true }],
  ['resources/read', { type: 'governed', kind: 'resource', key: 'uri', counts: true }],
  ['resources/subscribe', { type: 'governed', kind: 'resource', key: 'uri', counts: true }],
  ['resources/unsubscribe', { type: 'governed', kind: 'resource', key: 'uri', counts: false }],
  ['completion/complete', { type: 'complete' }],
  ['tools/list', { type: 'list', kind: 'tool', member: 'tools', id: 'name' }],
  ['prompts/list', { type: 'list', kind: 'prompt', member: 'prompts', id: 'name' }],
  ['resources/list', { type: 'list', kind: 'resource', member: 'resources', id: 'uri' }],
  ['resources/templates/list', { type: 'list', kind: 'resource', member: 'resourceTemplates', id: 'uriTemplate' }],
  ['tasks/list', { type: 'task-list' }],
  ['tasks/get', { type: 'task' }],
  ['tasks/result', { type: 'task' }],
  ['tasks/cancel', { type: 'task' }],
  ['tasks/update', { type: 'task' }],
  ['subscriptions/listen', { type: 'listen' }],
]);

/** Methods that the modern revision has removed: there they are as unknown as any other. */
const LEGACY_ONLY: ReadonlySet<string> = new Set([
  'initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe', 'tasks/list', 'tasks/result',
]);

/** Methods that the legacy revisions do not have. */
const MODERN_ONLY: ReadonlySet<string> = new Set(['server/discover', 'subscriptions/listen', 'tasks/update']);

/**
 * The class of a request method that a client sends, in any era when none is given; null when neither we nor the policy language know it.
 */
export function classifyRequest(method: string, era?: 'legacy' | 'modern'): MethodClass | null {
  if (era === 'modern' && LEGACY_ONLY.has(method)) return null;
  // A probe of a client that tries the modern era first comes without an envelope from nobody; still it is only a question.
  if (era === 'legacy' && MODERN_ONLY.has(method) && method !== 'server/discover') return null;
  return CLIENT_REQUESTS.get(method) ?? null;
}

/**
 * Whether a notification may pass (J6, T7): unknown notifications pass, the names of requests do not, nor does anything outside the
 * `notifications/` space, which no server has a reason to act on.
 */
export function isNotificationMethod(method: string): boolean {
  return method.startsWith('notifications/') && !CLIENT_REQUESTS.has(method);
}

/** Requests without side effect, which may be sent again after a connection was reset before any answer (B6). */
export function isIdempotent(method: string): boolean {
  const type = CLIENT_REQUESTS.get(method)?.type;
  return type === 'list' || type === 'task-list' || method === 'server/discover' || method === 'ping';
}

/** The member of `params` that `Mcp-Name` mirrors (H6), or null when the method has none. */
export function routingMember(method: string): 'name' | 'uri' | 'taskId' | null {
  switch (method) {
    case 'tools/call':
    case 'prompts/get':
      return 'name';
    case 'resources/read':
      return 'uri';
    case 'tasks/get':
    case 'tasks/update':
    case 'tasks/cancel':
      return 'taskId';
    default:
      return null;
  }
}

/** Methods on which an upstream may answer with `resultType: "input_required"` (M5). */
export function allowsInputRequired(method: string): boolean {
  return method === 'tools/call' || method === 'prompts/get' || method === 'resources/read';
}
