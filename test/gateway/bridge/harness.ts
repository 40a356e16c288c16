import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { BridgePool, type BridgePoolOptions } from '../../../src/gateway/bridge/bridge-pool.ts';
import { bridgedLink } from '../../../src/gateway/bridge/bridged-link.ts';
import { upstreamOpener } from '../../../src/gateway/bridge/open-upstream.ts';
import type { CommandSpec, UpstreamLink } from '../../../src/upstream/types.ts';
import { message, Recorder } from '../../upstream/recorder.ts';
import { eventually } from '../../upstream/processes.ts';

export type Fixture = 'legacy-server' | 'modern-server' | `raw-server ${'legacy' | 'modern' | 'silent' | 'fragile' | 'deaf'}`;
export type Json = Record<string, unknown>;

export const CAPABILITIES: Json = { elicitation: { form: {}, url: {} }, sampling: {}, roots: { listChanged: true } };

export function spec(fixture: Fixture | 'dual'): CommandSpec {
  const [name = '', ...args] = fixture.split(' ');
  const file = name === 'dual' ? join(import.meta.dirname, '../../fixtures/conformance-server/server.mjs') : join(import.meta.dirname, 'fixtures', `${name}.mjs`);
  return { command: [process.execPath, file, ...(name === 'dual' ? ['--stdio'] : args)], env: {}, cwd: null, inheritEnv: true };
}

const OPTIONS = { limits: UPSTREAM_LIMITS, headersOf: () => null, stderr: () => undefined, log: () => undefined, probeMs: 3_000 };

/** Modern `_meta`. */
export function envelope(capabilities: Json = CAPABILITIES, more: Json = {}): Json {
  return {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': capabilities,
    'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '9' },
    ...more,
  };
}

/** A client in front of one bridged connection, message by message. */
export class BridgeClient {
  readonly seen: Recorder;
  readonly link: UpstreamLink;
  #id = 0;

  constructor(link: UpstreamLink, seen: Recorder) {
    this.link = link;
    this.seen = seen;
  }

  static async overHttp(url: URL, options: Partial<BridgePoolOptions> = {}): Promise<BridgeClient> {
    const seen = new Recorder();
    return new BridgeClient(await bridgedLink({ kind: 'http', spec: { url, headers: {} } }, seen, { ...OPTIONS, ...options }), seen);
  }

  static async open(fixture: Fixture | 'dual', options: Partial<BridgePoolOptions> = {}): Promise<BridgeClient> {
    const seen = new Recorder();
    return new BridgeClient(await bridgedLink({ kind: 'command', spec: spec(fixture) }, seen, { ...OPTIONS, ...options }), seen);
  }

  send(value: unknown): void {
    this.link.send(message(value));
  }

  notify(method: string, params?: Json): void {
    this.send({ jsonrpc: '2.0', method, ...(params === undefined ? {} : { params }) });
  }

  /** Sends a request and waits for its answer. */
  async ask(method: string, params?: Json, id: number | string = (this.#id += 1)): Promise<Json> {
    this.send({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) });
    return this.answer(id);
  }

  async answer(id: number | string): Promise<Json> {
    return (await this.seen.response(typeof id === 'string' ? `s:${id}` : `n:${id}`)).json as Json;
  }

  /** A modern request. */
  modern(method: string, params: Json = {}, capabilities: Json = CAPABILITIES, meta: Json = {}, id: number | string = (this.#id += 1)): Promise<Json> {
    return this.ask(method, { ...params, _meta: envelope(capabilities, meta) }, id);
  }

  tool(name: string, args: Json = {}, more: Json = {}, meta: Json = {}): Promise<Json> {
    return this.modern('tools/call', { name, arguments: args, ...more }, CAPABILITIES, meta);
  }

  /** Opens a legacy session. */
  async initialize(version = '2025-11-25', capabilities: Json = CAPABILITIES): Promise<Json> {
    const answer = await this.ask('initialize', { protocolVersion: version, capabilities, clientInfo: { name: 'tester', version: '9' } });
    this.notify('notifications/initialized');
    return answer;
  }

  /** Messages of the upstream that are no answers, as JSON. */
  others(method: string): Json[] {
    return this.seen.messages.filter((entry) => entry.message.kind !== 'response' && entry.message.method === method).map((entry) => JSON.parse(entry.text) as Json);
  }

  async other(method: string, count = 1): Promise<Json[]> {
    await eventually(`${count} × ${method}; so far: ${this.seen.log.slice(-12).join(', ')}`, () => this.others(method).length >= count);
    return this.others(method);
  }
}

export async function openPool(fixture: Fixture | 'dual', options: Partial<BridgePoolOptions> = {}): Promise<BridgePool> {
  const all = { ...OPTIONS, ...options };
  return new BridgePool(await upstreamOpener({ kind: 'command', spec: spec(fixture) }, all), 'stdio', all);
}

export async function openHttpPool(url: URL, options: Partial<BridgePoolOptions> = {}): Promise<BridgePool> {
  const all = { ...OPTIONS, ...options };
  return new BridgePool(await upstreamOpener({ kind: 'http', spec: { url, headers: {} } }, all), 'http', all);
}

/** Starts a fixture as an HTTP server on a port of its own choice. */
export async function serveFixture(fixture: 'legacy-server' | 'modern-server'): Promise<{ url: URL; stop: () => Promise<void> }> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'fixtures', `${fixture}.mjs`), '--http'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const port = await new Promise<string>((resolve, reject) => {
    child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim()));
    child.once('exit', (code) => reject(new Error(`the fixture ended with ${code}`)));
  });
  return { url: new URL(`http://127.0.0.1:${port}/mcp`), stop: () => new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  }) };
}

/** One modern request on a link of its own, as the HTTP front makes it. */
export function stateless(pool: BridgePool, principal: string, method: string, params: Json, id: number | string = 1): { seen: Recorder; link: UpstreamLink; answer: () => Promise<Json> } {
  const seen = new Recorder();
  const request = message({ jsonrpc: '2.0', id, method, params: { _meta: envelope(), ...params } });
  const link = pool.stateless(seen, principal, request);
  link.send(request);
  return { seen, link, answer: async () => (await seen.response(typeof id === 'string' ? `s:${id}` : `n:${id}`)).json as Json };
}

/** Repeats a question until the answer is yes; throws when it never is. */
export async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt += 1) {
    if (await condition()) return;
    await new Promise((resolve) => {
      setTimeout(resolve, 25);
    });
  }
  throw new Error(`never happened: ${what}`);
}

/** The text of a tool result's first block, parsed where it is JSON. */
export function textOf(answer: Json): unknown {
  const content = (answer['result'] as { content?: { text?: string }[] } | undefined)?.content;
  const text = content?.[0]?.text;
  if (text === undefined) throw new Error(`no text in ${JSON.stringify(answer)}`);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

export function resultOf(answer: Json): Json {
  if (answer['result'] === undefined) throw new Error(`no result in ${JSON.stringify(answer)}`);
  return answer['result'] as Json;
}

export function errorOf(answer: Json): { code: number; message: string; data?: unknown } {
  if (answer['error'] === undefined) throw new Error(`no error in ${JSON.stringify(answer)}`);
  return answer['error'] as { code: number; message: string; data?: unknown };
}
