import type { AcceptResult, PinnedDefinition, PinRecord, Pins } from '../../state/types.ts';
import { shownName } from '../approvals/shown-name.ts';
import { Refused, withState } from '../approvals/state.ts';
import { told } from '../approvals/told.ts';
import { approverName } from '../approvals/voting.ts';
import { locate } from '../config/locate.ts';
import { driftOf } from '../pins/drift-of.ts';
import { pinDetails } from '../pins/pin-details.ts';
import { driftJson, pinJson } from '../pins/pin-json.ts';
import { pinTable } from '../pins/pin-table.ts';
import { printedJson } from '../printed-json.ts';
import { styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

/** Options that every subcommand has. */
export interface PinsOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

export interface ListOptions extends PinsOptions {
  readonly server?: string;
  readonly held?: boolean;
  readonly limit?: string;
}

export interface ShowOptions extends PinsOptions {
  readonly hash?: string;
}

export interface AcceptOptions extends PinsOptions {
  readonly all?: boolean;
  readonly hash?: string;
  readonly also?: boolean;
  readonly as?: string;
}

export interface ForgetOptions extends PinsOptions {
  readonly all?: boolean;
  readonly as?: string;
}

const MAX_LIMIT = 100_000;
/** Digits of a hash that are enough: nobody finds another definition with the same ones by trying a few. */
const MIN_PREFIX = 12;

/** `policylayer pins list`. @returns the exit status @throws UsageError */
export async function list(options: ListOptions): Promise<number> {
  const limit = Number(options.limit ?? 1_000);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new UsageError('--limit is not a number of pins', `write a whole number from 1 to ${MAX_LIMIT}`);
  const filter = { limit, held: options.held === true, ...(options.server === undefined ? {} : { server: options.server }) };
  const records = await withPins(options, (pins) => pins.list(filter));
  if (options.json === true) {
    for (const record of records) print(printedJson(pinJson(record)));
  } else if (records.length === 0) {
    process.stderr.write(`policylayer: ${options.held === true ? 'no definition is held' : 'nothing is pinned yet'}\n`);
  } else {
    print(...pinTable(records, widthOf(process.stdout), styleFor(process.stdout)));
  }
  return 0;
}

/** `policylayer pins show`. @returns the exit status @throws UsageError */
export function show(server: string, tool: string, options: ShowOptions): Promise<number> {
  return told(options, () => withPins(options, (pins) => {
    const record = find(pins, server, tool);
    const drift = driftOf(record, options.hash === undefined ? null : definitionOf(record, options.hash).hash);
    if (options.json === true) print(printedJson(driftJson(record, drift)));
    else print(...pinDetails(record, drift, styleFor(process.stdout), process.stdout.isTTY ? widthOf(process.stdout) : undefined));
    if (options.json !== true && drift.latest?.standing === 'held' && process.stdout.isTTY) {
      print('', styleFor(process.stdout).dim(`Accept it with \`policylayer pins accept SERVER TOOL --hash ${drift.latest.hash.slice(0, MIN_PREFIX)}\`.`));
    }
    return 0;
  }));
}

/** `policylayer pins accept`, for one tool or all that are held. @returns 1 when any of them was not accepted @throws UsageError */
export async function accept(server: string, tool: string | undefined, options: AcceptOptions): Promise<number> {
  const by = approverName(options.as);
  if ((tool === undefined) !== (options.all === true)) throw new UsageError('accept needs a tool, or --all', 'policylayer pins accept SERVER TOOL');
  if (options.all === true && options.hash !== undefined) throw new UsageError('--hash is for one tool', 'name the tool');
  return withPins(options, async (pins) => {
    const records = tool === undefined ? pins.list({ server, held: true, limit: MAX_LIMIT }) : null;
    if (records?.length === 0) process.stderr.write('policylayer: no definition is held\n');
    let status = 0;
    for (const name of records?.map((record) => record.name) ?? [tool ?? '']) {
      const one = await told(options, () => {
        const record = find(pins, server, name);
        const { hash } = options.hash === undefined ? onlyHeld(record, options.all === true) : definitionOf(record, options.hash);
        const result = pins.accept(server, name, hash, by, options.also === true);
        if (!result.ok) throw new Refused(result.why, whyNot(result, name));
        if (options.json === true) print(printedJson({ accepted: hash, by, ...pinJson(result.record) }));
        else print(`${shownName(name)}: definition ${hash.slice(0, MIN_PREFIX)} is pinned (as ${by})`);
        return 0;
      });
      status = Math.max(status, one);
    }
    return status;
  });
}

/** `policylayer pins forget`. @returns the exit status @throws UsageError */
export async function forget(server: string, tool: string | undefined, options: ForgetOptions): Promise<number> {
  const by = approverName(options.as);
  if ((tool === undefined) !== (options.all === true)) throw new UsageError('forget needs a tool, or --all', 'policylayer pins forget SERVER TOOL');
  return told(options, () => withPins(options, (pins) => {
    const count = pins.forget(server, tool ?? null, by);
    if (count === 0) throw new Refused('no_pin', tool === undefined ? `nothing is pinned of ${shownName(server)}` : noPin(server, tool));
    if (options.json === true) print(printedJson({ forgotten: count, server, tool: tool ?? null, by }));
    else print(`${count} ${count === 1 ? 'pin' : 'pins'} forgotten; what ${shownName(server)} lists next is pinned without a question (as ${by})`);
    return 0;
  }));
}

async function withPins<T>(options: PinsOptions, use: (pins: Pins) => T | Promise<T>): Promise<T> {
  const { dataDir } = await locate(options);
  return withState(dataDir, async (state) => use(state.pins));
}

function find(pins: Pins, server: string, tool: string): PinRecord {
  const record = pins.record(server, tool);
  if (record === null) throw new Refused('no_pin', noPin(server, tool));
  return record;
}

function noPin(server: string, tool: string): string {
  return `tool ${shownName(tool)} of ${shownName(server)} has no pin; policylayer pins list shows what has`;
}

function definitionOf(record: PinRecord, hash: string): PinnedDefinition {
  if (!/^[0-9a-f]+$/.test(hash) || hash.length < MIN_PREFIX) throw new UsageError(`--hash needs at least ${MIN_PREFIX} of the hexadecimal digits`, 'policylayer pins show prints them');
  const [found, ...more] = record.definitions.filter((one) => one.hash.startsWith(hash));
  if (found === undefined || more.length > 0) throw new Refused('unknown_hash', `no definition of ${shownName(record.name)} that is known has this hash; policylayer pins show prints them`);
  return found;
}

/** What is accepted has to be what was looked at: of several somebody has to say which. */
function onlyHeld(record: PinRecord, newest: boolean): PinnedDefinition {
  const held = record.definitions.filter(({ standing }) => standing === 'held');
  const last = held.at(-1);
  if (last === undefined) throw new Refused('not_held', `no definition of ${shownName(record.name)} is held`);
  if (held.length > 1 && !newest) {
    throw new Refused('several_held', `${held.length} different definitions of ${shownName(record.name)} are held; look at the newest with pins show and add --hash ${last.hash.slice(0, MIN_PREFIX)}`);
  }
  return last;
}

function whyNot(result: Exclude<AcceptResult, { readonly ok: true }>, name: string): string {
  switch (result.why) {
    case 'no_pin': return `tool ${shownName(name)} has no pin any more`;
    case 'unknown_hash': return `this definition of ${shownName(name)} is not known any more`;
    case 'already_pinned': return `this definition of ${shownName(name)} is pinned already`;
    case 'changed': return `the definition of ${shownName(name)} changed again since; the newest that is held is ${result.newest.slice(0, MIN_PREFIX)}`;
  }
}

function print(...lines: readonly string[]): void {
  for (const line of lines) process.stdout.write(`${line}\n`);
}
