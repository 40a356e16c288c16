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

/** One thing an agent wants to touch. `name` is the tool name, the prompt name or the resource URI, byte for byte as sent. */
export interface Query {
  readonly kind: TargetKind;
  readonly name: string;
}

/** The dimensions that form the key of a counter (policy.md, `per`). */
export type PerDimension = 'session' | 'grant' | 'server' | 'tool';

/**
 * A limit that a call must fit into before it is forwarded. Limits that share `policy`, `selector`, `kind` and `per` share one
 * counter: neither `max`, `windowMs` nor the version of the policy is part of the counter's identity, because editing a policy
 * does not reset a counter.
 */
export interface LimitClaim {
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
  readonly max: number;
  readonly windowMs: number;
  readonly per: readonly PerDimension[];
  readonly reason: string | null;
  /** False under `mode: observe`: the limit is evaluated and recorded, and blocks nothing. */
  readonly enforce: boolean;
  /** What to do when the counter cannot be read. */
  readonly onStateError: 'deny' | 'allow';
}

/** The part of a decision that names its origin. */
export interface Verdict {
  readonly effect: 'allow' | 'deny' | 'hide';
  readonly code: 'denied' | 'default_denied' | null;
  /** JSON Pointer of the rule (or `/default`) that decided. */
  readonly rule: string;
  /** `name@hash` of the document that decided. */
  readonly policyId: string;
  readonly reason: string | null;
}

export interface Decision extends Verdict {
  /** Obligations: every limit of every matching rule of every policy. Empty unless `effect` is `allow`. */
  readonly limits: readonly LimitClaim[];
  /** What would have been decided had every observed policy and rule been enforced; null when nothing differs. */
  readonly wouldBe: Verdict | null;
}

/** The answer to a request of the upstream to the client. */
export interface ClientVerdict extends Verdict {
  /** What it would have been had every observed policy been enforced; null when the same. */
  readonly wouldBe: Verdict | null;
}

/** What a listing shows of an item. `depends` means that arguments decide (never returned before argument rules exist). */
export type Visibility = 'allow' | 'deny' | 'hide' | 'depends';

/** All policies of one grant as one immutable object. Every method is synchronous and pure. */
export interface PolicySet {
  /** `name@hash` of every document, joined with `+`, in the order of the grant. */
  readonly id: string;
  decide(query: Query): Decision;
  visibility(query: Query): Visibility;
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
}
