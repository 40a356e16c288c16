import { INVALID_PARAMS, METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import type { Request, Response } from '../../mcp/message.ts';
import { declaredVersion } from '../../mcp/meta.ts';
import { eraOf } from '../../mcp/versions.ts';
import { errorResponse } from '../../mcp/bridge/results.ts';

/** Requests of the legacy era that revision 2026-07-28 removed. */
const REMOVED: ReadonlySet<string> = new Set(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe']);

/**
 * Why a request of a modern client cannot be carried to a legacy server at all, in words that the client's developer can act on.
 * @returns null when it can
 */
export function refusalOf(request: Request): Response | null {
  const { id, method, params } = request;
  const version = declaredVersion(params);
  if (version === null || version === 'invalid' || eraOf(version) !== 'modern') {
    return errorResponse(id, INVALID_PARAMS, 'Invalid params: this connection began with protocol revision 2026-07-28, whose requests name their version in _meta');
  }
  if (method.startsWith('tasks/')) {
    return errorResponse(id, METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 64)}. Tasks cannot be carried to this server: it speaks an older protocol revision, whose tasks are not compatible`);
  }
  if (REMOVED.has(method)) return errorResponse(id, METHOD_NOT_FOUND, `Method not found: ${method} does not exist in protocol revision 2026-07-28`);
  if ((params?.get('task') ?? null) !== null) {
    return errorResponse(id, INVALID_PARAMS, 'Invalid params: `task` belongs to protocol revision 2025-11-25 and cannot be carried for a client of 2026-07-28');
  }
  return null;
}

/**
 * Why a request of a legacy client cannot be carried to a modern server at all.
 * @returns null when it can
 */
export function legacyRefusalOf(request: Request): Response | null {
  const { id, method, params } = request;
  if (method.startsWith('tasks/')) {
    return errorResponse(id, METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 64)}. Tasks cannot be carried to this server: it speaks protocol revision 2026-07-28, whose tasks are not compatible`);
  }
  if ((params?.get('task') ?? null) !== null) {
    return errorResponse(id, INVALID_PARAMS, 'Invalid params: `task` cannot be carried to this server: it speaks protocol revision 2026-07-28, whose tasks are not compatible. Make the call without it');
  }
  return null;
}
