import type { GatewayConfig } from '../../gateway/config-types.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { Caller } from '../api/caller.ts';
import { notFound } from '../api/problem.ts';
import type { ControlServices } from '../api/services.ts';
import { RuleLines } from './rule-lines.ts';

/** A policy with its text, which is empty where it is not at hand. */
export interface NamedPolicy {
  readonly policy: CompiledPolicy;
  readonly text: string;
}

/**
 * Policies in force, by name. One that is for a server which the caller may not see is as one that does not exist.
 * @throws ApiProblem for the first that is not there, or holds nothing yet
 */
export async function namedPolicies(names: readonly string[], server: string, caller: Caller, services: ControlServices): Promise<NamedPolicy[]> {
  const found: NamedPolicy[] = [];
  for (const name of names) {
    const own = services.effective().file.policies.get(name);
    const stored = own === undefined ? await services.registry.get('policy', name) : null;
    const visible = own !== undefined || (stored !== null && (stored.value.server === null || stored.value.server === server || caller.can('read', stored.value.server)));
    const policy = own?.policy ?? services.effective().policies.get(name);
    if (!visible || policy === undefined) throw notFound(`policy \`${name}\` in force`);
    const number = stored?.value.published?.number ?? null;
    const version = number === null ? null : await services.registry.policyVersion(name, number);
    found.push({ policy, text: own?.text ?? version?.text ?? '' });
  }
  return found;
}

/** Lines of the rules by the name of their policy. */
export function linesOfAll(named: readonly NamedPolicy[]): (policy: string) => RuleLines | null {
  const lines = new Map(named.map(({ policy, text }) => [policy.name, text === '' ? null : new RuleLines(policy, text)]));
  return (policy) => lines.get(policy) ?? null;
}

/** Tags of grants by label. */
export function tagsOf(config: GatewayConfig): ReadonlyMap<string, readonly string[]> {
  return new Map(config.grants.map(({ label, tags }) => [label, tags]));
}

/**
 * The policies that each grant would have with a candidate in place of the policy of its name. Null for a grant that does not have it; where nobody
 * has it yet, every grant is looked at as if it had the candidate alone.
 */
export function candidatesFor(candidate: CompiledPolicy, services: ControlServices): (grant: string) => readonly CompiledPolicy[] | null {
  const { config, policies, file } = services.effective();
  const byLabel = new Map(config.grants.map((grant) => [grant.label, grant.policyNames]));
  const used = [...byLabel.values()].some((names) => names.includes(candidate.name));
  return (grant) => {
    if (!used) return [candidate];
    const names = byLabel.get(grant);
    if (names?.includes(candidate.name) !== true) return null;
    return names.flatMap((name) => (name === candidate.name ? [candidate] : (file.policies.get(name)?.policy ?? policies.get(name) ?? [])));
  };
}
