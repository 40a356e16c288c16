import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { GatewayServices } from '../conversation-options.ts';
import type { ListenAddress } from '../config-types.ts';
import { appendLoudly, bounded, randomId } from '../recorder.ts';
import { checkExposure, exposureRules, type ExposureRules } from './guard.ts';
import { Head } from './head.ts';
import { sendProblem } from './reply.ts';

export interface ListenerOptions {
  readonly listen: ListenAddress;
  readonly allowHosts: readonly string[];
  readonly allowOrigins: readonly string[];
  readonly services: GatewayServices;
  /** Which paths are pages of our own that post forms back. Left out: none. */
  readonly ownPages?: (path: string) => boolean;
  /** Gets every request whose head, Host and Origin are in order. */
  readonly handle: (head: Head, request: IncomingMessage, response: ServerResponse) => void;
}

/** How long a client may take for the head of a request (B5). */
const HEADERS_TIMEOUT_MS = 10_000;
/** Longer than any client keeps an idle connection, so that no client is closed on while it sends (B7). */
const KEEP_ALIVE_MS = 75_000;
const MAX_HEADER_BYTES = 32 * 1024;

/** An HTTP server whose every route is behind the same checks, in the order of protocol.md H1. */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #rules: ExposureRules | null = null;

  constructor(options: ListenerOptions) {
    this.#options = options;
    this.#server = createServer({ headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: 0, keepAliveTimeout: KEEP_ALIVE_MS, maxHeaderSize: MAX_HEADER_BYTES, insecureHTTPParser: false, noDelay: true },
      (request, response) => this.#request(request, response));
    this.#server.timeout = 0;
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
      if (socket.destroyed || !socket.writable) return;
      const status = error.code === 'HPE_HEADER_OVERFLOW' ? '431 Request Header Fields Too Large' : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? '408 Request Timeout' : '400 Bad Request';
      this.#record('bad_http', bounded(error.code ?? 'unknown', 64));
      socket.write(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      // Not only our half: a client that never closes its own would keep the socket for ever.
      socket.destroySoon();
    });
    // No listeners for upgrades and tunnels: Node then takes the first for ordinary requests and closes the second, while a listener
    // would get a bare socket, whose errors nobody handles.
  }

  /** Starts listening. @throws when the address cannot be taken */
  start(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ host, port }, () => {
        this.#server.off('error', reject);
        const address = this.#server.address() as AddressInfo;
        this.#rules = exposureRules(host, address.port, this.#options.allowHosts, this.#options.allowOrigins);
        resolve({ host, port: address.port });
      });
    });
  }

  /** Takes new names without closing the listener. */
  expose(allowHosts: readonly string[], allowOrigins: readonly string[]): void {
    if (this.#rules !== null) this.#rules = exposureRules(this.#options.listen.host, this.#rules.port, allowHosts, allowOrigins);
  }

  #record(code: string, reason: string): void {
    appendLoudly(this.#options.services, {
      id: randomId(), server: '-', grant: null, session: null, transport: 'http', protocol: null, method: null, name: null, requestId: null, outcome: 'rejected',
      code, rule: null, policy: null, reason, retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
    });
  }

  #request(request: IncomingMessage, response: ServerResponse): void {
    // A socket error after our answer is the client's business; without a listener it would end the process.
    response.on('error', () => undefined);
    const head = Head.read(request);
    if (!(head instanceof Head)) {
      this.#record(head.code, head.text);
      return sendProblem(response, head.status, head.text, { connection: 'close' });
    }
    const problem = this.#rules === null ? { status: 503, code: 'starting', text: 'the gateway is starting' } : checkExposure(head, this.#rules, this.#options.ownPages?.(head.path) === true);
    if (problem !== null) {
      this.#record(problem.code, problem.text);
      return sendProblem(response, problem.status, problem.text, { connection: 'close' });
    }
    this.#options.handle(head, request, response);
  }

  /** Closes the connections on which nothing happens. */
  closeIdle(): void {
    this.#server.closeIdleConnections();
  }

  /** Stops taking connections; idle ones are closed, the others after `graceMs`. */
  async close(graceMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
    this.#server.closeIdleConnections();
    const timer = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(timer);
  }
}
