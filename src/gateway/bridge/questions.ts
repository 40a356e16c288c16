import type { JsonNode } from '../../wire/json-node.ts';
import { missingCapability } from '../../mcp/bridge/capabilities.ts';
import { INPUT_METHODS, serverRequest } from '../../mcp/bridge/input.ts';
import type { Request } from '../../mcp/message.ts';
import { allowsInputRequired } from '../../mcp/methods.ts';
import { ownId } from './opener.ts';

/** A server that asks for ever must not keep a call for ever. */
const MAX_ROUNDS = 32;
const MAX_QUESTIONS = 64;
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 5_000;

/** What to do with an `InputRequiredResult`. `state` is the exact JSON text of `requestState`, or null. */
export type Asked =
  | { readonly do: 'refuse'; readonly text: string }
  /** Nothing is asked: the server wants the call again later, with its state (it sheds load that way, S26 mrtr). */
  | { readonly do: 'pause'; readonly state: string }
  /** Requests for the client, each with the name under which its answer goes back. */
  | { readonly do: 'ask'; readonly state: string | null; readonly questions: readonly (readonly [string, Request])[] };

/** How long to wait before a call is made again without answers. @param round counted from 1 */
export function pauseMs(round: number): number {
  return Math.min(FIRST_PAUSE_MS * 2 ** (round - 1), LAST_PAUSE_MS);
}

/**
 * Reads what a modern server asks of a legacy client in the middle of a call.
 * @param declared the capabilities of the session's `initialize`
 */
export function readQuestions(method: string, round: number, result: JsonNode, declared: JsonNode | null): Asked {
  const refuse = (text: string): Asked => ({ do: 'refuse', text });
  if (!allowsInputRequired(method)) return refuse(`The server asks for input on ${method}, which cannot carry it`);
  if (round > MAX_ROUNDS) return refuse(`The server asked for input ${MAX_ROUNDS} times without an answer to the call`);
  const node = result.get('requestState');
  const state = node?.kind === 'string' ? node.lexeme() : null;
  const entries = result.get('inputRequests')?.members() ?? [];
  if (entries.length > MAX_QUESTIONS) return refuse(`The server asks ${entries.length} questions at once; ${MAX_QUESTIONS} are allowed`);
  if (entries.length === 0) return state === null ? refuse('The server asks for input without saying which') : { do: 'pause', state };
  const questions: [string, Request][] = [];
  for (const { key, value } of entries) {
    const kind = value.get('method')?.text() ?? '';
    const params = value.get('params');
    if (!INPUT_METHODS.has(kind)) return refuse('The server asks for input of an unknown kind');
    const missing = missingCapability(declared, kind, params);
    if (missing !== null) return refuse(`The server asks for ${missing}, which the client did not declare`);
    questions.push([key, serverRequest(ownId(), kind, params)]);
  }
  return { do: 'ask', state, questions };
}
