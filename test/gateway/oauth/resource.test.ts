import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { metadataPath, metadataUri } from '../../../src/gateway/oauth/resource.ts';
import { HttpHarness, type Answer } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { TestIssuer } from './issuer.ts';
import { open, rulesOf, uriOf, withIssuer } from './support.ts';

let issuer: TestIssuer;
let harness: HttpHarness;
beforeEach(async () => {
  issuer = await TestIssuer.start();
  harness = await HttpHarness.start(await policySet('version: "1"\ndefault: allow\n'));
});
afterEach(async () => {
  await harness.close();
  await issuer.close();
});

const ALICE = { label: 'alice', server: 'http', claims: { sub: 'alice' } };
const metadata = (path: string): Promise<Answer> => harness.send({ method: 'GET', path: `/.well-known/oauth-protected-resource${path}` });
const origin = (): string => new URL(uriOf(harness, 'http')).origin;
/** An answer without what differs in any two answers. */
const shape = ({ status, headers, text }: Answer): unknown => ({ status, text, headers: { ...headers, date: null } });

describe('the gateway as a protected resource', () => {
  test('[O3] metadata has the canonical URI and the issuers of the server, and stands at the root as well where it is the only one', async () => {
    await withIssuer(harness, rulesOf(issuer, { scopes: ['tickets:use'] }), [ALICE]);
    const expected = { resource: uriOf(harness, 'http'), authorization_servers: [issuer.url], bearer_methods_supported: ['header'], scopes_supported: ['tickets:use'] };
    const answer = await metadata('/mcp/http');
    expect(answer.status).toBe(200);
    expect(answer.headers['content-type']).toBe('application/json');
    expect(JSON.parse(answer.text)).toEqual(expected);
    expect(JSON.parse((await metadata('')).text)).toEqual(expected);
    await withIssuer(harness, rulesOf(issuer), [{ label: 'other', server: 'stdio', claims: { sub: 'bob' } }]);
    expect((await metadata('')).status).toBe(404);
    expect(JSON.parse((await metadata('/mcp/stdio')).text)).toMatchObject({ resource: uriOf(harness, 'stdio') });
  });

  test('[O3] a server without such grants looks like one that does not exist, with and without a token', async () => {
    await withIssuer(harness, rulesOf(issuer), [ALICE]);
    expect(shape(await metadata('/mcp/stdio'))).toEqual(shape(await metadata('/mcp/nowhere')));
    expect((await metadata('/mcp/stdio')).status).toBe(404);
    const token = `Bearer ${await issuer.token(uriOf(harness, 'stdio'))}`;
    for (const authorization of [null, token, 'Bearer guess']) {
      const known = await open(harness, 'stdio', authorization);
      expect(known.status).toBe(401);
      expect(known.headers['www-authenticate']).not.toContain('resource_metadata');
      expect(shape(known)).toEqual(shape(await open(harness, 'nowhere', authorization)));
    }
  });

  test('[O3] 401 without a token and with a wrong one names the metadata and the scopes', async () => {
    await withIssuer(harness, rulesOf(issuer, { scopes: ['a', 'b:c'] }), [ALICE]);
    const rest = `resource_metadata="${origin()}/.well-known/oauth-protected-resource/mcp/http", scope="a b:c"`;
    expect((await open(harness, 'http', null)).headers['www-authenticate']).toBe(`Bearer realm="policylayer", ${rest}`);
    expect((await open(harness, 'http', 'Bearer guess')).headers['www-authenticate']).toBe(`Bearer realm="policylayer", error="invalid_token", ${rest}`);
  });

  test('[O4] a token without all scopes is answered 403 with all of them in one challenge, and so is nothing else', async () => {
    await withIssuer(harness, rulesOf(issuer, { scopes: ['a', 'b'] }), [ALICE]);
    const with_ = (claims: Record<string, unknown>): Promise<Answer> => issuer.token(uriOf(harness, 'http'), claims).then((token) => open(harness, 'http', `Bearer ${token}`));
    for (const claims of [{}, { scope: 'a' }, { scope: 'ab' }, { scp: ['a'] }]) {
      const answer = await with_(claims);
      expect(answer.status).toBe(403);
      expect(answer.headers['www-authenticate']).toContain('error="insufficient_scope"');
      expect(answer.headers['www-authenticate']).toContain('scope="a b"');
    }
    for (const claims of [{ scope: 'b x a' }, { scp: ['a', 'b'] }, { scp: 'a b' }]) expect((await with_(claims)).status).toBe(200);
    expect((await with_({ sub: 'mallory', scope: 'a b' })).status).toBe(401);
  });

  test('[O1] an audience of the configuration takes the place of the canonical URI, server by server', async () => {
    await withIssuer(harness, rulesOf(issuer, { audience: 'api://layer/{server}' }), [ALICE, { label: 'alice-stdio', server: 'stdio', claims: { sub: 'alice' } }]);
    const token = await issuer.token('api://layer/http');
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(200);
    expect((await open(harness, 'stdio', `Bearer ${token}`)).status).toBe(401);
    expect((await open(harness, 'http', `Bearer ${await issuer.token(uriOf(harness, 'http'))}`)).status).toBe(401);
    expect((await open(harness, 'http', `Bearer ${await issuer.token(['https://else.example.com', 'api://layer/http'])}`)).status).toBe(200);
  });

  test('[O1] a public address makes the canonical URIs, whatever address a request came to', async () => {
    const oauth = { ...rulesOf(issuer), publicUrl: 'https://gateway.example.com/agents' };
    await withIssuer(harness, oauth, [ALICE]);
    for (const path of ['/agents/mcp/http', '/mcp/http']) expect(JSON.parse((await metadata(path)).text)).toMatchObject({ resource: 'https://gateway.example.com/agents/mcp/http' });
    expect((await open(harness, 'http', `Bearer ${await issuer.token('https://gateway.example.com/agents/mcp/http')}`)).status).toBe(200);
    const refused = await open(harness, 'http', `Bearer ${await issuer.token(uriOf(harness, 'http'))}`);
    expect(refused.headers['www-authenticate']).toContain('resource_metadata="https://gateway.example.com/.well-known/oauth-protected-resource/agents/mcp/http"');
  });

  test('[O1] while the keys of the issuer cannot be had, its tokens are refused and grant tokens are not', async () => {
    issuer.up = false;
    await withIssuer(harness, rulesOf(issuer), [ALICE]);
    const answer = await open(harness, 'http', `Bearer ${await issuer.token(uriOf(harness, 'http'))}`);
    expect(answer.status).toBe(503);
    expect(answer.headers['retry-after']).toBe('15');
    expect(harness.lines.some((line) => line.startsWith(`oauth: the keys of ${issuer.url} cannot be had: `))).toBe(true);
    expect((await open(harness, 'http', `Bearer ${harness.token('http')}`)).status).toBe(200);
  });

  test('[O1] a token that was verified before is not verified again, and is refused at once when its grant ends', async () => {
    await withIssuer(harness, rulesOf(issuer), [ALICE]);
    const token = await issuer.token(uriOf(harness, 'http'));
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(200);
    issuer.up = false;
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(200);
    await harness.reconfigure((config) => ({ ...config, grants: config.grants.filter((grant) => grant.label !== 'alice') }));
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(401);
  });

  test('[O1] two people of one grant do not see each other’s sessions', async () => {
    await withIssuer(harness, rulesOf(issuer), [{ label: 'team', server: 'http', claims: { client_id: 'cli' } }, { label: 'team-stdio', server: 'stdio', claims: { client_id: 'cli' } }]);
    for (const server of ['http', 'stdio']) {
      const [alice, renewed, bob] = await Promise.all(['alice', 'alice', 'bob'].map((sub, index) => issuer.token(uriOf(harness, server), { sub, jti: String(index) })));
      const session = String((await open(harness, server, `Bearer ${alice}`)).headers['mcp-session-id']);
      const list = async (token: string | undefined): Promise<number> => (await harness.send({
        path: `/mcp/${server}`, body: JSON.stringify({ jsonrpc: '2.0', id: 5, method: 'tools/list' }),
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-session-id': session },
      })).status;
      expect(await list(alice)).toBe(200);
      expect(await list(renewed)).toBe(200);
      expect(await list(bob)).toBe(404);
    }
  });

  test('issuers that are there from the start serve from the first request on, with and without a public address', async () => {
    await withIssuer(harness, rulesOf(issuer), [ALICE]);
    await harness.restart();
    expect((await open(harness, 'http', `Bearer ${await issuer.token(uriOf(harness, 'http'))}`)).status).toBe(200);
    await withIssuer(harness, { ...rulesOf(issuer), publicUrl: 'https://gateway.example.com' }, [ALICE]);
    await harness.restart();
    expect((await open(harness, 'http', `Bearer ${await issuer.token('https://gateway.example.com/mcp/http')}`)).status).toBe(200);
  });

  test('other people behind a grant are another caller: its sessions end with the change', async () => {
    await withIssuer(harness, rulesOf(issuer), [ALICE]);
    const token = await issuer.token(uriOf(harness, 'http'));
    await open(harness, 'http', `Bearer ${token}`);
    expect(harness.gateway.stats().sessions).toBe(1);
    await withIssuer(harness, rulesOf(issuer), [{ ...ALICE, claims: { sub: 'bob' } }]);
    expect(harness.gateway.stats().sessions).toBe(0);
    expect((await open(harness, 'http', `Bearer ${token}`)).status).toBe(401);
  });

  test('a grant whose issuer is not configured has no callers by OAuth, and the server shows no metadata', async () => {
    await withIssuer(harness, rulesOf(issuer), [{ ...ALICE, issuer: 'https://elsewhere.example.com' }]);
    expect((await metadata('/mcp/http')).status).toBe(404);
    expect((await open(harness, 'http', `Bearer ${await issuer.token(uriOf(harness, 'http'))}`)).status).toBe(401);
  });
});

describe('addresses of metadata', () => {
  test.each([
    ['https://g.example.com', '/.well-known/oauth-protected-resource/mcp/s', 's'],
    ['https://g.example.com/a', '/.well-known/oauth-protected-resource/a/mcp/s', 's'],
    ['https://g.example.com/a', '/.well-known/oauth-protected-resource/mcp/s', 's'],
    ['https://g.example.com', '/.well-known/oauth-protected-resource', ''],
    ['https://g.example.com', '/.well-known/oauth-protected-resource/', ''],
    ['https://g.example.com', '/.well-known/oauth-protected-resource/mcp/S', null],
    ['https://g.example.com', '/.well-known/oauth-protected-resource/mcp/s/sse', null],
    ['https://g.example.com', '/.well-known/oauth-protected-resource/mcp/../x', null],
    ['https://g.example.com', '/.well-known/oauth-authorization-server', null],
  ])('%s %s', (base, path, server) => {
    expect(metadataPath(path, base)).toBe(server);
  });

  test('the address of the challenge is one that the gateway answers', () => {
    for (const base of ['https://g.example.com', 'https://g.example.com/a/b', 'http://[::1]:4600']) expect(metadataPath(new URL(metadataUri(base, 's')).pathname, base)).toBe('s');
  });
});
