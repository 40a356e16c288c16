import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: readonly string[];
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  /** The body as JSON, or null. */
  readonly message: { readonly id?: unknown; readonly method?: string; readonly params?: Record<string, unknown> } | null;
  /** Set when the connection of this request was closed before we had answered. */
  aborted: boolean;
}

type Handler = (request: SeenRequest, response: ServerResponse) => void;

/** A real HTTP upstream that answers exactly what a test says. `initialize` and `tools/list` have answers of their own. */
export class ScriptedUpstream {
  readonly requests: SeenRequest[] = [];
  readonly #server: Server;
  url = '';
  sessionId: string | null = 'upstream-session';
  tools: unknown[] = [{ name: 'safe', inputSchema: { type: 'object' } }, { name: 'danger', inputSchema: { type: 'object' } }];

  private constructor(handler: Handler) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks);
        let message: SeenRequest['message'] = null;
        try {
          message = JSON.parse(body.toString('utf8')) as SeenRequest['message'];
        } catch {
          // GET and DELETE have no body.
        }
        const seen: SeenRequest = { method: request.method ?? '', url: request.url ?? '', rawHeaders: request.rawHeaders, headers: request.headers, body, message, aborted: false };
        this.requests.push(seen);
        response.on('close', () => {
          seen.aborted = !response.writableFinished;
        });
        if (message?.method === 'initialize') {
          const headers = { 'content-type': 'application/json', ...(this.sessionId === null ? {} : { 'mcp-session-id': this.sessionId }) };
          response.writeHead(200, headers).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { protocolVersion: message.params?.['protocolVersion'], capabilities: { tools: {} }, serverInfo: { name: 's', version: '1' } } }));
        } else if (message?.method === 'tools/list' && !JSON.stringify(message.params ?? {}).includes('custom')) {
          response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id: message.id, result: { tools: this.tools } }));
        } else if (message !== null && message.id === undefined) {
          response.writeHead(202).end();
        } else {
          handler(seen, response);
        }
      });
    });
  }

  static async start(handler: Handler): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(handler);
    await new Promise<void>((resolve) => upstream.#server.listen(0, '127.0.0.1', resolve));
    upstream.url = `http://127.0.0.1:${(upstream.#server.address() as AddressInfo).port}/mcp?v=1`;
    return upstream;
  }

  /** Requests of one method, in order. */
  of(method: string): SeenRequest[] {
    return this.requests.filter((request) => request.message?.method === method);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

/** Sends a JSON-RPC answer as one JSON body. */
export function answerJson(response: ServerResponse, text: string, headers: Record<string, string> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json', ...headers }).end(text);
}
