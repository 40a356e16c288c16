import type { GrantConfig } from '../../gateway/config-types.ts';
import { LABEL } from '../../gateway/checks/names.ts';
import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { combine } from '../../policy/policy-set.ts';
import type { GrantDefinition, Stored } from '../../state/registry/types.ts';

/** Where a grant stands, whatever its policies say. */
export function grantPhase({ expiresAt, revokedAt }: GrantDefinition, now: number): 'active' | 'expired' | 'revoked' {
  if (revokedAt !== null) return 'revoked';
  return expiresAt !== null && !(Date.parse(expiresAt) > now) ? 'expired' : 'active';
}

export interface GrantResult {
  /** Null: it lets nobody in. */
  readonly grant: GrantConfig | null;
  readonly problem: string | null;
}

/**
 * Turns a record into what the gateway checks callers against. A grant with a policy that is not there, not published or broken is known and can call
 * nothing: its caller is told so, and no rule is left out silently.
 * @param policyOf the compiled policy; a text says why there is none
 */
export function grantConfig(stored: Stored<'grant'>, policyOf: (name: string) => CompiledPolicy | string): GrantResult {
  const { name: label, value } = stored;
  if (!LABEL.test(label)) return { grant: null, problem: 'its label is not one that a grant can have' };
  const found = value.policies.map(policyOf);
  const missing = found.filter((one) => typeof one === 'string');
  const policies = found.filter((one) => typeof one !== 'string');
  const problem = missing.length > 0 ? `it can call nothing: ${missing.join('; ')}` : policies.length === 0 ? 'it has no policy, so it can call nothing' : null;
  if (value.tokenSha256 === null && value.oauth === null) return { grant: null, problem: 'it has neither a token nor callers by OAuth' };
  return {
    problem,
    grant: {
      label,
      server: value.server,
      tags: value.tags,
      policyNames: value.policies,
      policies: combine(missing.length > 0 ? [] : policies),
      tokenSha256: value.tokenSha256 === null ? null : Buffer.from(value.tokenSha256, 'hex'),
      ...(value.oauth === null ? {} : { oauth: value.oauth }),
      ...(value.previous === null ? {} : { previous: { tokenSha256: Buffer.from(value.previous.tokenSha256, 'hex'), untilMs: Date.parse(value.previous.until) } }),
      ...(value.expiresAt === null ? {} : { expiresAtMs: Date.parse(value.expiresAt) }),
    },
  };
}
