import type { Registry } from './registry/types.ts';
import type { Chain } from './chain/types.ts';
import type { ApprovalWay, LimitClaim, TargetKind } from '../policy/types.ts';

/** Who and where, for counters keyed by `per`. Every value comes from what we authenticated or started, never from the client. */
export interface CounterScope {
  readonly server: string;
  /** Id of the grant; in `run` the label of the stdio process. */
  readonly grant: string;
  /** A session that we know to be bound to this grant, or null: then `per: session` counts per grant (protocol.md, header). */
  readonly session: string | null;
  /** Tool name, prompt name, or the one spelling of a resource URI under which it is counted (`countedName`). */
  readonly name: string;
}

export type ReserveResult =
  | { readonly ok: true; readonly observed: readonly LimitRefusal[] }
  | { readonly ok: false; readonly refusal: LimitRefusal; readonly observed: readonly LimitRefusal[] }
  /** The approval that the call was to use is not there, not given, used, or expired. Nothing was counted or written. */
  | { readonly ok: false; readonly refusal: 'approval'; readonly observed: readonly LimitRefusal[] };

/** A limit that the call did not fit into. */
export interface LimitRefusal {
  readonly claim: LimitClaim;
  /** Milliseconds until this limit, alone, would admit this call; at least 1. Null when it never would: the amount exceeds `max`. */
  readonly retryAfterMs: number | null;
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
  /**
   * What of the reservation is undone (policy.md, "Rule" and "Approval"). `nothing`: the work was done, or may have been. `budgets`: the
   * upstream answered that it did not do it. `all`: it was never reached, so an approval is unused again as well. Rate limits stay.
   */
  readonly undo: 'nothing' | 'budgets' | 'all';
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

/** As `JournalFilter`, for people who look around in a long journal. */
export interface JournalSearchFilter extends JournalFilter {
  readonly beforeSeq?: number;
  /** Name of a policy, with or without its version. */
  readonly policy?: string;
  /** Somewhere in the name or the reason; upper and lower case of ASCII are the same. */
  readonly text?: string;
  readonly ids?: readonly string[];
  /** Of these servers only. */
  readonly servers?: readonly string[];
  /** How many; default 50, at most 1000. Newest first by default. */
  readonly limit?: number;
}

export interface FoundRows {
  readonly rows: readonly JournalRow[];
  /** Go on before (or, ascending, after) this `seq`; null: there is nothing more. A page may be short, or empty, and still have a next one. */
  readonly next: number | null;
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

/** Rows that agree in everything that is counted. */
export interface JournalCount {
  /** Beginning of the five minutes in which they were written, wall clock, milliseconds. */
  readonly at: number;
  readonly server: string;
  readonly outcome: Outcome;
  readonly method: string | null;
  /** Null also where too many different ones were counted together; so are code, policy and rule. */
  readonly name: string | null;
  readonly code: string | null;
  readonly policy: string | null;
  readonly rule: string | null;
  /** Without second rows about limits under observation: one call, one row. */
  readonly rows: number;
}

/** Calls of one grant within one hour. */
export interface GrantCount {
  readonly grant: string;
  /** Beginning of the hour, milliseconds since 1970. */
  readonly hour: number;
  readonly rows: number;
  /** When the newest of them was written, milliseconds since 1970. */
  readonly lastAt: number;
}

/** What views of many rows need without reading them. */
export interface JournalFigures {
  /** Where the rows since then begin (the `seq` before the first of them), and the newest `seq`. @throws StateUnavailable */
  span(since: Date): { readonly after: number; readonly last: number } | Promise<{ readonly after: number; readonly last: number }>;
  /** Counts the rows with `after < seq <= until`, of which it looks at 20,000 at most: ask in steps. @throws StateUnavailable */
  counts(after: number, until: number): JournalCount[] | Promise<JournalCount[]>;
  /** Calls by grant and hour, of the same rows and within the same bound. @throws StateUnavailable */
  grants(after: number, until: number): GrantCount[] | Promise<GrantCount[]>;
  /** These rows, as far as they exist, in order; the first 1,000 of them. @throws StateUnavailable */
  bySeq(seqs: readonly number[]): JournalRow[] | Promise<JournalRow[]>;
}

/** One exact call for which an approval is asked (policy.md, "Approval"). */
export interface ApprovalRequest {
  /** SHA-256 (hex) over the canonical JSON of everything that the approval binds. Opaque here. */
  readonly digest: string;
  readonly server: string;
  readonly grant: string;
  readonly session: string | null;
  readonly kind: TargetKind;
  readonly method: string;
  readonly name: string;
  /** What the approver reads: the exact text of the arguments as the call sent them, or null. Erased some time after the decision. */
  readonly argumentsText: string | null;
  /** Whatever else of the call is bound and sent, as the text of a JSON object with the members `task`, `meta`, `input`, `other` where there are any; null when there is none. Shown and erased like the arguments. */
  readonly alsoSent: string | null;
  /** SHA-256 (hex) of the tool's definition, or null where there is none. */
  readonly definitionHash: string | null;
  /** `PolicySet.id`, and the rule that demands it. */
  readonly policies: string;
  readonly policyId: string;
  readonly rule: string;
  readonly reason: string | null;
  readonly needed: number;
  readonly approvers: readonly string[] | null;
  readonly via: readonly ApprovalWay[];
  readonly timeoutMs: number;
}

/** `approved` can be used until it expires; `used` belongs to the call that used it. */
export type ApprovalStatus = 'pending' | 'approved' | 'denied' | 'expired' | 'used';

export interface ApprovalVote {
  readonly approver: string;
  readonly way: ApprovalWay;
  readonly decision: 'approve' | 'deny';
  readonly comment: string | null;
}

export interface ApprovalRecord extends ApprovalRequest {
  /** Random, url-safe, never reused; not a secret. */
  readonly id: string;
  readonly status: ApprovalStatus;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly votes: readonly (ApprovalVote & { readonly at: string })[];
  /** Id of the journal row of the call that used it. */
  readonly usedBy: string | null;
}

/** What became of a request for approval; `created` is true for the call that opened it, which is when approvers are told. */
export type ApprovalAnswer =
  | { readonly status: 'pending' | 'approved' | 'denied' | 'expired'; readonly record: ApprovalRecord; readonly created: boolean }
  /** Too many requests of this grant wait already: a flood must not bury the one that matters. */
  | { readonly status: 'too_many'; readonly waiting: number; readonly retryAfterMs: number };

export type VoteResult =
  | { readonly ok: true; readonly record: ApprovalRecord }
  | { readonly ok: false; readonly why: 'not_found' | 'not_pending' | 'expired' | 'already_voted' | 'not_an_approver' | 'requester' | 'way_not_allowed'; readonly record: ApprovalRecord | null };

export interface ApprovalFilter {
  readonly status?: readonly ApprovalStatus[];
  readonly server?: string;
  readonly grant?: string;
  /** Ids that are of no interest, because they were read already. */
  readonly except?: readonly string[];
  /** Only requests for this tool, prompt or URI. */
  readonly name?: string;
  /** Id of a request; only older ones: the next page. */
  readonly before?: string;
  /** False leaves arguments, and what else is sent, unread: both are null then. */
  readonly texts?: boolean;
  /** Default 100, at most 1000; newest first. */
  readonly limit?: number;
}

/**
 * Approvals, each for one exact call: used once, expiring on the store's clock, surviving a restart. A denial holds for identical calls
 * until its request would have expired; an expiry is told to one identical call (`expired`), and the next one opens a new request.
 */
export interface Approvals {
  /** The newest approval for this digest, or a new pending one, in one transaction. @throws StateUnavailable */
  requestApproval(request: ApprovalRequest): ApprovalAnswer | Promise<ApprovalAnswer>;
  approval(id: string): ApprovalRecord | null | Promise<ApprovalRecord | null>;
  approvals(filter: ApprovalFilter): ApprovalRecord[] | Promise<ApprovalRecord[]>;
  /** Where these stand, in one look that reads no arguments: for those who wait. An id that there is not is left out. @throws StateUnavailable */
  approvalStatus(ids: readonly string[]): ReadonlyMap<string, ApprovalStatus> | Promise<ReadonlyMap<string, ApprovalStatus>>;
  /** How many requests wait, by server. Reads no arguments. @throws StateUnavailable */
  approvalsWaiting(): ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>>;
  /** One approver's word. A single denial decides; `needed` different approvers are needed for a yes. The grant's own label is refused. */
  vote(id: string, vote: ApprovalVote): VoteResult | Promise<VoteResult>;
  /**
   * A secret for one use that lets its holder see and decide this approval as `approver`; kept as a hash only.
   * @returns 256 random bits, base64url; null when there is no such pending approval
   */
  mintApprovalLink(id: string, approver: string): string | null | Promise<string | null>;
  /** Who holds this secret; null when it is wrong, used or expired. Does not use it up. */
  approvalLink(id: string, secret: string): { readonly approver: string } | null | Promise<{ readonly approver: string } | null>;
  /** `vote` by the holder of a link, using the link up, in one transaction. */
  voteByLink(id: string, secret: string, decision: 'approve' | 'deny', comment: string | null): VoteResult | Promise<VoteResult>;
}

/** A message that a visitor of the catalogue left for the operator. Every text is the visitor's own. */
export interface NewMessage {
  readonly name: string;
  readonly email: string;
  /** The page that it was written on. */
  readonly page: string;
  readonly text: string;
}

export interface Message extends NewMessage {
  /** Counts up; never used again. */
  readonly id: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly read: boolean;
}

export interface MessageFilter {
  /** True: only what nobody has read. */
  readonly unread?: boolean;
  /** Default 100, at most 1000. */
  readonly limit?: number;
  /** Only messages with a lower id: the next page. */
  readonly before?: number;
}

/** The operator's inbox: at most `MAX_MESSAGES`, each text cut to `MESSAGE_BOUND` characters. */
export interface Messages {
  /**
   * Keeps a message. When the inbox is full the oldest that was read goes; what nobody has read is never pushed out by a flood.
   * @returns its id, or null when every message that is kept waits to be read: the visitor is to be told so
   * @throws StateUnavailable
   */
  add(message: NewMessage): number | null | Promise<number | null>;
  /** Newest first. @throws StateUnavailable */
  list(filter?: MessageFilter): Message[] | Promise<Message[]>;
  /** @returns false when there is no such message. @throws StateUnavailable */
  markRead(id: number): boolean | Promise<boolean>;
}

/**
 * How a definition of a tool stands (protocol.md L7). `pinned`: met first, or accepted by an operator; everything later is compared with it. `noted`:
 * differs, and can do no more. `held`: kept back until somebody accepts it.
 */
export type PinStanding = 'pinned' | 'noted' | 'held';

/** One definition of a tool that a server listed. */
export interface LearnedDefinition {
  readonly name: string;
  /** SHA-256 (hex) of the canonical definition. */
  readonly hash: string;
  /** The canonical definition as JSON text; null where it is too long to keep. */
  readonly text: string | null;
  /** `pinned` asks for a first pin, which is given when the tool has none. */
  readonly standing: PinStanding;
  /** Why it is held: short texts of our own. */
  readonly why: readonly string[];
}

export interface LearnedPins {
  readonly version: number;
  /** Tools that got no pin, because the server has as many as are kept. */
  readonly full: readonly string[];
  /** Another process was faster: what is pinned has to be read again. */
  readonly outdated: boolean;
}

/** What a gateway keeps in memory of one server's pins. */
export interface ServerPins {
  /** Grows with every change that others have to see. 0: nothing was ever pinned. */
  readonly version: number;
  readonly tools: ReadonlyMap<string, readonly { readonly hash: string; readonly standing: PinStanding }[]>;
}

/** A definition as an operator sees it. */
export interface PinnedDefinition {
  readonly hash: string;
  readonly standing: PinStanding;
  readonly text: string | null;
  readonly why: readonly string[];
  /** Who accepted it; null where nobody had to. */
  readonly decidedBy: string | null;
  /** ISO 8601, UTC. */
  readonly firstSeen: string;
}

export interface PinRecord {
  readonly server: string;
  readonly name: string;
  readonly firstSeen: string;
  /** To the hour. */
  readonly lastSeen: string;
  /** Oldest first. Without texts where many are read. */
  readonly definitions: readonly PinnedDefinition[];
}

export interface PinFilter {
  readonly server?: string;
  /** True: only tools of which a definition is held. */
  readonly held?: boolean;
  /** Default 1000, at most 100,000. */
  readonly limit?: number;
}

export type AcceptResult =
  | { readonly ok: true; readonly record: PinRecord }
  /** `changed`: another definition was held since, whose hash is `newest`. */
  | { readonly ok: false; readonly why: 'no_pin' | 'unknown_hash' | 'already_pinned' }
  | { readonly ok: false; readonly why: 'changed'; readonly newest: string };

/**
 * Definitions of tools, pinned at first use (protocol.md L7, attack 47). Nothing is ever evicted to make room: whoever could push a pin out could have
 * another definition pinned in its place. Every method is synchronous, because an upstream's list is judged while it passes; an engine in another
 * process keeps a copy. All throw StateUnavailable.
 */
export interface Pins {
  /** The pins of one server, without texts, in one read. */
  read(server: string): ServerPins;
  version(server: string): number;
  /** Writes what a list has shown, in one transaction. @param seen tools whose pins are in use */
  learn(server: string, definitions: readonly LearnedDefinition[], seen: readonly string[]): LearnedPins;
  /** One tool with the texts of its definitions; null when it has no pin. */
  record(server: string, name: string): PinRecord | null;
  /** By server and name. Without texts. */
  list(filter?: PinFilter): PinRecord[];
  /**
   * Pins a definition that was held or noted, with a row in the journal.
   * @param also keeps what was pinned before pinned beside it, for a server that shows different callers different definitions
   */
  accept(server: string, name: string, hash: string, by: string, also?: boolean): AcceptResult;
  /** Removes the pins of a tool, or of a whole server (null); what is listed next is pinned anew. @returns how many tools */
  forget(server: string, name: string | null, by: string): number;
}

/** Everything one process needs of the state room. */
export interface State extends Counters, Journal, Approvals {
  /** @throws StateUnavailable when the state is not open */
  readonly messages: Messages;
  /** @throws StateUnavailable when the state is not open */
  readonly pins: Pins;
  /** @throws StateUnavailable when the state is not open */
  readonly figures: JournalFigures;
  /** Servers, policies, grants, members: what the control plane keeps. @throws StateUnavailable when the state is not open */
  readonly registry: Registry;
  /**
   * `reserve` and, when admitted, `append` in one round trip and one transaction: a call is never admitted without its row.
   * When refused, nothing is appended (the caller appends the refusal, which has a code and a retry time).
   * @param approval the approved request that this call uses up, in the same transaction; left out when it needs none
   * @throws StateUnavailable
   */
  admit(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry, approval?: { readonly id: string; readonly digest: string }): ReserveResult | Promise<ReserveResult>;
  /** Looks for rows in short steps; each is as it is when it is read. @throws StateUnavailable */
  search(filter: JournalSearchFilter, signal?: AbortSignal): Promise<FoundRows>;
  /** @throws StateUnavailable when the state is not open */
  readonly chain: Chain;
  close(): void | Promise<void>;
}

/** The store could not be asked or did not answer. The caller refuses the call with `state_unavailable`. */
export class StateUnavailable extends Error {
  override readonly name = 'StateUnavailable';
}
