/** Brings contenders up for one comparison and takes them down again. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { lastLine, listening, sleep, start, stop } from './processes.mjs';
import { HttpClient } from './http-client.mjs';
import { StdioClient } from './stdio-client.mjs';

let serial = 0;

function ownDir(scratch) {
  serial += 1;
  const dir = join(scratch, `contender-${serial}`);
  mkdirSync(dir, { recursive: true });
  return dir;
}

/**
 * Starts the HTTP echo server that all HTTP contenders of a comparison share.
 * @param {readonly string[]} args
 */
export async function startUpstream(run, args = []) {
  const child = start([process.execPath, run.path('servers/http-echo.mjs'), ...args]);
  return { child, port: await listening(child), pid: child.pid, stop: () => stop(child) };
}

/** Opens a session and lists the tools. A gateway may say 503 for a moment after it has begun to listen. */
async function probe(contender, attempts = 50) {
  const client = contender.client();
  try {
    await client.open();
    await client.ask(1, 'tools/list');
  } catch (error) {
    if (attempts === 0 || !error.message.startsWith('HTTP 503')) throw error;
    await sleep(100);
    await probe(contender, attempts - 1);
  } finally {
    await client.close();
  }
}

/**
 * @param {object} run the bench's run: { scratch, path(relative), failed(where, who, why) }
 * @param {string} where name of the comparison, for messages
 * @param {readonly object[]} definitions from contenders.mjs
 * @param {{ upstream?: object, path?: string, modern?: boolean, nodeArgs?: readonly string[], env?: object }} options nodeArgs are put
 *   before the script of contenders that are Node programs
 * @returns {Promise<object[]>} running contenders: definition + { pid, endpoint, stop(), client() }
 */
export async function startHttp(run, where, definitions, { upstream, path = '/legacy', modern = false, nodeArgs = [], env = {} } = {}) {
  const field = [];
  for (const definition of definitions) {
    let child = null;
    try {
      if (definition.direct === true) {
        const endpoint = { url: `http://127.0.0.1:${upstream.port}${path}`, modern };
        field.push({ ...definition, pid: upstream.pid, endpoint, client: () => new HttpClient(endpoint), stop: async () => {} });
        continue;
      }
      const plan = await definition.start({ dir: ownDir(run.scratch), upstreamPort: upstream?.port, path });
      child = start([plan.command[0], ...nodeArgs, ...plan.command.slice(1)], { env: { ...plan.env, ...env } });
      const port = await listening(child, { port: plan.port, health: plan.health });
      const endpoint = { ...plan.endpoint(port), modern };
      const contender = { ...definition, version: plan.version, child, pid: child.pid, endpoint, client: () => new HttpClient(endpoint), stop: () => stop(child) };
      await probe(contender);
      field.push(contender);
    } catch (error) {
      const said = child === null ? '' : lastLine(child.said);
      if (child !== null) await stop(child);
      run.failed(where, definition, said === '' || error.message.includes(said) ? error.message : `${error.message} (it said: ${said})`);
    }
  }
  return field;
}

/** As `startHttp`, for stdio contenders; each comes with one open client. */
export async function startStdio(run, where, definitions, { server, env = {}, policy } = {}) {
  const field = [];
  for (const definition of definitions) {
    let client = null;
    try {
      const plan = await definition.start({ dir: ownDir(run.scratch), server, policy });
      client = new StdioClient(plan.command, { ...plan.env, ...env });
      const opened = client;
      await client.open();
      await client.ask(1, 'tools/list');
      field.push({ ...definition, plan, pid: client.pid, client: opened, stop: () => stop(opened.child) });
    } catch (error) {
      if (client !== null) await stop(client.child);
      run.failed(where, definition, client === null ? error.message : `${error.message}: ${lastLine(client.child.said)}`);
    }
  }
  return field;
}
