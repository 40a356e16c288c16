// How to test a route: a real gateway listener with the control plane on a real SQLite file.
//
//   let world: World;
//   beforeAll(async () => { world = await World.start(); });            // options: servers, grants, owned, routes, now
//   afterAll(() => world.stop());
//   const admin = await world.as('admin');                              // or 'viewer', 'approver', 'policy_manager', 'nobody'
//   const manager = await world.as({ serverRoles: { tickets: 'policy_manager' } });
//   const bot = await world.token('admin', { role: 'viewer' });         // an API token of a member with the first role
//   const answer = await admin.post('/servers', { name: 'tickets', ... }, { 'idempotency-key': 'a' });
//   answer.status, answer.body (parsed JSON), answer.headers, answer.text
//   await admin.put('/servers/tickets', {...}, { 'if-match': answer.headers.get('etag') ?? '' });
//   await admin.raw('/events')                                          // the Response of fetch itself, to read a stream
//
// Sessions are real rows and cookies with CSRF tokens; only the password form is left out. `world.registry`, `world.state`, `world.lines` (log) are there
// to arrange and to look. `world.refreshed` counts calls of services.refresh; set `world.onRefresh` to do more.
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Route } from '../../src/control/api/route.ts';
import type { ControlServices } from '../../src/control/api/services.ts';
import { EffectiveConfig } from '../../src/control/config/live-configuration.ts';
import type { FilePolicy } from '../../src/control/config/types.ts';
import { hashSecret, newSecret } from '../../src/control/auth/secret-text.ts';
import { ControlPlane } from '../../src/control/control-plane.ts';
import { openSecretBox, type ManagedSecretBox } from '../../src/control/secrets/secret-box.ts';
import { startGateway, type RunningGateway } from '../../src/gateway/serve.ts';
import type { GatewayConfig, GrantConfig, ServerConfig } from '../../src/gateway/config-types.ts';
import type { Registry, Role, Stored } from '../../src/state/registry/types.ts';
import { databasePath, openState } from '../../src/state/open.ts';
import type { State } from '../../src/state/types.ts';
import { CLIENT_LIMITS, UPSTREAM_LIMITS } from '../../src/wire/limits.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Parsed JSON; null when there is none. */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- tests look into answers of any form
  readonly body: any;
}

export interface WorldOptions {
  readonly servers?: ReadonlyMap<string, ServerConfig>;
  readonly grants?: readonly GrantConfig[];
  /** Policies of gateway.yaml, by name. */
  readonly policies?: ReadonlyMap<string, FilePolicy>;
  /** Names that gateway.yaml owns. */
  readonly owned?: { readonly servers?: readonly string[]; readonly policies?: readonly string[]; readonly grants?: readonly string[] };
  readonly allowOrigins?: readonly string[];
  readonly publicUrl?: string;
  readonly webDirectory?: string;
  readonly now?: () => number;
  /** Instead of all there are. */
  readonly routes?: readonly Route[];
  /** Takes the services before the control plane gets them, to replace or to break some. */
  readonly services?: (services: ControlServices) => ControlServices;
}

export interface Who {
  readonly role?: Role | null;
  readonly serverRoles?: Readonly<Record<string, Role>>;
  readonly name?: string;
  readonly email?: string;
}

export class World {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'policylayer-control-'));
  readonly lines: string[] = [];
  gateway!: RunningGateway;
  control!: ControlPlane;
  services!: ControlServices;
  state!: State;
  secrets!: ManagedSecretBox;
  /** What gateway.yaml says; what is in force is `effective.current.config`. */
  config!: GatewayConfig;
  effective!: EffectiveConfig;
  refreshed = 0;
  onRefresh: () => Promise<void> = async () => undefined;
  readonly #options: WorldOptions;
  readonly #members = new Map<string, Stored<'member'>>();

  private constructor(options: WorldOptions) {
    this.#options = options;
  }

  static async start(options: WorldOptions = {}): Promise<World> {
    const world = new World(options);
    await world.#start();
    return world;
  }

  get registry(): Registry {
    return this.state.registry;
  }

  get url(): string {
    return `http://127.0.0.1:${this.gateway.address.port}`;
  }

  async #start(): Promise<void> {
    const options = this.#options;
    const now = options.now ?? Date.now;
    this.config = {
      listen: { host: '127.0.0.1', port: 0 }, dataDir: this.directory, allowHosts: options.publicUrl === undefined ? [] : [new URL(options.publicUrl).host], allowOrigins: options.allowOrigins ?? [],
      servers: options.servers ?? new Map(), grants: options.grants ?? [],
      approvals: { publicUrl: options.publicUrl ?? null, webhook: null, approvers: [] }, journal: { arguments: 'keys', retainDays: null },
      limits: { client: CLIENT_LIMITS, upstream: UPSTREAM_LIMITS, maxSessionsPerGrant: 100, sessionIdleMs: 600_000, bodyTimeoutMs: 2_000 },
    };
    this.state = await openState({ path: databasePath(this.directory) });
    this.secrets = openSecretBox({ dataDir: this.directory, env: {} });
    const { owned } = options;
    const log = (line: string): void => void this.lines.push(line);
    this.effective = await EffectiveConfig.open({ config: this.config, policies: options.policies ?? new Map() }, { registry: this.state.registry, box: this.secrets, log, now });
    const services: ControlServices = {
      state: this.state, registry: this.state.registry, config: () => this.effective.current.config, effective: () => this.effective.current, guard: this.effective.guard, health: (server) => this.gateway.health(server),
      owned: () => ({ servers: new Set(owned?.servers), policies: new Set(owned?.policies), grants: new Set(owned?.grants) }),
      refresh: async () => {
        this.refreshed++;
        await this.effective.refresh();
        await this.onRefresh();
      },
      stats: () => this.gateway.stats(), publicUrl: () => options.publicUrl ?? this.url, secrets: this.secrets, log: (line) => void this.lines.push(line), now, version: '0.0.0-test',
    };
    this.services = options.services?.(services) ?? services;
    this.control = new ControlPlane({ ...this.services, webDirectory: options.webDirectory ?? join(this.directory, 'no-dashboard'), ...(options.routes === undefined ? {} : { routes: options.routes }) });
    this.gateway = await startGateway(this.effective.current.config, { state: this.state, log: (line) => void this.lines.push(line), pages: this.control });
    this.effective.attach((config) => this.gateway.reload(config));
  }

  /** A member with these rights, as a record; the same one for the same rights. */
  async member(who: Who | Role): Promise<Stored<'member'>> {
    const wanted = typeof who === 'string' ? { role: who } : who;
    const key = JSON.stringify(wanted);
    const known = this.#members.get(key);
    const kept = known === undefined ? null : await this.registry.get('member', known.name);
    if (kept !== null) return kept;
    const name = randomBytes(9).toString('base64url');
    const label = wanted.name ?? (typeof who === 'string' ? who : `member-${this.#members.size}`);
    const result = await this.registry.apply([{
      op: 'put', kind: 'member', name, expect: null,
      value: { name: label, email: wanted.email ?? `${label}.${name.toLowerCase()}@example.com`, role: wanted.role ?? null, serverRoles: wanted.serverRoles ?? {}, passwordHash: 'scrypt$none', oidc: null, disabled: false, lastSignInAt: null },
    }], []);
    if (!result.ok) throw new Error(`the member was refused: ${result.why}`);
    const stored = await this.registry.get('member', name);
    if (stored === null) throw new Error('the member was not kept');
    this.#members.set(key, stored);
    return stored;
  }

  /** Somebody who is signed in, in a session of his own. */
  async as(who: Who | Role | 'nobody'): Promise<Client> {
    if (who === 'nobody') return new Client(this.url, {});
    const member = await this.member(who);
    const secret = newSecret();
    const at = (this.#options.now ?? Date.now)();
    await this.registry.openSession({ hash: hashSecret(secret), member: member.name, createdAt: new Date(at).toISOString(), lastUsedAt: new Date(at).toISOString(), expiresAt: new Date(at + 86_400_000).toISOString(), userAgent: 'test' });
    const secure = this.#options.publicUrl?.startsWith('https:') === true;
    return new Client(this.url, { cookie: `${secure ? '__Host-' : ''}policylayer_session=${secret}`, 'x-csrf-token': createHmac('sha256', secret).update('csrf').digest('base64url') }, member, secret);
  }

  /** An API token of a member. @param more `role`: at most these rights */
  async token(who: Who | Role, more: { readonly role?: Role; readonly expiresAt?: string } = {}): Promise<Client> {
    const member = await this.member(who);
    const secret = `pla_${newSecret()}`;
    const name = randomBytes(9).toString('base64url');
    await this.registry.apply([{ op: 'put', kind: 'token', name, expect: null, value: { label: 'test', member: member.name, role: more.role ?? null, tokenSha256: hashSecret(secret), tokenHint: secret.slice(-4), expiresAt: more.expiresAt ?? null, revokedAt: null, lastUsedAt: null } }], []);
    return new Client(this.url, { authorization: `Bearer ${secret}` }, member, secret);
  }

  async stop(): Promise<void> {
    await this.effective.close();
    await this.gateway.close(0);
    await this.state.close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A caller of the API. Headers that are given with a call win over his own; an empty one leaves his out. */
export class Client {
  readonly #url: string;
  readonly #headers: Readonly<Record<string, string>>;
  readonly member: Stored<'member'> | null;
  /** Of the session or token. */
  readonly secret: string | null;

  constructor(url: string, headers: Readonly<Record<string, string>>, member: Stored<'member'> | null = null, secret: string | null = null) {
    this.#url = url;
    this.#headers = headers;
    this.member = member;
    this.secret = secret;
  }

  /** Value of X-CSRF-Token; empty without a session. */
  get csrf(): string {
    return this.#headers['x-csrf-token'] ?? '';
  }

  get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('GET', path, undefined, headers);
  }

  post(path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('POST', path, body, headers);
  }

  put(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('PUT', path, body, headers);
  }

  patch(path: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    return this.send('PATCH', path, body, headers);
  }

  delete(path: string, headers: Readonly<Record<string, string>> = {}, body?: unknown): Promise<Answer> {
    return this.send('DELETE', path, body, headers);
  }

  /** @param path below /api/v1 @param body an object is sent as JSON, text and bytes as they are */
  async send(method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
    const response = await this.raw(path, { method, headers, body });
    const text = await response.text();
    const json = /json/.test(response.headers.get('content-type') ?? '') && text !== '';
    return { status: response.status, headers: response.headers, text, body: json ? JSON.parse(text) : null };
  }

  /** The Response itself. Redirects are not followed. */
  raw(path: string, options: { readonly method?: string; readonly headers?: Readonly<Record<string, string>>; readonly body?: unknown; readonly signal?: AbortSignal } = {}): Promise<Response> {
    const { method = 'GET', body, signal } = options;
    const all: Record<string, string> = { ...this.#headers, ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...options.headers };
    const headers = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));
    const bytes = body === undefined ? undefined : typeof body === 'string' ? body : body instanceof Uint8Array ? body : JSON.stringify(body);
    return fetch(`${this.#url}/api/v1${path}`, { method, headers, redirect: 'manual', ...(bytes === undefined ? {} : { body: bytes }), ...(signal === undefined ? {} : { signal }) });
  }
}
