// A client that speaks raw JSON-RPC lines, so that what came back can be compared byte by byte.
import { spawn } from 'node:child_process';

const LF = 0x0a;

/**
 * Starts a stdio server.
 * @param command [program, ...arguments]
 * @param timeoutMs for each answer
 */
export function connectRaw(command, { env, timeoutMs = 90_000 } = {}) {
  const child = spawn(command[0], command.slice(1), { stdio: ['pipe', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const waiting = new Map();
  let pieces = [];
  let errors = '';
  let lastId = 0;

  function settle(line) {
    let message;
    try {
      message = JSON.parse(line.toString('utf8'));
    } catch {
      // Some servers print banners on stdout, which a client has to survive.
      return;
    }
    const { id, method } = message;
    if (method !== undefined || id === undefined) return;
    waiting.get(id)?.(line);
    waiting.delete(id);
  }

  child.stdout.on('data', (chunk) => {
    let from = 0;
    for (let at = chunk.indexOf(LF); at >= 0; at = chunk.indexOf(LF, from)) {
      settle(Buffer.concat([...pieces, chunk.subarray(from, at)]));
      pieces = [];
      from = at + 1;
    }
    if (from < chunk.length) pieces.push(Buffer.from(chunk.subarray(from)));
  });
  child.stderr.on('data', (chunk) => {
    errors = (errors + chunk).slice(-2000);
  });
  child.stdin.on('error', () => {});
  const gone = new Promise((resolve) => {
    child.once('error', (error) => {
      errors += error.message;
      resolve();
    });
    child.once('close', resolve);
  });

  return {
    /** Sends a request; resolves with the answer's line, without the line end. */
    request(method, params) {
      lastId += 1;
      const id = lastId;
      return new Promise((resolve, reject) => {
        const failed = (why) => reject(new Error(`${method}: ${why}\n${errors}`));
        const timer = setTimeout(() => failed(`no answer after ${timeoutMs} ms`), timeoutMs);
        void gone.then(() => failed('the server ended'));
        waiting.set(id, (line) => {
          clearTimeout(timer);
          resolve(line);
        });
        child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })}\n`);
      });
    },
    notify(method) {
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', method })}\n`);
    },
    /** Closes the input and waits for the end. @returns whether the process left by itself within 10 s */
    async close() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
      await gone;
      clearTimeout(timer);
      return child.signalCode === null;
    },
  };
}

/**
 * Walks through everything a server offers and makes one call.
 * @param call { name, arguments } of a harmless tool
 * @returns [label, line as Buffer] pairs
 */
export async function walk(peer, call) {
  const answers = [];
  async function ask(label, method, params) {
    const line = await peer.request(method, params);
    answers.push([label, line]);
    return JSON.parse(line.toString('utf8')).result ?? {};
  }
  async function pages(method) {
    let cursor;
    for (let page = 1; page <= 50; page += 1) {
      const result = await ask(`${method} page ${page}`, method, cursor === undefined ? {} : { cursor });
      cursor = result.nextCursor;
      if (cursor === undefined) return;
    }
    throw new Error(`${method} has more than 50 pages`);
  }
  const { capabilities = {} } = await ask('initialize', 'initialize', {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'real-servers', version: '1.0.0' },
  });
  peer.notify('notifications/initialized');
  if (capabilities.tools) await pages('tools/list');
  if (capabilities.prompts) await pages('prompts/list');
  if (capabilities.resources) {
    await pages('resources/list');
    await pages('resources/templates/list');
  }
  await ask(`tools/call ${call.name}`, 'tools/call', call);
  return answers;
}
