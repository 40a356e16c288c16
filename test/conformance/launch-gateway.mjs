// How the gateway gets in the middle. Another gateway can be compared by writing a module with the same exports.
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort, start, startedHttp } from './processes.mjs';

const bin = process.env.POLICYLAYER_BIN ?? fileURLToPath(new URL('../../dist/bin.mjs', import.meta.url));
const ALLOW_ALL = 'version: "1"\ndefault: allow\n';

async function workspace() {
  const directory = await mkdtemp(join(tmpdir(), 'policylayer-conformance-'));
  await writeFile(join(directory, 'open.policy.yaml'), ALLOW_ALL);
  return {
    directory,
    policy: join(directory, 'open.policy.yaml'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

/**
 * Starts `policylayer serve`. The configuration is written as JSON, which is YAML.
 * @param ready called with the process; resolves when the gateway can be used
 */
async function serve(config, ready) {
  const place = await workspace();
  const file = join(place.directory, 'gateway.yaml');
  await writeFile(
    file,
    JSON.stringify({ data: join(place.directory, 'data'), policies: { open: './open.policy.yaml' }, ...config }, null, 2),
  );
  const process_ = start([process.execPath, bin, 'serve', '--config', file]);
  const stop = async () => {
    await process_.stop();
    await place.remove();
  };
  try {
    await ready(process_);
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop, output: process_.output };
}

/** A port that was free may be taken when it is used, because several launches run at once: then another one is tried. */
async function withFreePorts(launch) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await launch();
    } catch (error) {
      if (attempt === 5 || !/is in use|EADDRINUSE/.test(String(error))) throw error;
    }
  }
}

/**
 * The HTTP front: a gateway with one server behind it.
 * @param upstream { url } or { command: [program, ...arguments] }
 * @returns { url, token, stop, output }
 */
export function launchServe(upstream) {
  return withFreePorts(() => tryServe(upstream));
}

async function tryServe(upstream) {
  const port = await freePort();
  const token = `plg_${randomBytes(32).toString('base64url')}`;
  const config = {
    listen: `127.0.0.1:${port}`,
    servers: { fixture: upstream.command === undefined ? { url: upstream.url } : { ...upstream, isolation: 'session' } },
    grants: [{ label: 'conformance', server: 'fixture', policies: ['open'], token }],
  };
  const started = await serve(config, (process_) => startedHttp(process_, 'the gateway', port, '/mcp/fixture'));
  return { ...started, url: `http://127.0.0.1:${port}/mcp/fixture`, token };
}

/**
 * The HTTP front as an OAuth resource server: no grant token, but access tokens of an issuer.
 * @param issuer { url, token(audience) }
 * @returns { url, token, stop, output }
 */
export function launchResourceServer(upstream, issuer) {
  return withFreePorts(async () => {
    const port = await freePort();
    const config = {
      listen: `127.0.0.1:${port}`,
      servers: { fixture: { url: upstream.url } },
      oauth: { issuers: [{ issuer: issuer.url, algorithms: ['ES256'], scopes: ['mcp'] }] },
      grants: [{ label: 'conformance', server: 'fixture', policies: ['open'], oauth: { issuer: issuer.url, claims: { sub: 'conformance' } } }],
    };
    const started = await serve(config, (process_) => startedHttp(process_, 'the gateway', port, '/mcp/fixture'));
    const url = `http://127.0.0.1:${port}/mcp/fixture`;
    return { ...started, url, token: await issuer.token(url) };
  });
}

/**
 * The gateway at the upstream's own address: whoever connects to `port` with the upstream's Host reaches the upstream.
 * @param url the upstream's MCP endpoint
 * @returns { port, stop, output }
 */
export function launchEdge(url) {
  return withFreePorts(() => tryEdge(url));
}

async function tryEdge(url) {
  const [port, edgePort] = [await freePort(), await freePort()];
  const config = {
    listen: `127.0.0.1:${port}`,
    servers: { s: { url, edge: { listen: `127.0.0.1:${edgePort}` } } },
    grants: [{ label: 'edge', server: 's', policies: ['open'], edge: true }],
  };
  // Asked for a name that is not served, the edge answers by itself: the suite's server must see nothing of this.
  const started = await serve(config, (process_) => startedHttp(process_, 'the edge gateway', edgePort, '/', 'not-served.invalid'));
  return { ...started, port: edgePort };
}

/**
 * The stdio front.
 * @param upstream { url } or { command }
 * @returns { command, stop }: what to start in place of the server, and what to call when done
 */
export async function stdioCommand(upstream) {
  const place = await workspace();
  const target = upstream.command === undefined ? ['--upstream', upstream.url] : ['--', ...upstream.command];
  return { command: [process.execPath, bin, 'run', '--policy', place.policy, ...target], stop: place.remove };
}
