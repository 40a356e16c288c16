import type { Id } from './message.ts';
import { APPROVAL_EXPIRED, APPROVAL_PENDING, DENIED, INVALID_PARAMS, RATE_LIMITED, RESOURCE_NOT_FOUND } from './error-codes.ts';
import type { Era } from './versions.ts';

/** Builds the messages that the gateway itself writes (protocol.md section 5). Every function returns one JSON text. */

const idJson = (id: Id | null): string => (id === null ? '' : `"id":${JSON.stringify(id)},`);

/**
 * A JSON-RPC error. Without a readable id the member is left out (H12).
 * @param data machine-readable detail, or undefined
 */
export function errorAnswer(id: Id | null, code: number, message: string, data?: unknown): Buffer {
  const error = data === undefined ? { code, message } : { code, message, data };
  return Buffer.from(`{"jsonrpc":"2.0",${idJson(id)}"error":${JSON.stringify(error)}}`);
}

/** A JSON-RPC result; `json` is the text of the result object. */
export function resultAnswer(id: Id, json: string): Buffer {
  return Buffer.from(`{"jsonrpc":"2.0",${idJson(id)}"result":${json}}`);
}

/** The machine-readable twin of a refusal (policy.md, "What the agent sees"). */
export interface RefusalDetail {
  readonly code: string;
  readonly rule: string | null;
  readonly policy: string | null;
  readonly decisionId: string;
  /** Null also for a call that no waiting would let through. */
  readonly retryAfterMs: number | null;
  /** What the arguments would have to be, e.g. `amount <= 500`; left out where that cannot be said. */
  readonly wouldPass?: string;
  readonly approval: ApprovalDetail | null;
}

/** Where an approval stands that a call waits for. */
export interface ApprovalDetail {
  readonly id: string;
  /** Page to decide it on; null where none is served. Holds no secret. */
  readonly url: string | null;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
}

const DECISION_KEY = 'policylayer/decision';

/**
 * A refusal of `tools/call`: a tool result that the model can read (never an HTTP status, which would end the session in both
 * SDKs). Modern results carry `resultType`. No `structuredContent`, also for tools with an output schema (A6).
 */
export function toolRefusal(id: Id, era: Era, text: string, detail: RefusalDetail): Buffer {
  const result = {
    ...(era === 'modern' ? { resultType: 'complete' } : {}),
    content: [{ type: 'text', text }],
    isError: true,
    _meta: { [DECISION_KEY]: detail },
  };
  return resultAnswer(id, JSON.stringify(result));
}

/** A refusal of anything that has no result to carry it: prompts, resources, completions, task-augmented calls. */
export function errorRefusal(id: Id, text: string, detail: RefusalDetail): Buffer {
  const limited = detail.code === 'rate_limited' || detail.code === 'budget_exceeded';
  const data = limited ? { [DECISION_KEY]: detail, retryAfterMs: detail.retryAfterMs } : { [DECISION_KEY]: detail };
  return errorAnswer(id, limited ? RATE_LIMITED : (APPROVAL_CODES.get(detail.code) ?? DENIED), text, data);
}

const APPROVAL_CODES: ReadonlyMap<string, number> = new Map([['approval_pending', APPROVAL_PENDING], ['approval_expired', APPROVAL_EXPIRED]]);

/** What a tool that does not exist answers; a hidden tool answers the same bytes. */
export function unknownTool(id: Id, name: string): Buffer {
  return errorAnswer(id, INVALID_PARAMS, `Unknown tool: ${name}`);
}

/** What a prompt that does not exist answers. */
export function unknownPrompt(id: Id, name: string): Buffer {
  return errorAnswer(id, INVALID_PARAMS, `Unknown prompt: ${name}`);
}

/** What a resource that does not exist answers: its own code in the legacy era, invalid params in the modern one. */
export function unknownResource(id: Id, era: Era, uri: string): Buffer {
  return errorAnswer(id, era === 'modern' ? INVALID_PARAMS : RESOURCE_NOT_FOUND, `Resource not found: ${uri}`, { uri });
}
