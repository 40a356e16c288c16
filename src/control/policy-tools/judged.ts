import type { RefusalCode } from '../../policy/types.ts';

/** Everything that can come of a call, as authors name it: the refusal codes, and two answers that are no refusals of the policy. */
export type Code = RefusalCode | 'hidden' | 'unknown';

export type Effect = 'allow' | 'require_approval' | 'deny' | 'hide' | 'unknown';

export const CODES: readonly Code[] = [
  'denied', 'default_denied', 'condition_failed', 'invalid_arguments', 'rate_limited', 'budget_exceeded', 'approval_pending',
  'approval_denied', 'approval_expired', 'policy_error', 'state_unavailable', 'hidden', 'unknown',
];
export const EFFECTS: readonly Effect[] = ['allow', 'require_approval', 'deny', 'hide', 'unknown'];

/** What an observed rule would have done: `observed` as the journal writes it, and the code. */
export interface Observed {
  readonly observed: string;
  readonly code: Code | null;
  readonly rule: string;
  readonly policy: string;
}

/** What came of one call. */
export interface Judged {
  readonly effect: Effect;
  /** Null when the call is let through. */
  readonly code: Code | null;
  readonly rule: string | null;
  /** `name@hash` */
  readonly policy: string | null;
  readonly reason: string | null;
  readonly wouldPass: string | null;
  readonly retryAfterMs: number | null;
  readonly observed: readonly Observed[];
}

/** The one word that stands for an outcome: `allow`, or the code. */
export function wordOf(judged: Pick<Judged, 'code'>): string {
  return judged.code ?? 'allow';
}
