import type { Run } from './run.ts';
import type { StaticType } from './static-type.ts';
import { Duration, Json, MapValue, type Result, Timestamp, type Value } from './value.ts';

export type Kind = 'bool' | 'int' | 'double' | 'string' | 'null' | 'list' | 'map' | 'timestamp' | 'duration' | 'type';

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

export function kindOf(value: Value): Kind {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
      return 'double';
    case 'bigint':
      return 'int';
    case 'string':
      return 'string';
    default:
      if (value === null) return 'null';
      if (Array.isArray(value)) return 'list';
      if (value instanceof Json) return value.isList ? 'list' : 'map';
      if (value instanceof MapValue) return 'map';
      if (value instanceof Timestamp) return 'timestamp';
      return value instanceof Duration ? 'duration' : 'type';
  }
}

/** What an overload takes, the receiver first. */
export function takes(overload: Overload): readonly (Kind | 'any')[] {
  return overload.receiver === null ? overload.params : [overload.receiver, ...overload.params];
}
