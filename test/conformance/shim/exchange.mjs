// One POST waiting for its answer: JSON if the answer comes first, an SSE stream if anything comes before it.

export function sendJson(res, status, body) {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(typeof body === 'string' ? body : JSON.stringify(body));
}

/**
 * A JSON-RPC error that the shim itself answers with.
 * @param id the request's id, or undefined if it could not be read
 */
export function sendError(res, status, id, code, message, data) {
  sendJson(res, status, {
    jsonrpc: '2.0',
    ...(id === undefined ? {} : { id }),
    error: { code, message, ...(data === undefined ? {} : { data }) },
  });
}

const SSE_HEADERS = { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' };

/** Opens an event stream at once. */
export function openStream(res, headers = {}) {
  res.writeHead(200, { ...SSE_HEADERS, ...headers });
  res.flushHeaders();
}

/** Opens an event stream with the empty first event that tells a client of 2025-11-25 when to come back. */
export function openPrimedStream(res, headers, eventId) {
  openStream(res, headers);
  res.write(`id: ${eventId}\nretry: 500\ndata: \n\n`);
}

export function writeEvent(res, text) {
  res.write(`event: message\ndata: ${text}\n\n`);
}

/**
 * @param res the HTTP response
 * @param statusOf maps the parsed answer to the HTTP status of a plain JSON answer
 * @param headers sent with whichever form is chosen
 */
export function exchange(res, statusOf, headers = {}) {
  return {
    /** A message that belongs to the request but does not end it. */
    interim(text) {
      if (!res.headersSent) openStream(res, headers);
      writeEvent(res, text);
    },
    /** The answer. */
    answer(text, message) {
      if (res.headersSent) {
        writeEvent(res, text);
        res.end();
      } else {
        res.writeHead(statusOf(message), { 'content-type': 'application/json', ...headers });
        res.end(text);
      }
    },
    /** Ends without an answer, because the server is gone. */
    abandon() {
      if (res.headersSent) res.end();
      else sendError(res, 502, undefined, -32603, 'The stdio server ended');
    },
  };
}
