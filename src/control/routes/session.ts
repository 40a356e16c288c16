import { z } from 'zod';
import { ApiProblem, invalid } from '../api/problem.ts';
import { defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf } from '../auth/audit-entry.ts';
import { Cookies, SESSION_COOKIE } from '../auth/cookies.ts';
import { findLink } from '../auth/links.ts';
import { callerOf } from '../auth/member-caller.ts';
import { openSession, type Visit } from '../auth/open-session.ts';
import { redeemLink } from '../auth/redeem-link.ts';
import { hashSecret } from '../auth/secret-text.ts';
import { isEmpty } from '../auth/setup-link.ts';
import { oidcSettings, organisationName } from '../auth/settings.ts';
import { deskOf } from '../auth/sign-in-desk.ts';
import type { Caller } from '../api/caller.ts';
import type { Stored } from '../../state/registry/types.ts';
import { email, newPassword, sessionReply, shownName, typedPassword } from './session-schemas.ts';

/** What the dashboard asks first: who am I, how can one sign in. */
export async function describeSession(caller: Caller, csrfToken: string | null, { registry, version }: ControlServices): Promise<z.input<typeof sessionReply>> {
  const [oidc, name, setupNeeded] = [await oidcSettings(registry), await organisationName(registry), await isEmpty(registry)];
  return {
    member: caller.via === 'nobody' ? null : { id: caller.id, name: caller.name, email: caller.email, role: caller.role, serverRoles: caller.serverRoles },
    csrfToken, signIn: { password: true, oidc: oidc?.enabled === true ? { label: oidc.label } : null }, setupNeeded, organisation: { name }, version,
  };
}

async function letIn(member: Stored<'member'>, visit: Visit, how: string, services: ControlServices): Promise<{ body: z.input<typeof sessionReply>; cookies: readonly string[] }> {
  const opened = await openSession(member, visit, how, services);
  return { body: await describeSession(callerOf(member), opened.csrfToken, services), cookies: opened.cookies };
}

const secret = z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'this is no secret of a link of ours');
const linkBody = z.strictObject({ secret, password: newPassword.optional(), name: shownName.optional(), email: email.optional() });

export const sessionRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/session', id: 'getSession', summary: 'Who is signed in, and how one signs in', tag: 'session', permission: 'public', reply: sessionReply,
    handle: async (call, services) => ({ body: await describeSession(call.caller, call.session?.csrfToken ?? null, services) }),
  }),
  defineRoute({
    method: 'post', path: '/session', id: 'signIn', summary: 'Sign in with e-mail address and password', tag: 'session', permission: 'public',
    body: z.strictObject({ email, password: typedPassword }), reply: sessionReply,
    handle: async (call, services) => letIn(await deskOf(services.registry).byPassword(call.body.email, call.body.password, call, services), call, 'with a password', services),
  }),
  defineRoute({
    method: 'post', path: '/session/link/check', id: 'checkLink', summary: 'What a one-time link is for', tag: 'session', permission: 'public', body: z.strictObject({ secret }),
    reply: z.object({ purpose: z.enum(['setup', 'invite', 'reset']), name: z.string().nullable(), email: z.string().nullable(), expiresAt: z.string() }),
    handle: async ({ body }, { registry }) => {
      const link = await findLink(registry, body.secret);
      const member = link === null || link.member === null ? null : await registry.get('member', link.member);
      if (link === null || (link.purpose !== 'setup' && member === null)) throw linkIsVoid();
      return { body: { purpose: link.purpose, name: member?.value.name ?? null, email: member?.value.email ?? null, expiresAt: link.expiresAt } };
    },
  }),
  defineRoute({
    method: 'post', path: '/session/link', id: 'redeemLink', summary: 'Use a one-time link: make the first admin, accept an invitation, or set a new password', tag: 'session', permission: 'public',
    body: linkBody, reply: sessionReply,
    handle: async (call, services) => {
      const link = await findLink(services.registry, call.body.secret);
      if (link === null) throw linkIsVoid();
      const member = await redeemLink(link, { ...call.body, hash: hashSecret(call.body.secret) }, call, services);
      if (member === null) throw linkIsVoid();
      return letIn(member, call, 'with a one-time link', services);
    },
  }),
  defineRoute({
    method: 'delete', path: '/session', id: 'signOut', summary: 'Sign out', tag: 'session', permission: 'self', sessionOnly: true, reply: z.null(),
    handle: async (call, services) => {
      const { registry, publicUrl } = services;
      if (call.session !== null) await registry.closeSessions({ hash: call.session.hash });
      await registry.addAudit(auditOf(call, { action: 'session.sign_out', kind: 'member', name: call.caller.id, summary: `${call.caller.email} signed out` }));
      return { status: 204, body: null, cookies: [new Cookies(publicUrl()).set(SESSION_COOKIE, '', 0)] };
    },
  }),
  defineRoute({
    method: 'delete', path: '/sessions', id: 'signOutEverywhere', summary: 'Sign out everywhere, here as well', tag: 'session', permission: 'self', sessionOnly: true, reply: z.null(),
    handle: async (call, services) => {
      const { registry, publicUrl } = services;
      const closed = await registry.closeSessions({ member: call.caller.id });
      await registry.addAudit(auditOf(call, { action: 'session.sign_out_everywhere', kind: 'member', name: call.caller.id, summary: `${call.caller.email} ended ${closed} sessions` }));
      return { status: 204, body: null, cookies: [new Cookies(publicUrl()).set(SESSION_COOKIE, '', 0)] };
    },
  }),
  defineRoute({
    method: 'get', path: '/me/sessions', id: 'listMySessions', summary: 'Where one is signed in', tag: 'session', permission: 'self',
    reply: z.object({ items: z.array(z.object({ current: z.boolean(), createdAt: z.string(), lastUsedAt: z.string(), expiresAt: z.string(), userAgent: z.string().nullable() })) }),
    handle: async ({ caller, session }, { registry }) => ({
      body: { items: (await registry.sessionsOf(caller.id)).map(({ hash, createdAt, lastUsedAt, expiresAt, userAgent }) => ({ current: hash === session?.hash, createdAt, lastUsedAt, expiresAt, userAgent })) },
    }),
  }),
  defineRoute({
    method: 'put', path: '/me/password', id: 'changeMyPassword', summary: 'Change one\'s own password; all other sessions end', tag: 'session', permission: 'self', sessionOnly: true,
    body: z.strictObject({ current: typedPassword, next: newPassword }), reply: sessionReply,
    handle: async (call, services) => {
      const { registry } = services;
      const desk = deskOf(registry);
      const before = await registry.get('member', call.caller.id);
      if (before === null) throw new ApiProblem('unauthenticated', 'sign in');
      await desk.demandPassword(before, call.body.current, call, services);
      if (call.body.current === call.body.next) throw invalid('/next', 'this is the password that you have; choose another one');
      const passwordHash = await desk.hash(call.body.next);
      const result = await desk.inTurn(async () => {
        const member = await registry.get('member', call.caller.id);
        if (member === null) throw new ApiProblem('unauthenticated', 'sign in');
        return registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, passwordHash }, expect: member.version }],
          [auditOf(call, { action: 'member.password', kind: 'member', name: member.name, summary: `${member.value.email} changed the password` })]);
      });
      const member = await registry.get('member', call.caller.id);
      if (!result.ok || member === null) throw new ApiProblem('conflict', 'the member was changed at the same moment; try again');
      await registry.closeSessions({ member: member.name });
      return letIn(member, call, 'anew, after a change of password', services);
    },
  }),
];

/** For whom a link is void may have used it himself a minute ago. */
function linkIsVoid(): ApiProblem {
  return new ApiProblem('unauthenticated', 'this link is wrong, was used, or is too old; ask for a new one');
}

