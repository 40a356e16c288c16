import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:net';
import { batched, type StateObserver } from '../state/batched-admissions.ts';
import type { State } from '../state/types.ts';
import { ApprovalEndpoint, isApprovalPath } from './approval-http/approval-endpoint.ts';
import { HttpDesk } from './approval-http/desk.ts';
import { watchOf } from './approvals/watch.ts';
import type { GatewayServices } from './conversation-options.ts';
import type { GatewayConfig, GrantConfig, ListenAddress, ServerConfig } from './config-types.ts';
import { openEndpoint, type ServerEndpoint } from './http/endpoint.ts';
import type { EndpointStats } from './http/context.ts';
import { GrantClock } from './grant-clock.ts';
import { bearerToken, TokenTable, unknownToken, type GuardProblem, type TokenEntry } from './http/guard.ts';
import type { Head } from './http/head.ts';
import { Listener } from './http/listener.ts';
import { GatewayMetrics } from './metrics/gateway-metrics.ts';
import { isOpsPath, OpsEndpoint } from './metrics/ops-endpoint.ts';
import { sendProblem } from './http/reply.ts';
import { OAuthCallers, type OAuthCaller, type OAuthGrant } from './oauth/callers.ts';
import { metadataPath, sendMetadata } from './oauth/resource.ts';
import { TokenVerifier } from './oauth/token-verifier.ts';
import { ToolPins } from './pins/tool-pins.ts';
import { Principal } from './principal.ts';
import { appendLoudly, randomId } from './recorder.ts';
import { ToolClassifier } from './tool-classifier.ts';
import type { CallTracer } from './tracing/call-tracer.ts';
import { HealthWatch, type UpstreamHealth } from './upstream-health.ts';
import { upstreamTarget } from './upstream-target.ts';

/** Pages that are served on the gateway's listener, behind the same checks of Host and Origin, by a room above this one. */
export interface OwnPages {
  /** Asked for every request that is neither for a server nor for an approval. @param path as it came, without query */
  owns(path: string): boolean;
  handle(head: Head, request: IncomingMessage, response: ServerResponse): void;
  /** True when people decide on approvals there, under their own names. */
  readonly takesApprovals?: boolean;
  /** Whether the holder of this bearer token may read /metrics. Left out: nobody is known. */
  mayReadMetrics?(bearer: string): boolean | Promise<boolean>;
  /** The gateway is ending: streams of these pages end in good order. */
  drain?(): void;
}

export interface GatewayDeps {
  readonly state: State;
  readonly log: (line: string) => void;
  readonly pages?: OwnPages;
  /** Told of what passes the store, besides the figures. */
  readonly observer?: StateObserver;
  /** Traces calls. Left out: nothing does. */
  readonly tracer?: CallTracer;
}

export interface RunningGateway {
  readonly address: { readonly host: string; readonly port: number };
  stats(): EndpointStats;
  /** How the upstream of a server stands; null when there is no such server. */
  health(server: string): UpstreamHealth | null;
  /** Swaps the whole configuration. Servers and grants that did not change keep their sessions. */
  reload(config: GatewayConfig): Promise<void>;
  /**
   * Ends in order: /readyz says 503, calls are still taken for `delayMs`, open ones get `graceMs`, then sessions, child processes and connections end.
   */
  close(graceMs?: number, delayMs?: number): Promise<void>;
}

/** How long a draining gateway waits for open calls. */
const GRACE_MS = 10_000;
/** What answers hold when the grace is over still has so long to reach the clients. */
const LAST_ANSWERS_MS = 250;

/** Starts the gateway of product.md: one listener, one proxy URL per server, grants by bearer token. */
export async function startGateway(config: GatewayConfig, deps: GatewayDeps): Promise<RunningGateway> {
  const gateway = new Gateway(config, deps);
  await gateway.start();
  return gateway;
}

class Gateway implements RunningGateway {
  address: { readonly host: string; readonly port: number } = { host: '', port: 0 };
  #config: GatewayConfig;
  readonly #services: GatewayServices;
  readonly #log: (line: string) => void;
  readonly #listener: Listener;
  readonly #desk: HttpDesk;
  readonly #approvals: ApprovalEndpoint;
  readonly #ops: OpsEndpoint;
  readonly #pages: OwnPages | null;
  readonly #principals = new Map<string, { readonly principal: Principal; readonly grant: GrantConfig }>();
  readonly #endpoints = new Map<string, { readonly endpoint: ServerEndpoint; readonly config: ServerConfig; readonly edge: Principal | null; readonly pins: ToolPins; readonly classifier: ToolClassifier; readonly health: HealthWatch }>();
  #tokens: TokenTable = new TokenTable([]);
  #oauth: OAuthCallers | null = null;
  readonly #verifier: TokenVerifier;
  readonly #grantClock = new GrantClock(() => this.#applyGrants(this.#config));
  #keepArguments: boolean;
  /** Told by /readyz. */
  /** What replaced servers still need to end. A reload does not wait for it: the next one may take a grant away. */
  readonly #ending = new Set<Promise<void>>();
  #draining = false;
  /** New calls are told to come again. */
  #refusing = false;
  #loaded = false;

  constructor(config: GatewayConfig, deps: GatewayDeps) {
    this.#config = config;
    this.#keepArguments = config.journal.arguments === 'values';
    this.#log = deps.log;
    this.#verifier = new TokenVerifier(() => Date.now(), deps.log);
    this.#pages = deps.pages ?? null;
    const keepArguments = (): boolean => this.#keepArguments;
    const metrics = new GatewayMetrics((server, tool) => this.#endpoints.get(server)?.classifier.categoryOf(tool) ?? null);
    const state = batched(deps.state, deps.observer === undefined ? metrics : both(metrics, deps.observer));
    this.#desk = new HttpDesk(config.approvals, { state, log: deps.log, dashboard: deps.pages?.takesApprovals === true, listening: () => baseUrl(this.address) });
    this.#services = {
      state, ready: () => null, log: deps.log, approvals: this.#desk, upstream: '', now: () => Date.now(), classifier: new ToolClassifier(), pins: new ToolPins(null),
      ...(deps.tracer === undefined ? {} : { tracer: deps.tracer }),
      get keepArguments() {
        return keepArguments();
      },
    };
    this.#approvals = new ApprovalEndpoint({ services: this.#services, config: () => this.#desk.config });
    const { pages } = deps;
    this.#ops = new OpsEndpoint({
      state, metrics, dataDir: config.dataDir, log: deps.log, draining: () => this.#draining, loaded: () => this.#loaded,
      stats: () => [...this.#endpoints].map(([server, { endpoint }]) => [server, endpoint.stats()] as const),
      tokenSha256: () => this.#config.metrics?.tokenSha256 ?? null,
      known: pages?.mayReadMetrics === undefined ? null : (bearer) => pages.mayReadMetrics?.(bearer) ?? false,
    });
    this.#listener = new Listener({ listen: config.listen, allowHosts: config.allowHosts, allowOrigins: config.allowOrigins, services: this.#services, ownPages: (path) => isApprovalPath(path) || this.#pages?.owns(path) === true, handle: (head, request, response) => this.#route(head, request, response) });
  }

  async start(): Promise<void> {
    this.#applyGrants(this.#config);
    // Before the listener, so that the first client finds every server.
    await this.#applyServers(this.#config);
    try {
      this.address = await this.#listener.start();
      // Whom tokens are for depends on the address, where no public one is configured.
      this.#applyIssuers();
      this.#loaded = true;
    } catch (error) {
      await Promise.all([...this.#endpoints.values()].map(({ endpoint }) => endpoint.close()));
      throw error;
    }
  }

  stats(): EndpointStats {
    const sum = { sessions: 0, children: 0, inFlight: 0, streams: 0 };
    for (const { endpoint } of this.#endpoints.values()) {
      const stats = endpoint.stats();
      sum.sessions += stats.sessions;
      sum.children += stats.children;
      sum.inFlight += stats.inFlight;
      sum.streams += stats.streams;
    }
    return sum;
  }

  health(server: string): UpstreamHealth | null {
    return this.#endpoints.get(server)?.health.health ?? null;
  }

  /** Principals keep their identity across edits, so that sessions and counters go on; policies are swapped whole. */
  #applyGrants(config: GatewayConfig): void {
    const seen = new Set<string>();
    const tokens: TokenEntry[] = [];
    const now = Date.now();
    for (const grant of config.grants) {
      if (grant.expiresAtMs !== undefined && grant.expiresAtMs <= now) continue;
      seen.add(grant.label);
      const before = this.#principals.get(grant.label);
      let principal = before?.principal;
      const sameCaller = before !== undefined && before.grant.server === grant.server && sameCallerToken(before.grant, grant, now) && sameIdentity(before.grant, grant);
      if (principal === undefined || !sameCaller) {
        if (principal !== undefined) this.#endPrincipal(principal, 'the grant was changed');
        principal = new Principal(grant.label, grant.server, grant.policies, grant.tags);
      } else {
        principal.swap(grant.policies, grant.tags);
      }
      principal.expireAt(grant.expiresAtMs ?? null);
      this.#principals.set(grant.label, { principal, grant });
      if (grant.tokenSha256 !== null) tokens.push({ hash: grant.tokenSha256, principal });
      if (grant.previous !== undefined && grant.previous.untilMs > now) tokens.push({ hash: grant.previous.tokenSha256, principal, untilMs: grant.previous.untilMs });
    }
    for (const [label, { principal }] of this.#principals) {
      if (seen.has(label)) continue;
      this.#principals.delete(label);
      this.#endPrincipal(principal, 'the grant was removed or has expired');
    }
    this.#grantClock.wait(config.grants.flatMap((grant) => (grant.expiresAtMs === undefined ? [] : [grant.expiresAtMs])));
    this.#tokens = new TokenTable(tokens);
    this.#applyIssuers();
  }

  /** Which access tokens stand for which grant. Tokens that were verified stay so, unless the rules for them changed. */
  #applyIssuers(): void {
    const { oauth } = this.#config;
    // Before the listener has its address there may be no name by which tokens could be for us, and nobody to bring one.
    if (this.address.port === 0) return;
    const grants: OAuthGrant[] = [];
    for (const { principal, grant } of this.#principals.values()) if (grant.oauth !== undefined) grants.push({ principal, identity: grant.oauth });
    this.#oauth = oauth === undefined || grants.length === 0 ? null : new OAuthCallers(grants, oauth, this.#resourceBase(), this.#verifier);
  }

  /** Base of the canonical URIs of the servers, without a trailing slash. */
  #resourceBase(): string {
    return this.#config.oauth?.publicUrl ?? this.#config.approvals.publicUrl ?? baseUrl(this.address);
  }

  #endPrincipal(principal: Principal, reason: string): void {
    principal.revoke();
    for (const { endpoint } of this.#endpoints.values()) endpoint.endPrincipal(principal, reason);
  }

  async #applyServers(config: GatewayConfig): Promise<void> {
    for (const [name, current] of this.#endpoints) {
      const next = config.servers.get(name);
      if (next !== undefined && sameServer(current.config, next) && current.edge === this.#edgePrincipal(next)) {
        await current.pins.setMode(next.drift);
        continue;
      }
      this.#endpoints.delete(name);
      const closed = current.endpoint.close();
      // Its successor may listen at the same address.
      if (current.config.edge === null) this.#endLater(closed);
      else await closed;
    }
    for (const [name, server] of config.servers) {
      if (this.#endpoints.has(name)) continue;
      const edge = this.#edgePrincipal(server);
      const pins = new ToolPins({ server: name, mode: server.drift, trusted: server.trustedAnnotations, state: this.#services.state, ready: () => null, log: this.#log });
      const classifier = new ToolClassifier({ server: server.name, trusted: server.trustedAnnotations });
      const health = new HealthWatch();
      const endpoint = await openEndpoint({ server, services: this.#servicesFor(server, pins, classifier, health), limits: config.limits, log: this.#log }, edge, config);
      this.#endpoints.set(name, { endpoint, config: server, edge, pins, classifier, health });
    }
  }

  #endLater(closed: Promise<void>): void {
    const ended = closed.catch((error: unknown) => this.#log(`a server that was replaced did not end in order: ${error instanceof Error ? error.message : 'unknown error'}`));
    this.#ending.add(ended);
    void ended.finally(() => this.#ending.delete(ended));
  }

  /** An endpoint that is replaced keeps the place of its own, so that what it still holds is not taken for its successor's. */
  #servicesFor(server: ServerConfig, pins: ToolPins, classifier: ToolClassifier, health: HealthWatch): GatewayServices {
    const keepArguments = (): boolean => this.#keepArguments;
    return {
      ...this.#services,
      upstream: upstreamTarget(server.upstream),
      classifier,
      pins,
      health,
      get keepArguments() {
        return keepArguments();
      },
    };
  }

  /** Whose policy holds for every caller of the server's edge listener; null when it has none. */
  #edgePrincipal(server: ServerConfig): Principal | null {
    if (server.edge === null) return null;
    for (const { principal, grant } of this.#principals.values()) if (grant.server === server.name && grant.tokenSha256 === null && grant.oauth === undefined) return principal;
    return null;
  }

  async reload(config: GatewayConfig): Promise<void> {
    if (this.#draining) return;
    // Before anything is swapped: a configuration is applied whole or not at all.
    await this.#checkAddresses(config);
    this.#config = config;
    this.#keepArguments = config.journal.arguments === 'values';
    this.#listener.expose(config.allowHosts, config.allowOrigins);
    this.#desk.reload(config.approvals);
    this.#applyGrants(config);
    await this.#applyServers(config);
  }

  /** @throws when a new edge listener could not take its address */
  async #checkAddresses(config: GatewayConfig): Promise<void> {
    const held = new Set([...this.#endpoints.values()].flatMap(({ config: { edge } }) => (edge === null ? [] : [JSON.stringify(edge.listen)])));
    for (const { edge } of config.servers.values()) if (edge !== null && !held.has(JSON.stringify(edge.listen))) await probeAddress(edge.listen);
  }

  #route(head: Head, request: IncomingMessage, response: ServerResponse): void {
    if (isOpsPath(head.path)) return this.#ops.handle(head, request, response);
    if (isApprovalPath(head.path)) return this.#approvals.handle(head, request, response);
    if (this.#oauth !== null && (head.method === 'GET' || head.method === 'HEAD')) {
      const named = metadataPath(head.path, this.#resourceBase());
      const metadata = named === null ? null : this.#oauth.metadata(named);
      if (metadata !== null) return sendMetadata(response, metadata);
    }
    const match = /^\/mcp\/([a-z0-9][a-z0-9._-]{0,127})(\/sse|\/messages)?$/.exec(head.path);
    if (match === null && this.#pages?.owns(head.path) === true) return this.#pages.handle(head, request, response);
    if (match === null) return sendProblem(response, 404, 'Not found: proxy URLs look like /mcp/<server>', { connection: 'close' });
    const server = match[1] ?? '';
    const suffix = match[2] ?? '';
    const found = this.#authenticate(head, server);
    if (!(found instanceof Promise)) return this.#admit(head, request, response, server, suffix, found);
    // Nothing of the body is read before it is known who sends it. A client that left meanwhile has nobody to answer.
    found.then((caller) => {
      if (!request.destroyed && !response.destroyed) this.#admit(head, request, response, server, suffix, caller);
    }).catch((error: unknown) => {
      this.#log(`internal error while a token was verified: ${error instanceof Error ? error.message : 'unknown'}`);
      sendProblem(response, 503, 'the token cannot be verified now', { connection: 'close' });
    });
  }

  /** Who sends a request: at once for grant tokens and for access tokens that were verified before. */
  #authenticate(head: Head, server: string): Principal | OAuthCaller | GuardProblem | Promise<OAuthCaller | GuardProblem> {
    const bearer = bearerToken(head);
    if ('status' in bearer) return this.#oauth?.challenged(server, bearer) ?? bearer;
    const principal = this.#tokens.find(bearer.digest, server);
    if (principal !== null) return principal;
    return this.#oauth?.authenticate(server, bearer.token, bearer.digest) ?? this.#oauth?.challenged(server, unknownToken()) ?? unknownToken();
  }

  #admit(head: Head, request: IncomingMessage, response: ServerResponse, server: string, suffix: string, found: Principal | OAuthCaller | GuardProblem): void {
    if ('status' in found) {
      appendLoudly(this.#services, {
        id: randomId(), server: this.#endpoints.has(server) ? server : '-', grant: null, session: null, transport: 'http', protocol: null, method: null, name: null, requestId: null,
        outcome: 'rejected', code: found.code, rule: null, policy: null, reason: found.text, retryAfterMs: null, observed: null, argKeys: null, argHash: null,
        argValues: null, upstreamStatus: null, latencyMs: null,
      });
      return sendProblem(response, found.status, found.text, { ...found.headers, connection: 'close' });
    }
    const endpoint = this.#endpoints.get(server)?.endpoint;
    if (endpoint === undefined || this.#refusing) return sendProblem(response, 503, 'the gateway is shutting down or starting', { 'retry-after': '1', connection: 'close' });
    if (found instanceof Principal) return endpoint.handle({ request, response, head, principal: found, caller: null, user: null }, suffix);
    endpoint.handle({ request, response, head, ...found }, suffix);
  }

  async close(graceMs: number = GRACE_MS, delayMs = 0): Promise<void> {
    if (this.#draining) return;
    this.#draining = true;
    if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
    this.#refusing = true;
    this.#grantClock.stop();
    this.#pages?.drain?.();
    // Calls that wait for an approval are told so now; the approval can still be given, and used by the next process.
    watchOf(this.#services.state).end();
    const deadline = performance.now() + graceMs;
    // The listener stays: /readyz says 503, and a new call is told to come again, until the open ones have their answers.
    while (this.stats().inFlight > 0 && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 25));
    const stopped = this.#listener.close(Math.max(LAST_ANSWERS_MS, deadline - performance.now()));
    await Promise.all([...[...this.#endpoints.values()].map(({ endpoint }) => endpoint.close()), ...this.#ending]);
    this.#listener.closeIdle();
    await stopped;
    this.#desk.close();
    this.#ops.close();
    try {
      await this.#services.state.flush();
    } catch (error) {
      // A store that is gone must not keep the rest of the process from ending in order.
      this.#log(`journal: what waited was not written (${error instanceof Error ? error.message : 'unknown error'})`);
    }
  }
}

function both(a: StateObserver, b: StateObserver): StateObserver {
  return {
    admitted: (entry, result) => {
      a.admitted(entry, result);
      b.admitted(entry, result);
    },
    appended: (entry) => {
      a.appended(entry);
      b.appended(entry);
    },
    settled: (id, settlement) => {
      a.settled(id, settlement);
      b.settled(id, settlement);
    },
    failed: () => {
      a.failed();
      b.failed();
    },
  };
}

/** Where a browser on this machine reaches a listener. */
function baseUrl({ host, port }: { readonly host: string; readonly port: number }): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${name}:${port}`;
}

/** Takes an address and gives it back. @throws when it cannot be taken */
function probeAddress({ host, port }: ListenAddress): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve()));
  });
}

/** A rotation that leaves the token before it at work is no other caller: its sessions and counters go on. */
function sameCallerToken(before: GrantConfig, next: GrantConfig, now: number): boolean {
  if (sameToken(before.tokenSha256, next.tokenSha256)) return true;
  const { previous } = next;
  return previous !== undefined && previous.untilMs > now && sameToken(before.tokenSha256, previous.tokenSha256);
}

function sameToken(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b);
}

/** True when the same people come by OAuth: others are another caller. */
function sameIdentity(a: GrantConfig, b: GrantConfig): boolean {
  const text = ({ oauth }: GrantConfig): string => JSON.stringify(oauth === undefined ? null : [oauth.issuer, Object.entries(oauth.claims).sort(([one], [other]) => (one < other ? -1 : 1))]);
  return text(a) === text(b);
}

/** True when nothing changed that a running server could notice. */
function sameServer(a: ServerConfig, b: ServerConfig): boolean {
  return describe(a) === describe(b);
}

function describe(server: ServerConfig): string {
  const { upstream } = server;
  const target = upstream.kind === 'command' ? { ...upstream.spec } : { url: upstream.spec.url.href, headers: upstream.spec.headers, guarded: upstream.spec.guard !== undefined, authorized: upstream.spec.authorize !== undefined };
  return JSON.stringify({ target, isolation: server.isolation, bridge: server.bridge, trustedAnnotations: server.trustedAnnotations, edge: server.edge });
}
