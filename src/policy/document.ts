import type { ApprovalWay, ArgumentLogging, ClientFeature, PerDimension, TargetKind, Verdict } from './types.ts';
import type { Span } from './source-text.ts';

export type Action = Verdict['effect'];

/** A document that passed every check, in the words of the language; what `CompiledPolicy` turns into tables. */
export interface PolicyDocument {
  readonly description: string | null;
  readonly default: Action;
  readonly mode: 'enforce' | 'observe';
  /** One entry per selector. */
  readonly rules: Readonly<Record<TargetKind, readonly SelectorModel[]>>;
  readonly client: ReadonlyMap<ClientFeature, 'allow' | 'deny'>;
  /** Null where the author said nothing. */
  readonly journal: JournalModel | null;
}

export interface JournalModel {
  readonly arguments: ArgumentLogging;
  /** Sorted by name, without repeats; only where values are kept. */
  readonly redact: readonly RedactedModel[];
}

export interface RedactedModel {
  /** As written: dots divide, `\.` is a dot. */
  readonly name: string;
  readonly path: readonly string[];
}

export interface SelectorModel {
  readonly selector: string;
  /** In the order of the document. Exactly one unless `listed`; the first whose `when` holds is the rule. */
  readonly rules: readonly RuleModel[];
  /** Whether the value was written as a list: pointers of its rules then end in an index. */
  readonly listed: boolean;
  readonly span: Span;
}

export interface RuleModel {
  readonly selector: string;
  /** JSON Pointer of the rule. */
  readonly at: string;
  /** Null when only guards are given, which means `allow` (policy.md, "Rule"). */
  readonly action: Action | null;
  readonly reason: string | null;
  readonly observe: boolean;
  readonly when: ExpressionModel | null;
  readonly arguments: ArgumentsModel;
  readonly require: readonly ConditionModel[];
  readonly requireListed: boolean;
  readonly denyIf: readonly ConditionModel[];
  readonly denyIfListed: boolean;
  readonly limits: readonly LimitModel[];
  /** Whether `rate_limit` was written as a list: its pointers then end in an index. */
  readonly limitsListed: boolean;
  readonly budgets: readonly BudgetModel[];
  readonly budgetsListed: boolean;
  readonly approval: ApprovalModel | null;
  readonly span: Span;
}

/** A CEL expression as its author wrote it. */
export interface ExpressionModel {
  readonly source: string;
  readonly at: string;
  readonly span: Span;
}

export interface ConditionModel extends ExpressionModel {
  /** What the agent is told when this condition refuses; null = the reason of the rule. */
  readonly reason: string | null;
}

export interface ArgumentsModel {
  /** Sorted by name: the order in which they were written means nothing. */
  readonly constraints: readonly ConstraintModel[];
  /** False: arguments that `constraints` does not name are forbidden. */
  readonly additional: boolean;
  /** Whether the tool's own `inputSchema` must hold too. */
  readonly upstream: boolean;
}

export interface ConstraintModel {
  /** As written: dots divide, `\.` is a dot. */
  readonly name: string;
  readonly path: readonly string[];
  /** The JSON Schema as JSON text with sorted keys; numbers as their author wrote them. */
  readonly schema: string;
  readonly at: string;
  readonly span: Span;
}

interface CounterModel {
  readonly windowSeconds: number;
  /** In the order of `PER_DIMENSIONS`, without repeats: the order in which it was written means nothing. */
  readonly per: readonly PerDimension[];
  readonly onStateError: 'deny' | 'allow';
  readonly span: Span;
}

export interface LimitModel extends CounterModel {
  readonly max: number;
}

export interface BudgetModel extends CounterModel {
  /** Canonical decimal (wire/decimal.ts). */
  readonly max: string;
  readonly sum: ExpressionModel;
}

/** Null where the author said nothing. */
export interface ApprovalModel {
  readonly timeoutSeconds: number | null;
  readonly waitSeconds: number | null;
  readonly needed: number | null;
  /** Sorted, without repeats. */
  readonly approvers: readonly string[] | null;
  /** In the order of `APPROVAL_WAYS`. */
  readonly via: readonly ApprovalWay[] | null;
}

export const NO_ARGUMENTS: ArgumentsModel = { constraints: [], additional: true, upstream: false };
export const PER_DIMENSIONS: readonly PerDimension[] = ['session', 'grant', 'server', 'tool'];
export const APPROVAL_WAYS: readonly ApprovalWay[] = ['cli', 'dashboard', 'link', 'webhook', 'elicitation'];
/** From the least to the most; each keeps what those before it keep. */
export const ARGUMENT_LOGGING: readonly ArgumentLogging[] = ['none', 'names', 'hash', 'values'];
export const CLIENT_FEATURES: readonly ClientFeature[] = ['sampling', 'elicitation', 'roots'];

/** The key of the document that holds the rules of a kind. */
export const SECTION = { tool: 'tools', resource: 'resources', prompt: 'prompts' } as const satisfies Record<TargetKind, string>;
export const KINDS: readonly TargetKind[] = ['tool', 'resource', 'prompt'];

/** What outranks what when several verdicts meet (policy.md, "Selectors, and which rule decides"). */
export const STRICTNESS: Readonly<Record<Action, number>> = { allow: 0, require_approval: 1, deny: 2, hide: 3 };
