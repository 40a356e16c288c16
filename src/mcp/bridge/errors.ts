import { editObject, type Edit } from '../../wire/splice.ts';
import { HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, MISSING_CAPABILITY, RESOURCE_NOT_FOUND, UNSUPPORTED_VERSION } from '../error-codes.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { Response } from '../message.ts';

/** Legacy: the client has to open URLs before the call can work (S25 elicitation). Not emitted on modern traffic. */
export const URL_ELICITATION_REQUIRED = -32042;

const MODERN_ONLY: ReadonlySet<number> = new Set([HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION]);

/** The code of an error response; null for a result or an unreadable code. */
export function errorCode(response: Response): number | null {
  return response.error?.get('code')?.integer() ?? null;
}

/** True for an error that only a server of the modern era gives (V3). */
export function isModernError(response: Response): boolean {
  const code = errorCode(response);
  return code !== null && MODERN_ONLY.has(code);
}

/** Edits that turn the code of a legacy error into what a modern client expects. */
export function modernErrorEdits(method: string, error: JsonNode): Edit[] {
  const code = error.get('code')?.integer() ?? null;
  if (code === RESOURCE_NOT_FOUND && method === 'resources/read') return recode(error, INVALID_PARAMS);
  // From a legacy server these numbers mean something else; a modern client would take them for its own mistake.
  return code !== null && (MODERN_ONLY.has(code) || code === URL_ELICITATION_REQUIRED) ? recode(error, INTERNAL_ERROR) : [];
}

/** Edits that turn the code of a modern error into what a legacy client expects. */
export function legacyErrorEdits(method: string, params: JsonNode | null, error: JsonNode): Edit[] {
  const code = error.get('code')?.integer() ?? null;
  if (code === INVALID_PARAMS && method === 'resources/read' && isNotFound(params, error)) return recode(error, RESOURCE_NOT_FOUND);
  return code !== null && MODERN_ONLY.has(code) ? recode(error, INTERNAL_ERROR) : [];
}

/** One number says two things in the modern era; the URI in `data`, or the words, tell them apart. */
function isNotFound(params: JsonNode | null, error: JsonNode): boolean {
  const uri = params?.get('uri')?.text() ?? null;
  if (uri !== null && error.get('data')?.get('uri')?.text() === uri) return true;
  return /not found|unknown resource|does not exist/i.test(error.get('message')?.text() ?? '');
}

function recode(error: JsonNode, code: number): Edit[] {
  return editObject(error, new Map([['code', String(code)]]));
}
