import type { buildConnector, Client } from 'undici';
import type { AddressGuard } from './address-guard.ts';
import { AuthorizedExchange } from './authorized-exchange.ts';
import { failure } from './failure.ts';
import { guardedLookup, type Lookup } from './guarded-lookup.ts';
import { outgoingHeaders } from './hop-by-hop.ts';
import { type Carrier, Exchange, type HttpExchange, type HttpHandlers, type HttpRequest } from './http-exchange.ts';
import { notAllowed } from './http-failure.ts';
import type { HttpSpec, UpstreamAuthorizer, UpstreamFailure } from './types.ts';

export type { HttpExchange, HttpHandlers, HttpRequest } from './http-exchange.ts';

export interface HttpPoolOptions {
  /** Connections to this upstream, long-lived streams included. */
  readonly maxConnections?: number;
  /** Requests that may wait for a connection. */
  readonly maxWaiting?: number;
  readonly connectTimeoutMs?: number;
  /** Send the `host` header of the request instead of the upstream's own (edge mode, T5). */
  readonly keepHost?: boolean;
  /** Options of `tls.connect`, e.g. `ca`. */
  readonly tls?: Pick<buildConnector.BuildOptions & { readonly ca?: string | Buffer }, 'ca'>;
  /** Which addresses may be connected to; all when absent. */
  readonly guard?: AddressGuard;
  /** Gives each request an access token of the gateway's own. */
  readonly authorize?: UpstreamAuthorizer;
}

/** The options of a pool that an upstream's own entry asks for. */
export function poolOptions(spec: HttpSpec): Pick<HttpPoolOptions, 'guard' | 'authorize'> {
  return { ...(spec.guard === undefined ? {} : { guard: spec.guard }), ...(spec.authorize === undefined ? {} : { authorize: spec.authorize }) };
}

/** Idle age up to which a connection is used again when the server says nothing (B6). */
const IDLE_WITHOUT_HINT_MS = 1_000;
/** How much earlier than the server we give a connection up: its timer may fire early, ours be late, and packets take time. */
const HINT_MARGIN_MS = 4_500;
const MAX_IDLE_MS = 600_000;

interface Parts {
  readonly Client: typeof Client;
  readonly connect: buildConnector.connector;
}

/**
 * Connections to one HTTP upstream, one exchange each at a time, the most recently used idle one first. The idle age is checked when a
 * request is about to be sent and not by a timer, because under load a timer fires too late (protocol.md B6).
 */
export class HttpPool {
  readonly #origin: string;
  readonly #options: HttpPoolOptions;
  readonly #maxConnections: number;
  readonly #maxWaiting: number;
  #parts: Parts | null = null;
  #loading: Promise<void> | null = null;
  readonly #idle: Connection[] = [];
  readonly #all = new Set<Connection>();
  #waiting: Exchange[] = [];
  #closed = false;
  /** Why this upstream may not be called at all. */
  readonly #refused: UpstreamFailure | null;
  readonly #retryFresh = (exchange: Exchange): void => this.#runFresh(exchange);

  constructor(upstream: URL, options: HttpPoolOptions = {}) {
    this.#origin = upstream.origin;
    this.#options = options;
    this.#maxConnections = options.maxConnections ?? 1_024;
    this.#maxWaiting = options.maxWaiting ?? 1_024;
    // A host that is an address is never looked up, so it is judged here.
    const problem = options.guard?.refusesHost(upstream.hostname) ?? null;
    this.#refused = problem === null ? null : notAllowed(problem, false);
  }

  /** Loads the HTTP client ahead of the first request, which otherwise waits for it. */
  ready(): Promise<void> {
    this.#loading ??= this.#load();
    return this.#loading;
  }

  /** Open connections, busy and idle. */
  get connections(): number {
    return this.#all.size;
  }

  /** Sends a request. Never throws; handlers are never called before it returns. Redirects are never followed. */
  dispatch(request: HttpRequest, handlers: HttpHandlers): HttpExchange {
    const { authorize } = this.#options;
    return authorize === undefined ? this.#send(request, handlers) : new AuthorizedExchange(authorize, request, handlers, (again, others) => this.#send(again, others));
  }

  #send(request: HttpRequest, handlers: HttpHandlers): HttpExchange {
    const exchange = new Exchange(request, handlers, this.#retryFresh);
    const refused = this.#closed ? failure('closed', 'the connection to the upstream is being shut down', false) : this.#refused;
    if (refused !== null) {
      queueMicrotask(() => exchange.fail(refused));
    } else if (this.#parts === null) {
      this.#wait(exchange);
      void this.ready();
    } else if (this.#waiting.length > 0 || !this.#run(exchange)) {
      this.#wait(exchange);
    }
    return exchange;
  }

  /** Closes every connection; exchanges still running fail. */
  close(): void {
    this.#closed = true;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const exchange of waiting) exchange.fail(failure('closed', 'the connection to the upstream was shut down', false));
    for (const connection of this.#all) connection.discard();
  }

  async #load(): Promise<void> {
    try {
      const [client, connector] = await Promise.all([import('undici/lib/dispatcher/client.js'), import('undici/lib/core/connect.js')]);
      const timeout = this.#options.connectTimeoutMs ?? 10_000;
      // One connector for all, so that TLS sessions are shared.
      this.#parts = { Client: client.default, connect: connector.default(this.#connectOptions(timeout)) };
      this.#drain();
    } catch {
      this.#closed = true;
      for (const exchange of this.#waiting.splice(0)) exchange.fail(failure('unreachable', 'the HTTP client could not be loaded', false));
    }
  }

  #connectOptions(timeout: number): buildConnector.BuildOptions & { readonly lookup?: Lookup } {
    const { tls, guard } = this.#options;
    return { ...tls, timeout, allowH2: false, ...(guard === undefined ? {} : { lookup: guardedLookup(guard) }) };
  }

  #wait(exchange: Exchange): void {
    if (this.#waiting.length >= this.#maxWaiting) this.#waiting = this.#waiting.filter((waiting) => !waiting.done);
    if (this.#waiting.length < this.#maxWaiting) {
      this.#waiting.push(exchange);
      return;
    }
    queueMicrotask(() => exchange.fail(failure('unreachable', 'too many requests are waiting for this upstream; try again later', false)));
  }

  /** Sends waiting requests while there are connections for them. */
  #drain(): void {
    while (this.#waiting.length > 0) {
      const [exchange] = this.#waiting;
      if (exchange !== undefined && !exchange.done && !this.#run(exchange)) return;
      this.#waiting.shift();
    }
  }

  #run(exchange: Exchange): boolean {
    const idle = this.#takeIdle();
    if (idle === null && this.#all.size >= this.#maxConnections) return false;
    (idle ?? this.#connect()).carry(exchange, this.#options.keepHost ?? false);
    return true;
  }

  /** A second attempt: other idle connections may be as dead as the one that failed. */
  #runFresh(exchange: Exchange): void {
    if (this.#closed) exchange.fail(failure('closed', 'the connection to the upstream was shut down', true));
    else this.#connect().carry(exchange, this.#options.keepHost ?? false);
  }

  #takeIdle(): Connection | null {
    const now = performance.now();
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      if (connection.usableAt(now)) return connection;
      connection.discard();
    }
    return null;
  }

  #connect(): Connection {
    const parts = this.#parts;
    if (parts === null) throw new Error('a connection was opened before the HTTP client was loaded');
    const client = new parts.Client(this.#origin, {
      pipelining: 1,
      bodyTimeout: 0,
      headersTimeout: 0,
      connect: parts.connect,
      keepAliveTimeout: IDLE_WITHOUT_HINT_MS,
      keepAliveTimeoutThreshold: HINT_MARGIN_MS,
      keepAliveMaxTimeout: MAX_IDLE_MS,
    });
    const connection = new Connection(client, {
      idle: () => {
        this.#idle.push(connection);
        if (this.#waiting.length > 0) queueMicrotask(() => this.#drain());
      },
      gone: () => {
        this.#all.delete(connection);
        const index = this.#idle.lastIndexOf(connection);
        if (index >= 0) this.#idle.splice(index, 1);
        if (this.#waiting.length > 0) queueMicrotask(() => this.#drain());
      },
    });
    this.#all.add(connection);
    return connection;
  }
}

interface Owner {
  idle(): void;
  gone(): void;
}

const ignore = (): void => undefined;

/** One undici client with at most one socket and one exchange. */
class Connection implements Carrier {
  uses = 0;
  readonly #client: Client;
  readonly #owner: Owner;
  #idleSince = 0;
  #maxIdleMs = IDLE_WITHOUT_HINT_MS;
  #busy = false;
  #discarded = false;

  constructor(client: Client, owner: Owner) {
    this.#client = client;
    this.#owner = owner;
    client.on('connect', () => { this.uses = 0; });
    client.on('disconnect', () => {
      if (!this.#busy) this.discard();
    });
  }

  carry(exchange: Exchange, keepHost: boolean): void {
    this.#busy = true;
    const { method, path, headers, body } = exchange.request;
    exchange.start(this, (handler) => {
      this.#client.dispatch({ method, path, headers: outgoingHeaders(headers, keepHost), body }, handler);
    });
  }

  completed(keepAliveSeconds: number | null): void {
    this.uses += 1;
    this.#maxIdleMs = keepAliveSeconds === null ? IDLE_WITHOUT_HINT_MS : Math.min(keepAliveSeconds * 1_000 - HINT_MARGIN_MS, MAX_IDLE_MS);
    // Later, when undici has decided whether the socket stays open. A request queued on it before would also skip the check for bytes
    // that the server sent unasked, and such bytes would be taken for its answer.
    queueMicrotask(this.#rest);
  }

  readonly #rest = (): void => {
    this.#busy = false;
    if (this.#discarded) return;
    this.#idleSince = performance.now();
    if (this.#maxIdleMs > 0 && this.#client.stats.connected) this.#owner.idle();
    else this.discard();
  };

  usableAt(now: number): boolean {
    return !this.#discarded && now - this.#idleSince <= this.#maxIdleMs && this.#client.stats.connected;
  }

  discard(): void {
    if (this.#discarded) return;
    this.#discarded = true;
    this.#owner.gone();
    // Not from within a callback of the parser that belongs to the socket about to be destroyed.
    queueMicrotask(() => this.#client.destroy(ignore));
  }
}
