import type { Conversation } from '../conversation.ts';
import type { HeldStreams } from './held-streams.ts';
import type { RelayExchange } from './relay-exchange.ts';
import type { SessionEntry } from './sessions.ts';

/** A session that the upstream gave out to one of our principals. */
export interface RelaySession extends SessionEntry {
  readonly conversation: Conversation;
  /** Responses of its requests that are being judged. */
  readonly held: HeldStreams;
  /** Streams opened by GET, the newest last: messages of our own go there. */
  readonly streams: Set<RelayExchange>;
  /** Headers of the last request, for requests of our own in this session. */
  headers: readonly string[];
}
