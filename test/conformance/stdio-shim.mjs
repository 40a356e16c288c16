// An HTTP front for a stdio server, so that the suite, which speaks only HTTP, can reach one:
//   node stdio-shim.mjs --port PORT -- COMMAND ARGUMENT...
// One child per session of the stateful revisions, one for everything stateless. It judges nothing and repairs nothing;
// what it checks is what any HTTP server has to check.
import { createServer } from 'node:http';
import { claimsModern } from './shim/modern-headers.mjs';
import { legacyFront } from './shim/legacy.mjs';
import { modernFront } from './shim/modern.mjs';
import { sendError } from './shim/exchange.mjs';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

function isLocal(req) {
  const names = [`http://${req.headers.host}`, ...(req.headers.origin === undefined ? [] : [req.headers.origin])];
  return names.every((name) => URL.canParse(name) && LOOPBACK.has(new URL(name).hostname));
}

async function bodyOf(req) {
  const chunks = [];
  for await (const chunk of req) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Starts the shim on loopback.
 * @param command [program, ...arguments] of the stdio server
 * @param port TCP port; 0 picks a free one
 * @returns { url, stop }
 */
export async function startShim(command, port) {
  const legacy = legacyFront(command);
  const modern = modernFront(command);
  const server = createServer(async (req, res) => {
    if (!isLocal(req)) return sendError(res, 403, undefined, -32000, 'Host or Origin is not local');
    if (req.method === 'GET' || req.method === 'DELETE') return legacy.handle(req, res);
    if (req.method !== 'POST') return res.writeHead(405).end();
    const text = await bodyOf(req);
    const message = parse(text);
    if (message === undefined) return sendError(res, 400, undefined, -32700, 'The body is not JSON');
    return claimsModern(req, message) ? modern.handle(req, res, text, message) : legacy.handle(req, res, text, message);
  });
  // Longer than any pause of the suite, so that no connection is closed under a request.
  server.keepAliveTimeout = 65_000;
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${server.address().port}/mcp`,
    stop() {
      legacy.stop();
      modern.stop();
      server.close();
      server.closeAllConnections();
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const separator = process.argv.indexOf('--');
  const port = Number(process.argv[process.argv.indexOf('--port') + 1]);
  const command = separator < 0 ? [] : process.argv.slice(separator + 1);
  if (command.length === 0 || !Number.isInteger(port)) {
    console.error('usage: node stdio-shim.mjs --port PORT -- COMMAND ARGUMENT...');
    process.exitCode = 2;
  } else {
    const shim = await startShim(command, port);
    console.log(`listening ${shim.url}`);
    for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => shim.stop());
  }
}
