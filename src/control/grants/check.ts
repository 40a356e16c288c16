import type { GrantDefinition } from '../../state/registry/types.ts';
import { ApiProblem, type Detail } from '../api/problem.ts';
import type { ControlServices } from '../api/services.ts';
import { allRecords } from '../config/save.ts';

/**
 * Checks what a grant names: its server is there, its policies are there and for that server or for everybody, its moment is to come, and nobody
 * else is vouched for in the same words.
 * @param label of the grant itself. @throws ApiProblem with everything that is wrong
 */
export async function checkGrant(label: string, grant: Pick<GrantDefinition, 'server' | 'policies' | 'expiresAt' | 'oauth'>, services: ControlServices): Promise<void> {
  const { registry, effective, now } = services;
  const { file } = effective();
  const problems: Detail[] = [];
  if (!file.config.servers.has(grant.server) && (await registry.get('server', grant.server)) === null) problems.push({ pointer: '/server', message: 'there is no such server' });
  for (const [index, name] of grant.policies.entries()) {
    if (file.policies.has(name)) continue;
    const policy = await registry.get('policy', name);
    const pointer = `/policies/${index}`;
    // Who manages another server could else change what this grant may do.
    if (policy === null || (policy.value.server !== null && policy.value.server !== grant.server)) problems.push({ pointer, message: 'there is no such policy for this server' });
  }
  if (grant.expiresAt !== null && !(Date.parse(grant.expiresAt) > now())) problems.push({ pointer: '/expiresAt', message: 'this moment has passed' });
  if (grant.oauth !== null) {
    const same = JSON.stringify(identity(grant.oauth));
    const others = [...file.config.grants.map((one) => ({ name: one.label, server: one.server, oauth: one.oauth ?? null })), ...(await allRecords(registry, 'grant')).map(({ name, value }) => ({ name, server: value.server, oauth: value.oauth }))];
    // A token that stands for two grants is refused by the gateway.
    const twin = others.find((one) => one.name !== label && one.server === grant.server && one.oauth !== null && JSON.stringify(identity(one.oauth)) === same);
    if (twin !== undefined) problems.push({ pointer: '/oauth', message: 'another grant of this server is for the same callers' });
    if (!(services.config().oauth?.issuers.has(grant.oauth.issuer) ?? false)) problems.push({ pointer: '/oauth/issuer', message: 'this issuer is not configured', help: 'add it under `oauth` in gateway.yaml' });
  }
  if (problems.length > 0) throw new ApiProblem('invalid_request', problems.length === 1 ? (problems[0]?.message ?? '') : `${problems.length} things are wrong`, { problems });
}

function identity({ issuer, claims }: { readonly issuer: string; readonly claims: Readonly<Record<string, string>> }): unknown {
  return [issuer, Object.entries(claims).toSorted(([a], [b]) => (a < b ? -1 : 1))];
}
