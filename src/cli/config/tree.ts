/** Where something stands in a file; both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

export interface ScalarNode {
  readonly kind: 'scalar';
  readonly at: Position;
  readonly value: string | number | boolean | null;
  /** Variables that were put into the value; such a value is never shown in a message. */
  readonly variables: readonly string[];
  /** Already reported; reads of it fail in silence, so that one mistake gives one message. */
  readonly broken: boolean;
}

export interface ListNode {
  readonly kind: 'list';
  readonly at: Position;
  readonly items: readonly TreeNode[];
}

export interface MapEntry {
  readonly key: string;
  readonly at: Position;
  readonly value: TreeNode;
}

export interface MapNode {
  readonly kind: 'map';
  readonly at: Position;
  readonly entries: readonly MapEntry[];
}

/** A YAML document with positions and without YAML: aliases resolved, variables expanded, keys plain strings. */
export type TreeNode = ScalarNode | ListNode | MapNode;

/** One thing that is wrong in a configuration file. */
export interface Problem {
  readonly severity: 'error' | 'warning';
  /** Stable slug. */
  readonly code: string;
  readonly at: Position;
  readonly message: string;
  readonly found: string | null;
  readonly expected: string | null;
  readonly help: string | null;
}

export interface ProblemDetails {
  /** `invalid_value` when not given. */
  readonly code?: string;
  readonly found?: string | null;
  readonly expected?: string;
  readonly help?: string | null;
}
