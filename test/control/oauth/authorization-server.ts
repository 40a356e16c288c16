import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider, { type Configuration } from 'oidc-provider';

export interface AuthorizationServerOptions {
  /** How long access tokens last. */
  readonly seconds?: number;
  readonly registration?: boolean;
  readonly clients?: Configuration['clients'];
  readonly scopes?: string;
  /** A name of loopback; `localhost` is another site for a browser than 127.0.0.1. */
  readonly host?: string;
}

/** A real authorization server with all that a gateway needs: registration, PKCE, resource indicators, JWT access tokens, rotating refresh tokens, revocation. */
export class AuthorizationServer {
  readonly url: string;
  readonly provider: Provider;
  /** Paths of requests, in order. */
  readonly requests: string[] = [];
  /** `grant_type` of requests to the token endpoint. */
  readonly grants: string[] = [];
  /** While set, the token endpoint answers with this status. */
  broken: number | null = null;
  /** Refresh tokens that were used up. */
  readonly consumed: string[] = [];
  readonly #close: () => Promise<void>;

  private constructor(url: string, provider: Provider, close: () => Promise<void>) {
    this.url = url;
    this.provider = provider;
    this.#close = close;
  }

  static async start(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://${options.host ?? '127.0.0.1'}:${(server.address() as AddressInfo).port}`;
    const { seconds = 600, scopes = 'mcp:read mcp:admin' } = options;
    const provider = new Provider(url, {
      cookies: { keys: ['a key of this test alone'] },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
      ...(options.clients === undefined ? {} : { clients: options.clients }),
      features: {
        devInteractions: { enabled: true }, revocation: { enabled: true }, clientCredentials: { enabled: true },
        registration: { enabled: options.registration ?? true },
        resourceIndicators: {
          enabled: true, useGrantedResource: () => true,
          getResourceServerInfo: (_context, resource) => ({ scope: scopes, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: seconds, jwt: { sign: { alg: 'RS256' } } }),
        },
      },
      pkce: { required: () => true },
      ttl: { AccessToken: seconds, ClientCredentials: seconds, RefreshToken: 600, Grant: 600, Session: 600, Interaction: 600 },
      scopes: ['openid', 'offline_access', ...scopes.split(' ')],
      rotateRefreshToken: true,
      issueRefreshToken: () => Promise.resolve(true),
      clientBasedCORS: () => false,
    });
    const answer = provider.callback();
    const made = new AuthorizationServer(url, provider, () => new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    }));
    provider.on('refresh_token.consumed', (token) => made.consumed.push(token.jti));
    server.on('request', (request: IncomingMessage, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      made.requests.push(path);
      if (path !== '/token') return void answer(request, response);
      if (made.broken !== null) return void response.writeHead(made.broken).end();
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        made.grants.push(new URLSearchParams(body).get('grant_type') ?? '');
        // What a body parser in front of it would leave behind.
        Object.assign(request, { body: Object.fromEntries(new URLSearchParams(body)) });
        void answer(request, response);
      });
    });
    return made;
  }

  /** Takes all that was consented to back: refresh tokens and grants. */
  async revokeAll(): Promise<void> {
    const { RefreshToken, Grant } = this.provider;
    for (const id of this.grantIds) {
      await RefreshToken.revokeByGrantId(id);
      await (await Grant.find(id))?.destroy();
    }
  }

  readonly grantIds = new Set<string>();

  watchGrants(): void {
    this.provider.on('grant.success', (context) => {
      const id = context.oidc.entities.Grant?.jti;
      if (id !== undefined) this.grantIds.add(id);
    });
  }

  close(): Promise<void> {
    return this.#close();
  }
}

/** Cookies, redirects and forms: as much of a browser as a consent takes. */
export class Browser {
  readonly #cookies = new Map<string, Map<string, string>>();
  /** Every address that was visited. */
  readonly visited: string[] = [];

  take(origin: string, setCookies: readonly string[]): void {
    const jar = this.#cookies.get(origin) ?? new Map<string, string>();
    this.#cookies.set(origin, jar);
    for (const cookie of setCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
      if (/max-age=0/i.test(cookie)) jar.delete(name);
      else jar.set(name, value);
    }
  }

  /** Goes where it is sent and fills in the development forms. @param stop not visited any more @returns the page, or the address that was not visited */
  async go(start: string, stop: (url: URL) => boolean = () => false): Promise<{ readonly url: URL; readonly status: number; readonly text: string }> {
    let url = new URL(start);
    let form: Record<string, string> | null = null;
    for (let step = 0; step < 25; step += 1) {
      if (stop(url)) return { url, status: 0, text: '' };
      this.visited.push(url.origin + url.pathname);
      const cookie = [...(this.#cookies.get(url.origin) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
      const response: Response = await fetch(url, { method: form === null ? 'GET' : 'POST', redirect: 'manual', headers: { cookie }, ...(form === null ? {} : { body: new URLSearchParams(form) }) });
      this.take(url.origin, response.headers.getSetCookie());
      const text = await response.text();
      const location = response.headers.get('location');
      const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
      if (location !== null) {
        url = new URL(location, url);
        form = null;
      } else if (prompt === undefined) {
        return { url, status: response.status, text };
      } else {
        url = new URL(/action="([^"]+)"/.exec(text)?.[1] ?? '', url);
        form = prompt === 'login' ? { prompt, login: 'operator', password: 'any' } : { prompt };
      }
    }
    throw new Error('the browser goes round in circles');
  }
}
