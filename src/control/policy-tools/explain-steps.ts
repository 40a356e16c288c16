import type { GuardExplanation, PolicyExplanation, RuleExplanation } from '../../policy/explain.ts';
import { printable } from '../../policy/printable.ts';
import type { LimitClaim } from '../../policy/types.ts';
import { codeOf, type ExplainedCall } from './explain-call.ts';
import type { RuleLines } from './rule-lines.ts';

/** One thing that was looked at on the way to a decision. */
export interface Step {
  readonly text: string;
  /** JSON Pointer. */
  readonly rule: string | null;
  readonly line: number | null;
  /** Name of the policy that it is of. */
  readonly policy: string | null;
  readonly outcome: 'decides' | 'applies' | 'does_not_apply' | 'refuses' | 'unknown' | 'not_reached' | 'passes' | 'counts';
}

export interface ExplainedSteps {
  readonly decision: 'allow' | 'require_approval' | 'deny' | 'hide' | 'unknown';
  readonly code: string | null;
  readonly rule: string | null;
  readonly policy: string | null;
  readonly reasons: readonly string[];
  readonly steps: readonly Step[];
  readonly wouldPass: string | null;
  /** What would have been decided had nothing only observed; null when the same. */
  readonly wouldBe: string | null;
}

const STATES: Readonly<Record<RuleExplanation['state'], { readonly text: string; readonly outcome: Step['outcome'] }>> = {
  applies: { text: 'applies', outcome: 'applies' },
  does_not_apply: { text: 'its `when` does not hold', outcome: 'does_not_apply' },
  absent: { text: 'its `when` needs an argument that the call does not have, so it does not hold', outcome: 'does_not_apply' },
  refuses: { text: 'whether it applies cannot be told, which is a refusal', outcome: 'refuses' },
  unknown: { text: 'whether it applies depends on what is not known', outcome: 'unknown' },
  not_reached: { text: 'an earlier rule of its list applies', outcome: 'not_reached' },
};

/** An explanation as the dashboard reads it. @param linesOf lines of a policy by its name; null where it has no text */
export function explainedSteps(explained: ExplainedCall, linesOf: (policy: string) => RuleLines | null): ExplainedSteps {
  const { explanation, before } = explained;
  const { decision } = explanation;
  const code = codeOf(explained);
  const asked = before?.code === 'unknown' ? [] : explanation.policies.flatMap((policy) => policySteps(policy, linesOf(policy.name)));
  const reasons = [before?.reason ?? null, decision.reason].filter((reason) => reason !== null).map((reason) => printable(reason, 1_000));
  return {
    decision: code === 'unknown' ? 'unknown' : code === 'invalid_arguments' ? 'deny' : decision.effect,
    code,
    rule: code === 'unknown' ? null : decision.rule,
    policy: code === 'unknown' || decision.policyId === '' ? null : decision.policyId,
    reasons: code === null ? [] : reasons,
    steps: asked,
    wouldPass: code === null ? null : (decision.wouldPass ?? null),
    wouldBe: decision.wouldBe === null ? null : (decision.wouldBe.code ?? decision.wouldBe.effect),
  };
}

function policySteps(policy: PolicyExplanation, lines: RuleLines | null): Step[] {
  const step = (text: string, rule: string, outcome: Step['outcome']): Step => ({ text: printable(text, 1_000), rule, line: lines?.lineOf(rule) ?? null, policy: policy.name, outcome });
  if (policy.unreadable !== null) return [{ text: printable(`no rule was asked: ${policy.unreadable}`, 1_000), rule: null, line: null, policy: policy.name, outcome: 'refuses' }];
  const steps: Step[] = [];
  for (const [index, selectors] of policy.readings.entries()) {
    // A URI is read twice, the second time as a lenient server would; most are the same either way.
    if (index > 0 && JSON.stringify(selectors) === JSON.stringify(policy.readings[0])) continue;
    for (const { selector, rules } of selectors) for (const rule of rules) steps.push(...ruleSteps(selector, rule, step));
  }
  const standard = policy.defaultDecides ? 'decides' : 'not_reached';
  return [...steps, step(`default: ${policy.default}`, '/default', standard)];
}

type MakeStep = (text: string, rule: string, outcome: Step['outcome']) => Step;

function ruleSteps(selector: string, rule: RuleExplanation, step: MakeStep): Step[] {
  const { text, outcome } = STATES[rule.state];
  const words = [`${selector}: ${rule.action}`, ...(rule.observes ? ['observes only'] : []), text, ...(rule.problem === null ? [] : [rule.problem])];
  return [
    step(words.join('; '), rule.rule, rule.decides && rule.state === 'applies' ? 'decides' : outcome),
    ...rule.guards.map((guard) => step(guardText(guard), guard.rule, guard.answer)),
    ...rule.limits.map((limit) => step(limitText(limit), limit.rule, 'counts')),
  ];
}

function guardText({ kind, source, reason }: GuardExplanation): string {
  return `${kind}${source === null ? '' : `: ${source}`}${reason === null ? '' : ` (${reason})`}`;
}

function limitText(limit: LimitClaim): string {
  const window = `${limit.windowMs / 1_000} s per ${limit.per.join(' and ')}`;
  const what = limit.type === 'rate' ? `1 of ${limit.max} calls in ${window}` : `${limit.amount} of ${limit.max} in ${window}`;
  return `${what}; not counted here${limit.enforce ? '' : ', observes only'}`;
}
