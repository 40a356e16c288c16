import type { Role } from '../../state/registry/types.ts';

/**
 * What a route asks for. `public`: no sign-in (sign-in itself). `self`: any member, about himself. The others are given by roles (`roles.ts`), in the
 * organisation or for one server.
 */
export type Permission =
  | 'public' | 'self' | 'read' | 'journal.arguments' | 'approvals.decide' | 'policies.write' | 'grants.write' | 'servers.write' | 'members.write' | 'settings.write' | 'audit.read';

/** Who calls the API. */
export interface Caller {
  /** Name (id) of the member; empty for nobody. */
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly via: 'session' | 'token' | 'nobody';
  readonly role: Role | null;
  readonly serverRoles: Readonly<Record<string, Role>>;
  /** @param server null: in the whole organisation */
  readonly can: (permission: Permission, server: string | null) => boolean;
  /** The servers for which he has a permission: for lists, which show only these. */
  readonly servers: (permission: Permission) => 'all' | ReadonlySet<string>;
}
