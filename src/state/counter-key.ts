import { createHash } from 'node:crypto';
import type { LimitClaim, PerDimension } from '../policy/types.ts';
import type { CounterScope } from './types.ts';

/** A key is stored as readable text up to this length, and as a digest beyond: names and URIs come from the network. */
const READABLE = 256;

/**
 * Identity of the counter that a claim draws from: server, policy, kind and selector, the value of every `per` dimension, the name of
 * the item where the selector has a `*` and `per` has `tool`, and `counter` (policy.md, "Rule"). `max`, window and policy version are left
 * out on purpose: editing them does not reset a counter. Dimensions are a set: their order in the document does not matter.
 */
export function counterKey(claim: LimitClaim, scope: CounterScope): string {
  const parts: (string | null)[] = [scope.server, claim.policy, claim.kind, claim.selector];
  const per = new Set<PerDimension>(claim.per);
  parts.push(per.has('session') ? 'session' : null, per.has('grant') ? 'grant' : null, per.has('server') ? 'server' : null);
  // A session belongs to one grant, and where there is none the grant stands for it: both dimensions carry the grant, so that two
  // grants never share a counter because of a null session.
  parts.push(per.has('session') || per.has('grant') ? scope.grant : null);
  parts.push(per.has('session') ? scope.session : null);
  // Of an exact selector its own text, which for tools is their name: a URI has many spellings, and each would have a counter.
  parts.push(!claim.spansTools ? claim.selector : per.has('tool') ? scope.name : null);
  // Left out when empty: counters that were made before rules could have a `when` keep their keys.
  if (claim.counter !== '') parts.push(claim.counter);
  const text = JSON.stringify(parts);
  return text.length <= READABLE ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
