import { createHmac } from 'node:crypto';
import { exportJWK, generateKeyPair, type CryptoKey } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpHarness } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { TestIssuer } from './issuer.ts';
import { open, rulesOf, uriOf, withIssuer } from './support.ts';

let issuer: TestIssuer;
let harness: HttpHarness;
let stranger: { readonly privateKey: CryptoKey; readonly publicKey: CryptoKey };

beforeAll(async () => {
  issuer = await TestIssuer.start();
  harness = await HttpHarness.start(await policySet('version: "1"\ndefault: allow\n'));
  stranger = await generateKeyPair('ES256', { extractable: true });
  await withIssuer(harness, rulesOf(issuer), [
    { label: 'alice', server: 'http', claims: { sub: 'alice' } },
    { label: 'twice-a', server: 'http', claims: { sub: 'twice' } },
    { label: 'twice-b', server: 'http', claims: { client_id: 'both' } },
    { label: 'alice-stdio', server: 'stdio', claims: { sub: 'alice' } },
  ]);
});
afterAll(async () => {
  await harness.close();
  await issuer.close();
});

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = (): number => Math.floor(Date.now() / 1_000);
const good = (claims: Record<string, unknown> = {}, header: Record<string, unknown> = {}): Promise<string> => issuer.token(uriOf(harness, 'http'), claims, header);
const claimsNow = () => ({ iss: issuer.url, aud: uriOf(harness, 'http'), sub: 'alice', iat: seconds(), exp: seconds() + 600 });

describe('access tokens of an issuer', () => {
  test('[O1, O2] a good token opens a session of its grant, and the upstream sees nothing of it', async () => {
    const token = await good();
    const answer = await open(harness, 'http', `Bearer ${token}`);
    expect(answer.status).toBe(200);
    expect(JSON.stringify(harness.reached())).not.toContain(token.slice(0, 40));
    const session = String(answer.headers['mcp-session-id']);
    const called = await harness.send({
      path: '/mcp/http', body: JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'safe', arguments: {} } }),
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': session },
    });
    expect(called.messages[0]).toMatchObject({ result: { content: [{ text: 'ran safe' }] } });
    expect(JSON.stringify(harness.reached())).not.toContain(token.slice(0, 40));
    expect((await harness.rows()).some((row) => row.grant === 'alice' && row.name === 'safe')).toBe(true);
  });

  /** Each row: what is wrong, how the token is made, and the code in the journal. */
  const hostile: readonly (readonly [string, () => Promise<string> | string, string])[] = [
    ['alg none', () => `${encode({ alg: 'none', typ: 'at+jwt' })}.${encode(claimsNow())}.`, 'invalid_token'],
    ['alg none with a signature of a good token', async () => `${encode({ alg: 'none' })}.${encode(claimsNow())}.${(await good()).split('.')[2]}`, 'invalid_token'],
    ['HS256 with the public key as the secret', async () => {
      const text = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: issuer.kid })}.${encode(claimsNow())}`;
      return `${text}.${createHmac('sha256', await issuer.publicPem()).update(text).digest('base64url')}`;
    }, 'invalid_token'],
    ['a key of somebody else under the kid of the issuer', () => issuer.token(uriOf(harness, 'http'), {}, {}, stranger.privateKey), 'invalid_token'],
    ['a key that the token brings along', async () => issuer.token(uriOf(harness, 'http'), {}, { jwk: await exportJWK(stranger.publicKey) }, stranger.privateKey), 'invalid_token'],
    ['an unknown kid that climbs through folders', () => good({}, { kid: '../../../../dev/null' }), 'invalid_token'],
    ['a kid that is no text', () => good({}, { kid: { toString: 'x' } }), 'invalid_token'],
    ['a critical extension that nobody knows', () => issuer.token(uriOf(harness, 'http'), {}, { crit: ['exp-policy'], 'exp-policy': 1 }, undefined, { 'exp-policy': true }), 'invalid_token'],
    ['a changed payload', async () => {
      const [head, , signature] = (await good()).split('.');
      return `${head}.${encode({ ...claimsNow(), sub: 'root' })}.${signature}`;
    }, 'invalid_token'],
    ['another issuer', () => good({ iss: 'https://elsewhere.example.com' }), 'invalid_token'],
    ['the issuer with a slash more', () => good({ iss: `${issuer.url}/` }), 'invalid_token'],
    ['no issuer', () => good({ iss: undefined }), 'invalid_token'],
    ['no audience', () => good({ aud: undefined }), 'wrong_audience'],
    ['another audience', () => issuer.token('https://api.example.com'), 'wrong_audience'],
    ['the audience of another server of this gateway', () => issuer.token(uriOf(harness, 'stdio')), 'wrong_audience'],
    ['the audience with a slash more', () => issuer.token(`${uriOf(harness, 'http')}/`), 'wrong_audience'],
    ['the audience of the whole gateway', () => issuer.token(new URL(uriOf(harness, 'http')).origin), 'wrong_audience'],
    ['expired', () => good({ iat: seconds() - 600, exp: seconds() - 60 }), 'expired_token'],
    ['no expiry', () => good({ exp: undefined }), 'invalid_token'],
    ['an expiry that is a text', () => good({ exp: String(seconds() + 600) }), 'invalid_token'],
    ['not yet valid', () => good({ nbf: seconds() + 600 }), 'invalid_token'],
    ['issued in the future', () => good({ iat: seconds() + 600 }), 'invalid_token'],
    ['issued too long ago, whatever it says of its end', () => good({ iat: seconds() - 90_000, exp: seconds() + 600 }), 'expired_token'],
    ['no time of issue', () => good({ iat: undefined }), 'invalid_token'],
    ['an ID token by its nonce', () => good({ nonce: 'n' }, { typ: 'JWT' }), 'invalid_token'],
    ['an ID token by the hash of its access token', () => good({ at_hash: 'h' }, { typ: 'JWT' }), 'invalid_token'],
    ['a logout token', () => good({ events: {} }, { typ: 'logout+jwt' }), 'invalid_token'],
    ['a token of another type', () => good({}, { typ: 'dpop+jwt' }), 'invalid_token'],
    ['nobody', () => good({ sub: undefined, client_id: undefined }), 'invalid_token'],
    ['somebody without a grant', () => good({ sub: 'mallory' }), 'no_grant'],
    ['a subject in a list', () => good({ sub: undefined, client_id: ['both'] }), 'invalid_token'],
    ['claims of two grants', () => good({ sub: 'twice', client_id: 'both' }), 'ambiguous_grant'],
    ['longer than any honest token', () => good({ padding: 'x'.repeat(9_000) }), 'invalid_token'],
    ['five parts', async () => `${await good()}.a.b`, 'invalid_token'],
    ['parts that are no JSON', () => 'AAAA.BBBB.CCCC', 'invalid_token'],
    ['claims that nest too deep', () => good({ deep: JSON.parse(`${'['.repeat(40)}${']'.repeat(40)}`) as unknown }), 'invalid_token'],
  ];

  test.each(hostile)('[O1] refused: %s', async (_, make, code) => {
    const before = (await harness.rows()).length;
    const answer = await open(harness, 'http', `Bearer ${await make()}`);
    expect(answer.status).toBe(401);
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"');
    expect(answer.headers['www-authenticate']).toContain(`resource_metadata="${new URL(uriOf(harness, 'http')).origin}/.well-known/oauth-protected-resource/mcp/http"`);
    const rows = await harness.rows();
    expect(rows.length).toBe(before + 1);
    expect(rows.some((row) => row.code === code && row.outcome === 'rejected' && row.server === 'http')).toBe(true);
  });

  test('[O1] a claim that is named twice is refused, whatever the last one says', async () => {
    // Signed by the issuer itself: only a reader that keeps the last of two names would take it.
    const { CompactSign } = await import('jose');
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    issuer.extra = [{ ...(await exportJWK(publicKey)), kid: 'twice', alg: 'ES256', use: 'sig' }];
    await issuer.rotate('after-twice');
    const text = JSON.stringify(claimsNow()).replace('"sub":"alice"', '"sub":"mallory","sub":"alice"');
    const token = await new CompactSign(Buffer.from(text)).setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'twice' }).sign(privateKey);
    await withIssuer(harness, rulesOf(issuer, { jwksUri: `${issuer.url}/keys` }), []);
    const answer = await open(harness, 'http', `Bearer ${token}`);
    expect(answer.status).toBe(401);
    expect((await harness.rows()).some((row) => row.reason === 'the claims of the token are no strict JSON')).toBe(true);
    await withIssuer(harness, rulesOf(issuer), []);
  });

  test('[O1] addresses of keys in a token are not even asked', async () => {
    const asked = issuer.asked.length;
    const token = await issuer.token(uriOf(harness, 'http'), {}, { jku: `${issuer.url}/evil-keys`, x5u: `${issuer.url}/evil-chain` }, stranger.privateKey);
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(401);
    expect(issuer.asked.slice(asked).filter((path) => path.includes('evil'))).toEqual([]);
    // With the issuer's own key they are ignored, not obeyed.
    const own = await good({}, { jku: `${issuer.url}/evil-keys` });
    await issuer.rotate('shown');
    expect((await open(harness, 'http', `Bearer ${own}`)).status).not.toBe(500);
    expect(issuer.asked.filter((path) => path.includes('evil'))).toEqual([]);
  });

  test('[O1] a token in the query is refused, alone and beside a good one', async () => {
    const token = await good();
    for (const authorization of [null, `Bearer ${token}`]) {
      const answer = await open(harness, 'http', authorization, {}, `?access_token=${token}`);
      expect(answer.status).toBe(400);
      expect(answer.headers['www-authenticate']).toContain('error="invalid_request"');
    }
  });

  test('[O1, #18] a repeated Authorization header is refused', async () => {
    const token = await good();
    const answer = await open(harness, 'http', [`Bearer ${token}`, 'Bearer something-else']);
    expect(answer.status).toBe(400);
  });

  test('a grant token goes on working beside OAuth, and is nothing at another server', async () => {
    expect((await open(harness, 'http', `Bearer ${harness.token('http')}`)).status).toBe(200);
    expect((await open(harness, 'stdio', `Bearer ${harness.token('http')}`)).status).toBe(401);
  });
});
