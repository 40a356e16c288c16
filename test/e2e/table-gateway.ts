import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ErrorCode, McpError, ResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { vi } from 'vitest';
import type { Caller, DescribedCall } from '../../src/control/policy-tools/described-call.ts';
import { VirtualClock } from '../../src/control/policy-tools/virtual-clock.ts';
import type { GatewayConfig, GrantConfig, ServerConfig } from '../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../src/gateway/serve.ts';
import type { PolicySet } from '../../src/policy/types.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { ApprovalRecord, JournalRow, State } from '../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';

const SERVER = new URL('table-server.mjs', import.meta.url).pathname;
const POLL_MS = 15;

export interface WireCall extends DescribedCall {
  readonly server: string;
  readonly caller: Caller;
  readonly atMs: number;
  readonly approved: boolean;
  readonly outcome: 'ok' | 'tool_error' | 'error';
}

/** What came back on the wire, and what was written down. */
export interface WireAnswer {
  readonly refusal: { readonly code: string; readonly rule: string; readonly policy: string; readonly retryAfterMs: number | null; readonly wouldPass?: string } | null;
  readonly text: string;
  readonly error: { readonly code: number; readonly message: string } | null;
  /** The request for approval that the call opened, if it did. */
  readonly asked: ApprovalRecord | null;
  readonly rows: readonly JournalRow[];
}

const textOf = (call: DescribedCall): string | null => call.args?.lexeme() ?? null;
const tokenOf = (label: string): string => `plg_table-token-of-${label}`;

/** A gateway with a real state, in front of a real stdio server, at a time that we say. */
export class TableGateway {
  readonly #directory: string;
  readonly #state: State;
  readonly #clock: VirtualClock;
  readonly #gateway: RunningGateway;
  readonly #clients = new Map<string, { readonly client: Client; readonly transport: StreamableHTTPClientTransport }>();
  #ids = 0;

  private constructor(directory: string, state: State, clock: VirtualClock, gateway: RunningGateway) {
    this.#directory = directory;
    this.#state = state;
    this.#clock = clock;
    this.#gateway = gateway;
  }

  /** @param tools the text of a `tools/list` result  @param callers everybody who will call, with the server that they call */
  static async start(policies: PolicySet, tools: string, callers: readonly { readonly server: string; readonly caller: Caller }[], fromMs: number): Promise<TableGateway> {
    const directory = mkdtempSync(join(tmpdir(), 'policylayer-tables-'));
    const definitions = join(directory, 'tools.json');
    writeFileSync(definitions, tools);
    const grants = new Map<string, GrantConfig>();
    const servers = new Map<string, ServerConfig>();
    for (const { server, caller } of callers) {
      grants.set(caller.grant, { label: caller.grant, server, tags: caller.tags, policyNames: ['p'], policies, tokenSha256: createHash('sha256').update(tokenOf(caller.grant)).digest() });
      servers.set(server, { name: server, isolation: 'shared', bridge: false, trustedAnnotations: false, drift: 'hold' as const, edge: null, upstream: { kind: 'command', spec: { command: [process.execPath, SERVER, definitions], env: {}, cwd: null, inheritEnv: false } } });
    }
    const config: GatewayConfig = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: directory, allowHosts: [], allowOrigins: [], servers, grants: [...grants.values()],
      approvals: { publicUrl: null, webhook: null, approvers: [] }, journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 600_000, bodyTimeoutMs: 5_000 },
    };
    const clock = new VirtualClock(fromMs);
    vi.setSystemTime(fromMs);
    const state = await openState({ path: databasePath(directory), clock });
    return new TableGateway(directory, state, clock, await startGateway(config, { state, log: () => undefined }));
  }

  async close(): Promise<void> {
    for (const { client } of this.#clients.values()) await client.close().catch(() => undefined);
    await this.#gateway.close(200);
    await this.#state.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  /** Makes the call at its time, as its caller, and answers the request for approval that it may open. */
  async call(call: WireCall): Promise<WireAnswer> {
    this.#clock.moveTo(call.atMs);
    vi.setSystemTime(call.atMs);
    const session = await this.#session(call);
    await this.#state.flush();
    const seen = (await this.#state.query({ limit: 1, order: 'desc' }))[0]?.seq ?? 0;
    let asked: ApprovalRecord | null = null;
    let done = false;
    const sending = this.#send(call, session).finally(() => { done = true; });
    const decided = (async () => {
      while (!done) {
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
        asked = (await this.#decide(call.approved)) ?? asked;
      }
      // A call that is not held has its answer before we look.
      asked = (await this.#decide(call.approved)) ?? asked;
    })();
    let [answer] = await Promise.all([sending, decided]);
    if (call.approved && answer.refusal?.code === 'approval_pending') answer = await this.#send(call, session);
    await this.#state.flush();
    return { ...answer, asked, rows: await this.#state.query({ afterSeq: seen }) };
  }

  /** Lets every approver that is needed say yes, or one say no. */
  async #decide(yes: boolean): Promise<ApprovalRecord | null> {
    const [pending] = await this.#state.approvals({ status: ['pending'] });
    if (pending === undefined) return null;
    const way = pending.via[0] ?? 'cli';
    const voters = yes ? Array.from({ length: pending.needed }, (_, index) => pending.approvers?.[index] ?? `approver-${index}`) : [pending.approvers?.[0] ?? 'approver-0'];
    for (const approver of voters) await this.#state.vote(pending.id, { approver, way, decision: yes ? 'approve' : 'deny', comment: null });
    return pending;
  }

  async #session(call: WireCall): Promise<{ readonly client: Client; readonly transport: StreamableHTTPClientTransport }> {
    const { grant, session, client: info } = call.caller;
    const key = JSON.stringify([call.server, grant, session, info]);
    const open = this.#clients.get(key);
    if (open !== undefined) return open;
    const transport = new StreamableHTTPClientTransport(this.#url(call), { requestInit: { headers: { Authorization: `Bearer ${tokenOf(grant)}` } } });
    const client = new Client({ name: info.name ?? 'tables', version: info.version ?? '1' });
    await client.connect(transport);
    if (call.kind === 'tool') await client.request({ method: 'tools/list' }, ResultSchema);
    const opened = { client, transport };
    this.#clients.set(key, opened);
    return opened;
  }

  #url(call: WireCall): URL {
    return new URL(`http://127.0.0.1:${this.#gateway.address.port}/mcp/${call.server}`);
  }

  async #send(call: WireCall, { client, transport }: { client: Client; transport: StreamableHTTPClientTransport }): Promise<Omit<WireAnswer, 'asked' | 'rows'>> {
    const method = { tool: 'tools/call', resource: 'resources/read', prompt: 'prompts/get' }[call.kind];
    const meta = call.outcome === 'ok' ? {} : { _meta: { 'test/outcome': call.outcome } };
    const target = call.kind === 'resource' ? { uri: call.name } : { name: call.name };
    const text = textOf(call);
    // The official client writes numbers as JavaScript does; what it would change is sent by hand, in the same session.
    if (text === null || JSON.stringify(JSON.parse(text)) === text) {
      try {
        const result = await client.request({ method, params: { ...target, ...(text === null ? {} : { arguments: JSON.parse(text) as object }), ...meta } }, ResultSchema);
        return read({ result });
      } catch (error) {
        if (!(error instanceof McpError) || error.code === Number(ErrorCode.RequestTimeout)) throw error;
        return read({ error: { code: error.code, message: error.message, data: error.data } });
      }
    }
    this.#ids += 1;
    const response = await fetch(this.#url(call), {
      method: 'POST',
      headers: {
        Authorization: `Bearer ${tokenOf(call.caller.grant)}`, 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream',
        'Mcp-Session-Id': transport.sessionId ?? '', 'Mcp-Protocol-Version': transport.protocolVersion ?? '',
      },
      body: `{"jsonrpc":"2.0","id":"raw-${this.#ids}","method":"${method}","params":${JSON.stringify({ ...target, ...meta }).slice(0, -1)},"arguments":${text}}}`,
    });
    const body = await response.text();
    const message = body.startsWith('{') ? body : /^data: (\{.*"raw-.*)$/m.exec(body)?.[1];
    if (message === undefined) throw new Error(`${response.status}: ${body.slice(0, 300)}`);
    return read(JSON.parse(message) as Message);
  }
}

interface Message {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}

function read({ result, error }: Message): Omit<WireAnswer, 'asked' | 'rows'> {
  const key = 'policylayer/decision';
  if (error !== undefined) {
    const data = error.data as Record<string, WireAnswer['refusal']> | undefined;
    return { refusal: data?.[key] ?? null, text: error.message, error: { code: error.code, message: error.message } };
  }
  const { content, _meta } = result as { content?: { text?: string }[]; _meta?: Record<string, WireAnswer['refusal']> };
  return { refusal: _meta?.[key] ?? null, text: content?.map((part) => part.text ?? '').join('') ?? '', error: null };
}
