/**
 * An MCP server for the load harness, over stdio or over HTTP: it speaks both eras, and writes down the id of every call that it sees before it answers.
 * Usage: node upstream.mjs --log FILE [--http PORT]
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline';

const option = (name) => (process.argv.includes(name) ? process.argv[process.argv.indexOf(name) + 1] : null);
const log = option('--log');
const http = option('--http');

const SCHEMA = { type: 'object', properties: { id: { type: 'string' }, text: { type: 'string' } }, required: ['id'] };
const TOOLS = ['read_item', 'write_item', 'limited_item', 'delete_item'].map((name) => ({ name, description: `${name.replace('_', 's an ')}.`, inputSchema: SCHEMA }));
const INFO = { name: 'load', version: '1' };

/** @returns the result of a request, or null for a method that is not there */
function resultOf({ method, params }) {
  const modern = params?._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const whole = modern ? { resultType: 'complete' } : {};
  const cached = modern ? { ttlMs: 60_000, cacheScope: 'private' } : {};
  switch (method) {
    case 'initialize': return { protocolVersion: params.protocolVersion, capabilities: { tools: {} }, serverInfo: INFO };
    case 'server/discover': return { supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, serverInfo: INFO, ...whole, ...cached };
    case 'ping': return whole;
    case 'tools/list': return { tools: TOOLS, ...whole, ...cached };
    case 'tools/call': {
      // Before the answer, and synchronously: what was not written was not seen.
      appendFileSync(log, `${params.arguments.id}\n`);
      return { content: [{ type: 'text', text: `done ${params.arguments.id}` }], ...whole };
    }
    default: return null;
  }
}

function answerOf(message) {
  if (message.id === undefined || message.method === undefined) return null;
  const result = resultOf(message);
  return result === null ? { jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'Method not found' } } : { jsonrpc: '2.0', id: message.id, result };
}

if (http === null) {
  createInterface({ input: process.stdin }).on('line', (line) => {
    const answer = answerOf(JSON.parse(line));
    if (answer !== null) process.stdout.write(`${JSON.stringify(answer)}\n`);
  }).on('close', () => process.exit(0));
} else {
  const server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => {
    if (request.method !== 'POST') return void response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => {
      const message = JSON.parse(Buffer.concat(chunks).toString('utf8'));
      const answer = answerOf(message);
      if (answer === null) return void response.writeHead(202).end();
      const body = JSON.stringify(answer);
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), ...(message.method === 'initialize' ? { 'mcp-session-id': randomUUID() } : {}) }).end(body);
    });
  });
  server.listen(Number(http), '127.0.0.1', () => process.stdout.write(`http://127.0.0.1:${server.address().port}/mcp\n`));
}
