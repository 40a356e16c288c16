import type { GrantConfig } from '../../gateway/config-types.ts';
import { JsonNode } from '../../wire/json-node.ts';
import type { Caller } from '../api/caller.ts';
import { invalid, notFound } from '../api/problem.ts';
import type { ControlServices } from '../api/services.ts';
import { NOBODY } from './described-call.ts';
import type { ChosenCall } from './explain-call.ts';
import { jsonOfText } from './json-text.ts';
import { recordedCall } from './replay/recorded-call.ts';

/** A call as somebody describes it in a request. */
export interface WantedCall {
  readonly kind?: 'tool' | 'resource' | 'prompt' | undefined;
  readonly name: string;
  readonly arguments?: Readonly<Record<string, unknown>> | undefined;
  readonly session?: string | null | undefined;
  readonly user?: Readonly<Record<string, unknown>> | undefined;
  /** ISO 8601. */
  readonly at?: string | undefined;
}

export interface Choice {
  readonly call: ChosenCall;
  readonly argumentsKnown: boolean;
}

/** @param grant whose call it is; null: nobody's in particular @throws ApiProblem */
export function chosenCall(wanted: WantedCall, server: string, grant: GrantConfig | null, now: number): Choice {
  const caller = { ...NOBODY, grant: grant?.label ?? NOBODY.grant, tags: grant?.tags ?? [], session: wanted.session === undefined ? NOBODY.session : wanted.session, user: wanted.user === undefined ? null : node(wanted.user, '/call/user') };
  const call: ChosenCall = {
    kind: wanted.kind ?? 'tool', name: wanted.name, args: wanted.arguments === undefined ? null : node(wanted.arguments, '/call/arguments'), toolClass: null, server, caller,
    at: wanted.at === undefined ? now : Date.parse(wanted.at),
  };
  return { call, argumentsKnown: true };
}

function node(value: unknown, pointer: string): JsonNode {
  const read = jsonOfText(JSON.stringify(value));
  if (read instanceof JsonNode) return read;
  throw invalid(pointer, `no client could send this: ${read}`);
}

/**
 * A call of the journal. Its arguments count only where the caller may see those of the server: else he could guess them by conditions of his own.
 * @throws ApiProblem when there is no such row of this server, or it is about no call
 */
export async function recordedChoice(id: string, server: string, grant: GrantConfig | null, caller: Caller, services: ControlServices): Promise<Choice> {
  const { rows } = await services.state.search({ ids: [id], server, limit: 1 });
  const [row] = rows;
  if (row === undefined || row.server !== server) throw notFound('row of the journal');
  const read = recordedCall(row);
  if (typeof read === 'string') throw invalid('/journalId', 'this row is about no call that policies have decided');
  const owner = grant ?? services.config().grants.find(({ label }) => label === read.grant) ?? null;
  const argumentsKnown = read.args === null || (read.args !== 'unrecorded' && caller.can('journal.arguments', server));
  const call: ChosenCall = {
    kind: read.kind, name: read.name, args: read.args === 'unrecorded' || !argumentsKnown ? null : read.args, toolClass: null, server,
    caller: { ...NOBODY, grant: grant?.label ?? read.grant, tags: owner?.tags ?? [], session: read.session }, at: read.at,
  };
  return { call, argumentsKnown };
}
