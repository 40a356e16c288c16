import type { JsonNode } from '../wire/json-node.ts';
import { CLIENT_LIMITS } from '../wire/limits.ts';
import { jsonOf, nodeOf } from './plain-json.ts';
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

/**
 * Turns plain values into a query. Whatever has no exact JSON form is refused, never rounded or dropped: a policy must judge what
 * is sent. A call without arguments is asked as one with none, not as one whose arguments are not known.
 * @throws TypeError naming the place of what cannot be represented
 */
export function callOf(call: PlainCall): Query {
  const { kind, name } = target(call);
  if (call.args !== undefined && call.argsJson !== undefined) throw new TypeError('a call has `args` and `argsJson`; expected one of them');
  const text = call.argsJson ?? (call.args === undefined ? null : jsonOf(call.args, 'args'));
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
  // As for a client's message: what is larger never reaches a policy.
  const args = nodeOf(text, 'the arguments are', CLIENT_LIMITS);
  if (args.kind !== 'object') throw new TypeError(`the arguments are a JSON ${args.kind}; expected an object`);
  return args;
}
