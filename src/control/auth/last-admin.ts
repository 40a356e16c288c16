import type { MemberDefinition, Registry, Stored } from '../../state/registry/types.ts';
import { ApiProblem } from '../api/problem.ts';

/** Every member, read in steps. */
export async function allMembers(registry: Registry): Promise<Stored<'member'>[]> {
  const members: Stored<'member'>[] = [];
  for (let after: string | undefined; ; ) {
    const page = await registry.list('member', { ...(after === undefined ? {} : { after }), limit: 1_000 });
    members.push(...page);
    after = page.at(-1)?.name;
    if (page.length < 1_000) return members;
  }
}

/** An admin who can sign in: one who was only invited may never come. */
function isWorkingAdmin(value: MemberDefinition): boolean {
  return value.role === 'admin' && !value.disabled && (value.passwordHash !== null || value.oidc !== null);
}

/**
 * Somebody must be able to let the others in.
 * @param next what becomes of the member; null: he is removed
 * @throws ApiProblem conflict when nobody would be left who can sign in as an admin of the organisation
 */
export async function demandAnAdmin(registry: Registry, member: Stored<'member'>, next: MemberDefinition | null): Promise<void> {
  if (!isWorkingAdmin(member.value) || (next !== null && isWorkingAdmin(next))) return;
  const others = (await allMembers(registry)).filter(({ name, value }) => name !== member.name && isWorkingAdmin(value));
  if (others.length === 0) throw new ApiProblem('conflict', 'this is the last admin who can sign in; make somebody else an admin first');
}
