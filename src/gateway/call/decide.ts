import { confusableKey } from '../../mcp/keys.ts';
import type { Decision, PolicySet, Query, ToolFacts } from '../../policy/types.ts';
import type { Conversation } from '../conversation.ts';
import type { InFlight } from '../in-flight.ts';
import { callContext } from './context.ts';
import { observation } from './facts.ts';
import type { Target } from './target.ts';

/** Asks the policies that the call began under. Synchronous and pure: nothing is waited for and nothing counted here. */
export function decide(conversation: Conversation, call: InFlight, target: Target): Decision {
  const { kind, name, args } = target;
  const tool = kind === 'tool' ? listedFacts(conversation, call.policies, name) : null;
  const query: Query = { kind, name, tool, context: callContext(conversation, call), ...(args === undefined ? {} : { args }) };
  const decision = call.policies.decide(query);
  call.observed = observation(decision.wouldBe);
  return decision;
}

/** What the policies are told of a tool: its class too, where they ask for one. Null: it is not listed. */
export function listedFacts(conversation: Conversation, policies: PolicySet, name: string): ToolFacts | null {
  const tool = conversation.directory.get(name);
  if (tool === null) return null;
  return policies.needsClasses ? tool.classifiedFacts(conversation.gateway.classifier) : tool.facts;
}

/**
 * An argument that some lax upstream would read as a declared one: what was judged would not be what is executed (J4).
 * @returns what is wrong, or null
 */
export function lookalikeArgument(conversation: Conversation, target: Target): string | null {
  if (target.kind !== 'tool' || target.args === null || target.args === undefined) return null;
  const known = conversation.directory.get(target.name)?.arguments ?? null;
  const lookalike = known === null ? undefined : target.args.members().find((member) => confusableKey(member.key, known));
  return lookalike === undefined ? null : `an argument differs from the declared one only by case or invisible characters: ${JSON.stringify(lookalike.key)}`;
}
