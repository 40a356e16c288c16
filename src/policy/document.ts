import type { ClientFeature, PerDimension, TargetKind, Verdict } from './types.ts';
import type { Span } from './source-text.ts';

export type Action = 'allow' | 'deny' | 'hide';

/** A document that passed every check, in the words of the language; what `compilePolicy` turns into tables. */
export interface PolicyDocument {
  readonly description: string | null;
  readonly default: Action;
  readonly mode: 'enforce' | 'observe';
  readonly rules: Readonly<Record<TargetKind, readonly RuleModel[]>>;
  readonly client: ReadonlyMap<ClientFeature, 'allow' | 'deny'>;
}

export interface RuleModel {
  readonly selector: string;
  /** Null when only guards are given, which means `allow` (policy.md, "Rule"). */
  readonly action: Action | null;
  readonly reason: string | null;
  readonly observe: boolean;
  readonly limits: readonly LimitModel[];
  /** Whether `rate_limit` was written as a list: its pointers then end in an index. */
  readonly limitsListed: boolean;
  readonly span: Span;
}

export interface LimitModel {
  readonly max: number;
  readonly windowSeconds: number;
  /** In the order of `PER_DIMENSIONS`, without repeats: the order in which it was written means nothing. */
  readonly per: readonly PerDimension[];
  readonly onStateError: 'deny' | 'allow';
  readonly span: Span;
}

export const PER_DIMENSIONS: readonly PerDimension[] = ['session', 'grant', 'server', 'tool'];
export const CLIENT_FEATURES: readonly ClientFeature[] = ['sampling', 'elicitation', 'roots'];

/** The key of the document that holds the rules of a kind. */
export const SECTION = { tool: 'tools', resource: 'resources', prompt: 'prompts' } as const satisfies Record<TargetKind, string>;
export const KINDS: readonly TargetKind[] = ['tool', 'resource', 'prompt'];

/** What outranks what when several verdicts meet (policy.md, "Selectors, and which rule decides"). */
export const STRICTNESS: Readonly<Record<Verdict['effect'], number>> = { allow: 0, require_approval: 1, deny: 2, hide: 3 };
