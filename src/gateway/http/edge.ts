import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpSpec } from '../../upstream/types.ts';
import { HttpPool, type HttpHandlers } from '../../upstream/http-pool.ts';
import type { GatewayConfig, ListenAddress } from '../config-types.ts';
import type { Principal } from '../principal.ts';
import { AnnouncedPaths } from './announced-paths.ts';
import type { EndpointContext, EndpointStats } from './context.ts';
import { mediaType, type Head } from './head.ts';
import { Listener } from './listener.ts';
import { RelayEndpoint } from './relay.ts';
import { clientHeaders, headerOf } from './relay-headers.ts';
import { sendProblem } from './reply.ts';

/**
 * What passes beside the MCP endpoint itself: discovery documents, the usual OAuth endpoints, and what discovery has named. Everything
 * else is refused, because a server may answer MCP under a second spelling of its path that no rule would see.
 */
const PASSING = /^(?:\/\.well-known\/[A-Za-z0-9._~\-/]*|\/(?:authorize|token|register|revoke|introspect|userinfo|jwks))$/;
const MAX_BODY = 1024 * 1024;
const MAX_DOCUMENT = 256 * 1024;

/**
 * Edge mode (O5): the gateway stands at the upstream's own address, so tokens are for this very resource and pass on. The policy of the
 * edge grant holds for every caller. Who a caller is, and which sessions are his, the upstream alone can tell: it checks the tokens, and
 * a token that is renewed must not end a session.
 */
export class EdgeListener {
  readonly #endpoint: RelayEndpoint;
  readonly #pool: HttpPool;
  readonly #path: string;
  readonly #principal: Principal;
  readonly #announced: AnnouncedPaths;
  readonly #listener: Listener;

  private constructor(context: EndpointContext, spec: HttpSpec, listen: ListenAddress, principal: Principal, config: GatewayConfig) {
    this.#announced = new AnnouncedPaths(spec.url);
    this.#endpoint = new RelayEndpoint(context, spec, { challenge: (value) => this.#announced.challenge(value) });
    this.#pool = new HttpPool(spec.url, { keepHost: true });
    this.#path = spec.url.pathname;
    this.#principal = principal;
    this.#listener = new Listener({
      listen, allowHosts: [spec.url.host, ...config.allowHosts], allowOrigins: [spec.url.origin, ...config.allowOrigins], services: context.services,
      handle: (head, request, response) => this.#route(head, request, response),
    });
  }

  /** Starts the listener. @throws when the address cannot be taken */
  static async open(context: EndpointContext, spec: HttpSpec, listen: ListenAddress, principal: Principal, config: GatewayConfig): Promise<EdgeListener> {
    const edge = new EdgeListener(context, spec, listen, principal, config);
    const address = await edge.#listener.start();
    context.log(`edge listener of ${context.server.name} on ${address.host}:${address.port}`);
    return edge;
  }

  stats(): EndpointStats {
    return this.#endpoint.stats();
  }

  async close(): Promise<void> {
    await this.#endpoint.close();
    this.#pool.close();
    await this.#listener.close(0);
  }

  #route(head: Head, request: IncomingMessage, response: ServerResponse): void {
    if (head.path === this.#path) {
      const incoming = { request, response, head, principal: this.#principal };
      if (head.method === 'POST') return this.#endpoint.post(incoming);
      if (head.method === 'GET') return this.#endpoint.get(incoming);
      if (head.method === 'DELETE') return this.#endpoint.delete(incoming);
      return sendProblem(response, 405, 'Method not allowed', { allow: 'POST, GET, DELETE', connection: 'close' });
    }
    const known = (PASSING.test(head.path) && !head.path.includes('/../')) || this.#announced.has(head.path);
    if (!known || (head.method !== 'GET' && head.method !== 'POST' && head.method !== 'OPTIONS')) return sendProblem(response, 404, 'Not found', { connection: 'close' });
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
      } else {
        chunks.push(chunk);
      }
    });
    request.on('end', () => {
      const document: Buffer[] = [];
      let read = 0;
      let isDocument = false;
      const handlers: HttpHandlers = {
        head: (status, headers, text) => {
          isDocument = head.method === 'GET' && status === 200 && mediaType(headerOf(headers, 'content-type')).endsWith('json');
          response.writeHead(status, text, clientHeaders(headers, null, true));
        },
        data: (chunk) => {
          const copy = Buffer.from(chunk);
          read += copy.length;
          if (isDocument && read <= MAX_DOCUMENT) document.push(copy);
          return response.write(copy);
        },
        end: () => {
          if (isDocument && read <= MAX_DOCUMENT) this.#announced.document(Buffer.concat(document).toString('utf8'));
          response.end();
        },
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
