import type { GrantConfig } from '../../gateway/config-types.ts';
import type { Stored } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';
import type { ControlServices } from '../api/services.ts';
import { grantPhase } from '../config/grant-config.ts';
import { allRecords } from '../config/save.ts';
import type { GrantReply } from './schemas.ts';
import { grantUses, type GrantUses } from './use.ts';

interface Around {
  readonly services: ControlServices;
  readonly uses: GrantUses;
  readonly members: ReadonlyMap<string, string>;
}

/** Every grant that the caller may see, by label. @param only one of them @throws StateUnavailable */
export async function shownGrants(services: ControlServices, caller: Caller, only?: string): Promise<GrantReply[]> {
  const { registry, effective, state, now } = services;
  const uses = grantUses(state, now);
  await uses.update();
  const members = new Map((await allRecords(registry, 'member')).map(({ name, value }) => [name, value.name]));
  const around: Around = { services, uses, members };
  const own = effective().file.config.grants;
  const stored = (only === undefined ? await allRecords(registry, 'grant') : [await registry.get('grant', only)]).filter((one) => one !== null);
  const all = [
    ...own.filter(({ label }) => only === undefined || label === only).map((grant) => ofFile(grant, around)),
    ...stored.filter(({ name }) => !own.some(({ label }) => label === name)).map((grant) => ofRegistry(grant, around)),
  ];
  return all.filter(({ server }) => caller.can('read', server)).sort((a, b) => (a.label < b.label ? -1 : 1));
}

function ofFile({ label, server, tags, policyNames, oauth, expiresAtMs }: GrantConfig, { uses }: Around): GrantReply {
  return {
    label, server, tags: [...tags], policies: [...policyNames], tokenHint: null, oauth: oauth === undefined ? null : { issuer: oauth.issuer, claims: { ...oauth.claims } },
    expiresAt: expiresAtMs === undefined ? null : new Date(expiresAtMs).toISOString(), revokedAt: null, rotatedAt: null, previousUntil: null, createdBy: 'gateway.yaml', createdAt: null, version: 0, source: 'file',
    status: 'active', problem: policyNames.length === 0 ? 'it has no policy, so it can call nothing' : null, ...uses.of(label),
  };
}

function ofRegistry({ name, value, version, createdAt }: Stored<'grant'>, { services, uses, members }: Around): GrantReply {
  const { server, tags, policies, tokenHint, oauth, expiresAt, revokedAt, rotatedAt, previous, createdBy } = value;
  const now = services.now();
  const phase = grantPhase(value, now);
  const problem = phase === 'active' ? problemOf(name, server, services) : null;
  return {
    label: name, server, tags: [...tags], policies: [...policies], tokenHint, oauth: oauth === null ? null : { issuer: oauth.issuer, claims: { ...oauth.claims } },
    expiresAt, revokedAt, rotatedAt, previousUntil: previous !== null && Date.parse(previous.until) > now ? previous.until : null, createdBy: members.get(createdBy) ?? createdBy, createdAt, version, source: 'registry',
    status: problem === null ? phase : 'unusable', problem, ...uses.of(name),
  };
}

function problemOf(label: string, server: string, { effective }: ControlServices): string | null {
  const { problems, config } = effective();
  const own = problems.find(({ kind, name }) => kind === 'grant' && name === label);
  if (own !== undefined) return own.text;
  if (config.servers.has(server)) return null;
  return problems.some(({ kind, name }) => kind === 'server' && name === server) ? `its server ${server} cannot be used` : `its server ${server} is switched off`;
}
