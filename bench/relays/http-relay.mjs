/**
 * The bare HTTP relay that the gateway is measured against: node:http in front, one undici pool behind, bytes forwarded, nothing
 * looked at. It is the least that a reverse proxy written with these two can do. Usage: `http-relay.mjs UPSTREAM_ORIGIN`; prints `listening PORT`.
 */
import { createServer } from 'node:http';
import { Pool } from 'undici';

const HOP_BY_HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'];
const NOT_UPSTREAM = new Set([...HOP_BY_HOP, 'host', 'content-length', 'expect']);
const NOT_DOWNSTREAM = new Set(HOP_BY_HOP);
const pool = new Pool(process.argv[2], { connections: 64, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

function without(dropped, rawHeaders) {
  const kept = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i].toString();
    if (!dropped.has(name.toLowerCase())) kept.push(name, rawHeaders[i + 1].toString());
  }
  return kept;
}

function forward(request, response, body) {
  let abortUpstream = null;
  let done = false;
  response.on('close', () => {
    if (!done && abortUpstream !== null) abortUpstream(new Error('client went away'));
  });
  pool.dispatch(
    { path: request.url, method: request.method, headers: without(NOT_UPSTREAM, request.rawHeaders), body },
    {
      onConnect(abort) {
        abortUpstream = abort;
      },
      onHeaders(status, rawHeaders, resume) {
        if (status < 200) return true;
        response.writeHead(status, without(NOT_DOWNSTREAM, rawHeaders));
        response.on('drain', resume);
        return true;
      },
      onData: (chunk) => response.write(chunk),
      onComplete() {
        done = true;
        response.end();
      },
      onError() {
        done = true;
        if (response.headersSent) response.destroy();
        else response.writeHead(502).end();
      },
    },
  );
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = chunks.length === 0 ? null : chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
    forward(request, response, body);
  });
});
server.keepAliveTimeout = 65_000;
server.listen(0, '127.0.0.1', () => process.stdout.write(`listening ${server.address().port}\n`));
