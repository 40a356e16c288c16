/**
 * The contenders, as data. Each says how it is started; one that cannot start is reported with the reason and left out.
 * `start` gets { dir, upstreamPort } and returns { command, env?, port?, endpoint(port) } for HTTP, { command, env? } for stdio.
 */
import { existsSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './processes.mjs';
import { BIN, LIMITED_POLICY, OPEN_POLICY, STDIO_ECHO, TOKEN, privateHome, requireBuild, writeGatewayConfig } from './policylayer.mjs';

const NODE = process.execPath;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const peersRequire = createRequire(new URL('../../test/peers/package.json', import.meta.url));

/** Path and version of a peer's executable. @throws when the peers are not installed */
function peerBin(name) {
  const root = here(`../../test/peers/node_modules/${name}`);
  if (!existsSync(join(root, 'package.json'))) throw new Error('not installed: npm ci --prefix test/peers');
  const { bin, version } = peersRequire(join(root, 'package.json'));
  return { path: join(root, typeof bin === 'string' ? bin : bin[name]), version };
}

const bearer = { authorization: `Bearer ${TOKEN}` };

/** `serve` with one server, one grant and one policy. */
async function gateway(dir, server, policy, path) {
  requireBuild();
  const port = await freePort();
  const config = writeGatewayConfig(dir, { port, servers: { [path]: server }, policies: { bench: policy }, grants: [{ server: path, policy: 'bench' }] });
  return { command: [NODE, BIN, 'serve', '--config', config], env: privateHome(join(dir, 'home')), port, health: '/healthz', endpoint: () => ({ url: `http://127.0.0.1:${port}/mcp/${path}`, headers: bearer }) };
}

/** In front of an HTTP upstream. `path` is the upstream's path: /legacy, /legacy-large or /modern. */
export const HTTP_CONTENDERS = [
  { name: 'direct', what: 'the echo server itself', direct: true },
  {
    name: 'bare relay',
    what: 'node:http + undici dispatch, bytes forwarded',
    baseline: true,
    start: async ({ upstreamPort, path }) => ({
      command: [NODE, here('../relays/http-relay.mjs'), `http://127.0.0.1:${upstreamPort}`],
      endpoint: (port) => ({ url: `http://127.0.0.1:${port}${path}` }),
    }),
  },
  {
    name: 'policylayer',
    what: 'serve: allow rule, rate limit, journal on',
    ours: true,
    start: ({ dir, upstreamPort, path }) => gateway(dir, { url: `http://127.0.0.1:${upstreamPort}${path}` }, LIMITED_POLICY, 'echo'),
  },
  {
    name: 'policylayer, no rule',
    what: 'serve: default allow, journal on',
    start: ({ dir, upstreamPort, path }) => gateway(dir, { url: `http://127.0.0.1:${upstreamPort}${path}` }, OPEN_POLICY, 'echo'),
  },
];

/** HTTP in front of the stdio echo server. */
export const BRIDGE_CONTENDERS = [
  {
    name: 'bare bridge',
    what: 'node:http to one child, ids replaced',
    baseline: true,
    start: async () => ({
      command: [NODE, here('../relays/http-stdio-bridge.mjs'), '--', NODE, STDIO_ECHO],
      endpoint: (port) => ({ url: `http://127.0.0.1:${port}/mcp` }),
    }),
  },
  {
    name: 'policylayer',
    what: 'serve: command upstream, one child per session',
    ours: true,
    start: ({ dir }) => gateway(dir, { command: [NODE, STDIO_ECHO] }, LIMITED_POLICY, 'echo'),
  },
  {
    name: 'mcp-proxy',
    what: 'npm mcp-proxy, streamable HTTP',
    peer: true,
    async start() {
      const { path, version } = peerBin('mcp-proxy');
      const port = await freePort();
      return {
        version,
        command: [NODE, path, '--host', '127.0.0.1', '--port', String(port), '--server', 'stream', '--', NODE, STDIO_ECHO],
        port,
        endpoint: () => ({ url: `http://127.0.0.1:${port}/mcp` }),
      };
    },
  },
  {
    name: 'supergateway',
    what: 'npm supergateway, stateful streamable HTTP',
    peer: true,
    async start() {
      const { path, version } = peerBin('supergateway');
      const port = await freePort();
      const quoted = [NODE, STDIO_ECHO].map((part) => `"${part}"`).join(' ');
      return {
        version,
        command: [NODE, path, '--stdio', quoted, '--outputTransport', 'streamableHttp', '--stateful', '--port', String(port), '--logLevel', 'none'],
        port,
        endpoint: () => ({ url: `http://127.0.0.1:${port}/mcp` }),
      };
    },
  },
];

/** stdio in front of the stdio echo server. `server` is the command to wrap. */
export const STDIO_CONTENDERS = [
  { name: 'direct', what: 'the echo server itself', direct: true, start: async ({ server }) => ({ command: server }) },
  {
    name: 'bare relay',
    what: 'parse each line once, forward its bytes',
    baseline: true,
    start: async ({ server }) => ({ command: [NODE, here('../relays/line-relay.mjs'), '--', ...server] }),
  },
  {
    name: 'policylayer run',
    what: 'run: allow rule, rate limit, journal on',
    ours: true,
    start: async ({ dir, server, policy = LIMITED_POLICY }) => {
      requireBuild();
      const env = privateHome(join(dir, 'home'));
      const file = join(dir, 'bench.policy.yaml');
      writeFileSync(file, policy);
      return { command: [NODE, BIN, 'run', '--policy', file, '--data', join(dir, 'data'), '--', ...server], env };
    },
  },
];
