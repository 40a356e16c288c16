import type { GrantConfig, ServerConfig } from '../../gateway/config-types.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { RegistrySnapshot } from '../../state/registry/types.ts';
import type { AddressGuard } from '../../upstream/address-guard.ts';
import type { SecretBox } from '../api/services.ts';
import { grantConfig, grantPhase } from './grant-config.ts';
import type { PolicyCompiler } from './policy-compiler.ts';
import { serverConfig } from './server-config.ts';
import { withSettings } from './settings.ts';
import type { AuthorizerOf, ConfigProblem, EffectiveConfiguration, FileSide } from './types.ts';

export interface BuildParts {
  readonly box: SecretBox;
  readonly guard: AddressGuard;
  readonly authorizerOf: AuthorizerOf;
  readonly compiler: PolicyCompiler;
  readonly now: number;
}

/**
 * Puts gateway.yaml and registry together. What the file names is the file's: a record of the same name is not used, and that is told. What cannot be
 * used is left out alone; nothing else stops for it.
 */
export async function buildConfiguration(file: FileSide, snapshot: RegistrySnapshot, parts: BuildParts): Promise<EffectiveConfiguration> {
  const problems: ConfigProblem[] = [];
  const servers = mergeServers(file, snapshot, parts, problems);
  const known = await compileAll(file, snapshot, parts, problems);
  const serverOf = new Map(snapshot.policies.map(({ name, value }) => [name, value.server]));
  const grants = mergeGrants(file, snapshot, { servers, known, serverOf, now: parts.now, problems });
  const config = withSettings({ ...file.config, servers, grants }, snapshot.settings);
  const policies = new Map([...known].flatMap(([name, one]) => (typeof one === 'string' ? [] : [[name, one] as const])));
  return { config, revision: snapshot.revision, problems, file, policies };
}

function mergeServers(file: FileSide, snapshot: RegistrySnapshot, parts: BuildParts, problems: ConfigProblem[]): Map<string, ServerConfig> {
  const servers = new Map(file.config.servers);
  const secrets = new Map(snapshot.secrets.map((secret) => [secret.name, secret]));
  for (const stored of snapshot.servers) {
    const { name } = stored;
    if (file.config.servers.has(name)) {
      problems.push({ kind: 'server', name, text: 'gateway.yaml has a server of this name, which is used instead' });
      continue;
    }
    if (!stored.value.enabled) continue;
    const result = serverConfig(stored, { ...parts, secrets });
    if (result.ok) servers.set(name, result.server);
    else problems.push({ kind: 'server', name, text: result.problem });
  }
  return servers;
}

/** The registry's policies by name; a text says why one cannot be used. */
async function compileAll(file: FileSide, snapshot: RegistrySnapshot, { compiler }: BuildParts, problems: ConfigProblem[]): Promise<Map<string, CompiledPolicy | string>> {
  const known = new Map<string, CompiledPolicy | string>();
  for (const { name, value, text } of snapshot.policies) {
    if (file.policies.has(name)) {
      problems.push({ kind: 'policy', name, text: 'gateway.yaml has a policy of this name, which is used instead' });
    } else if (value.published === null) {
      known.set(name, `policy ${name} is not published`);
    } else {
      const compiled = text === null ? { ok: false as const, problem: 'its text is not there' } : await compiler.compile(name, text, value.published.stage);
      known.set(name, compiled.ok ? compiled.policy : `policy ${name} is broken`);
      if (!compiled.ok) problems.push({ kind: 'policy', name, text: `what is published cannot be used: ${compiled.problem}` });
    }
  }
  return known;
}

interface Merging {
  readonly servers: ReadonlyMap<string, ServerConfig>;
  readonly known: ReadonlyMap<string, CompiledPolicy | string>;
  /** The server that a policy of the registry is for; null: for everybody. */
  readonly serverOf: ReadonlyMap<string, string | null>;
  readonly now: number;
  readonly problems: ConfigProblem[];
}

function mergeGrants(file: FileSide, snapshot: RegistrySnapshot, { servers, known, serverOf, now, problems }: Merging): GrantConfig[] {
  const grants = [...file.config.grants];
  const labels = new Set(grants.map(({ label }) => label));
  const tokens = new Set(grants.flatMap(({ tokenSha256 }) => (tokenSha256 === null ? [] : [tokenSha256.toString('hex')])));
  const policyOf = (name: string, server: string): CompiledPolicy | string => {
    const own = file.policies.get(name)?.policy;
    if (own !== undefined) return own;
    // Refused where it is written too, but a policy can be moved, or removed and made anew, while a grant is being written.
    const of = serverOf.get(name) ?? null;
    return of !== null && of !== server ? `policy ${name} is for another server` : (known.get(name) ?? `there is no policy ${name}`);
  };
  for (const stored of snapshot.grants) {
    const { name, value } = stored;
    const refuse = (text: string): void => void problems.push({ kind: 'grant', name, text });
    if (labels.has(name)) {
      refuse('gateway.yaml has a grant of this label, which is used instead');
      continue;
    }
    // A caller with two sets of rules would be judged by whichever was read last.
    if (value.tokenSha256 !== null && tokens.has(value.tokenSha256)) {
      refuse('a grant of gateway.yaml has the same token');
      continue;
    }
    if (grantPhase(value, now) !== 'active') continue;
    const { grant, problem } = grantConfig(stored, (policyName) => policyOf(policyName, value.server));
    if (problem !== null) refuse(problem);
    // Its server is switched off, gone or broken: nobody is let in.
    if (grant === null || !servers.has(value.server)) {
      if (grant !== null && !snapshot.servers.some((server) => server.name === value.server)) refuse(`there is no server ${value.server}`);
      continue;
    }
    grants.push(tokens.has(grant.previous?.tokenSha256.toString('hex') ?? '') ? withoutPrevious(grant) : grant);
  }
  return grants;
}

function withoutPrevious({ previous: _previous, ...grant }: GrantConfig): GrantConfig {
  return grant;
}
