import { CATEGORIES, classOf, RISKS, type ClassFacts } from '../../../policy/class-selector.ts';
import type { CompiledPolicy } from '../../../policy/index.ts';
import { callInput, decisionOf } from '../../../policy/policy-set.ts';
import { judgePlan, type Plan } from '../../../policy/plan.ts';
import type { Decision, Verdict, Visibility } from '../../../policy/types.ts';
import type { CelInput, Variable } from '../../../policy/cel/types.ts';
import { possibleEffects, stricter, toVisibility } from '../../../policy/visibility.ts';
import { carryOut, queryOf, type CallToJudge } from '../judge-call.ts';
import { factsOfClass, type Tools } from '../known-tools.ts';
import type { TemporaryState } from '../temporary-state.ts';
import type { RecordedCall } from './recorded-call.ts';
import type { Replayed } from './tally.ts';

/** What stands in for what the journal does not hold. */
export interface Assumed {
  /** Tags of grants by label. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  readonly tools: Tools;
}

/** The journal does not say who signed in, nor what a client said of itself. */
const NEVER_RECORDED: readonly Variable[] = ['user', 'client'];

/**
 * What candidate policies say of a recorded call. Three-valued: where the answer depends on something that was not recorded it is
 * `unknown`, never a guess. A call that goes through counts in `temporary`, at the moment at which it was made.
 * @param policies at least one
 */
export async function replayCall(policies: readonly CompiledPolicy[], row: RecordedCall, assumed: Assumed, temporary: TemporaryState): Promise<Replayed> {
  const call: CallToJudge = {
    kind: row.kind,
    name: row.name,
    args: row.args === 'unrecorded' ? null : row.args,
    toolClass: null,
    server: row.server,
    caller: { grant: row.grant, tags: assumed.tags.get(row.grant) ?? [], session: row.session, user: null, client: { name: null, version: null } },
    at: row.at,
    approved: row.approved,
    undo: row.undo,
  };
  const tool = row.kind === 'tool' ? (assumed.tools?.get(row.name) ?? null) : null;
  const known: CelInput = { ...callInput(queryOf(call, assumed.tools)), unknown: new Set(NEVER_RECORDED) };
  const decision = row.kind === 'tool' && known.tool === null && policies.some((policy) => policy.needsClasses) ? ofAnyClass(policies, row, known) : decided(policies, row, known);
  if (decision === 'class') return { now: 'unknown', missing: 'class' };
  if (decision === null) return { now: 'unknown', missing: row.args === 'unrecorded' ? 'arguments' : 'caller' };
  const judged = await carryOut(decision, call, tool, temporary);
  return { now: judged.effect === 'allow' ? 'allowed' : judged.effect === 'require_approval' ? 'approval' : 'refused', judged };
}

/** Whether no condition for the name looks at what is not known: then the call is simply decided again. */
function asksOnlyKnown(plan: Plan, sources: CompiledPolicy['sources'] | undefined, { args, unknown }: CelInput): boolean {
  if (args === undefined || sources === undefined) return false;
  const rules = plan.readings.flatMap(({ ranks }) => ranks.flatMap((rank) => rank.flatMap((selector) => selector.rules)));
  return rules.every(({ when, conditionGuards, budgets }) => {
    const conditions = conditionGuards.flatMap(({ source }) => (source === null ? [] : [sources.condition(source)]));
    const variables = [...(when === null ? [] : [when]), ...conditions, ...budgets.map(({ amount }) => amount)].flatMap((expression) => [...expression.variables]);
    return !variables.some((variable) => unknown.has(variable));
  });
}

const EVERY_CLASS: readonly ClassFacts[] = [...CATEGORIES.map((category) => ({ category, effects: [category] })), { category: 'financial', effects: ['destructive', 'financial'] }]
  .flatMap((facts) => RISKS.map((risk) => ({ ...facts, risk })));

/** The journal does not say of which class a tool was: the decision is known when it is the same for every class. */
function ofAnyClass(policies: readonly CompiledPolicy[], row: RecordedCall, known: CelInput): Decision | 'class' | null {
  if (policies.some(({ sources: { toolFields } }) => toolFields.has('title') || toolFields.has('annotations'))) return 'class';
  let same: Decision | null = null;
  for (const facts of EVERY_CLASS) {
    const decision = decided(policies, row, { ...known, tool: factsOfClass(facts) });
    if (decision === null) return null;
    if (same !== null && JSON.stringify(decision) !== JSON.stringify(same)) return 'class';
    same ??= decision;
  }
  return same;
}

/** The decision, when what is known is enough for it. */
function decided(policies: readonly CompiledPolicy[], row: RecordedCall, known: CelInput): Decision | null {
  const { args: _args, ...rest } = known;
  const input: CelInput = row.args === 'unrecorded' ? { ...rest, unknown: new Set<Variable>([...known.unknown, 'args']) } : known;
  const plans = policies.map((policy) => policy.plan(row.kind, row.name, classOf(input.tool)));
  if (plans.every((plan, index) => asksOnlyKnown(plan, policies[index]?.sources, input))) return decisionOf(plans.map((plan) => judgePlan(plan, input)), input);
  const certain: Visibility = toVisibility(plans.map((plan) => possibleEffects(plan, input)).reduce(stricter));
  if (certain === 'depends') return null;
  let sure: Verdict | null = null;
  const judgements = plans.map((plan) => judgePlan(plan, input, {
    rule: () => undefined,
    guard: (rule, _kind, at, _source, answer) => {
      if (typeof answer === 'string' || rule.observe || plan.observes) return;
      sure ??= { effect: 'deny', code: answer.code, rule: at, policyId: rule.verdict.policyId, reason: answer.reason };
    },
  }));
  const decision = decisionOf(judgements, input);
  if (decision.effect !== certain) return null;
  // The first guard that refuses may be one that asks for what is not known; then the one that surely refuses is named.
  if (decision.code === 'policy_error' && sure !== null) return { ...decision, ...(sure as Verdict), wouldBe: null };
  // What would have happened without observation may itself hang on what is not known; then nothing is said of it.
  return decision.wouldBe?.code === 'policy_error' ? { ...decision, wouldBe: null } : decision;
}
