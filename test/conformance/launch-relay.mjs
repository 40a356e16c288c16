// The control: a launcher that puts nothing but a TCP relay between (`run.mjs --launcher test/conformance/launch-relay.mjs`).
// Whatever differs with it is noise of the suite or of this harness, not the gateway's doing.
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { startShim } from './stdio-shim.mjs';

async function relayTo(url) {
  const { hostname, port } = new URL(url);
  const sockets = new Set();
  const server = createServer((downstream) => {
    const upstream = connect(Number(port), hostname);
    for (const [socket, other] of [
      [downstream, upstream],
      [upstream, downstream],
    ]) {
      sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        sockets.delete(socket);
        other.destroySoon();
      });
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: server.address().port,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export async function launchServe(upstream) {
  if (upstream.command !== undefined) {
    const shim = await startShim(upstream.command, 0);
    return { url: shim.url, token: 'not-looked-at', stop: async () => shim.stop(), output: () => '' };
  }
  const relay = await relayTo(upstream.url);
  const url = new URL(upstream.url);
  url.port = String(relay.port);
  return { url: url.href, token: 'not-looked-at', stop: () => relay.stop(), output: () => '' };
}

export async function launchEdge(url) {
  const relay = await relayTo(url);
  return { ...relay, output: () => '' };
}

export async function stdioCommand(upstream) {
  if (upstream.command === undefined) throw new Error('The relay cannot make a stdio server of a URL');
  return { command: upstream.command, stop: async () => {} };
}
