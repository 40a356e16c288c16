import type { JsonNode } from '../../wire/json-node.ts';
import { INTERNAL_ERROR, MISSING_CAPABILITY } from '../../mcp/error-codes.ts';
import type { Response } from '../../mcp/message.ts';
import { allowsInputRequired } from '../../mcp/methods.ts';
import { missingCapability, requiredCapabilities } from '../../mcp/bridge/capabilities.ts';
import { errorCode, URL_ELICITATION_REQUIRED } from '../../mcp/bridge/errors.ts';
import { inputRequest, inputRequiredResult } from '../../mcp/bridge/input.ts';
import { errorResponse, modernResponse, resultResponse } from '../../mcp/bridge/results.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import { isResponse } from './asker.ts';
import type { ClientLeg, Exchange } from './exchange.ts';
import type { HeldCalls } from './held-calls.ts';

/** Ends the client's request with the outcome of its call. */
export function answerLeg(exchange: Exchange, leg: ClientLeg, outcome: Response | UpstreamFailure, held: HeldCalls): void {
  if (!isResponse(outcome)) return leg.failed(outcome);
  const urls = errorCode(outcome) === URL_ELICITATION_REQUIRED ? (outcome.error?.get('data')?.get('elicitations') ?? null) : null;
  leg.answer(urls === null ? modernResponse(exchange.request, outcome, leg.id) : urlsFirst(exchange, leg, urls, held));
}

/** Ends the client's request with what the server asks. @param expire called when the client does not come back in time */
export function askLeg(exchange: Exchange, leg: ClientLeg, held: HeldCalls, expire: () => void): void {
  const requests = new Map([...exchange.questions.values()].map(({ key, request }) => [key, inputRequest(request)]));
  leg.answer(resultResponse(leg.id, inputRequiredResult(requests, held.hold(exchange, expire))));
}

const MAX_URLS = 16;

/**
 * A legacy server refuses a call until URLs have been opened (error -32042). A modern client is asked to open them; its retry is a new
 * call, because the refused one is over.
 */
function urlsFirst(exchange: Exchange, leg: ClientLeg, elicitations: JsonNode, held: HeldCalls): Response {
  const { method } = exchange.request;
  const missing = missingCapability(leg.capabilities, 'elicitation/create', elicitations.elements()[0] ?? null);
  if (missing !== null) {
    return errorResponse(leg.id, MISSING_CAPABILITY, `The server asks for ${missing}, which the client did not declare`, { requiredCapabilities: requiredCapabilities(missing) });
  }
  const requests = new Map<string, string>();
  for (const elicitation of elicitations.elements().slice(0, MAX_URLS)) {
    const url = elicitation.get('url');
    const message = elicitation.get('message');
    if (url?.kind !== 'string' || message?.kind !== 'string') continue;
    requests.set(`url-${requests.size + 1}`, `{"method":"elicitation/create","params":{"mode":"url","message":${message.lexeme()},"url":${url.lexeme()}}}`);
  }
  if (requests.size === 0 || !allowsInputRequired(method)) return errorResponse(leg.id, INTERNAL_ERROR, `The server asks for a URL to be opened, which ${method} cannot carry`);
  return resultResponse(leg.id, inputRequiredResult(requests, held.ticket(exchange.principal, exchange.digest)));
}
