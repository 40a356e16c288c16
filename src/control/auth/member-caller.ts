import type { MemberDefinition, Role, Stored } from '../../state/registry/types.ts';
import type { Caller, Permission } from '../api/caller.ts';
import { ORGANISATION_ONLY, ROLE_PERMISSIONS } from '../roles.ts';

/** Who has not signed in. */
export const NOBODY: Caller = {
  id: '', name: '', email: '', via: 'nobody', role: null, serverRoles: {},
  can: (permission) => permission === 'public',
  servers: () => new Set(),
};

/**
 * The rights of a member as they are now.
 * @param token set for an API token: the role beyond which it has no rights, null for all that the member has
 */
export function callerOf(member: Stored<'member'>, token?: { readonly role: Role | null }): Caller {
  const { value } = member;
  const ceiling = token?.role ?? null;
  const roles = new Map(Object.entries(value.serverRoles));
  const within = (permission: Permission, role: Role | null): boolean => {
    if (permission === 'public' || permission === 'self') return true;
    return role !== null && ROLE_PERMISSIONS[role].has(permission) && (ceiling === null || ROLE_PERMISSIONS[ceiling].has(permission));
  };
  const onServer = (permission: Permission, role: Role): boolean =>
    permission !== 'public' && permission !== 'self' && !ORGANISATION_ONLY.has(permission) && within(permission, role);
  return {
    id: member.name, name: value.name, email: value.email, via: token === undefined ? 'session' : 'token', role: value.role, serverRoles: value.serverRoles,
    can: (permission, server) => {
      if (within(permission, value.role)) return true;
      const role = server === null ? undefined : roles.get(server);
      return role !== undefined && onServer(permission, role);
    },
    servers: (permission) => (within(permission, value.role) ? 'all' : new Set([...roles].filter(([, role]) => onServer(permission, role)).map(([name]) => name))),
  };
}

/** Whether a member may sign in at all. */
export function isActive(member: Pick<MemberDefinition, 'disabled'> | undefined): boolean {
  return member !== undefined && !member.disabled;
}
