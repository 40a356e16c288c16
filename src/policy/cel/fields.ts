import { JsonNode } from '../../wire/json-node.ts';
import { CATEGORIES, RISKS } from '../class-selector.ts';
import type { CallContext } from '../types.ts';
import type { Run } from './run.ts';
import type { Variable } from './types.ts';
import { Failure, Json, type Result, Timestamp } from './value.ts';

const NO_CALLER = Failure.error('nothing is known of the caller');
const NO_TOOL = Failure.error('nothing is known of the tool but its name');
const NO_CLASS = Failure.error('the class of the tool is not known');
const NO_ANNOTATIONS = new JsonNode(Buffer.from('{}'), 0, 2);

/** A field of a variable that is a record (variables.ts); undefined when this call has no such thing. */
export function readField(variable: Variable, field: string, run: Run): Result | undefined {
  const { input } = run;
  if (input.unknown.has(variable)) return Failure.unknown;
  if (variable === 'tool') return readToolField(field, run);
  if (input.context === undefined) return NO_CALLER;
  return readContextField(variable, field, input.context) ?? undefined;
}

function readToolField(field: string, run: Run): Result | undefined {
  const { tool, name } = run.input;
  if (field === 'name') return name;
  if (tool === null) return NO_TOOL;
  switch (field) {
    case 'title':
      return tool.title ?? undefined;
    case 'category':
      return CATEGORIES.find((category) => category === tool.category) ?? NO_CLASS;
    case 'risk':
      return RISKS.find((risk) => risk === tool.risk) ?? NO_CLASS;
    default:
      return new Json(tool.annotations ?? NO_ANNOTATIONS, false);
  }
}

function readContextField(variable: Variable, field: string, context: CallContext): Result {
  switch (variable) {
    case 'server':
      return context.server;
    case 'grant':
      return field === 'tags' ? context.grant.tags : context.grant.label;
    case 'client':
      return field === 'version' ? context.client.version : context.client.name;
    default:
      return context.session;
  }
}

/** `args`, `user` or `now` as a value. */
export function readVariable(variable: Variable, run: Run): Result {
  if (variable === 'args') return run.args;
  const { context, unknown } = run.input;
  if (unknown.has(variable)) return Failure.unknown;
  if (context === undefined) return NO_CALLER;
  if (variable === 'now') return new Timestamp(BigInt(Math.trunc(context.now)) * 1_000_000n);
  return context.user === null ? null : run.claims(context.user);
}
