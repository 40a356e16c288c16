import type { ServerResponse } from 'node:http';
import { errorAnswer } from '../../mcp/answers.ts';

/** What the gateway answers when a request does not get as far as JSON-RPC: outside the reserved range, like our other codes. */
const TRANSPORT_ERROR = -31400;

/** Up to here a body goes out in one write with its head. */
const SMALL_BODY = 64 * 1024;

/**
 * Ends a response with a body. A small one is handed over as a latin1 string, which is the same bytes: Node then joins it with the head
 * into one write, where a buffer costs a gathered write of two.
 */
export function endWith(response: ServerResponse, body: Buffer): void {
  if (body.length <= SMALL_BODY) response.end(body.toString('latin1'), 'latin1');
  else response.end(body);
}

/** Sends one JSON text. Nothing is compressed, nothing is cached. */
export function sendJson(response: ServerResponse, status: number, bytes: Buffer, headers: Readonly<Record<string, string>> = {}): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers });
  endWith(response, bytes);
}

/** Sends a refusal of the transport as a JSON-RPC error without id (H12). */
export function sendProblem(response: ServerResponse, status: number, text: string, headers: Readonly<Record<string, string>> = {}): void {
  sendJson(response, status, errorAnswer(null, TRANSPORT_ERROR, text), headers);
}

/** 202 without a body: a notification or a response was taken. */
export function sendAccepted(response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return;
  response.writeHead(202, { 'content-length': 0 });
  response.end();
}

export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
};
