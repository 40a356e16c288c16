import type { Request } from '../mcp/message.ts';
import type { State } from '../state/types.ts';
import type { ApprovalDesk } from './approvals/desk.ts';
import type { Conversation } from './conversation.ts';
import type { ToolPins } from './pins/tool-pins.ts';
import type { Principal } from './principal.ts';
import type { ToolClassifier } from './tool-classifier.ts';
import type { ToolDirectory } from './tool-directory.ts';
import type { CallTracer } from './tracing/call-tracer.ts';
import type { HealthWatch } from './upstream-health.ts';

/** What every conversation of one process shares. */
export interface GatewayServices {
  readonly state: State;
  /** A promise while the state is still being opened (asking for it starts the opening), then null. */
  readonly ready: () => Promise<void> | null;
  readonly approvals: ApprovalDesk;
  /** SHA-256 (hex) of where calls go (upstream-target.ts): approvals are given for this place only. */
  readonly upstream: string;
  /** What the tools of this server do to the world; asked only where a policy wants to know. */
  readonly classifier: ToolClassifier;
  /** The definitions of this server's tools as they were met first, or accepted. */
  readonly pins: ToolPins;
  /** Told how the upstream of this server answers; left out: nobody asks. */
  readonly health?: HealthWatch;
  /** Traces calls; left out: nothing does. */
  readonly tracer?: CallTracer;
  /** Wall-clock time for conditions, milliseconds since the epoch. Limits and approvals use the clock of the store. */
  readonly now: () => number;
  /** Journal the text of arguments, not only their names and hash: the operator asked for it. */
  readonly keepArguments: boolean;
  /** One line for the operator, on stderr or the service log. Never holds a secret or an argument. */
  readonly log: (line: string) => void;
}

export interface ConversationOptions {
  readonly gateway: GatewayServices;
  readonly principal: Principal;
  readonly transport: 'stdio' | 'http' | 'sse';
  /** Id of a session that we know to be bound to the principal; null on stateless traffic. */
  readonly session: string | null;
  /** Stateful conversations refuse a second request under an id that is still open (J7); stateless ones cannot know. */
  readonly stateful: boolean;
  /** Without a session every exchange has its own conversation: those in which a response or a cancellation of this one may belong. */
  readonly peers?: ReadonlySet<Conversation>;
  /** The tools this conversation knows: its own for a session, the principal's for stateless traffic. */
  readonly directory: ToolDirectory;
  /** Sends a request of our own to the upstream; its answer comes back through `upstream`. */
  readonly sendOwn: (message: Request, like: Request) => void;
  /**
   * Delivers a message of our own on the stream of a request that is still being judged: a heartbeat, a question to the client's user.
   * False when the client cannot be reached before its answer, e.g. because it takes no event stream. Left out: it never can.
   */
  readonly toClient?: (requestKey: string, bytes: Buffer) => boolean;
}

/** Where a message from the upstream came in: on the stream of a request, on a session's stream, on a resumed one, or on a link that carries everything. */
export type Arrival =
  | { readonly on: 'link' }
  | { readonly on: 'request'; readonly requestKey: string }
  | { readonly on: 'session' }
  | { readonly on: 'resumed' };
