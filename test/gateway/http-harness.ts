import { spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway, type RunningGateway } from '../../src/gateway/serve.ts';
import type { GatewayConfig, GrantConfig, ServerConfig } from '../../src/gateway/config-types.ts';
import type { PolicySet } from '../../src/policy/types.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { JournalRow, State } from '../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { SseReader } from '../../src/wire/sse.ts';
import type { CallTracer } from '../../src/gateway/tracing/call-tracer.ts';
import { ORACLE } from './run-harness.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** JSON-RPC messages of the answer, from a JSON body or from events. */
  readonly messages: Record<string, unknown>[];
}

export type Leg = 'http' | 'stdio';

export const TOKEN = 'plg_test-token-of-the-first-grant';
export const OTHER_TOKEN = 'plg_test-token-of-the-second-grant';
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();

/** A running gateway in front of the oracle, over HTTP and over stdio, with two grants for each. */
export class HttpHarness {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'policylayer-serve-'));
  readonly log: string = join(this.directory, 'oracle.log');
  readonly lines: string[] = [];
  gateway!: RunningGateway;
  #config!: GatewayConfig;
  #oracle: ChildProcess | null = null;
  #state!: State;
  #ids = 0;

  static async start(policies: PolicySet, options: { readonly isolation?: ServerConfig['isolation']; readonly sessionless?: boolean; readonly url?: string; readonly tracer?: CallTracer } = {}): Promise<HttpHarness> {
    const harness = new HttpHarness();
    const url = options.url ?? (await harness.#startOracle(options.sessionless ?? false));
    const isolation = options.isolation ?? 'session';
    const base = { isolation, bridge: false, trustedAnnotations: false, drift: 'hold' as const, edge: null };
    const grant = (label: string, server: string, token: string): GrantConfig => ({ label, server, tags: [], policyNames: ['p'], policies, tokenSha256: sha256(token) });
    harness.#config = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: harness.directory, allowHosts: [], allowOrigins: ['https://app.example.com'],
      servers: new Map<string, ServerConfig>([
        ['http', { ...base, name: 'http', upstream: { kind: 'http', spec: { url: new URL(url), headers: { 'X-Upstream-Key': 'k' } } } }],
        ['stdio', { ...base, name: 'stdio', upstream: { kind: 'command', spec: { command: [process.execPath, ORACLE, '--stdio', '--log', harness.log], env: {}, cwd: null, inheritEnv: false } } }],
      ]),
      grants: [grant('one-http', 'http', TOKEN), grant('two-http', 'http', OTHER_TOKEN), grant('one-stdio', 'stdio', `${TOKEN}-s`), grant('two-stdio', 'stdio', `${OTHER_TOKEN}-s`)],
      approvals: { publicUrl: null, webhook: null, approvers: [] },
      journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
    };
    harness.#state = await openState({ path: databasePath(harness.directory) });
    harness.gateway = await startGateway(harness.#config, { state: harness.#state, log: (line) => harness.lines.push(line), ...(options.tracer === undefined ? {} : { tracer: options.tracer }) });
    return harness;
  }

  #startOracle(sessionless: boolean): Promise<string> {
    const child = spawn(process.execPath, [ORACLE, '--http', '0', '--log', this.log, ...(sessionless ? ['--sessionless'] : [])], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#oracle = child;
    return new Promise((resolve) => child.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())));
  }

  token(leg: Leg, other = false): string {
    return `${other ? OTHER_TOKEN : TOKEN}${leg === 'stdio' ? '-s' : ''}`;
  }

  /** Sends one raw HTTP request; header values that are arrays are sent as repeated headers. */
  send(options: { readonly method?: string; readonly path: string; readonly headers?: Record<string, string | string[]>; readonly body?: string | Buffer; readonly until?: (messages: Record<string, unknown>[]) => boolean }): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port: this.gateway.address.port, method: options.method ?? 'POST', path: options.path, headers: options.headers ?? {}, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        const messages: Record<string, unknown>[] = [];
        const reader = new SseReader(1e8, { event: (event) => event.data !== null && event.data.length > 0 && messages.push(JSON.parse(event.data.toString()) as Record<string, unknown>), overflow: () => undefined });
        const isStream = (response.headers['content-type'] ?? '').startsWith('text/event-stream');
        const finish = (): void => {
          const text = Buffer.concat(chunks).toString('utf8');
          if (!isStream && text.startsWith('{')) messages.push(JSON.parse(text) as Record<string, unknown>);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, messages });
        };
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk);
          if (!isStream) return;
          reader.push(chunk);
          if (options.until?.(messages) === true) {
            finish();
            outgoing.destroy();
          }
        });
        response.on('end', finish);
        response.on('error', () => finish());
      });
      outgoing.on('error', reject);
      outgoing.end(options.body);
    });
  }

  headers(leg: Leg, extra: Record<string, string | string[]> = {}, other = false): Record<string, string | string[]> {
    return { authorization: `Bearer ${this.token(leg, other)}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...extra };
  }

  post(leg: Leg, body: unknown, extra: Record<string, string | string[]> = {}, other = false): Promise<Answer> {
    return this.send({ path: `/mcp/${leg}`, headers: this.headers(leg, extra, other), body: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body) });
  }

  /** Opens a legacy session and returns its id. */
  async open(leg: Leg, other = false, version = '2025-11-25'): Promise<string> {
    const answer = await this.post(leg, { jsonrpc: '2.0', id: 'init', method: 'initialize', params: { protocolVersion: version, capabilities: { elicitation: {} }, clientInfo: { name: 't', version: '1' } } }, {}, other);
    if (answer.status !== 200) throw new Error(`initialize answered ${answer.status}: ${answer.text}`);
    const id = String(answer.headers['mcp-session-id']);
    await this.post(leg, { jsonrpc: '2.0', method: 'notifications/initialized' }, { 'mcp-session-id': id }, other);
    return id;
  }

  /** A request in a legacy session; resolves with its answer message. */
  async request(leg: Leg, session: string, method: string, params: unknown, other = false): Promise<Record<string, unknown>> {
    this.#ids += 1;
    const answer = await this.post(leg, { jsonrpc: '2.0', id: this.#ids, method, params }, { 'mcp-session-id': session }, other);
    return answer.messages.find((message) => message['id'] === this.#ids || message['method'] === undefined) ?? {};
  }

  /** A modern request with all headers in order. */
  async modern(leg: Leg, method: string, params: Record<string, unknown> = {}, extra: Record<string, string | string[]> = {}): Promise<Answer> {
    this.#ids += 1;
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' }, 'io.modelcontextprotocol/clientCapabilities': {} };
    const name = params['name'] ?? params['uri'] ?? params['taskId'];
    return this.post(leg, { jsonrpc: '2.0', id: this.#ids, method, params: { ...params, _meta: { ...meta, ...(params['_meta'] as object | undefined) } } }, {
      'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(typeof name === 'string' ? { 'mcp-name': name } : {}), ...extra,
    });
  }

  /** Everything that reached the oracle: bodies over HTTP, lines over stdio. */
  reached(): Record<string, unknown>[] {
    try {
      return readFileSync(this.log, 'utf8').trim().split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>);
    } catch {
      return [];
    }
  }

  /** Names of tools whose call reached the oracle, in order. */
  callsReached(): string[] {
    const names: string[] = [];
    for (const entry of this.reached()) {
      const text = String(entry['line'] ?? entry['body'] ?? '');
      if (!text.includes('tools/call')) continue;
      const message = JSON.parse(text) as { params?: { name?: string } };
      names.push(message.params?.name ?? '?');
    }
    return names;
  }

  async rows(): Promise<JournalRow[]> {
    await this.#state.flush();
    return this.#state.query({ limit: 10_000 });
  }

  /** Swaps the policies of every grant, as an edit of the file would. */
  async reload(policies: PolicySet): Promise<void> {
    this.#config = { ...this.#config, grants: this.#config.grants.map((grant) => ({ ...grant, policies })) };
    await this.gateway.reload(this.#config);
  }

  /** Swaps the configuration, as an edit of the file would. */
  async reconfigure(edit: (config: GatewayConfig) => GatewayConfig): Promise<void> {
    this.#config = edit(this.#config);
    await this.gateway.reload(this.#config);
  }

  /** Ends the gateway in good order and starts another one on the same data and the same upstreams. */
  async restart(): Promise<void> {
    await this.gateway.close(2_000);
    await this.#state.close();
    this.#state = await openState({ path: databasePath(this.directory) });
    this.gateway = await startGateway(this.#config, { state: this.#state, log: (line) => this.lines.push(line) });
  }

  async close(): Promise<void> {
    await this.gateway.close(500);
    await this.#state.close();
    this.#oracle?.kill('SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }
}
