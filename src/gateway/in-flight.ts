import type { Id, Request } from '../mcp/message.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type { MethodClass } from '../mcp/methods.ts';
import type { Era } from '../mcp/versions.ts';
import type { PolicySet } from '../policy/types.ts';
import type { CallSpan } from './tracing/call-tracer.ts';

/** The part of an approval in one call. */
export interface CallApproval {
  /** `performance.now()` until which the call may be held; null before it is. */
  holdUntil: number | null;
  /** How often it was decided anew. */
  rounds: number;
  /** What the client's user said to the question that this retry answers (M6); null when it answers none. */
  answer: { readonly approval: string; readonly mode: 'form' | 'url'; readonly result: JsonNode | null } | null;
  /** An approval was used for this logical call already: the upstream had asked for input in between. */
  readonly continues: boolean;
  /** Seals a state of the upstream, as JSON text or null, because an approval was used for this call (M7). */
  wrap: ((state: string | null) => string) | null;
}

/** A request of the client from its arrival to its answer. */
export interface InFlight {
  readonly id: Id;
  readonly idKey: string;
  readonly method: string;
  readonly type: MethodClass | null;
  readonly era: Era;
  /**
   * The one snapshot of the policies that this request sees, from the decision to the filtering of its answer (B8). A call that waited for
   * an approval is decided anew when it runs, and takes a new one then.
   */
  policies: PolicySet;
  /** As the client sent it, without members of ours that it brought back (M7). */
  request: Request;
  /** `performance.now()` at arrival. */
  readonly startedAt: number;
  readonly progressToken: string | null;
  /** Which of several callers behind one grant sent it: a hash; null where they cannot be told apart. */
  readonly caller: string | null;
  /** The governed name (tool, prompt, URI), or null. */
  name: string | null;
  /** What an observed rule or policy would have decided, for every row about the call; null when nothing else. */
  observed: string | null;
  /** Id of the journal row that waits for the outcome, or null. */
  entry: string | null;
  /** `judging` until the decision to forward has been carried out. */
  state: 'judging' | 'forwarded';
  /** The client withdrew it. While judging: it is never forwarded (N2). */
  cancelled: boolean;
  /** Its legacy client went away while it was judged. That cancels nothing (S7), but it is not held for an approval. */
  left: boolean;
  /** Ends the waiting of a call that is held for its approval: taken back, unless said otherwise. Null while it is not held. */
  release: ((end?: 'withdrawn' | 'waited') => void) | null;
  /** Heartbeats sent so far. */
  beats: number;
  /** What an approval has to do with this call; null while none has. */
  approval: CallApproval | null;
  /** What traces it; null where nothing does. */
  readonly span: CallSpan | null;
}
