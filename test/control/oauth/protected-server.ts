import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';

/** A real MCP server (SDK 1, stateless) that takes access tokens for itself only. */
export class ProtectedServer {
  readonly url: string;
  /** `Authorization` of each POST, in order. */
  readonly seen: (string | null)[] = [];
  /** Statuses of refusals. */
  readonly refusals: number[] = [];
  /** Calls of tools that have run. */
  calls = 0;
  /** Tokens that are not taken although they are valid. */
  readonly revoked = new Set<string>();
  /** What the metadata and challenges say, where a test lies. */
  lies: { readonly metadata?: unknown; readonly challenge?: string } = {};
  readonly #close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.#close = close;
  }

  static async start(issuer: string): Promise<ProtectedServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const made = new ProtectedServer(`${origin}/mcp`, () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
    const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
    const challenge = (response: ServerResponse, status: number, more = ''): void => {
      made.refusals.push(status);
      response.writeHead(status, { 'www-authenticate': made.lies.challenge ?? `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp", scope="mcp:read"${more}` }).end();
    };
    server.on('request', (request, response) => {
      void (async () => {
        if (request.url?.startsWith('/.well-known/oauth-protected-resource') === true) {
          const metadata = made.lies.metadata ?? { resource: made.url, authorization_servers: [issuer], scopes_supported: ['mcp:read'] };
          return response.writeHead(200, { 'content-type': 'application/json' }).end(typeof metadata === 'string' ? metadata : JSON.stringify(metadata));
        }
        if (request.url !== '/mcp') return response.writeHead(404).end();
        const authorization = request.headers.authorization ?? null;
        made.seen.push(authorization);
        const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1] ?? '';
        const payload = token === '' || made.revoked.has(token) ? null : await jwtVerify(token, keys, { issuer, audience: made.url }).then((result) => result.payload).catch(() => null);
        if (payload === null) return challenge(response, 401, token === '' ? '' : ', error="invalid_token"');
        if (request.method !== 'POST') return response.writeHead(405).end();
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const message = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { method: string; params?: { name?: string } };
        const scopes = String(payload['scope'] ?? '').split(' ');
        if (message.method === 'tools/call' && message.params?.name === 'wipe' && !scopes.includes('mcp:admin')) {
          made.refusals.push(403);
          return response.writeHead(403, { 'www-authenticate': `Bearer error="insufficient_scope", scope="mcp:read mcp:admin", resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"` }).end();
        }
        const mcp = new McpServer({ name: 'protected', version: '1' });
        const run = (text: string) => async () => {
          made.calls += 1;
          return { content: [{ type: 'text' as const, text }] };
        };
        mcp.registerTool('who', { description: 'Says for whom the token is' }, run(`${String(payload.sub)} ${scopes.join(' ')}`));
        mcp.registerTool('wipe', { description: 'Needs more rights' }, run('wiped'));
        const transport = new StreamableHTTPServerTransport({ enableJsonResponse: true });
        response.on('close', () => void transport.close());
        await mcp.connect(transport);
        return transport.handleRequest(request, response, message);
      })().catch(() => response.destroy());
    });
    return made;
  }

  close(): Promise<void> {
    return this.#close();
  }
}
