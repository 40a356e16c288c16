import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client as McpClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { openControl, type ServedControl } from '../../../src/cli/serve/control.ts';
import { hashSecret, newSecret } from '../../../src/control/auth/secret-text.ts';
import type { GatewayConfig } from '../../../src/gateway/config-types.ts';
import { startGateway, type RunningGateway } from '../../../src/gateway/serve.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import type { Change, Registry, UpstreamAuthDefinition } from '../../../src/state/registry/types.ts';
import type { State } from '../../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../../src/wire/limits.ts';
import { Client } from '../harness.ts';
import type { Browser } from './authorization-server.ts';

/** A gateway as `serve` starts it: everything of the registry, a real listener and a real database. */
export class Served {
  readonly directory: string;
  readonly lines: string[] = [];
  state!: State;
  control!: ServedControl;
  gateway!: RunningGateway;
  readonly #open: McpClient[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async start(allow: readonly string[] = ['127.0.0.1']): Promise<Served> {
    const served = new Served(mkdtempSync(join(tmpdir(), 'policylayer-oauth-')));
    await served.boot();
    await served.change([{ op: 'put', kind: 'setting', name: 'privateTargets', value: allow }]);
    return served;
  }

  /** Another gateway on the same database and keys. */
  static async beside(other: Served): Promise<Served> {
    const served = new Served(other.directory);
    await served.boot();
    return served;
  }

  get registry(): Registry {
    return this.state.registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.gateway.address.port}`;
  }

  /** Starts it; a second time on what the first one left. */
  async boot(): Promise<void> {
    const config = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: this.directory, allowHosts: [], allowOrigins: [], servers: new Map(), grants: [],
      approvals: { publicUrl: null, webhook: null, approvers: [] }, journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
    } as unknown as GatewayConfig;
    const log = (line: string): void => void this.lines.push(line);
    this.state = await openState({ path: databasePath(this.directory) });
    this.control = await openControl({ state: this.state, file: { config, policies: new Map() }, env: {}, publicUrl: () => this.url, log });
    this.gateway = await startGateway(this.control.effective.current.config, { state: this.state, log, pages: this.control.plane });
    this.control.attach(this.gateway);
  }

  async halt(): Promise<void> {
    for (const client of this.#open.splice(0)) await client.close();
    await this.control.effective.close();
    await this.gateway.close(0);
    await this.state.close();
  }

  async stop(): Promise<void> {
    await this.halt();
    rmSync(this.directory, { recursive: true, force: true });
  }

  async change(changes: readonly Change[]): Promise<void> {
    const result = await this.registry.apply(changes, []);
    if (!result.ok) throw new Error(`refused: ${result.why}`);
    await this.control.effective.refresh();
  }

  /** Registers a server with OAuth, and a grant that may call everything. @returns the grant's token */
  async addServer(name: string, url: string): Promise<string> {
    const token = `plg_${randomBytes(32).toString('base64url')}`;
    await this.change([
      { op: 'put', kind: 'server', name, value: { kind: 'http', url, headers: {}, auth: 'oauth', description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'off', enabled: true } },
      { op: 'put', kind: 'policy', name: `all-${name}`, value: { server: null, description: null, draft: null, published: null } },
      { op: 'publish', policy: `all-${name}`, text: `version: "1"\ndefault: allow\n`, stage: 'enforce', comment: null, author: 'test' },
      { op: 'put', kind: 'grant', name: `agent-${name}`, value: { server: name, tags: [], policies: [`all-${name}`], tokenSha256: createHash('sha256').update(token).digest('hex'), tokenHint: token.slice(-4), previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'test' } },
    ]);
    return token;
  }

  /** Somebody of the dashboard, signed in. */
  async admin(): Promise<Client> {
    const name = randomBytes(9).toString('base64url');
    await this.change([{ op: 'put', kind: 'member', name, value: { name: 'Ada', email: `${name.toLowerCase()}@example.com`, role: 'admin', serverRoles: {}, passwordHash: null, oidc: null, disabled: false, lastSignInAt: null } }]);
    const secret = newSecret();
    const at = Date.now();
    await this.registry.openSession({ hash: hashSecret(secret), member: name, createdAt: new Date(at).toISOString(), lastUsedAt: new Date(at).toISOString(), expiresAt: new Date(at + 86_400_000).toISOString(), userAgent: 'test' });
    const member = await this.registry.get('member', name);
    return new Client(this.url, { cookie: `policylayer_session=${secret}`, 'x-csrf-token': createHmac('sha256', secret).update('csrf').digest('base64url') }, member, secret);
  }

  async auth(server: string): Promise<UpstreamAuthDefinition | null> {
    return (await this.registry.get('upstream_auth', server))?.value ?? null;
  }

  /** An agent: a real MCP client with the grant's token. */
  async agent(server: string, token: string): Promise<McpClient> {
    const client = new McpClient({ name: 'agent', version: '1' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${this.url}/mcp/${server}`), { requestInit: { headers: { authorization: `Bearer ${token}` } } }));
    this.#open.push(client);
    return client;
  }

  /** Begins a consent as a browser does: the cookie stays there. */
  async begin(admin: Client, server: string, browser: Browser, body: unknown = {}): Promise<string> {
    const started = await admin.post(`/servers/${server}/oauth/start`, body);
    if (started.status !== 200) throw new Error(`start: ${started.status} ${started.text}`);
    browser.take(this.url, started.headers.getSetCookie());
    return started.body.authorizationUrl as string;
  }
}

/** The text of a tool's answer. */
export async function callText(client: McpClient, name: string): Promise<string> {
  const result = await client.callTool({ name, arguments: {} });
  const [first] = result.content as { readonly type: string; readonly text?: string }[];
  return first?.text ?? '';
}
