import type { Reporter } from './diagnostic.ts';
import type { SourceNode } from './source-node.ts';
import type { TargetKind } from './types.ts';

export type StringNode = Extract<SourceNode, { kind: 'string' }>;

/** An expression of the document that has to be compiled, with its place. */
export interface PendingExpression {
  readonly node: StringNode;
  readonly at: string;
  readonly kind: TargetKind;
  readonly selector: string;
  /** `amount`: a number; else a condition. */
  readonly role: 'when' | 'require' | 'deny_if' | 'amount';
}

/** The schema of one argument, as JSON text. */
export interface PendingSchema {
  readonly node: SourceNode;
  readonly at: string;
  /** As in `ConstraintModel`. */
  readonly schema: string;
}

/**
 * Everything that must be compiled after the structure was checked, that of faulty rules included: one load reports every error.
 * CEL and JSON Schema are loaded only when there is something here.
 */
export interface Sources {
  readonly expressions: PendingExpression[];
  readonly schemas: PendingSchema[];
}

/** What the checks of one rule share. */
export interface RuleContext {
  readonly kind: TargetKind;
  readonly selector: string;
  readonly reporter: Reporter;
  readonly sources: Sources;
}
