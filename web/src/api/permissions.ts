import { ORGANISATION_ONLY, ROLE_PERMISSIONS, type GivenPermission } from '../../../src/control/roles.ts';
import type { Me } from './types.ts';

export type Permission = GivenPermission;

/**
 * What the gateway would let this person do, by its own table of roles: keeps away what would be refused. The gateway decides.
 * @param server null: in the whole organisation; undefined: there or for any server
 */
export function may(me: Me | null, permission: Permission, server?: string | null): boolean {
  if (me === null) return false;
  if (me.role !== null && ROLE_PERMISSIONS[me.role].has(permission)) return true;
  if (server === null || ORGANISATION_ONLY.has(permission)) return false;
  const roles = server === undefined ? Object.values(me.serverRoles) : [Object.hasOwn(me.serverRoles, server) ? me.serverRoles[server] : undefined];
  return roles.some((role) => role !== undefined && ROLE_PERMISSIONS[role].has(permission));
}

const NEEDED: Readonly<Record<Permission, string>> = {
  read: 'the role viewer',
  'journal.arguments': 'the role approver, policy manager or admin',
  'approvals.decide': 'the role approver or admin',
  'policies.write': 'the role policy manager or admin',
  'grants.write': 'the role policy manager or admin',
  'servers.write': 'the role admin',
  'members.write': 'the role admin',
  'settings.write': 'the role admin',
  'audit.read': 'the role admin',
};

/** Why a control is off, for its tooltip; null when it is on. */
export function reasonWhyNot(me: Me | null, permission: Permission, server?: string | null): string | null {
  return may(me, permission, server) ? null : `This needs ${NEEDED[permission]}.`;
}
