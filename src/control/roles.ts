import type { Role } from '../state/registry/types.ts';
import type { Permission } from './api/caller.ts';

/** A permission that a role gives. */
export type GivenPermission = Exclude<Permission, 'public' | 'self'>;

/**
 * What each role may do. Not a ladder: who writes the rules does not wave calls through, and who waves calls through does not write the rules.
 * An admin may do both, because an admin could give himself any role.
 */
export const ROLE_PERMISSIONS: Readonly<Record<Role, ReadonlySet<GivenPermission>>> = {
  viewer: new Set(['read']),
  approver: new Set(['read', 'journal.arguments', 'approvals.decide']),
  policy_manager: new Set(['read', 'journal.arguments', 'policies.write', 'grants.write']),
  admin: new Set(['read', 'journal.arguments', 'approvals.decide', 'policies.write', 'grants.write', 'servers.write', 'members.write', 'settings.write', 'audit.read']),
};

/** What concerns everybody: a role for one server never gives these. */
export const ORGANISATION_ONLY: ReadonlySet<GivenPermission> = new Set(['members.write', 'settings.write', 'audit.read']);
