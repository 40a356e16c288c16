import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { decodeJwt, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose';
import { Provider } from 'oidc-provider';

export const CLIENT = { id: 'policylayer', secret: 'a secret of the client that is long enough' };

export interface Person {
  readonly sub: string;
  readonly email?: string;
  readonly email_verified?: boolean;
  readonly name?: string;
  readonly groups?: readonly string[];
}

/** Changes an ID token before it is signed again with the provider's own key, or with another one. */
export type Forge = (claims: Record<string, unknown>) => { readonly claims: Record<string, unknown>; readonly otherKey?: boolean };

/** A real OpenID provider on loopback, that lets `person` in without asking, and that can be made to lie. */
export class IdentityProvider {
  person: Person = { sub: 'nobody' };
  forge: Forge | null = null;
  readonly #server: Server;
  #issuer = '';

  private constructor(server: Server) {
    this.#server = server;
  }

  get issuer(): string {
    return this.#issuer;
  }

  /** @param host a name of loopback; `localhost` is another site for a browser than 127.0.0.1 */
  static async start(redirectUri: string, host = '127.0.0.1'): Promise<IdentityProvider> {
    const keys = await generateKeyPair('RS256', { extractable: true });
    const jwk: JWK = { ...(await exportJWK(keys.privateKey)), alg: 'RS256', use: 'sig', kid: 'one' };
    const other: JWK = { ...(await exportJWK((await generateKeyPair('RS256', { extractable: true })).privateKey)), alg: 'RS256', use: 'sig', kid: 'one' };
    let handle: (request: IncomingMessage, response: ServerResponse) => void = (_request, response) => void response.end();
    const server = createServer((request, response) => handle(request, response));
    const idp = new IdentityProvider(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    idp.#issuer = `http://${host}:${(server.address() as AddressInfo).port}`;
    const provider = new Provider(idp.#issuer, {
      clients: [{ client_id: CLIENT.id, client_secret: CLIENT.secret, redirect_uris: [redirectUri], grant_types: ['authorization_code'], response_types: ['code'] }],
      jwks: { keys: [jwk] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'groups'] },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
      findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ ...idp.person, sub }) }),
      loadExistingGrant: async (context) => {
        const grant = new context.oidc.provider.Grant({ clientId: context.oidc.client?.clientId ?? '', accountId: context.oidc.session?.accountId ?? '' });
        grant.addOIDCScope('openid email profile');
        await grant.save();
        return grant;
      },
      cookies: { keys: ['a key for the cookies of the test'] },
    });
    const callback = provider.callback();
    handle = (request, response) => {
      if (request.url?.startsWith('/interaction/') === true) {
        provider.interactionDetails(request, response).then(() => provider.interactionFinished(request, response, { login: { accountId: idp.person.sub, remember: false } })).catch(() => response.destroy());
        return;
      }
      if (request.url === '/token' && idp.forge !== null) forgeAnswer(response, idp.forge, jwk, other);
      void callback(request, response);
    };
    return idp;
  }

  /** Goes through the provider's pages as a browser does. @param location of the authorization request @returns where the browser is sent in the end */
  async visit(location: string): Promise<URL> {
    const jar = new Map<string, string>();
    let next = new URL(location);
    for (let step = 0; step < 8; step++) {
      const answer = await fetch(next, { redirect: 'manual', headers: { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') } });
      for (const cookie of answer.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
        if (name !== undefined) jar.set(name, value ?? '');
      }
      const to = answer.headers.get('location');
      if (to === null) throw new Error(`the provider answered ${answer.status}: ${(await answer.text()).slice(0, 500)}`);
      next = new URL(to, next);
      if (next.origin !== this.issuer) return next;
    }
    throw new Error('the provider sends the browser round and round');
  }

  stop(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

function forgeAnswer(response: ServerResponse, forge: Forge, jwk: JWK, other: JWK): void {
  const end = response.end.bind(response);
  response.end = ((chunk: unknown): ServerResponse => {
    void (async () => {
      const body = JSON.parse(String(chunk)) as { id_token: string };
      const { claims, otherKey } = forge({ ...decodeJwt(body.id_token) });
      const text = JSON.stringify({ ...body, id_token: await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'one' }).sign(await importJWK(otherKey === true ? other : jwk, 'RS256')) });
      response.setHeader('content-length', Buffer.byteLength(text));
      end(text);
    })();
    return response;
  }) as typeof response.end;
}
