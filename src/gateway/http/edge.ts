import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpSpec } from '../../upstream/types.ts';
import { HttpPool, type HttpHandlers } from '../../upstream/http-pool.ts';
import type { GatewayConfig, ListenAddress } from '../config-types.ts';
import { Principal } from '../principal.ts';
import type { EndpointContext, EndpointStats } from './context.ts';
import type { Head } from './head.ts';
import { Listener } from './listener.ts';
import { RelayEndpoint } from './relay.ts';
import { clientHeaders } from './relay-headers.ts';
import { sendProblem } from './reply.ts';

/**
 * What passes beside the MCP endpoint itself: discovery documents and the usual OAuth endpoints. Everything else is refused, because a
 * server may answer MCP under a second spelling of its path that no rule would see.
 */
const PASSING = /^(?:\/\.well-known\/[A-Za-z0-9._~\-/]*|\/(?:authorize|token|register|revoke|introspect|userinfo|jwks))$/;
const MAX_CALLERS = 10_000;
const MAX_BODY = 1024 * 1024;

/**
 * Edge mode (O5): the gateway stands at the upstream's own address, so tokens are for this very resource and pass on. The policy of the
 * edge grant holds for every caller; sessions are bound to the caller's token, which the upstream checks.
 */
export class EdgeListener {
  readonly #endpoint: RelayEndpoint;
  readonly #pool: HttpPool;
  readonly #path: string;
  readonly #base: Principal;
  readonly #callers = new Map<string, Principal>();
  readonly #listener: Listener;
  readonly #unsubscribe: () => void;

  private constructor(context: EndpointContext, spec: HttpSpec, listen: ListenAddress, base: Principal, config: GatewayConfig) {
    this.#endpoint = new RelayEndpoint(context, spec, true);
    this.#pool = new HttpPool(spec.url, { keepHost: true });
    this.#path = spec.url.pathname;
    this.#base = base;
    this.#unsubscribe = base.subscribe((next) => {
      for (const caller of this.#callers.values()) caller.swap(next);
    });
    this.#listener = new Listener({
      listen, allowHosts: [spec.url.host, ...config.allowHosts], allowOrigins: [spec.url.origin, ...config.allowOrigins], services: context.services,
      handle: (head, request, response) => this.#route(head, request, response),
    });
  }

  /** Starts the listener. @throws when the address cannot be taken */
  static async open(context: EndpointContext, spec: HttpSpec, listen: ListenAddress, base: Principal, config: GatewayConfig): Promise<EdgeListener> {
    const edge = new EdgeListener(context, spec, listen, base, config);
    const address = await edge.#listener.start();
    context.log(`edge listener of ${context.server.name} on ${address.host}:${address.port}`);
    return edge;
  }

  stats(): EndpointStats {
    return this.#endpoint.stats();
  }

  async close(): Promise<void> {
    this.#unsubscribe();
    await this.#endpoint.close();
    this.#pool.close();
    await this.#listener.close(0);
  }

  /** One principal per token: the grant is the same for all, sessions and tasks are not. */
  #caller(head: Head): Principal {
    const key = createHash('sha256').update(head.get('authorization') ?? '').digest('base64');
    const known = this.#callers.get(key);
    if (known !== undefined) return known;
    if (this.#callers.size >= MAX_CALLERS) {
      for (const [oldest, principal] of this.#callers) {
        this.#callers.delete(oldest);
        this.#endpoint.endPrincipal(principal, 'too many callers');
        break;
      }
    }
    const principal = new Principal(this.#base.grant, this.#base.server, this.#base.policies);
    this.#callers.set(key, principal);
    return principal;
  }

  #route(head: Head, request: IncomingMessage, response: ServerResponse): void {
    if (head.path === this.#path) {
      const incoming = { request, response, head, principal: this.#caller(head) };
      if (head.method === 'POST') return this.#endpoint.post(incoming);
      if (head.method === 'GET') return this.#endpoint.get(incoming);
      if (head.method === 'DELETE') return this.#endpoint.delete(incoming);
      return sendProblem(response, 405, 'Method not allowed', { allow: 'POST, GET, DELETE', connection: 'close' });
    }
    if (!PASSING.test(head.path) || head.path.includes('/../') || (head.method !== 'GET' && head.method !== 'POST' && head.method !== 'OPTIONS')) {
      return sendProblem(response, 404, 'Not found', { connection: 'close' });
    }
    this.#pass(head, request, response);
  }

  /** Relays a request that is not MCP, untouched and bounded. */
  #pass(head: Head, request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY) {
        sendProblem(response, 413, 'the body is too large', { connection: 'close' });
        request.destroy();
      } else chunks.push(chunk);
    });
    request.on('end', () => {
      const handlers: HttpHandlers = {
        head: (status, headers, text) => {
          response.writeHead(status, text, clientHeaders(headers, null, true));
        },
        data: (chunk) => response.write(Buffer.from(chunk)),
        end: () => void response.end(),
        error: (problem) => (response.headersSent ? void response.destroy() : sendProblem(response, 502, `Upstream failed: ${problem.text}`)),
      };
      const exchange = this.#pool.dispatch({ method: head.method as 'GET', path: head.query === '' ? head.path : `${head.path}?${head.query}`, headers: request.rawHeaders, body: size === 0 ? null : Buffer.concat(chunks), idempotent: head.method === 'GET' }, handlers);
      response.on('drain', () => exchange.resume());
      response.on('close', () => {
        if (!response.writableFinished) exchange.abort();
      });
    });
  }
}
