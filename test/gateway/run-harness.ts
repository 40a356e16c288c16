import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import type { DriftMode } from '../../src/gateway/pins/tool-pins.ts';
import { runStdio } from '../../src/gateway/run.ts';
import { combine, loadPolicy } from '../../src/policy/index.ts';
import type { PolicySet } from '../../src/policy/types.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { JournalRow, State } from '../../src/state/types.ts';
import { LineSplitter } from '../../src/wire/lines.ts';

export interface StdioHarnessOptions {
  /** A directory that outlives the harness, so that another one can go on with its state. */
  readonly directory?: string;
  readonly label?: string;
  readonly capabilities?: unknown;
  readonly bridge?: boolean;
  /** As `journal.arguments: values`. */
  readonly keepArguments?: boolean;
  readonly trustedAnnotations?: boolean;
  readonly drift?: DriftMode;
  /** More arguments for a fixture. */
  readonly flags?: readonly string[];
}

export const APPROVAL_SERVER = new URL('../fixtures/approval-server.mjs', import.meta.url).pathname;
export const ORACLE = new URL('../fixtures/oracle-server.mjs', import.meta.url).pathname;

/** Compiles policy texts into one set; a text with an error fails the test. */
export async function policySet(...texts: string[]): Promise<PolicySet> {
  const policies = [];
  for (const [index, text] of texts.entries()) {
    const loaded = await loadPolicy(text, { name: `p${index}` });
    if (!loaded.ok) throw new Error(loaded.errors.map((error) => error.message).join('\n'));
    policies.push(loaded.policy);
  }
  return combine(policies);
}

/** A client on stdio in front of the oracle, with everything real but the terminal: child process, database, policy. */
export class StdioHarness {
  readonly directory: string;
  readonly log: string;
  readonly #options: StdioHarnessOptions;
  readonly received: string[] = [];
  readonly lines: string[] = [];
  readonly exit: Promise<number>;
  readonly #input = new PassThrough();
  readonly #abort = new AbortController();
  readonly #waiters: { match: (message: Record<string, unknown>) => boolean; resolve: (message: Record<string, unknown>) => void }[] = [];
  #swap: (policies: PolicySet) => void = () => undefined;
  #state: State | null = null;
  #nextId = 1;

  /** @param command what is started; the name of a fixture is started with its log */
  constructor(policies: PolicySet, command?: readonly [string, ...string[]] | string, options: StdioHarnessOptions = {}) {
    this.#options = options;
    this.directory = options.directory ?? mkdtempSync(join(tmpdir(), 'policylayer-run-'));
    this.log = join(this.directory, 'oracle.log');
    const started: readonly [string, ...string[]] = command === undefined ? [process.execPath, ORACLE, '--stdio', '--log', this.log]
      : typeof command === 'string' ? [process.execPath, command, '--log', this.log, ...(options.flags ?? [])] : command;
    const output = new PassThrough();
    const splitter = new LineSplitter(64 * 1024 * 1024, { line: (line) => this.#line(line.toString('utf8')), overflow: () => undefined });
    output.on('data', (chunk: Buffer) => splitter.push(chunk));
    const errors = new PassThrough();
    errors.resume();
    this.exit = runStdio({
      server: 'oracle', label: options.label ?? 'test', policies,
      watch: (changed) => {
        this.#swap = changed;
        return () => undefined;
      },
      upstream: { kind: 'command', spec: { command: started, env: {}, cwd: null, inheritEnv: true } },
      bridge: options.bridge ?? false,
      trustedAnnotations: options.trustedAnnotations ?? false,
      drift: options.drift ?? 'hold',
      openState: async () => {
        this.#state = await openState({ path: databasePath(this.directory), logArguments: options.keepArguments ?? false });
        return this.#state;
      },
      keepArguments: options.keepArguments ?? false, input: this.#input, output, errors, log: (line) => this.lines.push(line), signal: this.#abort.signal,
    });
  }

  #line(text: string): void {
    this.received.push(text);
    const message = JSON.parse(text) as Record<string, unknown>;
    for (const [index, waiter] of this.#waiters.entries()) {
      if (!waiter.match(message)) continue;
      this.#waiters.splice(index, 1);
      waiter.resolve(message);
      return;
    }
  }

  /** Writes raw bytes to the proxy's stdin. */
  raw(bytes: string | Buffer): void {
    this.#input.write(bytes);
  }

  /** Resolves with the first message that matches, from now on. */
  next(match: (message: Record<string, unknown>) => boolean = () => true, timeoutMs = 8_000): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no matching message; received ${JSON.stringify(this.received.slice(-5))}`)), timeoutMs);
      this.#waiters.push({
        match,
        resolve: (message) => {
          clearTimeout(timer);
          resolve(message);
        },
      });
    });
  }

  /** Sends a request and resolves with its answer. */
  async request(method: string, params?: unknown, id: number | string = this.#nextId++): Promise<Record<string, unknown>> {
    const answer = this.next((message) => message['id'] === id && message['method'] === undefined);
    this.raw(`${JSON.stringify({ jsonrpc: '2.0', id, method, ...(params === undefined ? {} : { params }) })}\n`);
    return answer;
  }

  call(name: string, args: unknown = {}): Promise<Record<string, unknown>> {
    return this.request('tools/call', { name, arguments: args });
  }

  /** A request of revision 2026-07-28. */
  modern(method: string, params: Record<string, unknown>, capabilities: unknown = { elicitation: {} }): Promise<Record<string, unknown>> {
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': capabilities };
    return this.request(method, { ...params, _meta: { ...(params['_meta'] as object | undefined), ...meta } });
  }

  async initialize(version = '2025-11-25'): Promise<Record<string, unknown>> {
    const answer = await this.request('initialize', { protocolVersion: version, capabilities: this.#options.capabilities ?? { elicitation: {}, sampling: {}, roots: {} }, clientInfo: { name: 'test', version: '1' } });
    this.raw('{"jsonrpc":"2.0","method":"notifications/initialized"}\n');
    return answer;
  }

  swap(policies: PolicySet): void {
    this.#swap(policies);
  }

  /** Every line that reached the upstream. */
  reached(): string[] {
    try {
      return readFileSync(this.log, 'utf8').trim().split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { line: string }).line);
    } catch {
      return [];
    }
  }

  /** Names of tools whose call reached the upstream, in order. */
  callsReached(): string[] {
    return this.reached().map((line) => JSON.parse(line) as { method?: string; params?: { name?: string } }).filter((message) => message.method === 'tools/call').map((message) => message.params?.name ?? '');
  }

  async rows(): Promise<JournalRow[]> {
    await this.#state?.flush();
    return (await this.#state?.query({})) ?? [];
  }

  async close(): Promise<number> {
    this.#input.end();
    const status = await this.exit;
    if (this.#options.directory === undefined) rmSync(this.directory, { recursive: true, force: true });
    return status;
  }
}

/** The machine-readable twin of a refusal, wherever the answer carries it. */
export function decisionOf(answer: Record<string, unknown>): Record<string, unknown> | null {
  const result = answer['result'] as { _meta?: Record<string, Record<string, unknown>> } | undefined;
  const error = answer['error'] as { data?: Record<string, Record<string, unknown>> } | undefined;
  return result?._meta?.['policylayer/decision'] ?? error?.data?.['policylayer/decision'] ?? null;
}
