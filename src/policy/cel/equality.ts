import { EXHAUSTED, readElement, readMember, type Run } from './run.ts';
import { Duration, Failure, Json, type MapKey, MapValue, Timestamp, TypeValue, type Result, type Value } from './value.ts';

/**
 * CEL equality: numbers by their mathematical value, whatever their type; lists and maps by their contents; values of different types are
 * different. Fails only when a number cannot be read exactly or the budget is spent.
 */
export function equal(a: Value, b: Value, run: Run): boolean | Failure {
  run.steps -= 1;
  if (run.steps < 0) return EXHAUSTED;
  switch (typeof a) {
    case 'string':
      if (typeof b !== 'string' || a.length !== b.length) return false;
      return run.pay(a.length) ? a === b : EXHAUSTED;
    case 'number':
    case 'bigint':
      // oxlint-disable-next-line eqeqeq -- between a bigint and a number this compares exactly
      return (typeof b === 'number' || typeof b === 'bigint') && a == b;
    case 'boolean':
      return a === b;
    default:
      return a === null ? b === null : compound(a, b, run);
  }
}

function compound(a: Exclude<Value, null>, b: Value, run: Run): boolean | Failure {
  if (typeof b !== 'object' || b === null) return false;
  if (a instanceof Timestamp) return b instanceof Timestamp && a.ns === b.ns;
  if (a instanceof Duration) return b instanceof Duration && a.ns === b.ns;
  if (a instanceof TypeValue) return b instanceof TypeValue && a.name === b.name;
  const [left, right] = [lengthOf(a), lengthOf(b)];
  if (left !== null || right !== null) return left === right && left !== null ? sameElements(a, b, left, run) : false;
  const [keys, others] = [sizeOfMap(a), sizeOfMap(b)];
  if (keys === null || keys !== others) return false;
  return sameMembers(a as Json | MapValue, b as Json | MapValue, run);
}

/** The length of a list, null for what is none. */
export function lengthOf(value: Value): number | null {
  if (Array.isArray(value)) return value.length;
  return value instanceof Json && value.isList ? value.node.elements().length : null;
}

function sizeOfMap(value: Value): number | null {
  if (value instanceof MapValue) return value.entries.size;
  return value instanceof Json && !value.isList ? value.node.members().length : null;
}

/** An element that is known to exist. */
export function elementAt(list: Value, index: number, run: Run): Result {
  if (list instanceof Json) return readElement(list, index, run) ?? null;
  return (list as readonly Value[])[index] ?? null;
}

function sameElements(a: Value, b: Value, length: number, run: Run): boolean | Failure {
  for (let i = 0; i < length; i += 1) {
    const verdict = same(elementAt(a, i, run), elementAt(b, i, run), run);
    if (verdict !== true) return verdict;
  }
  return true;
}

function same(a: Result, b: Result, run: Run): boolean | Failure {
  if (a instanceof Failure) return a;
  return b instanceof Failure ? b : equal(a, b, run);
}

function sameMembers(a: Json | MapValue, b: Json | MapValue, run: Run): boolean | Failure {
  for (const key of keysOf(a)) {
    const left = lookUp(a, key, run);
    const right = lookUp(b, key, run);
    const verdict = left === undefined || right === undefined ? false : same(left, right, run);
    if (verdict !== true) return verdict;
  }
  return true;
}

/** The keys of a map, in the order of its text. */
export function keysOf(map: Json | MapValue): readonly MapKey[] {
  if (map instanceof Json) return map.keys();
  return [...map.entries.values()].map(([key]) => key);
}

/** The value at a key of a map; undefined when there is none. A key that can be no key of this map is not in it. */
export function lookUp(map: Json | MapValue, key: Value, run: Run): Result | undefined {
  // Finding a name compares it, and the caller may have chosen a long one.
  if (typeof key === 'string' && !run.pay(key.length)) return EXHAUSTED;
  if (map instanceof Json) return typeof key === 'string' ? readMember(map, key, run) : undefined;
  const text = mapKey(key);
  return text === null ? undefined : map.entries.get(text)?.[1];
}

/** What a key is filed under; null for what can be no key. Equal numbers share one, whatever their type. */
export function mapKey(key: Value): string | null {
  switch (typeof key) {
    case 'string':
      return `s${key}`;
    case 'bigint':
      return `n${key}`;
    case 'boolean':
      return `b${key}`;
    case 'number':
      return Number.isInteger(key) ? `n${BigInt(key)}` : null;
    default:
      return null;
  }
}
