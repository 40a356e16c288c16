import type { JsonNode } from '../../wire/json-node.ts';
import type { Id, Notification, Request, Response } from '../../mcp/message.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import type { LegacySession } from './legacy-session.ts';

/** The client's side of a call that an upstream session carries: the request that is open right now. */
export interface ClientLeg {
  readonly id: Id;
  /** JSON text of the progress token, or null. */
  readonly token: string | null;
  /** Lowest level of log messages that the client wants, or null for none. */
  readonly logRank: number | null;
  readonly capabilities: JsonNode | null;
  /** Called once: the leg ends with it. */
  answer(response: Response): void;
  notify(message: Notification): void;
  /** Called once, in place of `answer`. */
  failed(reason: UpstreamFailure): void;
}

/** A question of the server that waits for the client. */
export interface Question {
  /** Name under which the client is asked. */
  readonly key: string;
  readonly request: Request;
}

/** One request in an upstream session, from its first forward to its answer, across all retries of the client. */
export interface Exchange {
  readonly session: LegacySession;
  /** As sent to the server. */
  readonly request: Request;
  readonly principal: string;
  readonly digest: string;
  /** Null while the client thinks about a question. */
  client: ClientLeg | null;
  /** By `idKey` of the server's request; what the client has not answered yet. */
  readonly questions: Map<string, Question>;
  /** Counts questions, for their names. */
  asked: number;
  /** The end of the call, where it came while no client was there to hear it. */
  outcome: Response | UpstreamFailure | null;
  /** Answered, failed or cancelled: nothing of it reaches the client any more. */
  over: boolean;
  sent: boolean;
}
