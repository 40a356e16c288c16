import type { Diagnostic } from '../../policy/diagnostic.ts';
import type { TargetKind } from '../../policy/types.ts';
import { JsonNode } from '../../wire/json-node.ts';
import { UsageError } from '../usage-error.ts';
import type { ChosenCall } from '../../control/policy-tools/explain-call.ts';
import { NOBODY, type Caller, type DescribedCall } from '../../control/policy-tools/described-call.ts';
import { parseInstant } from './call-fields.ts';
import { readCallFile } from './call-file.ts';
import { jsonOfText } from '../../control/policy-tools/json-text.ts';

/** A call as the command line gives it. */
export interface CallOptions {
  readonly tool?: string;
  readonly resource?: string;
  readonly prompt?: string;
  /** JSON */
  readonly args?: string;
  /** A file that says all of it. */
  readonly call?: string;
  readonly server?: string;
  readonly grant?: string;
  readonly tag?: readonly string[];
  readonly session?: string;
  /** JSON */
  readonly user?: string;
  readonly client?: string;
  readonly at?: string;
}

/** @returns the call, or what is wrong with its file @throws UsageError */
export async function chooseCall(options: CallOptions): Promise<ChosenCall | readonly Diagnostic[]> {
  const targets = (['tool', 'resource', 'prompt'] as const).filter((kind) => options[kind] !== undefined);
  if (targets.length + (options.call === undefined ? 0 : 1) !== 1) {
    throw new UsageError(targets.length === 0 && options.call === undefined ? 'explain needs a call' : 'explain explains one call at a time', 'give --tool NAME, --resource URI, --prompt NAME or --call FILE');
  }
  if (options.call !== undefined && options.args !== undefined) throw new UsageError('--args has no effect with --call', 'write the arguments into the file');
  const at = options.at === undefined ? null : parseInstant(options.at);
  if (options.at !== undefined && at === null) throw new UsageError(`--at ${options.at} is not a time with its zone`, 'write 2026-01-05T10:00:00Z');
  const base = { server: options.server ?? 'server', caller: callerOf(options), at };
  if (options.call === undefined) return { ...describedCall(targets[0] ?? 'tool', options), ...base, at: at ?? Date.now() };
  const read = await readCallFile(options.call, base);
  if (!read.ok) return read.errors;
  return { ...read.file.call, server: read.file.server, caller: read.file.caller, at: read.file.at ?? Date.now() };
}

function describedCall(kind: TargetKind, options: CallOptions): DescribedCall {
  if (kind === 'resource' && options.args !== undefined) throw new UsageError('reading a resource takes no arguments', 'remove --args');
  return { kind, name: options[kind] ?? '', args: options.args === undefined ? null : readObject(options.args, '--args'), toolClass: null };
}

function callerOf(options: CallOptions): Caller {
  return {
    grant: options.grant ?? NOBODY.grant,
    tags: options.tag ?? NOBODY.tags,
    session: options.session ?? NOBODY.session,
    user: options.user === undefined ? null : readObject(options.user, '--user'),
    client: { name: options.client ?? null, version: null },
  };
}

function readObject(text: string, option: string): JsonNode {
  const value = jsonOfText(text);
  if (!(value instanceof JsonNode)) throw new UsageError(`${option} is not JSON: ${value}`, `quote it for the shell: ${option} '{"amount": 10}'`);
  if (value.kind !== 'object') throw new UsageError(`${option} is a JSON ${value.kind}; expected an object`, `write ${option} '{"amount": 10}'`);
  return value;
}
