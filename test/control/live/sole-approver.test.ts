import { afterEach, expect, test } from 'vitest';
import type { GrantDefinition, MemberDefinition } from '../../../src/state/registry/types.ts';
import { World, type Client } from '../harness.ts';
import { ask } from './support.ts';

let world: World;
afterEach(() => world.stop());

async function alone(): Promise<Client> {
  world = await World.start();
  const maker = await world.as({ role: 'admin', email: 'maker@example.com' });
  const value: GrantDefinition = { server: 'tickets', tags: [], policies: [], tokenSha256: null, tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: maker.member?.name ?? '' };
  await world.registry.apply([{ op: 'put', kind: 'grant', name: 'mine', value }], []);
  return maker;
}

async function member(over: Partial<MemberDefinition>): Promise<void> {
  const value: MemberDefinition = { name: 'Other', email: 'other@example.com', role: 'approver', serverRoles: {}, passwordHash: 'scrypt$x', oidc: null, disabled: false, lastSignInAt: null, ...over };
  await world.registry.apply([{ op: 'put', kind: 'member', name: 'other', value }], []);
}

const approve = async (client: Client, id: string): Promise<number> => (await client.post(`/approvals/${id}/decide`, { decision: 'approve' })).status;

test('who is alone approves for the grant that he made', async () => {
  const maker = await alone();
  expect(await approve(maker, await ask(world.state, { grant: 'mine' }))).toBe(200);
});

test.each<[string, Partial<MemberDefinition>]>([
  ['an approver', {}], ['an admin', { role: 'admin' }], ['an approver of this server', { role: null, serverRoles: { tickets: 'approver' } }], ['one who signs in by OpenID Connect', { passwordHash: null, oidc: { issuer: 'https://id.example.com', subject: 's' } }],
])('[#34] as soon as there is %s beside him he does not', async (_, other) => {
  const maker = await alone();
  const id = await ask(world.state, { grant: 'mine' });
  await member(other);
  expect(await approve(maker, id)).toBe(403);
  expect((await world.state.approval(id))?.votes).toEqual([]);
});

test.each<[string, Partial<MemberDefinition>]>([
  ['a viewer', { role: 'viewer' }], ['one who was invited and never came', { passwordHash: null }], ['a disabled approver', { disabled: true }], ['an approver of another server', { role: null, serverRoles: { payroll: 'approver' } }],
])('%s beside him is nobody who could decide', async (_, other) => {
  const maker = await alone();
  await member(other);
  expect(await approve(maker, await ask(world.state, { grant: 'mine' }))).toBe(200);
});

test('[#34] an identity that is his own is never approved by him, alone or not', async () => {
  const maker = await alone();
  const value: GrantDefinition = { server: 'tickets', tags: [], policies: [], tokenSha256: null, tokenHint: null, previous: null, oauth: { issuer: 'https://id.example.com', claims: { email: 'maker@example.com' } }, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'somebody' };
  await world.registry.apply([{ op: 'put', kind: 'grant', name: 'for-me', value }], []);
  expect(await approve(maker, await ask(world.state, { grant: 'for-me' }))).toBe(403);
});
