import { randomBytes } from 'node:crypto';
import type { MemberDefinition, Role, Stored } from '../../../state/registry/types.ts';
import type { Call } from '../../api/route.ts';
import type { ControlServices } from '../../api/services.ts';
import { auditOf } from '../audit-entry.ts';
import { demandAnAdmin } from '../last-admin.ts';
import { callerOf } from '../member-caller.ts';
import type { OidcSettings } from '../settings.ts';
import type { Identified } from './flow.ts';

/** Why somebody who is who he says may not come in. */
export type NotAdmitted = 'email_not_verified' | 'not_invited' | 'disabled' | 'other_identity';

type Visit = Pick<Call<unknown, unknown, unknown>, 'requestId' | 'address'>;

/** Of several roles of a person, the first of these. */
const STRONGEST: readonly Role[] = ['admin', 'policy_manager', 'approver', 'viewer'];

/**
 * The member that somebody is: the one with this identity, else the one who was invited with this address, else a new one when his domain may come in.
 * Must run in turn with other changes of members.
 */
export async function admit(who: Identified, settings: OidcSettings, visit: Visit, services: ControlServices): Promise<Stored<'member'> | NotAdmitted> {
  const { registry } = services;
  const identity = { issuer: who.issuer, subject: who.subject };
  const bound = await registry.memberByOidc(identity.issuer, identity.subject);
  if (bound !== null) return bound.value.disabled ? 'disabled' : withRole(bound, {}, who, settings, visit, services);
  if (who.email === null) return 'email_not_verified';
  const invited = await registry.memberByEmail(who.email);
  if (invited !== null) {
    if (invited.value.disabled) return 'disabled';
    // An address that was given to somebody else later must not open what the one before him had.
    if (invited.value.oidc !== null) return 'other_identity';
    return withRole(invited, { oidc: identity }, who, settings, visit, services);
  }
  const domain = who.email.slice(who.email.lastIndexOf('@') + 1);
  if (!settings.allowedDomains.includes(domain)) return 'not_invited';
  return enrol({ name: shownName(who), email: who.email, role: mappedRole(who, settings) ?? settings.defaultRole, serverRoles: {}, passwordHash: null, oidc: identity, disabled: false, lastSignInAt: null }, visit, services);
}

async function withRole(member: Stored<'member'>, more: Partial<MemberDefinition>, who: Identified, settings: OidcSettings, visit: Visit, { registry }: ControlServices): Promise<Stored<'member'>> {
  let value: MemberDefinition = { ...member.value, ...more };
  if (settings.roleClaim !== null) {
    const next = { ...value, role: mappedRole(who, settings) };
    try {
      await demandAnAdmin(registry, { ...member, value }, next);
      value = next;
    } catch {
      // Somebody must stay who can put the mapping right.
    }
  }
  if (JSON.stringify(value) === JSON.stringify(member.value)) return member;
  const result = await registry.apply([{ op: 'put', kind: 'member', name: member.name, value, expect: member.version }], [
    auditOf({ caller: callerOf(member), ...visit }, { action: 'member.oidc', kind: 'member', name: member.name, summary: `${value.email}: ${more.oidc === undefined ? 'role' : 'identity'} taken from the identity provider`, before: { role: member.value.role }, after: { role: value.role } }),
  ]);
  if (!result.ok) throw new Error('the member was changed at the same moment');
  return (await registry.get('member', member.name)) ?? member;
}

async function enrol(value: MemberDefinition, visit: Visit, { registry }: ControlServices): Promise<Stored<'member'>> {
  const name = randomBytes(9).toString('base64url');
  const doer = { caller: callerOf({ kind: 'member', name, version: 1, createdAt: '', updatedAt: '', value }), ...visit };
  const result = await registry.apply([{ op: 'put', kind: 'member', name, value, expect: null }],
    [auditOf(doer, { action: 'member.enrol', kind: 'member', name, summary: `${value.email} came in by the domain of the address`, after: { email: value.email, role: value.role } })]);
  const member = await registry.get('member', name);
  if (!result.ok || member === null) throw new Error('the member could not be made');
  return member;
}

function mappedRole({ claims }: Identified, { roleClaim, roleMap }: OidcSettings): Role | null {
  if (roleClaim === null) return null;
  const found = claims[roleClaim];
  const values = (Array.isArray(found) ? found : [found]).filter((value) => typeof value === 'string');
  const roles = new Set(values.map((value) => (Object.hasOwn(roleMap, value) ? roleMap[value] : undefined)));
  return STRONGEST.find((role) => roles.has(role)) ?? null;
}

/** The provider wrote it: one line, and no characters that would change how others are shown. */
function shownName({ name, email }: Identified): string {
  const text = (name ?? '').replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, '').trim().slice(0, 120);
  return text === '' ? (email ?? '') : text;
}
