import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ApprovalsConfig, GatewayConfig } from '../../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../../src/gateway/serve.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import type { ApprovalRequest, JournalRow, State } from '../../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';

export const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
export const ALICE = 'pla_the-token-of-alice-in-tests';
export const BOB = 'pla_the-token-of-bob-in-tests';

export interface PageAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** A gateway without servers, whose approvals are asked for in its state. */
export class Office {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'policylayer-office-'));
  readonly lines: string[] = [];
  gateway!: RunningGateway;
  state!: State;
  #config!: GatewayConfig;

  static async open(approvals: Partial<ApprovalsConfig> = {}): Promise<Office> {
    const office = new Office();
    office.#config = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: office.directory, allowHosts: ['gateway.example.com'], allowOrigins: ['https://app.example.com'], servers: new Map(), grants: [],
      approvals: { publicUrl: null, webhook: null, approvers: [{ name: 'alice', tokenSha256: sha256(ALICE) }, { name: 'bob', tokenSha256: sha256(BOB) }], ...approvals },
      journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 10, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
    };
    office.state = await openState({ path: databasePath(office.directory) });
    office.gateway = await startGateway(office.#config, { state: office.state, log: (line) => office.lines.push(line) });
    return office;
  }

  async reconfigure(approvals: Partial<ApprovalsConfig>): Promise<void> {
    this.#config = { ...this.#config, approvals: { ...this.#config.approvals, ...approvals } };
    await this.gateway.reload(this.#config);
  }

  /** Opens a request as a call would, and gives its id. */
  async ask(extra: Partial<ApprovalRequest> = {}): Promise<string> {
    const answer = await this.state.requestApproval({
      digest: randomBytes(32).toString('hex'), server: 'bank', grant: 'agent', session: null, kind: 'tool', method: 'tools/call', name: 'pay', argumentsText: '{"amount":10}', alsoSent: null, definitionHash: null,
      policies: 'p@1', policyId: 'p@1', rule: '/tools/pay', reason: 'money leaves the house', needed: 1, approvers: null, via: ['cli', 'dashboard', 'link', 'webhook'], timeoutMs: 60_000, ...extra,
    });
    if (answer.status === 'too_many') throw new Error('too many requests');
    return answer.record.id;
  }

  async statusOf(id: string): Promise<string | undefined> {
    return (await this.state.approval(id))?.status;
  }

  send(method: string, path: string, options: { readonly headers?: Record<string, string>; readonly body?: string | Buffer } = {}): Promise<PageAnswer> {
    return new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port: this.gateway.address.port, method, path, headers: options.headers ?? {}, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString('utf8') }));
        response.on('error', reject);
      });
      outgoing.on('error', reject);
      outgoing.end(options.body);
    });
  }

  form(path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<PageAnswer> {
    return this.send('POST', path, { headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers }, body: new URLSearchParams(fields).toString() });
  }

  json(path: string, value: unknown, headers: Record<string, string> = {}): Promise<PageAnswer> {
    return this.send('POST', path, { headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(value) });
  }

  async rows(): Promise<JournalRow[]> {
    await this.state.flush();
    return this.state.query({ limit: 10_000 });
  }

  async close(): Promise<void> {
    await this.gateway.close(200);
    await this.state.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
