import type { PolicyVersion, Stored } from '../../state/registry/types.ts';
import type { Caller } from '../api/caller.ts';
import type { ControlServices } from '../api/services.ts';
import { allRecords } from '../config/save.ts';
import type { FilePolicy } from '../config/types.ts';
import { diagnosticsOf } from './diagnostics.ts';
import type { PolicyReply } from './schemas.ts';

/** Labels of the grants that name each policy, whoever owns them. @throws StateUnavailable */
export async function policyUse(services: ControlServices): Promise<ReadonlyMap<string, readonly { readonly label: string; readonly server: string }[]>> {
  const use = new Map<string, { label: string; server: string }[]>();
  const add = (policies: readonly string[], label: string, server: string): void => {
    for (const name of policies) use.set(name, [...(use.get(name) ?? []), { label, server }]);
  };
  const own = services.effective().file.config.grants;
  for (const { label, server, policyNames } of own) add(policyNames, label, server);
  for (const { name, value } of await allRecords(services.registry, 'grant')) if (!own.some(({ label }) => label === name)) add(value.policies, name, value.server);
  return use;
}

/**
 * Policies as the caller may see them: those for everybody, and those of servers that he may see.
 * @param only one by its name, or all by name @throws StateUnavailable
 */
export async function shownPolicies(services: ControlServices, caller: Caller, only?: string): Promise<PolicyReply[]> {
  const file = services.effective().file.policies;
  const use = await policyUse(services);
  const stored = (only === undefined ? await allRecords(services.registry, 'policy') : [await services.registry.get('policy', only)]).filter((one) => one !== null);
  const replies: PolicyReply[] = [];
  for (const [name, policy] of file) if (only === undefined || only === name) replies.push(ofFile(name, policy, labels(use, name, caller)));
  for (const one of stored) {
    if (file.has(one.name) || !maySee(caller, one.value.server)) continue;
    replies.push(await ofRegistry(one, labels(use, one.name, caller), services));
  }
  return replies.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A policy for everybody is read by all who read anything; one of a server by those who see that server. */
export function maySee(caller: Caller, server: string | null): boolean {
  if (caller.can('read', server)) return true;
  const servers = caller.servers('read');
  return server === null && (servers === 'all' || servers.size > 0);
}

/** A policy for everybody is used for servers that not everybody may know of. */
function labels(use: Awaited<ReturnType<typeof policyUse>>, name: string, caller: Caller): string[] {
  return (use.get(name) ?? []).filter(({ server }) => caller.can('read', server)).map(({ label }) => label);
}

function ofFile(name: string, { policy, text }: FilePolicy, usedBy: string[]): PolicyReply {
  const { mode } = policy.document;
  return {
    name, server: null, description: null, draft: null, published: { number: 0, stage: mode, text, at: null, author: 'gateway.yaml', comment: null }, mode, source: 'file', version: 0, createdAt: null, updatedAt: null,
    usedBy, problems: [], problem: null,
  };
}

async function ofRegistry({ name, value, version, createdAt, updatedAt }: Stored<'policy'>, usedBy: string[], services: ControlServices): Promise<PolicyReply> {
  const published = value.published === null ? null : await services.registry.policyVersion(name, value.published.number);
  const { policies, problems } = services.effective();
  return {
    name, server: value.server, description: value.description, draft: value.draft, published: published === null ? null : publishedReply(published),
    mode: published === null ? null : published.stage === 'observe' ? 'observe' : (policies.get(name)?.document.mode ?? null), source: 'registry', version, createdAt, updatedAt,
    usedBy, problems: value.draft === null ? [] : await diagnosticsOf(name, value.draft), problem: problems.find((one) => one.kind === 'policy' && one.name === name)?.text ?? null,
  };
}

function publishedReply({ number, stage, text, at, author, comment }: PolicyVersion): NonNullable<PolicyReply['published']> {
  return { number, stage, text, at, author, comment };
}
