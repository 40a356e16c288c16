import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Client } from '../harness.ts';
import { AuthorizationServer, Browser } from './authorization-server.ts';
import { ProtectedServer } from './protected-server.ts';
import { callText, Served } from './support.ts';

let as: AuthorizationServer;
let upstream: ProtectedServer;
let served: Served;
let admin: Client;

beforeAll(async () => {
  as = await AuthorizationServer.start({ seconds: 8 });
  as.watchGrants();
  upstream = await ProtectedServer.start(as.url);
  served = await Served.start();
  admin = await served.admin();
});
afterAll(async () => {
  await served.stop();
  await upstream.close();
  await as.close();
});

describe('an upstream with OAuth', () => {
  let token = '';

  test('[O6] nothing is sent to it before somebody consents, and the call says what to do', async () => {
    token = await served.addServer('tickets', upstream.url);
    await expect(served.agent('tickets', token)).rejects.toThrow(/an operator must give consent first/);
    expect(upstream.seen).toEqual([]);
  });

  test('[O6] after consent calls carry a token of the gateway, for this server alone, and never the client\'s', async () => {
    const browser = new Browser();
    const page = await browser.go(await served.begin(admin, 'tickets', browser));
    expect(page).toMatchObject({ status: 200 });
    expect(page.text).toContain('Access was given');
    expect(page.text).toContain('/servers/tickets');
    expect(await served.auth('tickets')).toMatchObject({ status: 'ready', issuer: as.url, resource: upstream.url, scopes: ['mcp:read'], problem: null });
    const agent = await served.agent('tickets', token);
    expect(await callText(agent, 'who')).toBe('operator mcp:read');
    expect(upstream.seen.slice(1).every((header) => header?.startsWith('Bearer ey'))).toBe(true);
    expect(upstream.seen.some((header) => header?.includes(token))).toBe(false);
  });

  test('tokens and the client secret are sealed: in no file, log line, answer or audit entry in the clear', async () => {
    const sent = upstream.seen.at(-1)?.slice('Bearer '.length) ?? '';
    const names = await served.registry.secretNames('upstream_auth/tickets/');
    expect(names.map(({ name }) => name)).toEqual(['upstream_auth/tickets/client', 'upstream_auth/tickets/tokens']);
    const { readFileSync, readdirSync } = await import('node:fs');
    const files = readdirSync(served.directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`).toString('latin1'));
    const audit = JSON.stringify(await served.registry.audit({ limit: 100 }));
    for (const text of [...files, audit, served.lines.join('\n'), JSON.stringify(await served.registry.list('upstream_auth'))]) expect(text.includes(sent)).toBe(false);
    expect(audit).toContain('server.oauth_connect');
  });

  test('[O6] a token is renewed before it ends: the server never sees one that has ended, and each refresh token is used once', async () => {
    const agent = await served.agent('tickets', token);
    const before = upstream.refusals.length;
    const first = upstream.seen.at(-1);
    for (let tries = 0; tries < 100 && as.consumed.length < 2; tries += 1) {
      expect(await callText(agent, 'who')).toBe('operator mcp:read');
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(as.consumed.length).toBeGreaterThanOrEqual(2);
    expect(new Set(as.consumed).size).toBe(as.consumed.length);
    expect(upstream.refusals.length).toBe(before);
    expect(upstream.seen.at(-1)).not.toBe(first);
  }, 60_000);

  test('a restart goes on with what was kept', async () => {
    await served.halt();
    await served.boot();
    admin = await served.admin();
    expect(await callText(await served.agent('tickets', token), 'who')).toBe('operator mcp:read');
  });

  test('[O6] a token that the server refuses is renewed, and the call runs once', async () => {
    const agent = await served.agent('tickets', token);
    await callText(agent, 'who');
    const used = upstream.seen.at(-1)?.slice('Bearer '.length) ?? '';
    upstream.revoked.add(used);
    const calls = upstream.calls;
    expect(await callText(agent, 'who')).toBe('operator mcp:read');
    expect(upstream.calls).toBe(calls + 1);
    expect(upstream.refusals.at(-1)).toBe(401);
    expect(upstream.seen.at(-1)).not.toContain(used);
  });

  test('[O6] more rights are asked for by a person, never taken', async () => {
    const agent = await served.agent('tickets', token);
    await expect(callText(agent, 'wipe')).rejects.toThrow(/asks for more rights than the gateway was given \(mcp:admin\): an operator must consent again/);
    expect(await served.auth('tickets')).toMatchObject({ status: 'needs_consent', scopes: ['mcp:read', 'mcp:admin'] });
    // What was consented to goes on working.
    expect(await callText(agent, 'who')).toBe('operator mcp:read');
    const browser = new Browser();
    expect((await browser.go(await served.begin(admin, 'tickets', browser))).text).toContain('Access was given');
    expect(await callText(agent, 'wipe')).toBe('wiped');
    expect(await served.auth('tickets')).toMatchObject({ status: 'ready' });
  });

  test('[O6] a dead refresh token: the status says so, calls are refused with what to do, and consent makes it work again', async () => {
    await as.revokeAll();
    const agent = await served.agent('tickets', token).catch(() => null);
    let refusal = '';
    for (let tries = 0; tries < 150 && refusal === ''; tries += 1) {
      refusal = await (agent === null ? served.agent('tickets', token).then(() => '') : callText(agent, 'who').then(() => '')).catch((error: unknown) => String(error));
      if (refusal === '') await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(refusal).toContain('it has ended: an operator must consent again');
    const auth = await served.auth('tickets');
    expect(auth).toMatchObject({ status: 'dead' });
    expect(auth?.problem).toContain('invalid_grant');
    expect((await served.registry.audit({ action: 'server.oauth_dead' })).length).toBe(1);
    const grants = as.grants.length;
    await expect(served.agent('tickets', token)).rejects.toThrow(/consent again/);
    expect(as.grants.length).toBe(grants);
    const browser = new Browser();
    expect((await browser.go(await served.begin(admin, 'tickets', browser))).text).toContain('Access was given');
    expect(await callText(await served.agent('tickets', token), 'who')).toContain('operator');
  }, 60_000);

  test('an authorization server that is away is asked again later: access is not given up', async () => {
    as.broken = 503;
    const agent = await served.agent('tickets', token).catch(() => null);
    let refusal = '';
    for (let tries = 0; tries < 150 && refusal === ''; tries += 1) {
      refusal = await (agent === null ? Promise.reject(new Error('no agent')) : callText(agent, 'who').then(() => '')).catch((error: unknown) => String(error));
      if (refusal === '') await new Promise((resolve) => setTimeout(resolve, 100));
    }
    expect(refusal).toContain('the next call tries again');
    expect(await served.auth('tickets')).toMatchObject({ status: 'ready' });
    as.broken = null;
    await expect.poll(() => served.agent('tickets', token).then((again) => callText(again, 'who')).catch(String), { timeout: 5_000 }).toContain('operator');
  }, 60_000);

  test('giving it up revokes the tokens and forgets them', async () => {
    expect((await admin.delete('/servers/tickets/oauth')).status).toBe(204);
    expect(as.requests).toContain('/token/revocation');
    expect(await served.auth('tickets')).toBeNull();
    expect(await served.registry.secretNames('upstream_auth/tickets/')).toEqual([]);
    await expect(served.agent('tickets', token)).rejects.toThrow(/consent first/);
  });
});

describe('a client that was registered by hand', () => {
  let server: ProtectedServer;
  let closed: AuthorizationServer;
  let token = '';
  beforeAll(async () => {
    closed = await AuthorizationServer.start({
      registration: false,
      clients: [
        { client_id: 'robot', client_secret: 'a secret with: signs & spaces', grant_types: ['client_credentials'], redirect_uris: [], response_types: [], scope: 'mcp:read' },
        { client_id: 'by-hand', client_secret: 'another-secret', redirect_uris: [`${served.url}/oauth/callback`], grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'client_secret_post', application_type: 'native' },
      ],
    });
    server = await ProtectedServer.start(closed.url);
    token = await served.addServer('robot', server.url);
  });
  afterAll(async () => {
    await server.close();
    await closed.close();
  });

  test('without registration the operator is told to register the gateway', async () => {
    const answer = await admin.post('/servers/robot/oauth/start', {});
    expect(answer.status).toBe(409);
    expect(answer.body.detail).toContain('enter its client id');
  });

  test('client credentials: a token without any person', async () => {
    expect((await admin.put('/servers/robot/oauth/client', { clientId: 'robot', clientSecret: 'a secret with: signs & spaces', scopes: ['mcp:read'], grant: 'client_credentials' })).status).toBe(200);
    const started = await admin.post('/servers/robot/oauth/start', {});
    expect(started.body).toEqual({ authorizationUrl: null });
    expect(await served.auth('robot')).toMatchObject({ status: 'ready', clientId: 'robot' });
    expect(await callText(await served.agent('robot', token), 'who')).toBe('robot mcp:read');
  });

  test('another client forgets the tokens of the one before; the secret is kept when only scopes change', async () => {
    expect((await admin.put('/servers/robot/oauth/client', { clientId: 'by-hand', clientSecret: 'another-secret' })).status).toBe(200);
    await expect(served.agent('robot', token)).rejects.toThrow(/consent first/);
    expect((await admin.put('/servers/robot/oauth/client', { clientId: 'by-hand', scopes: ['mcp:read'] })).status).toBe(200);
    const audit = JSON.stringify(await served.registry.audit({ action: 'server.oauth_client' }));
    expect(audit).not.toContain('another-secret');
  });
});

describe('two gateways on one database', () => {
  test('[O6] share one consent: no refresh token is used twice, and no call fails while they renew', async () => {
    const short = await AuthorizationServer.start({ seconds: 6 });
    const server = await ProtectedServer.start(short.url);
    const second = await Served.beside(served);
    try {
      const token = await served.addServer('shared', server.url);
      await second.control.effective.refresh();
      const browser = new Browser();
      await browser.go(await served.begin(admin, 'shared', browser));
      const agents = [await served.agent('shared', token), await second.agent('shared', token)];
      for (let tries = 0; tries < 120 && short.consumed.length < 3; tries += 1) {
        await Promise.all(agents.map(async (agent) => expect(await callText(agent, 'who')).toBe('operator mcp:read')));
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      expect(short.consumed.length).toBeGreaterThanOrEqual(3);
      expect(new Set(short.consumed).size).toBe(short.consumed.length);
      expect(await served.auth('shared')).toMatchObject({ status: 'ready', problem: null });
      expect(server.refusals.filter((status) => status === 403)).toEqual([]);
      // Given up at one, it is over at the other as well, as soon as it looks at what has changed.
      expect((await admin.delete('/servers/shared/oauth')).status).toBe(204);
      await second.control.effective.refresh();
      await expect.poll(() => agents[1] === undefined ? '' : callText(agents[1], 'who').catch(String)).toContain('consent first');
    } finally {
      await second.halt();
      await server.close();
      await short.close();
    }
  }, 60_000);
});

describe('a consent that is begun from the dashboard', () => {
  test('[O6] a start with an Idempotency-Key brings its cookie, as the dashboard needs it, and brings it again to who repeats it', async () => {
    await served.addServer('repeated', upstream.url);
    const start = () => admin.post('/servers/repeated/oauth/start', {}, { 'idempotency-key': 'once' });
    const [one, two] = [await start(), await start()];
    expect([one.status, two.status, two.headers.get('idempotent-replayed')]).toEqual([200, 200, 'true']);
    expect(one.headers.getSetCookie().join()).toMatch(/^policylayer_oauth_[A-Za-z0-9_-]{12}=.+HttpOnly; SameSite=Lax$/);
    expect(two.headers.getSetCookie()).toEqual(one.headers.getSetCookie());
  });
});
