import { scan } from '../wire/scan.ts';
import type { JsonNode } from '../wire/json-node.ts';
import type { CallContext, Query, TargetKind, ToolFacts } from './types.ts';

/** A call in plain words. Exactly one of `tool`, `resource` and `prompt` is given. */
export interface PlainCall {
  readonly tool?: string;
  /** A URI. */
  readonly resource?: string;
  readonly prompt?: string;
  /** A plain object of strings, finite numbers, booleans, nulls, arrays and plain objects; bigints are whole numbers. Left out: none. */
  readonly args?: unknown;
  /** Instead of `args`: JSON text, whose numbers keep all their digits. */
  readonly argsJson?: string;
  /** What the server says of the tool (`toolFacts` reads it from a definition). */
  readonly definition?: ToolFacts | null;
  readonly context?: CallContext;
}

const LONE_SURROGATE = /\p{Surrogate}/u;
/** As for a client's message: what is larger never reaches a policy. */
const LIMITS = { maxBytes: 4 * 1024 * 1024, maxDepth: 64, maxKeys: 20_000 };

/**
 * Turns plain values into a query. Whatever has no exact JSON form is refused, never rounded or dropped: a policy must judge what
 * is sent. A call without arguments is asked as one with none, not as one whose arguments are not known.
 * @throws TypeError naming the place of what cannot be represented
 */
export function callOf(call: PlainCall): Query {
  const { kind, name } = target(call);
  if (call.args !== undefined && call.argsJson !== undefined) throw new TypeError('a call has `args` and `argsJson`; expected one of them');
  const text = call.argsJson ?? (call.args === undefined ? null : jsonOf(call.args, 'args', 0));
  const args = text === null ? null : read(text);
  if (kind === 'resource' && args !== null) throw new TypeError('a resource is read without arguments');
  return { kind, name, args, tool: call.definition ?? null, ...(call.context === undefined ? {} : { context: call.context }) };
}

function target(call: PlainCall): { readonly kind: TargetKind; readonly name: string } {
  const given = (['tool', 'resource', 'prompt'] as const).flatMap((kind) => {
    const name: unknown = call[kind];
    if (name === undefined) return [];
    if (typeof name !== 'string') throw new TypeError(`\`${kind}\` is a ${typeof name}; expected a string`);
    return [{ kind, name }];
  });
  const [only] = given;
  if (only === undefined || given.length > 1) throw new TypeError('expected exactly one of `tool`, `resource` and `prompt`');
  return only;
}

function read(text: string): JsonNode {
  const result = scan(Buffer.from(text), LIMITS);
  if (!result.ok) throw new TypeError(`the arguments are not usable JSON: ${result.message}`);
  if (result.root.kind !== 'object') throw new TypeError(`the arguments are a JSON ${result.root.kind}; expected an object`);
  return result.root;
}

function jsonOf(value: unknown, at: string, depth: number): string {
  const refuse = (what: string): never => {
    throw new TypeError(`${at} ${what}`);
  };
  if (depth > LIMITS.maxDepth) return refuse('is nested too deeply, or contains itself');
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
      return Array.isArray(value) ? arrayOf(value, at, depth) : objectOf(value, at, depth);
    default:
      return refuse(`is ${value === undefined ? 'undefined' : `a ${typeof value}`}, which JSON cannot hold`);
  }
}

function arrayOf(values: readonly unknown[], at: string, depth: number): string {
  // A hole reads as undefined, which is refused like any other.
  return `[${Array.from(values, (value, index) => jsonOf(value, `${at}[${index}]`, depth + 1)).join(',')}]`;
}

function objectOf(value: object, at: string, depth: number): string {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new TypeError(`${at} is an object of a class; expected a plain object`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw new TypeError(`${at} has a symbol as a key, which JSON cannot hold`);
  if (Object.keys(value).some((key) => LONE_SURROGATE.test(key))) throw new TypeError(`${at} has a key with an unpaired surrogate`);
  return `{${Object.entries(value).map(([key, inner]: [string, unknown]) => `${JSON.stringify(key)}:${jsonOf(inner, `${at}.${key}`, depth + 1)}`).join(',')}}`;
}
