import type { ConfiguredValue, Registry, Stored } from '../../state/registry/types.ts';
import { allRecords } from '../config/save.ts';

/** What `apply` would take to make the registry as it is. Of a secret only that there is one. @throws StateUnavailable */
export async function exportDocument(registry: Registry): Promise<Record<string, unknown>> {
  const servers = (await allRecords(registry, 'server')).map((stored) => [stored.name, serverOf(stored)] as const);
  const policies: (readonly [string, object])[] = [];
  for (const { name, value } of await allRecords(registry, 'policy')) {
    const version = value.published === null ? null : await registry.policyVersion(name, value.published.number);
    const { server, description } = value;
    policies.push([name, version === null ? { server, description, stage: 'draft', text: value.draft ?? '' } : { server, description, stage: version.stage, text: version.text }]);
  }
  // A revoked grant is over: whoever makes it anew makes another one.
  const grants = (await allRecords(registry, 'grant')).filter(({ value }) => value.revokedAt === null).map(({ name, value }) => {
    const { server, policies: names, tags, expiresAt, oauth, tokenSha256 } = value;
    return [name, { server, policies: names, tags, expiresAt, oauth, ...(tokenSha256 === null ? { token: false } : {}) }] as const;
  });
  return { version: '1', servers: Object.fromEntries(servers), policies: Object.fromEntries(policies), grants: Object.fromEntries(grants) };
}

function serverOf({ value }: Stored<'server'>): object {
  const written = (values: Readonly<Record<string, ConfiguredValue>>): object => Object.fromEntries(Object.entries(values).map(([key, one]) => [key, one.kind === 'plain' ? { plain: one.value } : { secret: true }]));
  return value.kind === 'command' ? { ...value, env: written(value.env) } : { ...value, headers: written(value.headers) };
}
