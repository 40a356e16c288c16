import type { IncomingMessage, ServerResponse } from 'node:http';
import type { HttpSpec } from '../../upstream/types.ts';
import { HttpPool, type HttpHandlers } from '../../upstream/http-pool.ts';
import type { GatewayConfig, ListenAddress } from '../config-types.ts';
import type { Principal } from '../principal.ts';
import { AnnouncedPaths } from './announced-paths.ts';
import { readBody } from './body.ts';
import type { EndpointContext, EndpointStats } from './context.ts';
import { isOAuthBody, passesBeside, passingHeaders } from './edge-passing.ts';
import { mediaType, type Head } from './head.ts';
import { Listener } from './listener.ts';
import { RelayEndpoint } from './relay.ts';
import { clientHeaders, headerOf, reasonPhrase } from './relay-headers.ts';
import { sendProblem } from './reply.ts';

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
  readonly #bodyTimeoutMs: number;

  private constructor(context: EndpointContext, spec: HttpSpec, listen: ListenAddress, principal: Principal, config: GatewayConfig) {
    this.#announced = new AnnouncedPaths(spec.url);
    this.#endpoint = new RelayEndpoint(context, spec, { challenge: (value) => this.#announced.challenge(value) });
    this.#pool = new HttpPool(spec.url, { keepHost: true });
    this.#path = spec.url.pathname;
    this.#principal = principal;
    this.#bodyTimeoutMs = context.limits.bodyTimeoutMs;
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
      const incoming = { request, response, head, principal: this.#principal, caller: null, user: null };
      if (head.method === 'POST') return this.#endpoint.post(incoming);
      if (head.method === 'GET') return this.#endpoint.get(incoming);
      if (head.method === 'DELETE') return this.#endpoint.delete(incoming);
      return sendProblem(response, 405, 'Method not allowed', { allow: 'POST, GET, DELETE', connection: 'close' });
    }
    if (!passesBeside(head, this.#announced.has(head.path))) return sendProblem(response, 404, 'Not found', { connection: 'close' });
    this.#pass(head, request, response);
  }

  /** Relays a request that is not MCP, untouched and bounded. */
  #pass(head: Head, request: IncomingMessage, response: ServerResponse): void {
    readBody(request, MAX_BODY, this.#bodyTimeoutMs, (body) => {
      if (!Buffer.isBuffer(body)) return sendProblem(response, body.status, body.text, { connection: 'close' });
      if (!isOAuthBody(head, body)) return sendProblem(response, 415, 'the body is neither a form nor an OAuth document');
      const document: Buffer[] = [];
      let read = 0;
      let isDocument = false;
      const handlers: HttpHandlers = {
        head: (status, headers, text) => {
          if (mediaType(headerOf(headers, 'content-type')) === 'text/event-stream') {
            // Messages that nobody would judge.
            exchange.abort();
            return sendProblem(response, 502, 'Upstream failed: event streams are not served here');
          }
          isDocument = head.method === 'GET' && status === 200 && mediaType(headerOf(headers, 'content-type')).endsWith('json');
          response.writeHead(status, reasonPhrase(text), clientHeaders(headers, null, true));
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
      const exchange = this.#pool.dispatch({ method: head.method as 'GET', path: head.query === '' ? head.path : `${head.path}?${head.query}`, headers: passingHeaders(request.rawHeaders), body: body.length === 0 ? null : body, idempotent: head.method === 'GET' }, handlers);
      response.on('drain', () => exchange.resume());
      response.on('close', () => {
        if (!response.writableFinished) exchange.abort();
      });
    });
  }
}
