import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Change, MemberDefinition, Stored, TokenDefinition } from '../../state/registry/types.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, notFound } from '../api/problem.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { refusedChange } from '../api/versions.ts';
import { auditOf, changedFields } from '../auth/audit-entry.ts';
import { demandAnAdmin } from '../auth/last-admin.ts';
import { makeLink } from '../auth/links.ts';
import { deskOf } from '../auth/sign-in-desk.ts';
import { email, role, serverRoles, shownName } from './session-schemas.ts';

const memberReply = z.object({
  id: z.string(), name: z.string(), email: z.string(), role: role.nullable(), serverRoles: z.record(z.string(), role), disabled: z.boolean(),
  status: z.enum(['active', 'invited', 'disabled']), signIn: z.array(z.enum(['password', 'oidc'])), lastSignInAt: z.string().nullable(), createdAt: z.string(), updatedAt: z.string(), version: z.int(),
});
const params = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'this is no id of a member') });
const writable = { name: shownName, email, role: role.nullable().describe('in the whole organisation; null: only what serverRoles says'), serverRoles };

function shown({ name, value, version, createdAt, updatedAt }: Stored<'member'>): z.input<typeof memberReply> {
  const { passwordHash, oidc } = value;
  return {
    id: name, name: value.name, email: value.email, role: value.role, serverRoles: value.serverRoles, disabled: value.disabled,
    status: value.disabled ? 'disabled' : passwordHash === null && oidc === null ? 'invited' : 'active',
    signIn: [...(passwordHash === null ? [] : (['password'] as const)), ...(oidc === null ? [] : (['oidc'] as const))],
    lastSignInAt: value.lastSignInAt, createdAt, updatedAt, version,
  };
}

async function found(id: string, { registry }: ControlServices): Promise<Stored<'member'>> {
  const member = await registry.get('member', id);
  if (member === null) throw notFound('member');
  return member;
}

/** What the audit shows of a member. */
function visible({ name, email: address, role: own, serverRoles: roles, disabled }: MemberDefinition): object {
  return { name, email: address, role: own, serverRoles: roles, disabled };
}

async function tokensOf(member: string, { registry }: ControlServices): Promise<Stored<'token'>[]> {
  const tokens: Stored<'token'>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await registry.list('token', { ...(after === undefined ? {} : { after }), limit: 1_000 });
    tokens.push(...page.filter(({ value }: { value: TokenDefinition }) => value.member === member));
    after = page.at(-1)?.name;
    if (page.length < 1_000) return tokens;
  }
}

/** Who comes in, and by what, is said by people alone (`sessionOnly`): a stolen API token would else make a member or a link that outlives it. */
export const memberRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/members', id: 'listMembers', summary: 'Members', tag: 'members', permission: 'members.write', query: z.strictObject(pageQuery), reply: pageOf(memberReply),
    handle: async ({ query }, { registry }) => {
      const after = readCursor('members', query.cursor, 'string');
      const rows = await registry.list('member', { ...(after === undefined ? {} : { after }), limit: query.limit + 1 });
      const page = cutPage('members', rows, query.limit, ({ name }) => name);
      return { body: { items: page.items.map(shown), next: page.next } };
    },
  }),
  defineRoute({
    method: 'post', path: '/members', id: 'createMember', summary: 'Invite a member', tag: 'members', permission: 'members.write', sessionOnly: true,
    body: z.strictObject({ ...writable, role: writable.role.default(null), serverRoles: serverRoles.default({}) }), reply: z.object({ member: memberReply, inviteLink: z.string(), inviteExpiresAt: z.string() }),
    handle: async (call, services) => {
      const { registry } = services;
      const name = randomBytes(9).toString('base64url');
      const value: MemberDefinition = { ...call.body, passwordHash: null, oidc: null, disabled: false, lastSignInAt: null };
      const result = await registry.apply([{ op: 'put', kind: 'member', name, value, expect: null }],
        [auditOf(call, { action: 'member.create', kind: 'member', name, summary: `${value.email} was invited`, after: visible(value) })]);
      if (!result.ok) throw result.why === 'duplicate' ? new ApiProblem('exists', 'there is a member with this e-mail address already', { problems: [{ pointer: '/email', in: 'body', message: 'taken' }] }) : refusedChange(result, 'member', false);
      const { link, expiresAt } = await makeLink('invite', name, services);
      const member = await found(name, services);
      return { status: 201, body: { member: shown(member), inviteLink: link, inviteExpiresAt: expiresAt }, version: member.version, location: `/api/v1/members/${name}` };
    },
  }),
  defineRoute({
    method: 'get', path: '/members/{id}', id: 'getMember', summary: 'One member', tag: 'members', permission: 'members.write', params, reply: memberReply,
    handle: async (call, services) => {
      const member = await found(call.params.id, services);
      return { body: shown(member), version: member.version };
    },
  }),
  defineRoute({
    method: 'patch', path: '/members/{id}', id: 'changeMember', summary: 'Change a member; what is left out stays', tag: 'members', permission: 'members.write', sessionOnly: true, params, needsIfMatch: true,
    body: z.strictObject({ ...writable, disabled: z.boolean() }).partial(), reply: memberReply,
    handle: (call, services) => deskOf(services.registry).inTurn(async () => {
      const { registry } = services;
      const member = await found(call.params.id, services);
      const value: MemberDefinition = { ...member.value, ...Object.fromEntries(Object.entries(call.body).filter(([, item]) => item !== undefined)) };
      await demandAnAdmin(registry, member, value);
      const changed = changedFields(visible(member.value), visible(value));
      const result = await registry.apply([{ op: 'put', kind: 'member', name: member.name, value, expect: call.ifMatch ?? member.version }],
        [auditOf(call, { action: 'member.change', kind: 'member', name: member.name, summary: `${value.email}: ${Object.keys(changed.after).join(', ') || 'nothing'} changed`, ...changed })]);
      if (!result.ok) throw result.why === 'duplicate' ? new ApiProblem('exists', 'there is a member with this e-mail address already', { problems: [{ pointer: '/email', in: 'body', message: 'taken' }] }) : refusedChange(result, 'member', true);
      if (value.disabled) await registry.closeSessions({ member: member.name });
      // A link that was sent to an address which was wrong must not let its reader in as somebody else.
      if (value.disabled || value.email !== member.value.email) {
        await registry.removeLinks('invite', member.name);
        await registry.removeLinks('reset', member.name);
      }
      const now = await found(member.name, services);
      return { body: shown(now), version: now.version };
    }),
  }),
  defineRoute({
    method: 'delete', path: '/members/{id}', id: 'deleteMember', summary: 'Remove a member with his sessions and API tokens', tag: 'members', permission: 'members.write', params, needsIfMatch: true, reply: z.null(),
    handle: (call, services) => deskOf(services.registry).inTurn(async () => {
      const { registry } = services;
      const member = await found(call.params.id, services);
      await demandAnAdmin(registry, member, null);
      const changes: Change[] = [
        { op: 'delete', kind: 'member', name: member.name, expect: call.ifMatch ?? member.version },
        ...(await tokensOf(member.name, services)).map(({ name }) => ({ op: 'delete' as const, kind: 'token' as const, name })),
      ];
      const result = await registry.apply(changes, [auditOf(call, { action: 'member.delete', kind: 'member', name: member.name, summary: `${member.value.email} was removed`, before: visible(member.value) })]);
      if (!result.ok) throw refusedChange(result, 'member', true);
      await registry.closeSessions({ member: member.name });
      await registry.removeLinks('invite', member.name);
      await registry.removeLinks('reset', member.name);
      return { status: 204, body: null };
    }),
  }),
  defineRoute({
    method: 'post', path: '/members/{id}/reset', id: 'resetMember', summary: 'A one-time link with which the member sets a new password', tag: 'members', permission: 'members.write', sessionOnly: true, params,
    reply: z.object({ link: z.string(), expiresAt: z.string() }),
    handle: async (call, services) => {
      const member = await found(call.params.id, services);
      if (member.value.disabled) throw new ApiProblem('conflict', 'the member is disabled; enable him first');
      const made = await makeLink(member.value.passwordHash === null && member.value.oidc === null ? 'invite' : 'reset', member.name, services);
      await services.registry.addAudit(auditOf(call, { action: 'member.reset', kind: 'member', name: member.name, summary: `A link for a new password was made for ${member.value.email}` }));
      return { body: made };
    },
  }),
  defineRoute({
    method: 'delete', path: '/members/{id}/sessions', id: 'endSessionsOfMember', summary: 'Sign a member out everywhere', tag: 'members', permission: 'members.write', params, reply: z.object({ closed: z.int() }),
    handle: async (call, services) => {
      const member = await found(call.params.id, services);
      const closed = await services.registry.closeSessions({ member: member.name });
      await services.registry.addAudit(auditOf(call, { action: 'member.sign_out', kind: 'member', name: member.name, summary: `${closed} sessions of ${member.value.email} were ended` }));
      return { body: { closed } };
    },
  }),
];
