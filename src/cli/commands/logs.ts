import { setTimeout as sleep } from 'node:timers/promises';
import { databasePath, openStateReader, type StateReader } from '../../state/open.ts';
import { StateUnavailable, type JournalFilter, type JournalRow, type Outcome } from '../../state/types.ts';
import { parseMoment } from '../moment.ts';
import { styleFor } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';
import { LogsTable } from './logs-table.ts';

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean | undefined; readonly columns?: number | undefined };

export interface LogsArguments {
  /** Data directory, or the database file itself. */
  readonly data: string;
  /** Go on until `signal`: new rows, and the end of calls that were shown while they ran. */
  readonly follow: boolean;
  /** One JSON object per line instead of a table. Under `follow` a call that took long comes twice, with the same `seq`. */
  readonly json: boolean;
  readonly server?: string | undefined;
  readonly grant?: string | undefined;
  readonly name?: string | undefined;
  /** One or more of the outcomes and codes, separated by commas. */
  readonly outcome?: string | undefined;
  readonly code?: string | undefined;
  /** `30s`, `10m`, `2h`, `1d`, or a date and time in ISO 8601. */
  readonly since?: string | undefined;
  /** How many rows, the newest; default 50. */
  readonly limit?: number | string | undefined;
  readonly stdout: Output;
  readonly stderr: Output;
  readonly signal: AbortSignal;
  readonly env?: NodeJS.ProcessEnv;
}

const OUTCOMES: Readonly<Record<Outcome, true>> = {
  forwarded: true, ok: true, tool_error: true, upstream_error: true, upstream_failed: true, cancelled: true, refused: true, rejected: true, dropped: true,
};
const MAX_LIMIT = 100_000;
const DEFAULT_WIDTH = 100;
const POLL_MS = 250;
/** A running call is shown when it has been running for this long; most end before and are shown once. */
const PATIENCE_MS = 1000;
/** Calls whose end is waited for. */
const MAX_OPEN = 1000;
/** What a terminal would act on, or not show; JSON itself only escapes C0. */
const UNPRINTABLE = /[\p{Cf}\u007f-\u009f\u2028\u2029]/gu;

/**
 * `policylayer logs`: the journal for people, or for programs with `json`.
 * @returns 0, or 2 when the journal cannot be read (said on stderr)
 * @throws UsageError for a filter that makes no sense
 */
export async function logs(options: LogsArguments): Promise<number> {
  const filter = filterOf(options);
  const writer = new Writer(options.stdout);
  let reader: StateReader | null = null;
  try {
    reader = await openStateReader({ path: databasePath(options.data) });
    await show(reader, filter, writer, options);
    return 0;
  } catch (error) {
    if (!(error instanceof StateUnavailable)) throw error;
    options.stderr.write(`policylayer: ${error.message}\n`);
    return 2;
  } finally {
    reader?.close();
    writer.end();
  }
}

async function show(reader: StateReader, filter: JournalFilter, writer: Writer, options: LogsArguments): Promise<void> {
  // Read before the rows, so that none can fall between: what comes later than this is a new row.
  const { last } = reader.ends();
  const rows = reader.query({ ...filter, order: 'desc' }).reverse();
  const format = formatter(rows, options);
  if (format.header !== null && (rows.length > 0 || options.follow)) await writer.line(format.header);
  for (const row of rows) await writer.line(format.line(row));
  if (!options.follow) {
    if (rows.length === 0 && !options.json) options.stderr.write('policylayer: no rows match\n');
    return;
  }
  const running = reader.query({ ...filter, outcome: ['forwarded'], order: 'desc', limit: MAX_OPEN });
  const shown = new Set(rows.map(({ seq }) => seq));
  const open = new Map(running.map((row) => [row.seq, { since: Date.now(), shown: shown.has(row.seq) }]));
  let after = Math.max(last, rows.at(-1)?.seq ?? 0);
  while (!options.signal.aborted && !writer.closed) {
    const fresh = reader.query({ ...filter, outcome: ALL, order: 'asc', afterSeq: after, limit: MAX_OPEN });
    for (const { seq } of fresh) open.set(seq, { since: Date.now(), shown: false });
    after = fresh.at(-1)?.seq ?? after;
    const seqs = [...open.keys()];
    for (const row of reader.bySeq(seqs)) {
      const state = open.get(row.seq);
      const ended = row.outcome !== 'forwarded';
      if (state === undefined || (!ended && (state.shown || Date.now() - state.since < PATIENCE_MS))) continue;
      state.shown = true;
      if (ended) open.delete(row.seq);
      if (filter.outcome === undefined || filter.outcome.includes(row.outcome)) await writer.line(format.line(row));
    }
    for (const seq of seqs) if (open.size > MAX_OPEN) open.delete(seq);
    if (fresh.length < MAX_OPEN) await sleep(POLL_MS, undefined, { signal: options.signal }).catch(() => {});
  }
}

const ALL = Object.keys(OUTCOMES) as Outcome[];

function formatter(rows: readonly JournalRow[], options: LogsArguments): { header: string | null; line(row: JournalRow): string } {
  if (options.json) {
    const escaped = (text: string): string => [...text].map((one) => Array.from({ length: one.length }, (_, i) => `\\u${one.charCodeAt(i).toString(16).padStart(4, '0')}`).join('')).join('');
    return { header: null, line: (row) => JSON.stringify(row).replace(UNPRINTABLE, escaped) };
  }
  const { stdout } = options;
  const width = stdout.isTTY === true && stdout.columns !== undefined ? Math.max(60, Math.min(stdout.columns, 200)) : DEFAULT_WIDTH;
  const table = new LogsTable(rows, width, styleFor(stdout as NodeJS.WriteStream, options.env), options.follow);
  return { header: table.header(), line: (row) => table.line(row) };
}

function listOf(text: string | undefined): string[] | null {
  return text === undefined ? null : text.split(',').map((one) => one.trim()).filter((one) => one !== '');
}

function filterOf(options: LogsArguments): JournalFilter {
  const outcome = listOf(options.outcome);
  const wrong = outcome?.find((one) => !Object.hasOwn(OUTCOMES, one));
  if (wrong !== undefined) throw new UsageError(`--outcome ${wrong} is not an outcome`, `one of ${ALL.join(', ')}`);
  const code = listOf(options.code);
  const limit = Number(options.limit ?? 50);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > MAX_LIMIT) throw new UsageError(`--limit ${options.limit} is not a number of rows`, `write a whole number from 1 to ${MAX_LIMIT}`);
  return {
    limit,
    ...(outcome === null ? {} : { outcome: outcome as Outcome[] }),
    ...(code === null ? {} : { code }),
    ...(options.server === undefined ? {} : { server: options.server }),
    ...(options.grant === undefined ? {} : { grant: options.grant }),
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.since === undefined ? {} : { since: parseMoment(options.since, '--since') }),
  };
}

/** Lines to a pipe that may be slow, or go away (`logs | head`): then there is nothing left to do, and that is no error. */
class Writer {
  readonly #stream: Output;
  readonly #onError = (error: NodeJS.ErrnoException): void => {
    this.closed = true;
    this.#failure = error.code === 'EPIPE' ? null : error;
  };
  #failure: Error | null = null;
  closed = false;

  constructor(stream: Output) {
    this.#stream = stream;
    stream.on('error', this.#onError);
  }

  async line(text: string): Promise<void> {
    if (this.#failure !== null) throw this.#failure;
    if (this.closed || this.#stream.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['drain', 'error', 'close']) this.#stream.removeListener(event, done);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) this.#stream.once(event, done);
    });
  }

  /** The listener stays after an error: the stream may report it more than once. */
  end(): void {
    if (!this.closed) this.#stream.removeListener('error', this.#onError);
  }
}
