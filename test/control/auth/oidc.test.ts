import { get, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client, World } from '../harness.ts';
import { CLIENT, IdentityProvider, type Forge } from './identity-provider.ts';

let world: World;
let idp: IdentityProvider;
let admin: Client;
/** Milliseconds that the gateway's clock is ahead. */
let later = 0;
const OIDC = { enabled: true, label: 'Example Login', clientId: CLIENT.id, clientSecret: CLIENT.secret, allowedDomains: ['example.org'], defaultRole: 'viewer', roleClaim: null, roleMap: {} };

beforeAll(async () => {
  world = await World.start({ now: () => Date.now() + later });
  admin = await world.as('admin');
  idp = await IdentityProvider.start(`${world.url}/api/v1/session/oidc/callback`);
  const answer = await admin.patch('/settings', { privateTargets: ['127.0.0.1/32'], oidc: { ...OIDC, issuer: idp.issuer } }, { 'if-match': '*' });
  expect(answer.status, answer.text).toBe(200);
});
afterAll(async () => {
  await idp.stop();
  await world.stop();
});
beforeEach(() => {
  idp.forge = null;
  // What failed in the test before does not count any more.
  later += 601_000;
});

const cookiesOf = (response: Response): string => response.headers.getSetCookie().map((cookie) => cookie.split(';')[0]).join('; ');

interface Begun {
  readonly location: string;
  readonly cookie: string;
}

async function begin(): Promise<Begun> {
  const response = await new Client(world.url, {}).raw('/session/oidc/start');
  expect(response.status).toBe(303);
  return { location: response.headers.get('location') ?? '', cookie: cookiesOf(response) };
}

async function end(back: URL, cookie: string): Promise<{ location: string; client: Client; status: number }> {
  // Not by fetch, which writes `sec-fetch-mode: cors` over what is given.
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${world.url}/api/v1/session/oidc/callback${back.search}`, { headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', ...(cookie === '' ? {} : { cookie }) } }, resolve).on('error', reject);
  });
  response.resume();
  const set = (response.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ');
  return { location: (response.headers.location ?? '').replace(world.url, ''), client: new Client(world.url, { cookie: set }), status: response.statusCode ?? 0 };
}

/** The whole round. @param turn changes what comes back */
async function signIn(turn: (back: URL) => URL = (back) => back): Promise<{ location: string; client: Client }> {
  const { location, cookie } = await begin();
  return end(turn(await idp.visit(location)), cookie);
}

describe('sign-in by an OpenID provider', () => {
  it('asks with code, PKCE, state and nonce, and keeps what must come back in a cookie that cannot be read', async () => {
    const { location, cookie } = await begin();
    const query = new URL(location).searchParams;
    expect(Object.fromEntries(query)).toMatchObject({ response_type: 'code', client_id: CLIENT.id, code_challenge_method: 'S256', redirect_uri: `${world.url}/api/v1/session/oidc/callback` });
    for (const name of ['state', 'nonce', 'code_challenge']) expect(query.get(name)).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(cookie).not.toContain(query.get('state'));
    expect(Buffer.from(cookie.split('.')[1] ?? '', 'base64url').toString('latin1')).not.toContain(query.get('nonce'));
  });

  it('lets in who was invited, and knows him again by his identity when his address has changed', async () => {
    const invited = await admin.post('/members', { name: 'Grace', email: 'grace@example.com', role: 'policy_manager' });
    idp.person = { sub: 'grace', email: 'Grace@Example.com', email_verified: true };
    const { location, client } = await signIn();
    expect(location).toBe('/');
    expect((await client.get('/session')).body.member).toMatchObject({ id: invited.body.member.id, role: 'policy_manager' });
    idp.person = { sub: 'grace', email: 'hopper@elsewhere.com', email_verified: true };
    expect((await (await signIn()).client.get('/session')).body.member.id).toBe(invited.body.member.id);
    // Somebody else who has her address now does not get what she had.
    idp.person = { sub: 'not-grace', email: 'grace@example.com', email_verified: true };
    expect((await signIn()).location).toBe('/sign-in#error=oidc_other_identity');
  });

  it('lets in an allowed domain with the default role, and nobody else', async () => {
    idp.person = { sub: 'new', email: 'new@example.org', email_verified: true, name: 'New\u202eComer' };
    const { client } = await signIn();
    expect((await client.get('/session')).body.member).toMatchObject({ email: 'new@example.org', role: 'viewer', name: 'NewComer' });
    idp.person = { sub: 'stranger', email: 'stranger@example.net', email_verified: true };
    expect((await signIn()).location).toBe('/sign-in#error=oidc_not_invited');
    idp.person = { sub: 'below', email: 'x@sub.example.org', email_verified: true };
    expect((await signIn()).location).toBe('/sign-in#error=oidc_not_invited');
  });

  it.each([[false], [undefined]])('does not believe an address that the provider does not vouch for (email_verified: %s)', async (verified) => {
    idp.person = { sub: 'liar', email: 'admin@example.org', ...(verified === undefined ? {} : { email_verified: verified }) };
    expect((await signIn()).location).toBe('/sign-in#error=oidc_email_not_verified');
  });

  it('does not let in a disabled member', async () => {
    idp.person = { sub: 'off', email: 'off@example.org', email_verified: true };
    const { client } = await signIn();
    const { id } = (await client.get('/session')).body.member;
    await admin.patch(`/members/${id}`, { disabled: true }, { 'if-match': '*' });
    expect((await client.get('/me/sessions')).status).toBe(401);
    expect((await signIn()).location).toBe('/sign-in#error=oidc_disabled');
  });

  it('takes roles from a claim where an admin said so, the strongest of several, and none when the claim names none', async () => {
    const set = await admin.patch('/settings', { oidc: { ...OIDC, clientSecret: true, issuer: idp.issuer, roleClaim: 'groups', roleMap: { ops: 'approver', leads: 'policy_manager' } } }, { 'if-match': '*' });
    expect(set.status, set.text).toBe(200);
    idp.person = { sub: 'mapped', email: 'mapped@example.org', email_verified: true, groups: ['ops', 'leads', 'constructor'] };
    expect((await (await signIn()).client.get('/session')).body.member.role).toBe('policy_manager');
    idp.person = { ...idp.person, groups: ['ops'] };
    expect((await (await signIn()).client.get('/session')).body.member.role).toBe('approver');
    idp.person = { ...idp.person, groups: [] };
    expect((await (await signIn()).client.get('/session')).body.member.role).toBeNull();
    await admin.patch('/settings', { oidc: { ...OIDC, clientSecret: true, issuer: idp.issuer } }, { 'if-match': '*' });
  });

  it('never shows the client secret again', async () => {
    const settings = await admin.get('/settings');
    expect(settings.body.oidc).toMatchObject({ clientSecretSet: true });
    expect(settings.text + (await admin.get('/audit')).text).not.toContain(CLIENT.secret);
  });
});

describe('an answer that is not as it must be', () => {
  beforeEach(() => {
    idp.person = { sub: 'victim', email: 'victim@example.org', email_verified: true };
  });

  it.each<[string, (back: URL) => URL]>([
    ['another state', (back) => changed(back, 'state', 'x'.repeat(43))],
    ['no state', (back) => changed(back, 'state', null)],
    ['another issuer', (back) => changed(back, 'iss', 'https://evil.example.com')],
    ['no issuer, where the provider promises one', (back) => changed(back, 'iss', null)],
    ['an error', (back) => changed(changed(back, 'code', null), 'error', 'access_denied')],
    ['a code of nobody', (back) => changed(back, 'code', 'x'.repeat(43))],
  ])('is refused: %s', async (_name, turn) => {
    const { location, client } = await signIn(turn);
    expect(location).toBe('/sign-in#error=oidc_failed');
    expect((await client.get('/session')).body.member).toBeNull();
  });

  it.each<[string, Forge]>([
    ['another nonce', (claims) => ({ claims: { ...claims, nonce: 'another' } })],
    ['no nonce', ({ nonce: _nonce, ...claims }) => ({ claims })],
    ['an ID token for somebody else', (claims) => ({ claims: { ...claims, aud: 'another-client' } })],
    ['several audiences and none that it was made for', (claims) => ({ claims: { ...claims, aud: [CLIENT.id, 'another-client'] } })],
    ['another issuer in the ID token', (claims) => ({ claims: { ...claims, iss: 'https://evil.example.com' } })],
    ['an ID token that has ended', (claims) => ({ claims: { ...claims, exp: Math.floor(Date.now() / 1_000) - 120, iat: Math.floor(Date.now() / 1_000) - 600 } })],
    ['an ID token signed with another key', (claims) => ({ claims, otherKey: true })],
  ])('is refused: %s', async (_name, forge) => {
    idp.forge = forge;
    expect((await signIn()).location).toBe('/sign-in#error=oidc_failed');
    expect(await world.registry.memberByEmail('victim@example.org')).toBeNull();
  });

  it('is told apart from one that is: the same ID token signed again is accepted', async () => {
    idp.person = { sub: 'honest', email: 'honest@example.org', email_verified: true };
    idp.forge = (claims) => ({ claims });
    expect((await signIn()).location).toBe('/');
  });

  it('is refused in another browser than the one that began, and a second time', async () => {
    const { location, cookie } = await begin();
    const back = await idp.visit(location);
    expect((await end(back, '')).location).toBe('/sign-in#error=oidc_begun_elsewhere');
    expect((await end(back, (await begin()).cookie)).location).toBe('/sign-in#error=oidc_failed');
    expect((await end(back, cookie)).location).toBe('/');
    expect((await end(back, cookie)).location).toBe('/sign-in#error=oidc_failed');
  });

  it('is counted: who sends many is told to wait', async () => {
    const statuses: number[] = [];
    for (let attempt = 0; attempt < 45; attempt++) statuses.push((await end(new URL('http://x.invalid/?code=a&state=b'), '')).status);
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('an identity provider at an address that is not allowed', () => {
  it('is never asked [#51]', async () => {
    const other = await World.start();
    try {
      const boss = await other.as('admin');
      await boss.patch('/settings', { oidc: { ...OIDC, issuer: idp.issuer } }, { 'if-match': '*' });
      const response = await new Client(other.url, {}).raw('/session/oidc/start');
      expect(response.headers.get('location')).toBe(`${other.url}/sign-in#error=oidc_unreachable`);
    } finally {
      await other.stop();
    }
  });
});

function changed(back: URL, name: string, value: string | null): URL {
  const url = new URL(back);
  if (value === null) url.searchParams.delete(name);
  else url.searchParams.set(name, value);
  return url;
}
