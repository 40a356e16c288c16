/** What an old policy says, in the terms of this language but not yet in its form. */
export interface OldPolicy {
  readonly dialect: 'intercept' | 'hosted';
  readonly description: string | null;
  readonly default: 'allow' | 'deny';
  readonly hidden: readonly string[];
  /** Rules for every tool, beside its own. */
  readonly everything: OldTool;
  readonly tools: ReadonlyMap<string, OldTool>;
}

/** What one selector says. Everything in it applies at once. */
export interface OldTool {
  readonly denied: { readonly reason: string | null; readonly name: string | null } | null;
  readonly require: readonly Demand[];
  readonly denyIf: readonly Demand[];
  readonly limits: readonly Limit[];
  readonly approvals: readonly OldApproval[];
}

export interface Demand {
  /** CEL. */
  readonly condition: string;
  readonly reason: string | null;
  /** The name of the old rule, for a comment. */
  readonly name: string | null;
}

export interface Limit {
  /** Plain digits. */
  readonly max: string;
  readonly window: string;
  readonly per: string;
  /** CEL of what is added up; null counts calls. */
  readonly sum: string | null;
  readonly reason: string | null;
  readonly name: string | null;
}

export interface OldApproval {
  /** CEL of when it is needed; null = always. */
  readonly when: string | null;
  readonly timeout: string | null;
  readonly reason: string | null;
  readonly name: string | null;
}

export const NOTHING: OldTool = { denied: null, require: [], denyIf: [], limits: [], approvals: [] };

/** Windows of both dialects, as this language writes them. */
export const WINDOWS: ReadonlyMap<string, string> = new Map([
  ['minute', '1m'],
  ['hour', '1h'],
  ['day', '1d'],
]);
