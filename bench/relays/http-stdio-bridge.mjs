/**
 * The floor for "HTTP in front of a stdio server": node:http, one child process for all, ids replaced so that clients cannot
 * collide, answers put back. No session of its own worth the name, no checks. Usage: `http-stdio-bridge.mjs -- COMMAND ARGS…`
 */
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const [command, ...args] = process.argv.slice(process.argv.indexOf('--') + 1);
const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
const waiting = new Map();
let lastId = 0;

let fragments = [];
child.stdout.on('data', (chunk) => {
  let from = 0;
  for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
    fragments.push(chunk.subarray(from, end));
    const line = (fragments.length === 1 ? fragments[0] : Buffer.concat(fragments)).toString();
    fragments = [];
    from = end + 1;
    const message = JSON.parse(line);
    const asked = waiting.get(message.id);
    if (asked === undefined) continue;
    waiting.delete(message.id);
    const json = line.replace(`"id":${message.id}`, `"id":${JSON.stringify(asked.id)}`);
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) };
    if (asked.initialize) headers['mcp-session-id'] = randomUUID();
    asked.response.writeHead(200, headers);
    asked.response.end(json);
  }
  if (from < chunk.length) fragments.push(chunk.subarray(from));
});
child.on('exit', () => process.exit(1));

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    if (request.method !== 'POST') {
      response.writeHead(request.method === 'DELETE' ? 200 : 405).end();
      return;
    }
    const text = (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)).toString();
    const message = JSON.parse(text);
    if (message.id === undefined || message.method === undefined) {
      child.stdin.write(`${text}\n`);
      response.writeHead(202).end();
      return;
    }
    lastId += 1;
    waiting.set(lastId, { id: message.id, response, initialize: message.method === 'initialize' });
    child.stdin.write(`${text.replace(`"id":${JSON.stringify(message.id)}`, `"id":${lastId}`)}\n`);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));
