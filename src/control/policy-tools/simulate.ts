import type { CompiledPolicy } from '../../policy/compiled-policy.ts';
import type { FoundRows, JournalRow, State } from '../../state/types.ts';
import { wordOf } from './judged.ts';
import { recordedCall, type RecordedCall, type Skipped } from './replay/recorded-call.ts';
import type { Tools } from './known-tools.ts';
import { replayCall } from './replay/replay.ts';
import { changeOf, type Change } from './replay/tally.ts';
import type { Slices } from './slices.ts';
import { TemporaryState } from './temporary-state.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface SimulationRequest {
  readonly server: string | null;
  readonly grant: string | null;
  readonly since: Date | null;
  /** Rows that are looked at, the newest ones. */
  readonly limit: number;
  /** The policies that a grant would have; null: its calls are not about the candidate. */
  readonly policiesOf: (grant: string) => readonly CompiledPolicy[] | null;
  /** Asked once for each server. */
  readonly toolsOf: (server: string) => Promise<Tools>;
  /** Of grants by label. */
  readonly tags: ReadonlyMap<string, readonly string[]>;
  /** Whether the caller may know arguments: with a condition of his own he could else guess them from what changes. */
  readonly seesArguments: (server: string) => boolean;
  readonly seesServer: (server: string) => boolean;
}

/** Calls of one tool and grant that would come out otherwise in one way; `seq` and `at` of the newest. */
export interface ChangedCalls {
  readonly seq: number;
  readonly at: string;
  readonly server: string;
  readonly tool: string;
  readonly grant: string;
  readonly change: Exclude<Change, 'same'>;
  /** `allow`, or the code. */
  readonly before: string;
  readonly after: string;
  readonly rule: string | null;
  count: number;
}

export interface Simulation {
  readonly calls: number;
  readonly changed: readonly ChangedCalls[];
  readonly summary: { readonly same: number; readonly newlyDenied: number; readonly newlyAllowed: number; readonly needsApproval: number; readonly unknown: number };
  readonly skipped: Readonly<Record<string, number>>;
  /** False: there are older rows that were not looked at. */
  readonly complete: boolean;
}

const PAGE = 500;
/** What takes longer is not waited for: the rows that are left are counted as `out_of_time`. */
const READ_MS = 5_000;
const REPLAY_MS = 10_000;
/** Groups of changed calls that are told one by one; names of resources are chosen by clients. */
const MOST_GROUPS = 500;

/**
 * What a candidate would have said of recorded calls: decided again in the order in which they were made, with limits counted in a database of their
 * own. Nothing is sent, counted or recorded anywhere else.
 * @throws StateUnavailable, or the reason of the slices' signal
 */
export async function simulate(state: Pick<State, 'search'>, request: SimulationRequest, slices: Slices): Promise<Simulation> {
  const { rows, complete } = await newestRows(state, request, slices);
  const skipped = new Map<Skipped | 'other_policy' | 'out_of_time', number>();
  const totals: Record<Change, number> = { same: 0, newly_refused: 0, newly_allowed: 0, needs_approval: 0, unknown: 0 };
  const groups = new Map<string, ChangedCalls>();
  const toolsOf = new Map<string, Tools>();
  let temporary: TemporaryState | null = null;
  let calls = 0;
  const until = performance.now() + REPLAY_MS;
  try {
    for (const [index, row] of rows.entries()) {
      await slices.breathe();
      if (performance.now() > until) {
        skipped.set('out_of_time', rows.length - index);
        break;
      }
      const read = recordedCall(row);
      const policies = typeof read === 'string' ? null : request.policiesOf(read.grant);
      if (typeof read === 'string' || policies === null || policies.length === 0) {
        const why = typeof read === 'string' ? read : 'other_policy';
        skipped.set(why, (skipped.get(why) ?? 0) + 1);
        continue;
      }
      const call: RecordedCall = read.args === null || request.seesArguments(read.server) ? read : { ...read, args: 'unrecorded' };
      temporary ??= new TemporaryState(new VirtualClock(call.at));
      let tools = toolsOf.get(call.server);
      if (tools === undefined) {
        tools = await request.toolsOf(call.server);
        toolsOf.set(call.server, tools);
      }
      const replayed = await replayCall(policies, call, { tags: request.tags, tools }, temporary);
      const change = changeOf(call, replayed);
      calls += 1;
      totals[change] += 1;
      if (change !== 'same') note(groups, row.seq, call, change, replayed.now === 'unknown' ? { word: 'unknown', rule: null } : { word: wordOf(replayed.judged), rule: replayed.judged.rule });
    }
  } finally {
    await temporary?.close();
  }
  return {
    calls,
    changed: [...groups.values()].sort((one, other) => other.count - one.count || other.seq - one.seq),
    summary: { same: totals.same, newlyDenied: totals.newly_refused, newlyAllowed: totals.newly_allowed, needsApproval: totals.needs_approval, unknown: totals.unknown },
    skipped: Object.fromEntries(skipped),
    complete,
  };
}

/** Oldest first. */
async function newestRows(state: Pick<State, 'search'>, { server, grant, since, limit, seesServer }: SimulationRequest, slices: Slices): Promise<{ readonly rows: readonly JournalRow[]; readonly complete: boolean }> {
  const rows: JournalRow[] = [];
  const wanted = { ...(server === null ? {} : { server }), ...(grant === null ? {} : { grant }), ...(since === null ? {} : { since }) };
  const until = performance.now() + READ_MS;
  for (let before: number | null = null; ; ) {
    const page: FoundRows = await state.search({ ...wanted, order: 'desc', limit: Math.min(PAGE, limit - rows.length), ...(before === null ? {} : { beforeSeq: before }) });
    rows.push(...page.rows.filter((row) => seesServer(row.server)));
    before = page.next;
    if (before === null || rows.length >= limit || performance.now() > until) return { rows: rows.reverse(), complete: before === null };
    await slices.breathe();
  }
}

function note(groups: Map<string, ChangedCalls>, seq: number, call: RecordedCall, change: Exclude<Change, 'same'>, now: { readonly word: string; readonly rule: string | null }): void {
  const before = call.code ?? 'allow';
  const key = JSON.stringify([call.server, call.name, call.grant, change, before, now.word, now.rule]);
  const known = groups.get(key);
  const name = known !== undefined || groups.size < MOST_GROUPS ? call.name : '(further names)';
  const place = name === call.name ? key : JSON.stringify([change]);
  const group = groups.get(place);
  // The newest call stands for the group: rows come oldest first.
  groups.set(place, { seq, at: new Date(call.at).toISOString(), server: call.server, tool: name, grant: call.grant, change, before, after: now.word, rule: now.rule, count: (group?.count ?? 0) + 1 });
}
