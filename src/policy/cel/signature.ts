import type { Run } from './run.ts';
import type { StaticType } from './static-type.ts';
import type { Kind, Result, Value } from './value.ts';

/** One form of a function: what it takes, what it gives, and how. `any` takes every value. */
export interface Overload {
  readonly name: string;
  /** Null for a function that is called as `name(x)`; otherwise what it is a method of. */
  readonly receiver: Kind | null;
  readonly params: readonly (Kind | 'any')[];
  readonly result: StaticType;
  /** @param args the receiver first, if there is one; every value is of the kind that the overload asks for */
  readonly apply: (args: readonly Value[], run: Run) => Result;
}

/** What an overload takes, the receiver first. */
export function takes(overload: Overload): readonly (Kind | 'any')[] {
  return overload.receiver === null ? overload.params : [overload.receiver, ...overload.params];
}
