import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose';

type Claims = Readonly<Record<string, unknown>>;
interface SigningKey {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  readonly jwk: JWK;
}

/** An issuer of our own on a real socket: a metadata document, a key set that can change, and tokens with whatever is asked for. */
export class TestIssuer {
  readonly url: string;
  readonly #server: Server;
  #keys: SigningKey[] = [];
  /** Paths that were asked for, in order. */
  readonly asked: string[] = [];
  /** Answers nothing but 503 while false. */
  up = true;
  /** Entries of the key set besides the issuer's own. */
  extra: unknown[] = [];
  /** What the metadata document says instead. */
  metadata: Record<string, unknown> = {};

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<TestIssuer> {
    const server = createServer((request, response) => issuer.#answer(request.url ?? '', response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = new TestIssuer(server);
    await issuer.rotate('first');
    return issuer;
  }

  #answer(path: string, response: ServerResponse): void {
    this.asked.push(path);
    const body = !this.up ? null : path === '/.well-known/openid-configuration' ? { issuer: this.url, jwks_uri: `${this.url}/keys`, ...this.metadata } : path === '/keys' ? { keys: [...this.#keys.map((key) => key.jwk), ...this.extra] } : null;
    response.writeHead(body === null ? (this.up ? 404 : 503) : 200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(body));
  }

  /** Makes a key that signs from now on; the others go on in the key set, or are withdrawn. */
  async rotate(kid: string, keepOthers = true): Promise<void> {
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const key = { kid, privateKey, publicKey, jwk: { ...(await exportJWK(publicKey)), kid, alg: 'ES256', use: 'sig' } };
    this.#keys = keepOthers ? [key, ...this.#keys] : [key];
  }

  get #newest(): SigningKey {
    const [key] = this.#keys;
    if (key === undefined) throw new Error('no key');
    return key;
  }

  get kid(): string {
    return this.#newest.kid;
  }

  /** The public key as text, which is what an attacker has. */
  publicPem(): Promise<string> {
    return exportSPKI(this.#newest.publicKey);
  }

  /** @param claims instead of, or besides, those of a good token for an hour; undefined takes one out */
  token(audience: string | readonly string[], claims: Claims = {}, header: Claims = {}, key: CryptoKey = this.#newest.privateKey, crit: Record<string, boolean> = {}): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const payload = { iss: this.url, aud: typeof audience === 'string' ? audience : [...audience], sub: 'alice', client_id: 'cli', iat: now, exp: now + 3_600, ...claims };
    return new SignJWT(payload).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: this.#newest.kid, ...header }).sign(key, { crit });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
