import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import Provider from 'oidc-provider';

/** A real authorization server: dynamic registration, PKCE, resource indicators (RFC 8707), JWT access tokens (RFC 9068). */
export interface AuthorizationServer {
  readonly url: string;
  /** Signs in and agrees, as a person in a browser would. @returns where the browser is sent in the end */
  agree(authorizationUrl: URL, login: string): Promise<URL>;
  close(): Promise<void>;
}

/** @param seconds how long its access tokens last */
export async function startAuthorizationServer(seconds: number, scopes: string): Promise<AuthorizationServer> {
  const { createServer } = await import('node:http');
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const provider = new Provider(url, {
    cookies: { keys: ['a key of this test alone'] },
    findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: (_context, resource) => ({ scope: scopes, audience: resource, accessTokenFormat: 'jwt', accessTokenTTL: seconds, jwt: { sign: { alg: 'RS256' } } }),
        useGrantedResource: () => true,
      },
    },
    pkce: { required: () => true },
    ttl: { AccessToken: seconds, RefreshToken: 600 },
    scopes: ['openid', 'offline_access', ...scopes.split(' ')],
    issueRefreshToken: () => Promise.resolve(true),
    clientBasedCORS: () => false,
  });
  server.on('request', provider.callback());
  return { url, agree: (authorizationUrl, login) => new Browser(url).agree(authorizationUrl, login), close: () => closed(server) };
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Cookies, redirects and the two forms of the development pages: as much of a browser as it takes. */
class Browser {
  readonly #origin: string;
  readonly #cookies = new Map<string, string>();

  constructor(origin: string) {
    this.#origin = origin;
  }

  async agree(authorizationUrl: URL, login: string): Promise<URL> {
    let url = authorizationUrl;
    let form: Record<string, string> | null = null;
    for (let step = 0; step < 20; step += 1) {
      if (url.origin !== this.#origin) return url;
      const response: Response = await fetch(url, {
        method: form === null ? 'GET' : 'POST', redirect: 'manual', ...(form === null ? {} : { body: new URLSearchParams(form) }),
        headers: { cookie: [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      });
      for (const cookie of response.headers.getSetCookie()) {
        const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        this.#cookies.set(name, value);
      }
      const location = response.headers.get('location');
      const text = await response.text();
      if (location !== null) {
        url = new URL(location, url);
        form = null;
      } else {
        const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1];
        if (prompt === undefined) throw new Error(`no form at ${url.pathname}: ${response.status} ${text.slice(0, 2_000)}`);
        url = new URL(/action="([^"]+)"/.exec(text)?.[1] ?? '', url);
        form = prompt === 'login' ? { prompt, login, password: 'any' } : { prompt };
      }
    }
    throw new Error('the authorization server goes round in circles');
  }
}
