import { existsSync } from 'node:fs';
import { KnownTools } from '../../control/policy-tools/known-tools.ts';
import { loadCandidates } from '../author/load-candidates.ts';
import { grantTags } from '../author/replay/grant-tags.ts';
import { databasePages, filePages, type JournalPage, type RowFilter } from '../author/replay/journal-source.ts';
import { recordedCall, type Skipped } from '../../control/policy-tools/replay/recorded-call.ts';
import { replayCall, type Assumed } from '../../control/policy-tools/replay/replay.ts';
import { reportJson, reportLines, type ReplayReport } from '../author/replay/report.ts';
import { Tally } from '../../control/policy-tools/replay/tally.ts';
import { TemporaryState } from '../../control/policy-tools/temporary-state.ts';
import { VirtualClock } from '../../control/policy-tools/virtual-clock.ts';
import { DEFAULT_CONFIG, locate } from '../config/locate.ts';
import { parseMoment } from '../moment.ts';
import { readDefinitions } from '../scan/definitions.ts';
import { ScanFailure } from '../../gateway/scan/scan-failure.ts';
import { progressLine, styleFor, widthOf } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import type { CompiledPolicy } from '../../policy/index.ts';
import { StateUnavailable } from '../../state/types.ts';

export interface SimulateOptions {
  /** Data directory, or the database itself. */
  readonly data?: string;
  readonly config?: string;
  /** Rows as `logs --json` prints them, instead of a database; `-` for stdin. */
  readonly journal?: string;
  readonly definitions?: string;
  readonly trustAnnotations?: boolean;
  readonly since?: string;
  readonly until?: string;
  readonly server?: string;
  readonly grant?: string;
  readonly failOnChange?: boolean;
  readonly json?: boolean;
}

interface Streams {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
}

/**
 * `policylayer simulate POLICY...` (policy.md, "Tools for the author"): what other policies would have said of recorded calls.
 * @returns 0, or 1 under --fail-on-change when a call would come out otherwise, 2 when something cannot be read
 * @throws UsageError
 */
export async function simulate(paths: readonly string[], options: SimulateOptions, { stdout, stderr }: Streams): Promise<number> {
  if (options.journal !== undefined && options.data !== undefined) throw new UsageError('simulate reads one journal at a time', 'give --data or --journal');
  const filter = filterOf(options);
  const policies = await loadCandidates(paths, stderr);
  if (policies === null) return 2;
  try {
    const assumed = await assume(options);
    const report = await replay(policies, await pagesOf(options, filter), assumed, stderr);
    stdout.write(options.json === true ? `${JSON.stringify(reportJson(report), null, 2)}\n` : `${reportLines(report, widthOf(stdout), styleFor(stdout)).join('\n')}\n`);
    const changed = report.tally.calls > report.tally.total('same');
    return options.failOnChange === true && changed ? 1 : 0;
  } catch (error) {
    if (!(error instanceof StateUnavailable) && !(error instanceof ScanFailure)) throw error;
    stderr.write(`policylayer: ${error.message}\n`);
    return 2;
  }
}

function filterOf({ since, until, server, grant }: SimulateOptions): RowFilter {
  return {
    since: since === undefined ? null : parseMoment(since, '--since'),
    until: until === undefined ? null : parseMoment(until, '--until'),
    server: server ?? null,
    grant: grant ?? null,
  };
}

async function assume(options: SimulateOptions): Promise<Assumed> {
  const config = options.config ?? (options.journal === undefined && options.data === undefined && existsSync(DEFAULT_CONFIG) ? DEFAULT_CONFIG : null);
  return {
    tags: config === null ? new Map() : await grantTags(config),
    tools: options.definitions === undefined ? null : await KnownTools.of(readDefinitions(options.definitions), options.trustAnnotations === true),
  };
}

async function pagesOf(options: SimulateOptions, filter: RowFilter): Promise<AsyncIterable<JournalPage>> {
  if (options.journal !== undefined) return filePages(options.journal, filter);
  const { dataDir } = await locate(options);
  return databasePages(dataDir, filter);
}

async function replay(policies: readonly CompiledPolicy[], pages: AsyncIterable<JournalPage>, assumed: Assumed, stderr: NodeJS.WriteStream): Promise<ReplayReport> {
  const progress = progressLine(stderr);
  const tally = new Tally();
  const skipped = new Map<Skipped, number>();
  let temporary: TemporaryState | null = null;
  try {
    for await (const { rows, done } of pages) {
      for (const row of rows) {
        const call = recordedCall(row);
        if (typeof call === 'string') {
          skipped.set(call, (skipped.get(call) ?? 0) + 1);
          continue;
        }
        temporary ??= new TemporaryState(new VirtualClock(call.at));
        tally.add(call, await replayCall(policies, call, assumed, temporary));
      }
      progress.show(`replaying: ${done === 0 ? '' : `${Math.floor(done * 100)} %, `}${tally.calls.toLocaleString('en-US')} calls`);
    }
    return { policies: policies.map((policy) => policy.id).join('+'), tally, skipped, counted: temporary?.isOpen === true };
  } finally {
    progress.clear();
    await temporary?.close();
  }
}
