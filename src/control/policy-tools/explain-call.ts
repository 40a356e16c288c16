import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import { explain, type Explanation } from '../../policy/explain.ts';
import type { RefusalCode, ToolFacts } from '../../policy/types.ts';
import type { Caller, DescribedCall } from './described-call.ts';
import { lookalikeOf, queryOf } from './judge-call.ts';
import type { Tools } from './known-tools.ts';

/** A call at a moment, in the form in which it is judged. */
export interface ChosenCall extends DescribedCall {
  readonly server: string;
  readonly caller: Caller;
  readonly at: number;
}

/** One call, explained. */
export interface ExplainedCall {
  readonly call: ChosenCall;
  /** What was known of the tool; null: nothing. */
  readonly tool: ToolFacts | null;
  /** Some policy has a rule for classes of tools. */
  readonly asksForClass: boolean;
  readonly explanation: Explanation;
  /** What the gateway answers before it asks any policy: the server lists no such tool, or an argument is a lookalike. Null otherwise. */
  readonly before: { readonly code: 'unknown' | 'invalid_arguments'; readonly reason: string } | null;
}

/**
 * Explains one call: which rules match it, what each guard says, and why the outcome is what it is. Limits are named, not counted.
 * @param recorded false: its arguments are not known, so what depends on them is not either
 */
export function explainCall(policies: readonly CompiledPolicy[], call: ChosenCall, tools: Tools, recorded = true): ExplainedCall {
  const tool = call.kind === 'tool' ? (tools?.get(call.name) ?? null) : null;
  const { args, ...rest } = queryOf(call, tools);
  const query = recorded && args !== undefined ? { ...rest, args } : rest;
  const lookalike = lookalikeOf(call, tool);
  return {
    call,
    tool: query.tool ?? null,
    asksForClass: policies.some((policy) => policy.needsClasses),
    explanation: explain(policies, query),
    before:
      call.kind === 'tool' && tools !== null && tool === null ? { code: 'unknown', reason: 'The server lists no tool of this name, so no policy is asked.' }
      : lookalike !== null ? { code: 'invalid_arguments', reason: lookalike }
      : null,
  };
}

/** The code that the agent would get, as far as limits allow; null: the call goes through. */
export function codeOf({ explanation: { decision }, before }: ExplainedCall): RefusalCode | 'hidden' | 'unknown' | null {
  if (before?.code === 'unknown') return 'unknown';
  if (decision.effect === 'hide') return 'hidden';
  if (decision.effect === 'deny') return decision.code ?? 'denied';
  if (before !== null) return before.code;
  return decision.effect === 'require_approval' ? 'approval_pending' : null;
}
