import type { JsonNode } from '../wire/json-node.ts';
import type { WireLimits } from '../wire/limits.ts';
import { scan } from '../wire/scan.ts';

const LONE_SURROGATE = /\p{Surrogate}/u;
/** No message nests deeper; an object that contains itself ends here. */
const DEEPEST = 128;

/**
 * Reads JSON text as strictly as a message: a key that stands twice is an error.
 * @param subject starts the message: "the arguments are"
 * @throws TypeError when it is no JSON, or exceeds the limits
 */
export function nodeOf(text: string, subject: string, limits: WireLimits): JsonNode {
  const result = scan(Buffer.from(text), limits);
  if (!result.ok) throw new TypeError(`${subject} not usable JSON: ${result.message}`);
  return result.root;
}

/**
 * The JSON text of plain values: strings, finite numbers, booleans, nulls, arrays and plain objects; bigints are whole numbers.
 * @param at the name of the value, for messages
 * @param leavesOut whether a member that is `undefined` is left out, as `JSON.stringify` does, instead of refused
 * @throws TypeError naming the place of what has no exact JSON form
 */
export function jsonOf(value: unknown, at: string, leavesOut = false): string {
  return write(value, at, 0, leavesOut);
}

function write(value: unknown, at: string, depth: number, leavesOut: boolean): string {
  const refuse = (what: string): never => {
    throw new TypeError(`${at} ${what}`);
  };
  if (depth > DEEPEST) return refuse('is nested too deeply, or contains itself');
  switch (typeof value) {
    case 'string':
      return LONE_SURROGATE.test(value) ? refuse('has an unpaired surrogate') : JSON.stringify(value);
    case 'boolean':
    case 'bigint':
      return String(value);
    case 'number':
      if (!Number.isFinite(value)) return refuse(`is ${value}, which JSON cannot hold`);
      return Object.is(value, -0) ? '-0' : String(value);
    case 'object':
      if (value === null) return 'null';
      return Array.isArray(value) ? arrayOf(value, at, depth, leavesOut) : objectOf(value, at, depth, leavesOut);
    default:
      return refuse(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`);
  }
}

function arrayOf(values: readonly unknown[], at: string, depth: number, leavesOut: boolean): string {
  // A hole reads as undefined, which is refused like any other.
  return `[${Array.from(values, (value, index) => write(value, `${at}[${index}]`, depth + 1, leavesOut)).join(',')}]`;
}

function objectOf(value: object, at: string, depth: number, leavesOut: boolean): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`${at} is an object of a class; expected a plain object`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new TypeError(`${at} has a symbol as a key, which JSON cannot hold`);
  if (Object.keys(value).some((key) => LONE_SURROGATE.test(key))) throw new TypeError(`${at} has a key with an unpaired surrogate`);
  const members = Object.entries(value).filter(([, inner]: [string, unknown]) => !leavesOut || inner !== undefined);
  return `{${members.map(([key, inner]: [string, unknown]) => `${JSON.stringify(key)}:${write(inner, `${at}.${key}`, depth + 1, leavesOut)}`).join(',')}}`;
}
