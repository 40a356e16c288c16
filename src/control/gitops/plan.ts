import type { Change, Registry, ServerDefinition, Stored } from '../../state/registry/types.ts';
import { ApiProblem, type Detail } from '../api/problem.ts';
import type { ControlServices } from '../api/services.ts';
import { allRecords } from '../config/save.ts';
import { diagnosticsOf } from '../policies/diagnostics.ts';
import type { ServerBody } from '../servers/schemas.ts';
import { storedSecrets, writeServer } from '../servers/write.ts';
import { differing, pointer } from './differences.ts';
import type { GitopsDocument, PlannedChange } from './document.ts';
import { planGrants } from './plan-grants.ts';

/** What a document asks for beside what is there. */
export interface Plan {
  readonly changes: readonly PlannedChange[];
  /** In an order in which they can be written. */
  readonly writes: readonly Change[];
  /** Tokens that were made now, by label: told once. */
  readonly tokens: Readonly<Record<string, string>>;
}

export interface Present {
  readonly servers: ReadonlyMap<string, Stored<'server'>>;
  readonly policies: ReadonlyMap<string, Stored<'policy'>>;
  readonly grants: ReadonlyMap<string, Stored<'grant'>>;
}

export interface Planning {
  readonly document: GitopsDocument;
  readonly present: Present;
  readonly prune: boolean;
  readonly services: ControlServices;
  readonly author: { readonly id: string; readonly name: string };
  readonly changes: PlannedChange[];
  readonly writes: Change[];
  readonly problems: Detail[];
  readonly tokens: Record<string, string>;
}

async function byName<K extends 'server' | 'policy' | 'grant'>(registry: Registry, kind: K): Promise<ReadonlyMap<string, Stored<K>>> {
  return new Map((await allRecords(registry, kind)).map((stored) => [stored.name, stored]));
}

/**
 * Compares a document with the registry. Nothing is written here.
 * @param prune what the document does not name is removed
 * @throws ApiProblem with everything that is wrong; StateUnavailable
 */
export async function planDocument(document: GitopsDocument, prune: boolean, author: Planning['author'], services: ControlServices): Promise<Plan> {
  const { registry } = services;
  const present: Present = { servers: await byName(registry, 'server'), policies: await byName(registry, 'policy'), grants: await byName(registry, 'grant') };
  const planning: Planning = { document, present, prune, services, author, changes: [], writes: [], problems: [], tokens: {} };
  refuseOwned(planning);
  await planServers(planning);
  await planPolicies(planning);
  planGrants(planning);
  if (planning.problems.length > 0) {
    const broken = planning.problems.every(({ line }) => line !== undefined);
    throw new ApiProblem(broken ? 'invalid_policy' : 'invalid_request', `the document has ${planning.problems.length === 1 ? 'a mistake' : `${planning.problems.length} mistakes`}; nothing was changed`, { problems: planning.problems });
  }
  if (prune) await planRemovals(planning);
  return { changes: planning.changes, writes: planning.writes, tokens: planning.tokens };
}

function refuseOwned({ document, services, problems }: Planning): void {
  const owned = services.owned();
  for (const kind of ['servers', 'policies', 'grants'] as const) {
    for (const name of Object.keys(document[kind])) if (owned[kind].has(name)) problems.push({ pointer: pointer(kind, name), message: 'gateway.yaml owns this name', help: 'change it there, or choose another name' });
  }
}

async function planServers({ document, present, services, changes, writes, problems }: Planning): Promise<void> {
  const { registry, secrets: box, guard } = services;
  for (const [name, body] of Object.entries(document.servers)) {
    const before = present.servers.get(name) ?? null;
    const stored = await storedSecrets(registry, name);
    try {
      const { body: kept, fields } = await withKeptSecrets(name, body, before, services);
      const { value, changes: secrets } = writeServer(name, kept, before?.value ?? null, { box, guard, stored, at: pointer('servers', name) });
      const changed = before === null ? [] : [...differing(before.value, value), ...fields];
      if (before !== null && changed.length === 0 && secrets.length === 0) continue;
      changes.push({ op: before === null ? 'create' : 'update', kind: 'server', name, fields: changed });
      writes.push({ op: 'put', kind: 'server', name, value, expect: before?.version ?? null }, ...secrets);
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      problems.push(...error.problems);
    }
  }
}

/** A secret that is given again as it is stored is no change. @returns the fields of secrets that differ */
async function withKeptSecrets(name: string, body: ServerBody, before: Stored<'server'> | null, { registry, secrets }: ControlServices): Promise<{ readonly body: ServerBody; readonly fields: string[] }> {
  if (before === null) return { body, fields: [] };
  const place = body.kind === 'command' ? 'env' : 'header';
  const written = body.kind === 'command' ? body.env : body.headers;
  const fields: string[] = [];
  const kept = { ...written };
  for (const [key, one] of Object.entries(written)) {
    if ('plain' in one || one.secret === true) continue;
    const sealed = await registry.secret(`server/${name}/${place}/${place === 'header' ? key.toLowerCase() : key}`);
    let same = false;
    try {
      same = sealed !== null && secrets.open(sealed) === one.secret;
    } catch {
      // What cannot be opened is replaced.
    }
    if (same && sameTarget(before.value, body)) kept[key] = { secret: true };
    else if (!same) fields.push(`${place === 'env' ? 'env' : 'headers'}/${key}`);
  }
  return { body: body.kind === 'command' ? { ...body, env: kept } : { ...body, headers: kept }, fields };
}

function sameTarget(before: ServerDefinition, body: ServerBody): boolean {
  if (before.kind === 'command') return body.kind === 'command' && JSON.stringify([before.command, before.cwd]) === JSON.stringify([body.command, body.cwd]);
  return body.kind === 'http' && before.url === body.url;
}

async function planPolicies({ document, present, services, author, changes, writes, problems }: Planning): Promise<void> {
  for (const [name, { server, description, text, stage }] of Object.entries(document.policies)) {
    const before = present.policies.get(name) ?? null;
    const published = before === null || before.value.published === null ? null : await services.registry.policyVersion(name, before.value.published.number);
    const same = stage === 'draft' ? (before?.value.draft ?? '') === text : published?.text === text && published.stage === stage;
    const fields = [...(before?.value.server === server ? [] : ['server']), ...(before?.value.description === description ? [] : ['description'])];
    if (stage !== 'draft' && published?.text !== text) fields.push('text');
    if (stage === 'draft' && !same) fields.push('draft');
    if (stage !== 'draft' && published?.stage !== stage) fields.push('stage');
    if (before !== null && same && fields.length === 0) continue;
    if (stage !== 'draft' && !same) {
      const errors = (await diagnosticsOf(name, text)).filter(({ severity }) => severity === 'error');
      problems.push(...errors.map(({ line, column, code, message }): Detail => ({ line, column, code, pointer: `${pointer('policies', name)}/text`, message: `policy ${name}, line ${line}: ${message}` })));
    }
    changes.push({ op: before === null ? 'create' : 'update', kind: 'policy', name, fields: before === null ? [] : fields });
    writes.push({
      op: 'put', kind: 'policy', name, expect: before?.version ?? null,
      value: { server, description, draft: stage === 'draft' ? text : (before?.value.draft ?? null), published: before?.value.published ?? null },
    });
    if (stage !== 'draft' && !same) writes.push({ op: 'publish', policy: name, text, stage, comment: 'by policylayer apply', author: author.name });
  }
}

async function planRemovals({ document, present, services, changes, writes }: Planning): Promise<void> {
  const { registry } = services;
  for (const { name, version, value } of present.grants.values()) {
    // Its label stays taken, so that nobody gets in by a grant that looks the same.
    if (Object.hasOwn(document.grants, name) || value.revokedAt !== null) continue;
    changes.push({ op: 'delete', kind: 'grant', name, fields: [] });
    // First: its token may be that of another grant from now on.
    writes.unshift({ op: 'delete', kind: 'grant', name, expect: version });
  }
  for (const { name, version } of present.policies.values()) {
    if (Object.hasOwn(document.policies, name)) continue;
    changes.push({ op: 'delete', kind: 'policy', name, fields: [] });
    writes.push({ op: 'delete', kind: 'policy', name, expect: version });
  }
  for (const { name, version } of present.servers.values()) {
    if (Object.hasOwn(document.servers, name)) continue;
    changes.push({ op: 'delete', kind: 'server', name, fields: [] });
    writes.push({ op: 'delete', kind: 'server', name, expect: version }, { op: 'delete', kind: 'scan', name }, { op: 'delete', kind: 'upstream_auth', name });
    const secrets = [...(await registry.secretNames(`server/${name}/`)), ...(await registry.secretNames(`upstream_auth/${name}/`))];
    writes.push(...secrets.map((secret): Change => ({ op: 'unseal', name: secret.name })));
  }
}
