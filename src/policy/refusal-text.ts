import type { LimitClaim, RefusalCode, TargetKind } from './types.ts';
import { printable, quoted } from './printable.ts';

/** What a refusal sentence is made of. */
export interface Refusal {
  readonly code: RefusalCode;
  readonly kind: TargetKind;
  /** Tool name, prompt name or URI as the caller sent it; may be hostile. */
  readonly name: string;
  /** JSON Pointer of the rule that refused. */
  readonly rule: string;
  /** The reason that the policy gives; replaces ours. */
  readonly reason: string | null;
  /** For `rate_limited` and `budget_exceeded`: the limit that the call did not fit into. */
  readonly limit?: Pick<LimitClaim, 'type' | 'max' | 'windowMs'>;
  /** For `approval_pending`: the request that waits, and the page to decide it on, if one is served. */
  readonly approval?: { readonly id: string; readonly expiresAt: string; readonly url?: string | null } | null;
  /** For `rate_limited` and `budget_exceeded`: when a call could fit again. Null for a budget: an amount as large as this never fits. */
  readonly retryAfterMs?: number | null;
}

const LONGEST_REASON = 1000;
const LONGEST_POINTER = 300;

/**
 * The sentence that the agent reads: `[POLICY DENIED] <reason> (rule <pointer>)`. A policy's own reason replaces the built-in one
 * (beside an approval both are told);
 * the time to wait is added to both, because an agent that reads no `_meta` has no other way to learn it.
 */
export function refusalText(refusal: Refusal): string {
  const reason = sentence(refusal);
  return `[POLICY DENIED] ${reason}${retry(refusal)} (rule ${oneLine(refusal.rule, LONGEST_POINTER)})`;
}

/** Why a rule asks for an approval does not say what became of it, so there the two stand together. */
function sentence(refusal: Refusal): string {
  if (refusal.reason === null) return builtIn(refusal);
  const authors = oneLine(refusal.reason, LONGEST_REASON);
  return refusal.code.startsWith('approval_') ? `${builtIn(refusal)} (${authors})` : authors;
}

function builtIn(refusal: Refusal): string {
  const name = quoted(refusal.name);
  switch (refusal.code) {
    case 'denied':
      return `${NOUN[refusal.kind]} ${name} is denied by policy`;
    case 'default_denied':
      return `no rule allows ${name}`;
    case 'condition_failed':
      return `a condition of the policy does not hold for ${name}`;
    case 'invalid_arguments':
      return `the arguments of ${name} are not what the policy allows`;
    case 'rate_limited':
      return refusal.limit === undefined
        ? `a rate limit for ${name} is reached`
        : `limit of ${refusal.limit.max} ${Number(refusal.limit.max) === 1 ? 'call' : 'calls'} per ${refusal.limit.windowMs / 1000} s reached`;
    case 'budget_exceeded':
      return refusal.limit === undefined ? `a budget for ${name} is used up` : `budget of ${refusal.limit.max} per ${refusal.limit.windowMs / 1000} s would be exceeded`;
    case 'approval_pending':
      return `${name} needs an approval that has not been given yet${request(refusal)}; repeat the identical call later`;
    case 'approval_denied':
      return `the approval for ${name} was denied`;
    case 'approval_expired':
      return `the approval for ${name} expired`;
    case 'policy_error':
      return `the policy could not be evaluated for ${name}, so it is refused`;
    case 'state_unavailable':
      return `the state that a limit for ${name} needs is out of reach, so it is refused`;
  }
}

function request({ approval }: Refusal): string {
  if (approval === undefined || approval === null) return '';
  const page = approval.url === undefined || approval.url === null ? '' : `, decided at ${printable(approval.url, 500)}`;
  return ` (request ${printable(approval.id, 100)}${page}, until ${printable(approval.expiresAt, 40)})`;
}

const NOUN: Readonly<Record<TargetKind, string>> = { tool: 'tool', resource: 'resource', prompt: 'prompt' };

/** Rounded up: told a second too early, an agent would be refused again. */
function retry(refusal: Refusal): string {
  if (refusal.retryAfterMs === undefined || refusal.retryAfterMs === null) {
    return refusal.code === 'budget_exceeded' && refusal.limit !== undefined && refusal.retryAfterMs === null ? '; an amount as large as this never fits' : '';
  }
  return `; retry after ${Math.max(1, Math.ceil(refusal.retryAfterMs / 1000))} s`;
}

function oneLine(text: string, max: number): string {
  return printable(text.replace(/\s*\n\s*/g, ' ').trim(), max);
}
