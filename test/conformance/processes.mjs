// Starting the servers of a run, waiting for them, and stopping exactly what was started.
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { get } from 'node:http';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 5000;
const TAIL_CHARACTERS = 4000;

/** A TCP port on loopback that was free a moment ago. */
export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a background process. `output()` is the end of what it wrote. */
export function start(command, { env, stderrLimit = TAIL_CHARACTERS } = {}) {
  const child = spawn(command[0], command.slice(1), {
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(env === undefined ? {} : { env: { ...process.env, ...env } }),
  });
  let tail = '';
  const keep = (chunk) => {
    tail = (tail + chunk).slice(-stderrLimit);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const gone = new Promise((resolve) => {
    child.once('exit', resolve);
    child.once('error', (error) => {
      keep(error.message);
      resolve();
    });
  });
  return {
    output: () => tail,
    gone,
    isGone: () => child.exitCode !== null || child.signalCode !== null || child.pid === undefined,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
      await gone;
      clearTimeout(timer);
    },
  };
}

async function until(started, limitMs, what, isReady) {
  const deadline = performance.now() + limitMs;
  while (performance.now() < deadline) {
    if (await isReady()) return;
    if (started.isGone()) throw new Error(`${what} ended before it was ready:\n${started.output()}`);
    await sleep(50);
  }
  await started.stop();
  throw new Error(`${what} was not ready after ${limitMs} ms:\n${started.output()}`);
}

/** Waits for the line `listening URL` and returns the URL. */
export async function listeningUrl(started, what, limitMs = 30_000) {
  let url;
  await until(started, limitMs, what, () => {
    url = /listening (http:\S+)/.exec(started.output())?.[1];
    return url !== undefined;
  });
  return url;
}

/**
 * Waits until an HTTP server of loopback has left its starting phase: any status but 503.
 * @param host sent as Host; a name that the server does not serve keeps the request from reaching anything behind it
 */
export function startedHttp(started, what, port, path, host = `127.0.0.1:${port}`, limitMs = 60_000) {
  return until(
    started,
    limitMs,
    what,
    () =>
      new Promise((resolve) => {
        const probe = get({ port, path, host: '127.0.0.1', headers: { host }, agent: false, timeout: 5000 }, (response) => {
          response.resume();
          resolve(response.statusCode !== 503);
        });
        probe.once('error', () => resolve(false));
        probe.once('timeout', () => probe.destroy(new Error('no answer')));
      }),
  );
}

/** Waits until a TCP port of loopback accepts connections. */
export function listeningPort(started, what, port, limitMs = 60_000) {
  return until(
    started,
    limitMs,
    what,
    () =>
      new Promise((resolve) => {
        const socket = connect(port, '127.0.0.1');
        const settle = (accepted) => {
          socket.destroy();
          resolve(accepted);
        };
        socket.once('connect', () => settle(true));
        socket.once('error', () => settle(false));
      }),
  );
}
