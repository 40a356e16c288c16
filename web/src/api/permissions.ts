import type { Me, Role } from './types.ts';

export type Permission = 'read' | 'journal.arguments' | 'approvals.decide' | 'policies.write' | 'grants.write' | 'servers.write' | 'members.write' | 'settings.write' | 'audit.read';

const ADMIN_ONLY: readonly Permission[] = ['members.write', 'settings.write'];

/** What each role may do, as src/control/roles.ts gives it. The gateway decides; this only keeps buttons away that would be refused. */
const MAY: Readonly<Record<Role, readonly Permission[]>> = {
  viewer: ['read'],
  approver: ['read', 'journal.arguments', 'approvals.decide'],
  policy_manager: ['read', 'journal.arguments', 'policies.write', 'grants.write', 'servers.write'],
  admin: ['read', 'journal.arguments', 'approvals.decide', 'policies.write', 'grants.write', 'servers.write', 'members.write', 'settings.write', 'audit.read'],
};

/** @param server null: in the whole organisation; undefined: there or for any server */
export function may(me: Me | null, permission: Permission, server?: string | null): boolean {
  if (me === null) return false;
  if (me.role !== null && MAY[me.role].includes(permission)) return true;
  if (ADMIN_ONLY.includes(permission) || server === null) return false;
  const roles = server === undefined ? Object.values(me.serverRoles) : [Object.hasOwn(me.serverRoles, server) ? me.serverRoles[server] : undefined];
  return roles.some((role) => role !== undefined && MAY[role].includes(permission));
}

const NEEDED: Readonly<Record<Permission, string>> = {
  read: 'the role viewer',
  'journal.arguments': 'the role approver, policy manager or admin',
  'approvals.decide': 'the role approver or admin',
  'policies.write': 'the role policy manager or admin',
  'grants.write': 'the role policy manager or admin',
  'servers.write': 'the role policy manager or admin',
  'members.write': 'the role admin',
  'settings.write': 'the role admin',
  'audit.read': 'the role admin',
};

/** Why a control is off, for its tooltip; null when it is on. */
export function reasonWhyNot(me: Me | null, permission: Permission, server?: string | null): string | null {
  return may(me, permission, server) ? null : `This needs ${NEEDED[permission]}.`;
}
