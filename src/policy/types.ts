import type { JsonNode } from '../wire/json-node.ts';

/**
 * What a compiled policy is asked and what it answers. A decision is a value, never an exception (architecture, "One call").
 */

/** The kinds of thing a policy has rules for (policy.md, "Document": `tools`, `resources`, `prompts`). */
export type TargetKind = 'tool' | 'resource' | 'prompt';

/** What the upstream may ask of the client (policy.md, `client`). */
export type ClientFeature = 'sampling' | 'elicitation' | 'roots';

/** Stable refusal codes (policy.md, "What the agent sees"). A code is never renamed or given another meaning. */
export type RefusalCode =
  | 'denied'
  | 'default_denied'
  | 'condition_failed'
  | 'invalid_arguments'
  | 'rate_limited'
  | 'budget_exceeded'
  | 'approval_pending'
  | 'approval_denied'
  | 'approval_expired'
  | 'policy_error'
  | 'state_unavailable';

/** What conditions can know of a tool beyond its name: from the definition that the upstream really served. */
export interface ToolFacts {
  readonly title: string | null;
  readonly annotations: JsonNode | null;
  readonly inputSchema: JsonNode | null;
  /** `read`, `write`, `execute`, `destructive` or `financial`; null while nothing classified the tool. */
  readonly category: string | null;
  /** `low`, `medium`, `high` or `critical`; null while nothing classified the tool. */
  readonly risk: string | null;
  /** Every effect that the classifier found: `destructive` and `financial` are equally severe, so a tool with both effects is of both classes. */
  readonly effects?: readonly string[];
}

/** Whose call it is, for conditions (policy.md, "Conditions"). Nothing in it is chosen by the agent except `client`. */
export interface CallContext {
  readonly server: string;
  readonly grant: { readonly label: string; readonly tags: readonly string[] };
  /** The claims of a verified token, or null. */
  readonly user: JsonNode | null;
  /** What the client says of itself; unverified. */
  readonly client: { readonly name: string | null; readonly version: string | null };
  readonly session: string | null;
  /** Wall-clock time, milliseconds since the epoch. */
  readonly now: number;
}

/** One thing an agent wants to touch. `name` is the tool name, the prompt name or the resource URI, byte for byte as sent. */
export interface Query {
  readonly kind: TargetKind;
  readonly name: string;
  /** The arguments of the call; null when it has none. Left out: they are not known, as in a listing. */
  readonly args?: JsonNode | null;
  /** Null or left out: nothing is known of the tool. */
  readonly tool?: ToolFacts | null;
  /** Left out: nothing is known of the caller; a condition that asks for it cannot be evaluated. */
  readonly context?: CallContext;
}

/** The dimensions that form the key of a counter (policy.md, `per`). */
export type PerDimension = 'session' | 'grant' | 'server' | 'tool';

/** What rate limits and budgets have in common. */
interface ClaimOrigin {
  /** Name of the policy document, without its hash. */
  readonly policy: string;
  /** `name@hash`, for the refusal. */
  readonly policyId: string;
  /** JSON Pointer of the limit in its document. */
  readonly rule: string;
  readonly kind: TargetKind;
  readonly selector: string;
  /** True when the selector can match more than one name; then all of them share one counter unless `per` has `tool`. */
  readonly spansTools: boolean;
  /**
   * What sets counters of one selector apart beyond `per`: empty for a plain rate limit; else the `when` of its rule and, for a
   * budget, its `sum`. Editing them starts another counter; moving a rule in its list does not.
   */
  readonly counter: string;
  readonly windowMs: number;
  readonly per: readonly PerDimension[];
  readonly reason: string | null;
  /** False under `mode: observe`: the limit is evaluated and recorded, and blocks nothing. */
  readonly enforce: boolean;
  /** What to do when the counter cannot be read. */
  readonly onStateError: 'deny' | 'allow';
}

/** At most `max` calls in any interval of length `windowMs`. */
export interface RateClaim extends ClaimOrigin {
  readonly type: 'rate';
  readonly max: number;
}

/** Amounts of at most `max` in any interval of length `windowMs`, added exactly. Both are canonical decimals (wire/decimal.ts). */
export interface BudgetClaim extends ClaimOrigin {
  readonly type: 'budget';
  readonly max: string;
  /** What this call spends: finite and not negative. */
  readonly amount: string;
}

/**
 * A limit that a call must fit into before it is forwarded. Limits of one type that share `policy`, `selector`, `kind`, `per` and
 * `counter` share one counter: neither `max`, `windowMs` nor the version of the policy is part of the counter's identity, because
 * editing a policy does not reset a counter.
 */
export type LimitClaim = RateClaim | BudgetClaim;

/** Who may be asked for an approval, and how (policy.md, "Approval"). */
export type ApprovalWay = 'cli' | 'dashboard' | 'link' | 'webhook' | 'elicitation';

/** What must happen before a call that needs an approval may go on. Of several policies: the strictest of each part. */
export interface ApprovalDemand {
  /** How long a request waits for its decision, and how long a given approval can be used. Milliseconds. */
  readonly timeoutMs: number;
  /** How long the call is held before the agent is told `approval_pending`. Milliseconds; 0 = not at all. */
  readonly waitMs: number;
  /** How many different approvers must say yes. */
  readonly needed: number;
  /** Who may decide, by name; null = anybody who has a way to. */
  readonly approvers: readonly string[] | null;
  /** Never has `elicitation` unless the policy says so. Empty when several policies have no way in common. */
  readonly via: readonly ApprovalWay[];
}

/** The part of a decision that names its origin. */
export interface Verdict {
  readonly effect: 'allow' | 'require_approval' | 'deny' | 'hide';
  /** Null for what is not refused. */
  readonly code: 'denied' | 'default_denied' | 'condition_failed' | 'invalid_arguments' | 'policy_error' | null;
  /** JSON Pointer of the rule (or `/default`) that decided. */
  readonly rule: string;
  /** `name@hash` of the document that decided. */
  readonly policyId: string;
  /** The author's words, or ours where he has none. May hold what the caller sent; for the agent, not for logs. */
  readonly reason: string | null;
  /** What the arguments would have to be, where that can be said in a sentence: `amount <= 500`. Left out otherwise. */
  readonly wouldPass?: string;
}

export interface Decision extends Verdict {
  /** Obligations: every limit of every matching rule of every policy. Empty unless `effect` is `allow` or `require_approval`. */
  readonly limits: readonly LimitClaim[];
  /** Set exactly when `effect` is `require_approval`. */
  readonly approval: ApprovalDemand | null;
  /** What would have been decided had every observed policy and rule been enforced; null when nothing differs. */
  readonly wouldBe: Verdict | null;
}

/** The answer to a request of the upstream to the client. */
export interface ClientVerdict extends Verdict {
  readonly effect: 'allow' | 'deny';
  /** What it would have been had every observed policy been enforced; null when the same. */
  readonly wouldBe: Verdict | null;
}

/** What a listing says of an item. `depends` means that arguments, the time or the session decide. */
export type Visibility = 'allow' | 'require_approval' | 'deny' | 'hide' | 'depends';

/** What the journal keeps of arguments: nothing; their names; a keyed hash as well; their values as well. */
export type ArgumentLogging = 'none' | 'names' | 'hash' | 'values';

export interface JournalChoice {
  /** `values` where no policy says anything: then the configuration alone decides. */
  readonly arguments: ArgumentLogging;
  /** Paths of arguments whose values are never kept. */
  readonly redact: readonly (readonly string[])[];
}

/** All policies of one grant as one immutable object. Every method is synchronous and pure. */
export interface PolicySet {
  /** `name@hash` of every document, joined with `+`, in the order of the grant. */
  readonly id: string;
  /** As `id`, with the whole SHA-256 (64 hex digits) of every document: for what must not be met by a document made to collide. */
  readonly digest: string;
  decide(query: Query): Decision;
  /**
   * What a listing shows. `args` is ignored; so are the time, the session and what the client says of itself, because the visible
   * set must not vary by them (protocol.md L4). A tool is hidden only if no call of it could be anything but hidden.
   */
  visibility(query: Query): Visibility;
  /**
   * The legal range of a tool's arguments, to be merged into the `inputSchema` that is listed: a JSON Schema that every enforced
   * rule which certainly applies demands; null when none does. Text of a JSON object (policy.md, "What the agent sees").
   */
  narrow(query: Query): string | null;
  /** True when `narrow` could give something for some tool. */
  readonly mayNarrow: boolean;
  /** True when some rule asks for the class of a tool: by a class selector, or by `tool.category` or `tool.risk` in a condition. */
  readonly needsClasses: boolean;
  /** True when some name of that kind could be hidden. Lists of a kind that hides nothing pass byte for byte. */
  mayHide(kind: TargetKind): boolean;
  /** True when nothing of that kind is restricted in any way: no deny, hide, limit or observation. */
  isOpen(kind: TargetKind): boolean;
  client(feature: ClientFeature): ClientVerdict;
  /**
   * Whether a request method that neither we nor the language know may pass: only when it can have no effect that a rule governs,
   * that is when every document has `default: allow` and no rule restricts anything. Observed documents and rules block nothing
   * here either. False for a set without policies, which allows nothing.
   */
  readonly forwardsUnknown: boolean;
  /** The least that one of the policies lets the journal keep. */
  readonly journal: JournalChoice;
}
