import type { Role } from '../../api/types.ts';

export interface Member {
  readonly id: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role | null;
  readonly serverRoles: Readonly<Record<string, Role>>;
  readonly disabled: boolean;
  readonly status: 'active' | 'invited' | 'disabled';
  readonly signIn: readonly ('password' | 'oidc')[];
  readonly lastSignInAt: string | null;
  readonly createdAt: string;
  readonly version: number;
}

export const ROLE_HELP: Readonly<Record<Role, string>> = {
  viewer: 'Sees servers, policies, grants and the journal without arguments',
  approver: 'Sees arguments, and decides about waiting calls',
  policy_manager: 'Sees arguments, and writes policies and grants; changes no server, and decides about no call',
  admin: 'Everything, with members, settings and audit',
};
