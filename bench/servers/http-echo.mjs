/**
 * Echo MCP server over HTTP with JSON answers, raw node:http. Prints `listening PORT` on stdout.
 * `/legacy` speaks 2025-11-25 with sessions, `/modern` speaks 2026-07-28 without, `/legacy-large` has a tools/list of `--list-bytes N`.
 * `GET /stats` tells the sessions it holds and the calls it has in hand, so that a soak can see what was left behind.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { echoServer } from './echo-core.mjs';

const at = process.argv.indexOf('--list-bytes');
const small = echoServer();
const large = echoServer({ listBytes: at < 0 ? 600_000 : Number(process.argv[at + 1]) });
const routes = new Map([
  ['/legacy', { modern: false, answer: small }],
  ['/legacy-large', { modern: false, answer: large }],
  ['/modern', { modern: true, answer: small }],
]);
const sessions = new Set();
let inFlight = 0;
let calls = 0;

function sendJson(response, status, json, sessionId) {
  if (sessionId === undefined) response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) });
  else response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json), 'mcp-session-id': sessionId });
  response.end(json);
}

function refuse(response, status, text) {
  sendJson(response, status, JSON.stringify({ jsonrpc: '2.0', id: null, error: { code: -32600, message: text } }));
}

function post(route, request, response, body) {
  const message = JSON.parse(body);
  if (message.id === undefined || message.method === undefined) {
    response.writeHead(202);
    response.end();
    return;
  }
  let newSession;
  if (!route.modern) {
    if (message.method === 'initialize') {
      newSession = randomUUID();
      sessions.add(newSession);
    } else if (!sessions.has(request.headers['mcp-session-id'])) {
      refuse(response, 404, 'Unknown session');
      return;
    }
  }
  calls += 1;
  inFlight += 1;
  route.answer(message, route.modern, (json) => {
    inFlight -= 1;
    sendJson(response, 200, json, newSession);
  });
}

const server = createServer((request, response) => {
  if (request.url === '/stats') {
    sendJson(response, 200, JSON.stringify({ sessions: sessions.size, inFlight, calls }));
    return;
  }
  const route = routes.get(request.url);
  if (route === undefined) {
    refuse(response, 404, 'No such path');
  } else if (request.method === 'POST') {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => post(route, request, response, chunks.length === 1 ? chunks[0].toString() : Buffer.concat(chunks).toString()));
  } else if (request.method === 'DELETE') {
    response.writeHead(sessions.delete(request.headers['mcp-session-id']) ? 200 : 404, { 'content-length': 0 });
    response.end();
  } else {
    response.writeHead(405, { allow: 'POST, DELETE', 'content-length': 0 });
    response.end();
  }
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));
