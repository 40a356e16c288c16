// How the Amazon MQ server finds our broker. It asks AWS for the broker's host name and speaks HTTPS to port 443 there; moto names
// `mockmq`. So the server gets an HTTPS proxy that is asked for mockmq:443, holds the certificate of mockmq, and passes what comes out on
// to RabbitMQ, writing down each request: nothing on this machine has to be renamed, and no port below 1024 is needed.
import { spawnSync } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer as createHttpServer, request } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { Trouble } from './stage.mjs';

const HOST = 'mockmq';

/** @returns the environment that leads a server there */
export async function openBrokerAddress(stage, port) {
  const { key, certificate } = makeCertificate(stage);
  const requests = stage.path('broker.jsonl');
  const tls = createTlsServer({ key: readFileSync(key), cert: readFileSync(certificate) }, (incoming, response) => {
    appendFileSync(requests, `${JSON.stringify({ method: incoming.method, path: incoming.url })}\n`, { mode: 0o600 });
    const outgoing = request({ host: '127.0.0.1', port, method: incoming.method, path: incoming.url, headers: incoming.headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    outgoing.once('error', () => response.writeHead(502).end());
    incoming.pipe(outgoing);
  });
  const proxy = createHttpServer((_, response) => response.writeHead(405).end());
  proxy.on('connect', ({ url }, socket) => {
    socket.on('error', () => undefined);
    if (url !== `${HOST}:443`) return void socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    socket.write('HTTP/1.1 200 OK\r\n\r\n');
    tls.emit('connection', socket);
  });
  await new Promise((done) => proxy.listen(0, '127.0.0.1', done));
  stage.atEnd(() => {
    tls.closeAllConnections();
    proxy.closeAllConnections();
    return new Promise((done) => proxy.close(done));
  });
  return { HTTPS_PROXY: `http://127.0.0.1:${proxy.address().port}`, REQUESTS_CA_BUNDLE: certificate };
}

function makeCertificate(stage) {
  const key = stage.path('mockmq.key');
  const certificate = stage.path('mockmq.pem');
  const { status, error, stderr } = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', `/CN=${HOST}`, '-addext', `subjectAltName=DNS:${HOST}`, '-keyout', key, '-out', certificate], { encoding: 'utf8' });
  if (error !== undefined) throw new Trouble('openssl was not found: it makes the certificate of the broker; install it, or leave the broker out with --no-broker');
  if (status !== 0) throw new Trouble(`openssl could not make a certificate: ${stderr.trim().split('\n').at(-1)}`);
  return { key, certificate };
}
