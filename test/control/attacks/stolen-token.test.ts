// An API token lies in files of machines where agents work. Who steals one has its rights until it ends, and nothing that stays after it.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { World, type Answer, type Client } from '../harness.ts';

let world: World;
let bot: Client;
beforeAll(async () => {
  world = await World.start();
  bot = await world.token('admin');
});
afterAll(() => world.stop());

const refused = (answer: Answer): void => expect([answer.status, answer.body.code]).toEqual([403, 'forbidden']);

it('an API token of an admin makes no way to sign in: no member, no link, no other address, no identity provider', async () => {
  const victim = await world.member({ role: 'admin', name: 'victim' });
  refused(await bot.post('/members', { name: 'Mallory', email: 'mallory@example.net', role: 'admin' }));
  refused(await bot.post(`/members/${victim.name}/reset`));
  refused(await bot.patch(`/members/${victim.name}`, { email: 'mallory@example.net' }, { 'if-match': '*' }));
  refused(await bot.patch(`/members/${(await world.member('admin')).name}`, { serverRoles: { x: 'admin' } }, { 'if-match': '*' }));
  refused(await bot.patch('/settings', {
    oidc: { enabled: true, label: 'x', issuer: 'https://idp.example.net', clientId: 'x', allowedDomains: ['example.net'], defaultRole: 'admin', roleClaim: null, roleMap: {}, clientSecret: null },
  }, { 'if-match': '*' }));
  expect(await world.registry.memberByEmail('mallory@example.net')).toBeNull();
  expect(await world.registry.get('setting', 'oidc')).toBeNull();
});

it('an API token of an admin still reads members and settings, and ends what somebody has', async () => {
  const member = await world.member({ role: 'viewer', name: 'leaver' });
  for (const path of ['/members', `/members/${member.name}`, '/settings']) expect((await bot.get(path)).status).toBe(200);
  expect((await bot.delete(`/members/${member.name}/sessions`)).status).toBe(200);
  expect((await bot.delete(`/members/${member.name}`, { 'if-match': '*' })).status).toBe(204);
});

it('the secret of the identity provider is kept for one issuer, also while signing in by it is switched off', async () => {
  const admin = await world.as('admin');
  const oidc = { enabled: true, label: 'x', issuer: 'https://idp.example.com', clientId: 'x', allowedDomains: [], defaultRole: null, roleClaim: null, roleMap: {} };
  expect((await admin.patch('/settings', { oidc: { ...oidc, clientSecret: 'of example.com' } }, { 'if-match': '*' })).status).toBe(200);
  const moved = await admin.patch('/settings', { oidc: { ...oidc, enabled: false, issuer: 'https://idp.example.net', clientSecret: true } }, { 'if-match': '*' });
  expect([moved.status, moved.body.code]).toEqual([400, 'invalid_request']);
  // What is taken away comes back without its secret.
  expect((await admin.patch('/settings', { oidc: null }, { 'if-match': '*' })).status).toBe(200);
  const back = await admin.patch('/settings', { oidc: { ...oidc, issuer: 'https://idp.example.net' } }, { 'if-match': '*' });
  expect([back.status, back.body.oidc.clientSecretSet]).toEqual([200, false]);
});
