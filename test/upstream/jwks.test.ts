import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { verifyAccessToken, type VerifiedToken } from '../../src/upstream/access-token.ts';
import { discoverKeySet, metadataAddresses } from '../../src/upstream/issuer-metadata.ts';
import { documentFetcher } from '../../src/upstream/fetch-document.ts';
import { IssuerKeys } from '../../src/upstream/jwks.ts';
import { TestIssuer } from '../gateway/oauth/issuer.ts';

const AUDIENCE = 'https://gateway.example.com/mcp/s';
const MINUTE = 60_000;
let issuer: TestIssuer;
let skipped = 0;
let keys: IssuerKeys;
const problems: string[] = [];

beforeEach(async () => {
  issuer = await TestIssuer.start();
  skipped = 0;
  problems.length = 0;
  keys = new IssuerKeys({ issuer: issuer.url, jwksUri: null, now: () => Date.now() + skipped, failed: (text) => problems.push(text) });
});
afterEach(() => issuer.close());

async function check(token: Promise<string>, with_: IssuerKeys = keys): Promise<VerifiedToken> {
  return verifyAccessToken(await token, { issuer: issuer.url, audience: AUDIENCE, algorithms: ['ES256'], clockSkewMs: 0, maxTokenAgeMs: 86_400_000 }, with_, Date.now());
}
const fetched = (): number => issuer.asked.filter((path) => path === '/keys').length;

describe('keys of an issuer', () => {
  test('they are found by its metadata, fetched once, and serve every token', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => check(issuer.token(AUDIENCE))));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(fetched()).toBe(1);
  });

  test('[O1] a new key is found when a token names it, and a flood of unknown names asks the issuer once', async () => {
    expect((await check(issuer.token(AUDIENCE))).ok).toBe(true);
    await issuer.rotate('second');
    skipped += 20_000;
    expect((await check(issuer.token(AUDIENCE))).ok).toBe(true);
    expect(fetched()).toBe(2);
    const flood = await Promise.all(Array.from({ length: 200 }, (_, index) => check(issuer.token(AUDIENCE, {}, { kid: `unknown-${index}` }))));
    expect(flood.some((result) => result.ok)).toBe(false);
    expect(fetched()).toBe(2);
    skipped += 20_000;
    await Promise.all(Array.from({ length: 200 }, (_, index) => check(issuer.token(AUDIENCE, {}, { kid: `unknown-${index}` }))));
    expect(fetched()).toBe(3);
  });

  test('[O1] a key that was withdrawn is refused once the key set is renewed', async () => {
    const old = await issuer.token(AUDIENCE);
    expect((await check(Promise.resolve(old))).ok).toBe(true);
    await issuer.rotate('only', false);
    skipped += 11 * MINUTE;
    // The first token after the time renews behind itself; then the old key is gone.
    await check(issuer.token(AUDIENCE));
    expect(await check(Promise.resolve(old))).toMatchObject({ ok: false, why: 'invalid' });
  });

  test('[O1] known keys go on for an hour while the issuer is away, then everything is refused until it is back', async () => {
    const token = await issuer.token(AUDIENCE, { exp: Math.floor(Date.now() / 1_000) + 7_200 });
    expect((await check(Promise.resolve(token))).ok).toBe(true);
    issuer.up = false;
    skipped = 59 * MINUTE;
    expect((await check(Promise.resolve(token))).ok).toBe(true);
    skipped = 61 * MINUTE;
    expect(await check(Promise.resolve(token))).toMatchObject({ ok: false, why: 'unavailable' });
    expect(problems.at(-1)).toContain('HTTP 503');
    issuer.up = true;
    skipped = 62 * MINUTE;
    expect((await check(Promise.resolve(token))).ok).toBe(true);
  });

  test('[O1] an issuer that was never reached is asked again, but not by every token', async () => {
    issuer.up = false;
    for (let index = 0; index < 10; index += 1) expect(await check(issuer.token(AUDIENCE))).toMatchObject({ ok: false, why: 'unavailable' });
    // Three places of the metadata document, once.
    expect(issuer.asked.length).toBeLessThanOrEqual(3);
  });

  test('[O1] shared secrets, private uses and too many keys are no keys', async () => {
    issuer.extra = [{ kty: 'oct', k: 'c2VjcmV0', kid: 'shared', alg: 'HS256' }, null, 5, { kty: 'RSA', use: 'enc', kid: 'enc' }];
    expect((await check(issuer.token(AUDIENCE))).ok).toBe(true);
    issuer.extra = Array.from({ length: 100 }, (_, index) => ({ kty: 'EC', kid: `k${index}` }));
    expect(await check(issuer.token(AUDIENCE), new IssuerKeys({ issuer: issuer.url, jwksUri: `${issuer.url}/keys` }))).toMatchObject({ ok: false, why: 'unavailable' });
  });

  test('[O1] a metadata document of somebody else, or one that leads to a private address, brings no keys', async () => {
    const fetch = documentFetcher([new URL(issuer.url)]);
    issuer.metadata = { issuer: 'https://elsewhere.example.com' };
    await expect(discoverKeySet(issuer.url, fetch)).rejects.toThrow('names another issuer');
    issuer.metadata = { jwks_uri: 'http://169.254.169.254/keys' };
    await expect(discoverKeySet(issuer.url, fetch)).rejects.toThrow('is not https');
    await expect(fetch(new URL('https://169.254.169.254/keys'))).rejects.toThrow('may not call this address');
    await expect(fetch(new URL('https://10.0.0.1/keys'))).rejects.toThrow('may not call this address');
  });

  test('metadata is looked for as MCP clients do, with and without a path', () => {
    expect(metadataAddresses('https://login.example.com').map(String)).toEqual(['https://login.example.com/.well-known/oauth-authorization-server', 'https://login.example.com/.well-known/openid-configuration']);
    expect(metadataAddresses('https://login.example.com/realms/a/').map(String)).toEqual([
      'https://login.example.com/.well-known/oauth-authorization-server/realms/a', 'https://login.example.com/.well-known/openid-configuration/realms/a', 'https://login.example.com/realms/a/.well-known/openid-configuration',
    ]);
  });
});
