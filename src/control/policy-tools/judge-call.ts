import { confusableKey } from '../../mcp/keys.ts';
import { countedName } from '../../policy/resource-uri.ts';
import type { CallContext, Decision, LimitClaim, PolicySet, Query, ToolFacts, Verdict } from '../../policy/types.ts';
import type { CounterScope, JournalEntry, LimitRefusal, Settlement, State } from '../../state/types.ts';
import type { Caller, DescribedCall } from './described-call.ts';
import type { Judged, Observed } from './judged.ts';
import type { KnownTool } from '../../gateway/tool-directory.ts';
import { factsOfClass, type Tools } from './known-tools.ts';
import type { TemporaryState } from './temporary-state.ts';

/** One call at one moment. */
export interface CallToJudge extends DescribedCall {
  readonly server: string;
  readonly caller: Caller;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** True: the approval that a rule demands was given. */
  readonly approved: boolean;
  /** What is undone when the call has ended. */
  readonly undo: Settlement['undo'];
}

/**
 * What the gateway would answer to a call: find the tool, decide, reserve (architecture, "One call"), with the real engine and a real
 * state. A call that is let through takes what it takes from the limits, and ends at once.
 * @throws StateUnavailable
 */
export async function judgeCall(policies: PolicySet, call: CallToJudge, tools: Tools, temporary: TemporaryState): Promise<Judged> {
  const tool = tools?.get(call.name) ?? null;
  if (call.kind === 'tool' && tools !== null && tool === null) return UNKNOWN;
  return carryOut(policies.decide(queryOf(call, tools)), call, tool, temporary);
}

/** What becomes of a call that was decided. @throws StateUnavailable */
export async function carryOut(decision: Decision, call: CallToJudge, tool: KnownTool | null, temporary: TemporaryState): Promise<Judged> {
  const observed = observedIn(decision);
  if (decision.effect === 'hide') return judged('hide', 'hidden', decision, observed);
  if (decision.effect === 'deny') return judged('deny', decision.code ?? 'denied', decision, observed);
  const lookalike = lookalikeOf(call, tool);
  if (lookalike !== null) return judged('deny', 'invalid_arguments', { ...decision, reason: lookalike }, observed);
  if (decision.effect === 'require_approval' && !call.approved) {
    // Limits are taken by a call that runs, so a call that waits takes none (docs/decisions/0009).
    if (decision.approval?.via.length === 0) return judged('deny', 'policy_error', { ...decision, reason: 'no approver is configured for this rule' }, observed);
    return judged('require_approval', 'approval_pending', decision, observed);
  }
  if (decision.limits.length === 0) return judged('allow', null, decision, observed);
  temporary.clock.moveTo(call.at);
  const reserved = await admit(await temporary.open(), decision.limits, call);
  const all = [...observed, ...reserved.observed.map(observedLimit)];
  if (reserved.refusal === null) return judged('allow', null, decision, all);
  const { claim, retryAfterMs } = reserved.refusal;
  return { ...judged('deny', limitCode(claim), { effect: 'deny', code: null, rule: claim.rule, policyId: claim.policyId, reason: claim.reason }, all), retryAfterMs };
}

/** As gateway/call/decide.ts: what some lax upstream would read as a declared argument is not what was judged (J4). */
export function lookalikeOf(call: DescribedCall, tool: KnownTool | null): string | null {
  const known = call.kind === 'tool' ? (tool?.arguments ?? null) : null;
  const lookalike = known === null ? undefined : call.args?.members().find((member) => confusableKey(member.key, known));
  return lookalike === undefined ? null : `an argument differs from the declared one only by case or invisible characters: ${JSON.stringify(lookalike.key)}`;
}

/** The question that a call puts to the policy. A class that the call states itself counts before that of the definition. */
export function queryOf(call: Omit<CallToJudge, 'approved' | 'undo'>, tools: Tools): Query {
  const { caller } = call;
  const context: CallContext = {
    server: call.server,
    grant: { label: caller.grant, tags: caller.tags },
    user: caller.user,
    client: caller.client,
    session: caller.session,
    now: call.at,
  };
  return { kind: call.kind, name: call.name, args: call.args, tool: call.kind === 'tool' ? factsOf(call, tools) : null, context };
}

function factsOf({ name, server, toolClass }: Omit<CallToJudge, 'approved' | 'undo'>, tools: Tools): ToolFacts | null {
  const tool = tools?.get(name) ?? null;
  const facts = tool === null || tools === null ? null : tools.factsOf(tool, server);
  if (toolClass === null) return facts;
  return facts === null ? factsOfClass(toolClass) : { ...facts, effects: [], ...toolClass };
}

/** A tool that the server does not list does not exist, whatever a policy says of its name. */
const UNKNOWN: Judged = { effect: 'unknown', code: 'unknown', rule: null, policy: null, reason: null, wouldPass: null, retryAfterMs: null, observed: [] };

export function limitCode(claim: LimitClaim): 'rate_limited' | 'budget_exceeded' {
  return claim.type === 'rate' ? 'rate_limited' : 'budget_exceeded';
}

let calls = 0;

async function admit(state: State, claims: readonly LimitClaim[], call: CallToJudge): Promise<{ refusal: LimitRefusal | null; observed: readonly LimitRefusal[] }> {
  const scope: CounterScope = { server: call.server, grant: call.caller.grant, session: call.caller.session, name: countedName(call.kind, call.name) };
  const entry = rowOf(call);
  const result = await state.admit(claims, scope, entry);
  if (!result.ok) {
    if (result.refusal === 'approval') throw new TypeError('no approval was used');
    return { refusal: result.refusal, observed: result.observed };
  }
  if (call.undo !== 'nothing') {
    const outcome = call.undo === 'all' ? 'upstream_failed' : 'upstream_error';
    state.settle(entry.id, { outcome, upstreamStatus: null, latencyMs: 0, undo: call.undo });
    // The next call must see what was given back.
    await state.flush();
  }
  return { refusal: null, observed: result.observed };
}

function rowOf(call: CallToJudge): JournalEntry {
  return {
    id: `call-${++calls}`, server: call.server, grant: call.caller.grant, session: call.caller.session, transport: 'http', protocol: null,
    method: null, name: call.name, requestId: null, outcome: 'forwarded', code: null, rule: null, policy: null, reason: null,
    retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
  };
}

function judged(effect: Judged['effect'], code: Judged['code'], verdict: Verdict, observed: readonly Observed[]): Judged {
  return { effect, code, rule: verdict.rule, policy: verdict.policyId, reason: verdict.reason, wouldPass: verdict.wouldPass ?? null, retryAfterMs: null, observed };
}

function observedIn(decision: Decision): Observed[] {
  const { wouldBe } = decision;
  if (wouldBe === null) return [];
  const code = wouldBe.effect === 'hide' ? 'hidden' : wouldBe.effect === 'require_approval' ? 'approval_pending' : wouldBe.code;
  return [{ observed: `would_${wouldBe.effect}`, code, rule: wouldBe.rule, policy: wouldBe.policyId }];
}

function observedLimit({ claim }: LimitRefusal): Observed {
  return { observed: claim.type === 'rate' ? 'would_rate_limit' : 'would_exceed_budget', code: limitCode(claim), rule: claim.rule, policy: claim.policyId };
}
