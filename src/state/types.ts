import type { LimitClaim } from '../policy/types.ts';

/** Who and where, for counters keyed by `per`. Every value comes from what we authenticated or started, never from the client. */
export interface CounterScope {
  readonly server: string;
  /** Id of the grant; in `run` the label of the stdio process. */
  readonly grant: string;
  /** A session that we know to be bound to this grant, or null: then `per: session` counts per grant (protocol.md, header). */
  readonly session: string | null;
  /** Tool name, prompt name or resource URI. */
  readonly name: string;
}

export type ReserveResult =
  | { readonly ok: true; readonly observed: readonly LimitRefusal[] }
  | { readonly ok: false; readonly refusal: LimitRefusal; readonly observed: readonly LimitRefusal[] };

/** A limit that the call did not fit into. */
export interface LimitRefusal {
  readonly claim: LimitClaim;
  /** Milliseconds until this limit, alone, would admit one call. Always at least 1. */
  readonly retryAfterMs: number;
}

/** How a recorded call ended. `forwarded` is the state of a call whose end has not been seen (yet). */
export type Outcome =
  | 'forwarded' // allowed and sent; its end is unknown (still running, or we were killed)
  | 'ok' // the upstream answered with a result
  | 'tool_error' // the upstream answered with a result that has `isError: true`
  | 'upstream_error' // the upstream answered with a JSON-RPC error
  | 'upstream_failed' // the upstream died, was out of reach, or closed the stream without an answer
  | 'cancelled' // the client cancelled, or went away, before an answer
  | 'refused' // by policy
  | 'rejected' // malformed, unauthenticated or against the protocol; never judged by policy
  | 'dropped'; // a message that was thrown away (unknown response id, garbage on stdout, ...)

/** One journal row (protocol.md U1). Arguments are kept as names and a keyed hash, never as values, unless the operator asked. */
export interface JournalEntry {
  /** Random, url-safe; the `decisionId` that a refusal carries. */
  readonly id: string;
  readonly server: string;
  readonly grant: string | null;
  readonly session: string | null;
  /** `stdio`, `http` or `sse`. */
  readonly transport: string;
  /** Negotiated or declared protocol version, or null. */
  readonly protocol: string | null;
  readonly method: string | null;
  readonly name: string | null;
  /** The JSON-RPC id as JSON text. */
  readonly requestId: string | null;
  readonly outcome: Outcome;
  /** Refusal code, protocol error slug (`duplicate_key`, `unknown_session`, ...) or null. */
  readonly code: string | null;
  readonly rule: string | null;
  readonly policy: string | null;
  readonly reason: string | null;
  readonly retryAfterMs: number | null;
  /** Under observe: what would have happened, e.g. `would_deny`, `would_hide`, `would_rate_limit`; else null. */
  readonly observed: string | null;
  readonly argKeys: readonly string[] | null;
  /** HMAC-SHA-256 (hex, keyed by the store's own key) over the exact bytes of `arguments`. */
  readonly argHash: string | null;
  /** The exact text of `arguments`, only when the operator asked for it. */
  readonly argValues: string | null;
  /** HTTP status or JSON-RPC error code of the upstream, free text; null when not known. */
  readonly upstreamStatus: string | null;
  readonly latencyMs: number | null;
}

/** What is known when a forwarded call has ended. */
export interface Settlement {
  readonly outcome: Outcome;
  readonly upstreamStatus: string | null;
  readonly latencyMs: number;
}

/** A row as read back: an entry with its place in the journal and its time. */
export interface JournalRow extends JournalEntry {
  readonly seq: number;
  /** Wall-clock time, ISO 8601 with milliseconds, UTC. */
  readonly at: string;
}

export interface JournalFilter {
  readonly afterSeq?: number;
  readonly since?: Date;
  readonly until?: Date;
  readonly server?: string;
  readonly grant?: string;
  readonly session?: string;
  readonly name?: string;
  readonly method?: string;
  readonly outcome?: readonly Outcome[];
  readonly code?: readonly string[];
  /** Default 10,000, at most 100,000: a longer journal is read in pages, with `afterSeq`. */
  readonly limit?: number;
  /** `asc` (default) or `desc` by seq. */
  readonly order?: 'asc' | 'desc';
}

/**
 * The rate-limit promise (policy.md, "Rule"): no interval of length `windowMs` ever holds more than `max` admitted calls, across
 * boundaries, processes sharing the store, restarts and crashes.
 */
export interface Counters {
  /**
   * Admits one call into all enforced limits or into none of them, atomically, on the store's own clock.
   * @throws StateUnavailable when it could not be decided.
   */
  reserve(claims: readonly LimitClaim[], scope: CounterScope): ReserveResult | Promise<ReserveResult>;
}

export interface Journal {
  /**
   * Writes a row; when this returns (resolves), the row survives a crash of this process. A flood of equal `refused`, `rejected` or
   * `dropped` rows is cut, and told in one row with code `suppressed`. @throws StateUnavailable
   */
  append(entry: JournalEntry): void | Promise<void>;
  /** Completes a row that was appended as `forwarded`. May be written a little later, in a batch. */
  settle(id: string, settlement: Settlement): void;
  /** Keyed hash of the exact bytes of a call's arguments, as stored in `argHash`. */
  digest(bytes: Uint8Array): string;
  query(filter: JournalFilter): JournalRow[] | Promise<JournalRow[]>;
  /** Writes everything that is still waiting. */
  flush(): void | Promise<void>;
}

/** Everything one process needs of the state room. */
export interface State extends Counters, Journal {
  /**
   * `reserve` and, when admitted, `append` in one round trip and one transaction: a call is never admitted without its row.
   * When refused, nothing is appended (the caller appends the refusal, which has a code and a retry time).
   * @throws StateUnavailable
   */
  admit(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry): ReserveResult | Promise<ReserveResult>;
  close(): void | Promise<void>;
}

/** The store could not be asked or did not answer. The caller refuses the call with `state_unavailable`. */
export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';
}
