import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../harness.ts';
import { AuthorizationServer, Browser } from './authorization-server.ts';
import { ProtectedServer } from './protected-server.ts';
import { Served } from './support.ts';

let served: Served;
let admin: Client;
let as: AuthorizationServer;
let upstream: ProtectedServer;
/** A machine of the internal network that nobody allowed: what arrives there is a breach. */
let victim: { readonly origin: string; readonly requests: string[]; readonly server: Server };
const open: Server[] = [];

async function listen(address: string, handler: RequestListener): Promise<{ origin: string; requests: string[]; server: Server }> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(request.url ?? '');
    handler(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, address, resolve));
  open.push(server);
  return { origin: `http://${address}:${(server.address() as AddressInfo).port}`, requests, server };
}

beforeAll(async () => {
  served = await Served.start(['127.0.0.1']);
  admin = await served.admin();
  as = await AuthorizationServer.start();
  upstream = await ProtectedServer.start(as.url);
  victim = await listen('127.0.0.2', (_request, response) => response.end('{}'));
  await served.addServer('tickets', upstream.url);
});
afterEach(() => {
  upstream.lies = {};
});
afterAll(async () => {
  await served.stop();
  await upstream.close();
  await as.close();
  for (const server of open) {
    server.closeAllConnections();
    server.close();
  }
});

const start = (): ReturnType<Client['post']> => admin.post('/servers/tickets/oauth/start', {});
const metadata = (more: Record<string, unknown>): Record<string, unknown> => ({ resource: upstream.url, authorization_servers: [as.url], ...more });

describe('discovery', () => {
  test.each([
    ['link-local', 'http://169.254.169.254/latest/meta-data/iam'], ['https to link-local', 'https://169.254.169.254/'], ['IPv6 link-local', 'https://[fe80::1]/'], ['mapped', 'https://[::ffff:169.254.169.254]/'], ['decimal', 'https://2852039166/'],
    ['a metadata name', 'https://metadata.google.internal/x'], ['plain http', 'http://example.com/metadata'], ['a file', 'file:///etc/passwd'], ['no address', 'nonsense'], ['with a password', 'https://a:b@example.com/'],
  ])('[#51, O6] resource metadata at an address that is %s: refused, and told', async (_name, address) => {
    upstream.lies = { challenge: `Bearer resource_metadata="${address}"` };
    const answer = await start();
    expect([409, 422, 502]).toContain(answer.status);
    expect(answer.body.detail).toMatch(/metadata/);
    expect(answer.text).not.toContain('169.254');
  });

  test('[#51, O6] resource metadata on another machine of the network: no request is made', async () => {
    upstream.lies = { challenge: `Bearer resource_metadata="${victim.origin}/.well-known/oauth-protected-resource"` };
    expect(await start()).toMatchObject({ status: 422, body: { code: 'target_not_allowed' } });
    expect(victim.requests).toEqual([]);
  });

  test('[#51, O6] metadata that redirects: not followed, wherever it points', async () => {
    const redirecting = await listen('127.0.0.1', (request, response) => response.writeHead(302, { location: request.url === '/1' ? '/2' : `${victim.origin}/secret` }).end());
    upstream.lies = { challenge: `Bearer resource_metadata="${redirecting.origin}/1"` };
    expect((await start()).body.detail).toContain('redirect');
    expect(redirecting.requests).toEqual(['/1']);
    expect(victim.requests).toEqual([]);
  });

  test('[#51, O6] an authorization server on http, or on another machine of the network: no request is made', async () => {
    for (const issuer of ['http://example.com', victim.origin, victim.origin.replace('http:', 'https:'), 'https://10.0.0.1', 'https://169.254.169.254']) {
      upstream.lies = { metadata: metadata({ authorization_servers: [issuer] }) };
      expect(await start(), issuer).toMatchObject({ status: 422, body: { code: 'target_not_allowed' } });
    }
    expect(victim.requests).toEqual([]);
  });

  test.each([['token_endpoint'], ['registration_endpoint'], ['authorization_endpoint'], ['revocation_endpoint']])('[#51, O6] an honest-looking issuer whose %s is on another machine: refused before anything is sent there', async (endpoint) => {
    const base = (origin: string): Record<string, unknown> => ({ issuer: origin, authorization_endpoint: `${origin}/a`, token_endpoint: `${origin}/t`, registration_endpoint: `${origin}/r`, code_challenge_methods_supported: ['S256'], [endpoint]: `${victim.origin}/x` });
    const issuer = await listen('127.0.0.1', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(base(issuer.origin))));
    upstream.lies = { metadata: metadata({ authorization_servers: [issuer.origin] }) };
    expect(await start()).toMatchObject({ status: 422 });
    expect(issuer.requests).toHaveLength(1);
    expect(victim.requests).toEqual([]);
  });

  test('[O6] metadata of another issuer is not taken', async () => {
    const posing = await listen('127.0.0.1', (_request, response) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer: as.url, authorization_endpoint: `${as.url}/auth`, token_endpoint: `${as.url}/token`, code_challenge_methods_supported: ['S256'] })));
    upstream.lies = { metadata: metadata({ authorization_servers: [posing.origin] }) };
    expect((await start()).body.detail).toContain('another issuer');
  });

  test.each([['another host', 'https://evil.example/mcp'], ['another path', 'PATH/other'], ['a longer path', 'PATH/mcp/more'], ['a prefix that is no segment', 'PATH/mc'], ['no address', 'x'], ['a number', 5]])('[O6] metadata about %s is not about this server', async (_name, resource) => {
    upstream.lies = { metadata: metadata({ resource: typeof resource === 'string' ? resource.replace('PATH', new URL(upstream.url).origin) : resource }) };
    expect((await start()).body.detail).toContain('another resource');
  });

  test('[O6] an authorization server without PKCE is refused', async () => {
    const weak = await listen('127.0.0.1', (request, response) => {
      const { origin } = weak;
      if (request.url === '/r') return void response.writeHead(201, { 'content-type': 'application/json' }).end('{"client_id":"x"}');
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer: origin, authorization_endpoint: `${origin}/a`, token_endpoint: `${origin}/t`, registration_endpoint: `${origin}/r`, code_challenge_methods_supported: ['plain'] }));
    });
    upstream.lies = { metadata: metadata({ authorization_servers: [weak.origin] }) };
    expect((await start()).body.detail).toContain('PKCE');
  });

  test('[#51] a document that is huge, endless, slow, deep or no JSON ends the attempt', async () => {
    const hostile = await listen('127.0.0.1', (request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      if (request.url === '/huge') response.end(`{"resource":"${'x'.repeat(1_000_000)}"}`);
      else if (request.url === '/endless') {
        const more = (): void => { if (!response.destroyed) response.write('x'.repeat(65_536), () => setImmediate(more)); };
        more();
      } else if (request.url === '/deep') response.end(`{"resource":${'['.repeat(60_000)}${']'.repeat(60_000)}}`);
      else response.end(Buffer.from([0x7b, 0xff, 0x7d]));
    });
    for (const path of ['huge', 'endless', 'deep', 'bytes']) {
      upstream.lies = { challenge: `Bearer resource_metadata="${hostile.origin}/${path}"` };
      expect([409, 502], path).toContain((await start()).status);
    }
  });

  test('nothing of all this has changed what is kept', async () => {
    expect(await served.auth('tickets')).toBeNull();
    expect(await served.registry.secretNames('upstream_auth/')).toEqual([]);
  });
});

describe('the way back', () => {
  /** Consents, and stops before the browser comes back to us. */
  async function returning(browser: Browser): Promise<URL> {
    return (await browser.go(await served.begin(admin, 'tickets', browser), (url) => url.origin === served.url)).url;
  }

  test.each([
    ['an issuer that is another one', (url: URL) => url.searchParams.set('iss', 'https://evil.example')], ['no issuer, though the server always sends one', (url: URL) => url.searchParams.delete('iss')],
    ['another state', (url: URL) => url.searchParams.set('state', `${url.searchParams.get('state') ?? ''}x`)], ['no state', (url: URL) => url.searchParams.delete('state')], ['two states', (url: URL) => url.searchParams.append('state', 'x')], ['two codes', (url: URL) => url.searchParams.append('code', 'x')],
    ['no code', (url: URL) => url.searchParams.delete('code')], ['an error of the server', (url: URL) => { url.searchParams.delete('code'); url.searchParams.set('error', 'access_denied'); url.searchParams.set('error_description', '<script>alert(1)</script>'); }],
  ])('[O6] %s: refused, and no code is sent anywhere', async (_name, change) => {
    const browser = new Browser();
    const url = await returning(browser);
    change(url);
    const grants = as.grants.length;
    const page = await browser.go(url.href);
    expect(page.status).toBe(400);
    expect(page.text).toContain('Access was not given');
    expect(page.text).not.toContain('<script>');
    expect(as.grants.length).toBe(grants);
    expect(await served.auth('tickets')).toMatchObject({ status: 'needs_consent' });
  });

  test('[O6] another browser, or the same one a second time: refused', async () => {
    const browser = new Browser();
    const url = await returning(browser);
    const grants = as.grants.length;
    expect((await new Browser().go(url.href)).status).toBe(400);
    expect(as.grants.length).toBe(grants);
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(405);
    expect((await fetch(url, { method: 'POST' })).status).toBe(405);
    expect((await browser.go(url.href)).text).toContain('Access was given');
    const after = as.grants.length;
    expect((await browser.go(url.href)).status).toBe(400);
    expect(as.grants.length).toBe(after);
  });

  test('[O6] a wrong code is refused by the server, and what was given before stays', async () => {
    const browser = new Browser();
    const url = await returning(browser);
    url.searchParams.set('code', 'made-up');
    expect((await browser.go(url.href)).text).toContain('invalid_grant');
    expect(await served.auth('tickets')).toMatchObject({ status: 'ready' });
  });

  test.each<[string, object, string]>([
    ['was switched off', { disabled: true }, 'cannot sign in any more'], ['may only look', { role: 'viewer' }, 'may not change this server any more'],
    ['has another server left', { role: null, serverRoles: { other: 'admin' } }, 'may not change this server any more'],
  ])('a member who %s meanwhile gives no consent', async (_what, change, told) => {
    const browser = new Browser();
    const other = await served.admin();
    const started = await served.begin(other, 'tickets', browser);
    const { url } = await browser.go(started, (address) => address.origin === served.url);
    const member = other.member;
    if (member === null) throw new Error('no member');
    await served.change([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, ...change } }]);
    const grants = as.grants.length;
    expect((await browser.go(url.href)).text).toContain(told);
    expect(as.grants.length).toBe(grants);
  });

  test('a server that got another address meanwhile: refused, and its tokens are sent nowhere', async () => {
    const moved = await listen('127.0.0.1', (_request, response) => response.writeHead(401).end());
    await served.addServer('moving', upstream.url);
    const browser = new Browser();
    const { url } = await browser.go(await served.begin(admin, 'moving', browser), (address) => address.origin === served.url);
    await served.addServer('moving', `${moved.origin}/mcp`);
    expect((await browser.go(url.href)).text).toContain('was changed while consent was given');
    await served.addServer('moving', upstream.url);
    expect((await browser.go((await browser.go(await served.begin(admin, 'moving', browser), (address) => address.origin === served.url)).url.href)).text).toContain('Access was given');
    const token = await served.addServer('moving', `${moved.origin}/mcp`);
    await expect(served.agent('moving', token)).rejects.toThrow(/consent first/);
    expect(moved.requests).toEqual([]);
  });

  test('[O6] a server that changes its issuer: another client, and the old tokens are not shown to it', async () => {
    const bodies: string[] = [];
    const evil = await listen('127.0.0.1', (request, response) => {
      const { origin } = evil;
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        bodies.push(Buffer.concat(chunks).toString('utf8') + JSON.stringify(request.headers));
        if (request.url === '/r') response.writeHead(201, { 'content-type': 'application/json' }).end('{"client_id":"evil-client"}');
        else response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ issuer: origin, authorization_endpoint: `${origin}/a`, token_endpoint: `${origin}/t`, registration_endpoint: `${origin}/r`, code_challenge_methods_supported: ['S256'], token_endpoint_auth_methods_supported: ['none'] }));
      });
    });
    const before = await served.auth('tickets');
    expect(before).toMatchObject({ status: 'ready', issuer: as.url });
    upstream.lies = { metadata: metadata({ authorization_servers: [evil.origin] }) };
    const started = await start();
    const url = new URL(started.body.authorizationUrl as string);
    expect(url.origin).toBe(evil.origin);
    expect(url.searchParams.get('client_id')).toBe('evil-client');
    expect(bodies.join('')).not.toContain(before?.clientId ?? 'no client');
    expect(bodies.join('')).not.toContain('Bearer');
  });
});

describe('the routes', () => {
  test.each(['https://evil.example', '//evil.example', '/\\evil.example', 'servers', '/a b', 'javascript:alert(1)'])('a way back to %j is refused', async (redirect) => {
    expect((await admin.post('/servers/tickets/oauth/start', { redirect })).status).toBe(400);
  });

  test('a server that is not there, or has no OAuth, says so', async () => {
    expect((await admin.post('/servers/none/oauth/start', {})).status).toBe(404);
    await served.change([{ op: 'put', kind: 'server', name: 'plain', value: { kind: 'command', command: ['true'], cwd: null, env: {}, description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'off', enabled: false } }]);
    expect((await admin.post('/servers/plain/oauth/start', {})).status).toBe(409);
    expect((await admin.put('/servers/tickets/oauth/client', { clientId: 'a b' })).status).toBe(400);
    expect((await admin.put('/servers/tickets/oauth/client', { clientId: 'a', grant: 'client_credentials' })).status).toBe(409);
  });

  test('a public URL without https serves no client-id metadata document', async () => {
    expect((await fetch(`${served.url}/oauth/client-metadata.json`)).status).toBe(404);
  });
});
