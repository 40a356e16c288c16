import type { Id, Request } from '../mcp/message.ts';
import type { MethodClass } from '../mcp/methods.ts';
import type { Era } from '../mcp/versions.ts';
import type { PolicySet } from '../policy/types.ts';

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
  readonly request: Request;
  /** `performance.now()` at arrival. */
  readonly startedAt: number;
  readonly progressToken: string | null;
  /** The governed name (tool, prompt, URI), or null. */
  name: string | null;
  /** Id of the journal row that waits for the outcome, or null. */
  entry: string | null;
  /** `judging` until the decision to forward has been carried out. */
  state: 'judging' | 'forwarded';
  /** The client withdrew it. While judging: it is never forwarded (N2). */
  cancelled: boolean;
  /** Ends the waiting of a call that is held for its approval; null while it is not held. */
  release: (() => void) | null;
}
