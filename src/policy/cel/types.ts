import type { Decimal } from '../../wire/decimal.ts';
import type { JsonNode } from '../../wire/json-node.ts';
import type { CallContext, ToolFacts } from '../types.ts';

/** The variables of policy.md, "Conditions". */
export type Variable = 'args' | 'tool' | 'server' | 'grant' | 'user' | 'client' | 'session' | 'now';

/** What a condition is evaluated over. */
export interface CelInput {
  /** Left out: not known, as in a listing. Null: the call has none, which is an empty map. */
  readonly args?: JsonNode | null;
  readonly name: string;
  /** Null: nothing is known of the tool but its name; asking for more is an error. */
  readonly tool: ToolFacts | null;
  /** Undefined: nothing is known of the caller; asking for it is an error. */
  readonly context: CallContext | undefined;
  /** Variables to be treated as not known, whatever else is given. */
  readonly unknown: ReadonlySet<Variable>;
}

/**
 * What an evaluation gave. `absent`: an argument was needed that the call does not have. `unknown`: the result depends on a variable
 * that is not known. Messages never hold values of arguments.
 */
export type CelOutcome<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'absent'; readonly path: string }
  | { readonly kind: 'unknown' }
  | CelError;

export interface CelError {
  readonly kind: 'error';
  readonly message: string;
  /** `arguments`: of an amount only, when what the caller sent is no number that can be added. All else: `evaluation`. */
  readonly blame: 'evaluation' | 'arguments';
}

/** One thing that is wrong with an expression. Offsets are UTF-16 offsets into its source; `end` is exclusive. */
export interface CelProblem {
  readonly start: number;
  readonly end: number;
  /** Stable slug, e.g. `unknown_variable`. */
  readonly code: string;
  readonly message: string;
  readonly help: string | null;
}

/** What can be told of any expression without evaluating it. */
export interface ExpressionFacts {
  readonly source: string;
  readonly variables: ReadonlySet<Variable>;
  /** Every argument that is read or tested, e.g. `amount`, `card.number`, `items[].price`; `''` = the arguments as a whole. */
  readonly argumentPaths: readonly string[];
  /** Those of them that are read where no has() makes sure that they are there. */
  readonly optionalUse: readonly string[];
  /** Patterns of which a match need not span the whole text. */
  readonly unanchored: readonly string[];
  /** The fields of `tool` that are read, e.g. `category`. */
  readonly toolFields: readonly string[];
}

export interface Condition extends ExpressionFacts {
  /** The result, where it is the same for every call; else null. */
  readonly constant: boolean | null;
  /** Never throws. */
  evaluate(input: CelInput): CelOutcome<boolean>;
  /** What would have to hold (`negated`: of the contrary), in a sentence, e.g. `amount <= 500`. Null where that cannot be said exactly. */
  wouldPass(negated: boolean): string | null;
}

export interface Amount extends ExpressionFacts {
  /** Never throws. The value may be negative. */
  evaluate(input: CelInput): CelOutcome<Decimal>;
}

/** What is known when an expression is compiled. */
export interface CelEnvironment {
  /** The live JSON Schema of the arguments; null or left out: anything may be sent. */
  readonly inputSchema?: JsonNode | null;
}
