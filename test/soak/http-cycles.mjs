/** Cycles against `policylayer serve`: sessions over HTTP in front of an HTTP server and of child processes, ended in every way. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { workloads } from '../../bench/lib/closed-loop.mjs';
import { HttpClient } from '../../bench/lib/http-client.mjs';
import { BIN, LIMITED_POLICY, STDIO_ECHO, TOKEN, privateHome, writeGatewayConfig } from '../../bench/lib/policylayer.mjs';
import { descendants, freePort, lastLine, listening, sleep, start, stop } from '../../bench/lib/processes.mjs';
import { MemoryWatch } from './memory-watch.mjs';
import { inPortions, pick, within } from './pool.mjs';

const WIDTH = 6;
const RESTS = 25;
/** Sessions that are dropped without a word live this long; then the gateway must let go of everything they held. */
const IDLE_SECONDS = 2;
/** Sessions of a client process that is killed. */
const KILLED_SESSIONS = 3;
const REST_WAIT_MS = 20_000;

const CLIENT_PROCESS = fileURLToPath(new URL('./client-process.mjs', import.meta.url));
const HTTP_ECHO = fileURLToPath(new URL('../../bench/servers/http-echo.mjs', import.meta.url));

const SERVERS = [
  { weight: 5, name: 'http' },
  { weight: 4, name: 'child' },
  { weight: 1, name: 'shared' },
];

const wait = (client, ms) => new Promise((resolve) => client.request(7, 'tools/call', `"name":"wait","arguments":{"ms":${ms}}`, null, resolve));

/** Opens the GET stream; resolves to a function that cuts it. A server without such streams answers 405, which is fine too. */
function openStream(client) {
  return new Promise((resolve, reject) => {
    const twin = new HttpClient({ url: client.url, headers: client.headers });
    let cut = null;
    twin.client.dispatch(
      { path: twin.path, method: 'GET', headers: { ...client.headers, accept: 'text/event-stream' } },
      {
        onConnect: (abort) => {
          cut = abort;
        },
        onHeaders(status) {
          if (status === 200 || status === 405) {
            resolve(async () => {
              cut(new Error('cut'));
              await twin.client.destroy();
            });
          } else {
            reject(new Error(`GET answered HTTP ${status}`));
          }
          return true;
        },
        onData: () => true,
        onComplete() {},
        onError: (error) => reject(error),
      },
    );
  });
}

async function expectDeleted(client) {
  const status = await client.delete();
  if (status !== 200 && status !== 204) throw new Error(`DELETE answered HTTP ${status}`);
}

/** How a session ends. Each gets an open client that has made its calls. */
const ENDINGS = [
  {
    weight: 6,
    name: 'DELETE',
    async end(client) {
      await expectDeleted(client);
      await client.client.close();
    },
  },
  { weight: 3, name: 'connection closed, no DELETE', abandons: true, end: (client) => client.client.close() },
  { weight: 3, name: 'connection cut, no DELETE', abandons: true, end: (client) => client.client.destroy() },
  {
    weight: 3,
    name: 'cut mid-call',
    abandons: true,
    async end(client, random) {
      void wait(client, 300);
      await sleep(20 + random() * 60);
      await client.client.destroy();
    },
  },
  {
    weight: 2,
    name: 'DELETE mid-call',
    async end(client) {
      const twin = new HttpClient({ url: client.url, headers: client.headers });
      twin.sessionId = client.sessionId;
      const running = wait(client, 200);
      await sleep(30);
      await expectDeleted(twin);
      await within(10_000, 'a call whose session was deleted', running);
      await twin.client.close();
      await client.client.destroy();
    },
  },
  {
    weight: 2,
    name: 'cancelled, then DELETE',
    async end(client) {
      const twin = new HttpClient({ url: client.url, headers: client.headers });
      const running = wait(client, 200);
      await sleep(30);
      await new Promise((resolve) => twin.exchange({ body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}' }, resolve));
      await Promise.race([running, sleep(400)]);
      await expectDeleted(Object.assign(twin, { sessionId: client.sessionId }));
      await twin.client.close();
      await client.client.destroy();
    },
  },
  {
    weight: 2,
    name: 'GET stream, then DELETE',
    async end(client) {
      const cut = await openStream(client);
      await expectDeleted(client);
      await cut();
      await client.client.close();
    },
  },
  {
    weight: 2,
    name: 'GET stream cut, no DELETE',
    abandons: true,
    async end(client) {
      const cut = await openStream(client);
      await cut();
      await client.client.destroy();
    },
  },
];

/** A real client process with several sessions, killed by SIGKILL in the middle of its calls. */
async function killedClient(soak, endpoint) {
  const child = start([process.execPath, CLIENT_PROCESS, JSON.stringify({ ...endpoint, sessions: KILLED_SESSIONS })], { env: soak.env });
  try {
    const deadline = Date.now() + 30_000;
    while (!child.said.includes('ready')) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`the client did not get ready: ${lastLine(child.said)}`);
      await sleep(20);
    }
  } finally {
    child.kill('SIGKILL');
    await child.ended;
  }
}

async function cycle(soak, number, endpointOf, counts, abandoned) {
  const server = pick(soak.random, SERVERS);
  const endpoint = endpointOf(server.name);
  const ending = number % 100 === 50 ? { name: 'client killed -9' } : pick(soak.random, ENDINGS);
  counts[ending.name] = (counts[ending.name] ?? 0) + 1;
  if (server.name === 'http') abandoned.count += ending.end === undefined ? KILLED_SESSIONS : ending.abandons === true ? 1 : 0;
  try {
    if (ending.end === undefined) {
      await killedClient(soak, endpoint);
      return;
    }
    const client = new HttpClient(endpoint);
    client.url = endpoint.url;
    try {
      await within(20_000, 'opening', client.open());
      for (let i = Math.floor(soak.random() * 3); i >= 0; i -= 1) {
        const { id, method, params, name, right } = workloads.echo();
        const answer = await within(20_000, 'a call', client.ask(id, method, params, name));
        if (!right(answer)) throw new Error(`wrong answer: ${JSON.stringify(answer).slice(0, 200)}`);
      }
      await within(20_000, 'ending', Promise.resolve(ending.end(client, soak.random)));
    } finally {
      await client.client.destroy();
    }
  } catch (error) {
    soak.problem(`http, ${server.name}, ${ending.name}`, error.message);
  }
}

async function getJson(url) {
  const { statusCode, body } = await request(url);
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`${new URL(url).pathname} answered HTTP ${statusCode}: ${text.slice(0, 200)}`);
  return JSON.parse(text);
}

/** Waits until the gateway says that it holds nothing and has no child process but the shared one; resolves to what it said last. */
async function atRest(soak, base, pid, sharedChildren) {
  const deadline = Date.now() + REST_WAIT_MS;
  for (;;) {
    const health = await getJson(`${base}/healthz`);
    const figures = { sessions: health.sessions, children: health.children, inFlight: health.inFlight, processes: descendants(pid).length };
    if (Object.values(figures).some((figure) => !Number.isInteger(figure))) throw new Error(`/healthz lacks sessions, children or inFlight: ${JSON.stringify(health)}`);
    if (figures.sessions === 0 && figures.inFlight === 0 && figures.children <= sharedChildren && figures.processes <= sharedChildren * 2) return figures;
    if (Date.now() > deadline) {
      soak.problem('http, at rest', `still held ${REST_WAIT_MS / 1000} s after the last cycle: ${JSON.stringify(figures)}`);
      return figures;
    }
    await sleep(250);
  }
}

/**
 * @param {object} soak
 * @param {number} cycles
 */
export async function httpSoak(soak, cycles) {
  const upstream = start([process.execPath, HTTP_ECHO], { env: soak.env });
  const upstreamPort = await listening(upstream);
  const port = await freePort();
  const dir = join(soak.scratch, 'gateway');
  const command = [process.execPath, STDIO_ECHO];
  const config = writeGatewayConfig(dir, {
    port,
    servers: {
      http: { url: `http://127.0.0.1:${upstreamPort}/legacy` },
      child: { command, env: soak.env, isolation: 'session' },
      shared: { command, env: soak.env, isolation: 'shared' },
    },
    policies: { soak: LIMITED_POLICY },
    grants: SERVERS.map(({ name }) => ({ server: name, policy: 'soak', token: tokenFor(name) })),
    extra: { limits: { session_idle: `${IDLE_SECONDS}s`, max_sessions_per_grant: 10_000 } },
  });
  const watch = new MemoryWatch(soak.scratch, 'serve');
  const gateway = start([process.execPath, ...watch.nodeArgs, BIN, 'serve', '--config', config], { env: { ...soak.env, ...watch.env, ...privateHome(join(dir, 'home')) } });
  const counts = {};
  /** Sessions of the HTTP server that their client never ended: those, and no others, may outlive the run on the upstream's side. */
  const abandoned = { count: 0 };
  let memory = null;
  let figures = null;
  let upstreamLeft = null;
  try {
    await listening(gateway, { port, health: '/healthz' });
    const base = `http://127.0.0.1:${port}`;
    const endpointOf = (name) => ({ url: `${base}/mcp/${name}`, headers: { authorization: `Bearer ${tokenFor(name)}` } });
    let finished = 0;
    await inPortions({
      total: cycles,
      width: WIDTH,
      rests: Math.min(RESTS, cycles),
      cycle: async (number) => {
        await cycle(soak, number, endpointOf, counts, abandoned);
        finished += 1;
        soak.progress('http', finished, cycles);
      },
      rest: async (done) => {
        figures = await atRest(soak, base, gateway.pid, 1);
        await watch.sample(gateway.pid, done);
      },
    });
    memory = watch.judge(soak.problem);
    upstreamLeft = await getJson(`http://127.0.0.1:${upstreamPort}/stats`);
    if (upstreamLeft.inFlight > 0) soak.problem('http, upstream', `${upstreamLeft.inFlight} calls are still in hand`);
    upstreamLeft.abandonedByClients = abandoned.count;
    if (upstreamLeft.sessions > abandoned.count) soak.problem('http, upstream', `${upstreamLeft.sessions} upstream sessions are open, and clients abandoned only ${abandoned.count}`);
  } catch (error) {
    soak.problem('http', `${error.message} (the gateway said: ${lastLine(gateway.said)})`);
  } finally {
    const began = Date.now();
    await stop(gateway, { graceMs: 15_000, sweep: false });
    if (gateway.signalCode === 'SIGKILL') soak.problem('http', 'the gateway did not end within 15 s of SIGTERM');
    else if (gateway.exitCode !== 0) soak.problem('http', `the gateway ended with ${gateway.exitCode ?? gateway.signalCode} after SIGTERM, expected 0`);
    figures = { ...figures, endedAfterMs: Date.now() - began };
    await stop(upstream, { sweep: false });
  }
  return { cycles, endings: counts, atRest: figures, upstream: upstreamLeft, gateway: memory };
}

function tokenFor(server) {
  return `${TOKEN.slice(0, -server.length)}${server}`;
}
