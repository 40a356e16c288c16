import { randomBytes } from 'node:crypto';
import type { LinkRecord, MemberDefinition, Stored } from '../../state/registry/types.ts';
import { ApiProblem, type Detail } from '../api/problem.ts';
import type { Call } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { auditOf } from './audit-entry.ts';
import { callerOf, isActive } from './member-caller.ts';
import { isEmpty } from './setup-link.ts';
import { deskOf } from './sign-in-desk.ts';

export interface LinkForm {
  /** Hash of the link's secret. */
  readonly hash: string;
  readonly password?: string | undefined;
  readonly name?: string | undefined;
  readonly email?: string | undefined;
}

type Visit = Pick<Call<unknown, unknown, unknown>, 'requestId' | 'address'>;

/**
 * Uses a link up: `setup` makes the first admin, `invite` and `reset` set a password; after a reset all sessions have ended.
 * @returns the member who may come in now; null when the link was used meanwhile
 * @throws ApiProblem with every field that is missing, before anything is used up
 */
export async function redeemLink(link: LinkRecord, form: LinkForm, visit: Visit, services: ControlServices): Promise<Stored<'member'> | null> {
  const password = demandFields(link.purpose, form);
  const desk = deskOf(services.registry);
  const passwordHash = await desk.hash(password);
  return desk.inTurn(() => (link.purpose === 'setup' ? makeFirstAdmin(form, passwordHash, visit, services) : setPassword(link, form, passwordHash, visit, services)));
}

function demandFields(purpose: LinkRecord['purpose'], form: LinkForm): string {
  const missing = (purpose === 'setup' ? (['name', 'email', 'password'] as const) : (['password'] as const)).filter((field) => form[field] === undefined);
  const needless = purpose === 'setup' ? [] : (['email'] as const).filter((field) => form[field] !== undefined);
  const problems: Detail[] = [
    ...missing.map((field) => ({ pointer: `/${field}`, in: 'body' as const, message: 'this is needed' })),
    ...needless.map((field) => ({ pointer: `/${field}`, in: 'body' as const, message: 'an admin says this, not the link' })),
  ];
  if (problems.length > 0 || form.password === undefined) throw new ApiProblem('invalid_request', 'some fields are not as this link needs them', { problems });
  return form.password;
}

async function makeFirstAdmin(form: LinkForm, passwordHash: string, visit: Visit, { registry }: ControlServices): Promise<Stored<'member'> | null> {
  if ((await registry.useLink(form.hash)) === null) return null;
  if (!(await isEmpty(registry))) return null;
  const name = randomBytes(9).toString('base64url');
  const value: MemberDefinition = { name: form.name ?? '', email: form.email ?? '', role: 'admin', serverRoles: {}, passwordHash, oidc: null, disabled: false, lastSignInAt: null };
  const doer = { caller: callerOf({ kind: 'member', name, version: 1, createdAt: '', updatedAt: '', value }), ...visit };
  const result = await registry.apply([{ op: 'put', kind: 'member', name, value, expect: null }],
    [auditOf(doer, { action: 'member.setup', kind: 'member', name, summary: `${value.email} became the first admin`, after: { name: value.name, email: value.email, role: value.role } })]);
  return result.ok ? registry.get('member', name) : null;
}

async function setPassword(link: LinkRecord, form: LinkForm, passwordHash: string, visit: Visit, { registry }: ControlServices): Promise<Stored<'member'> | null> {
  const member = link.member === null ? null : await registry.get('member', link.member);
  if (member === null || !isActive(member.value)) return null;
  if ((await registry.useLink(form.hash)) === null) return null;
  const value: MemberDefinition = { ...member.value, passwordHash, ...(form.name === undefined ? {} : { name: form.name }) };
  const result = await registry.apply([{ op: 'put', kind: 'member', name: member.name, value, expect: member.version }],
    [auditOf({ caller: callerOf(member), ...visit }, { action: link.purpose === 'invite' ? 'member.accept_invite' : 'member.reset_password', kind: 'member', name: member.name, summary: `${value.email} ${link.purpose === 'invite' ? 'accepted the invitation' : 'set a new password'}` })]);
  if (!result.ok) throw new ApiProblem('conflict', 'the member was changed at the same moment; ask for a new link');
  await registry.closeSessions({ member: member.name });
  return registry.get('member', member.name);
}
