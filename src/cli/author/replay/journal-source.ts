import { createReadStream, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { databasePath, openStateReader } from '../../../state/open.ts';
import type { JournalRow } from '../../../state/types.ts';
import { UsageError } from '../../usage-error.ts';

/** Rows that are read at a time: a journal may hold millions. */
const PAGE = 2000;
/** A longer line is no row of a journal. */
const MAX_LINE = 1024 * 1024;

export interface RowFilter {
  readonly since: Date | null;
  readonly until: Date | null;
  readonly server: string | null;
  readonly grant: string | null;
}

/** Rows in the order in which they were written, with the part of the journal that is read so far, from 0 to 1. */
export interface JournalPage {
  readonly rows: readonly JournalRow[];
  readonly done: number;
}

/** The journal of a gateway. What is written while it is read is left out. @throws StateUnavailable */
export async function* databasePages(data: string, filter: RowFilter): AsyncGenerator<JournalPage> {
  const reader = await openStateReader({ path: databasePath(data) });
  try {
    const { first, last } = reader.ends();
    const wanted = {
      ...(filter.since === null ? {} : { since: filter.since }),
      ...(filter.until === null ? {} : { until: filter.until }),
      ...(filter.server === null ? {} : { server: filter.server }),
      ...(filter.grant === null ? {} : { grant: filter.grant }),
    };
    for (let after = 0; ; ) {
      const page = reader.query({ ...wanted, order: 'asc', afterSeq: after, limit: PAGE });
      const rows = page.filter((row) => row.seq <= last);
      after = page.at(-1)?.seq ?? last;
      yield { rows, done: last <= first ? 1 : Math.min(1, (after - first) / (last - first)) };
      if (page.length < PAGE || after >= last) return;
    }
  } finally {
    reader.close();
  }
}

/**
 * A journal as `policylayer logs --json` prints it.
 * @param path `-` for stdin, of which it cannot be told how much is left
 * @throws UsageError naming the line that is no row
 */
export async function* filePages(path: string, filter: RowFilter): AsyncGenerator<JournalPage> {
  const stdin = path === '-';
  const size = stdin ? Number.POSITIVE_INFINITY : statSync(path, { throwIfNoEntry: false })?.size;
  if (size === undefined) throw new UsageError(`${path} does not exist`, 'write one with `policylayer logs --json --limit 100000 > FILE`');
  const seen = new Set<number>();
  let rows: JournalRow[] = [];
  let read = 0;
  let number = 0;
  for await (const line of createInterface({ input: stdin ? process.stdin : createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })) {
    number += 1;
    read += Buffer.byteLength(line) + 1;
    if (line.trim() === '') continue;
    const row = readRow(line, `${stdin ? 'stdin' : path}:${number}`);
    // Under `logs --follow` a call that took long comes twice.
    if (seen.size === seen.add(row.seq).size || !passes(row, filter)) continue;
    rows.push(row);
    if (rows.length < PAGE) continue;
    yield { rows, done: Math.min(1, read / size) };
    rows = [];
  }
  yield { rows, done: 1 };
}

const OPTIONAL_TEXT = ['grant', 'session', 'method', 'name', 'code', 'rule', 'policy', 'observed', 'argHash', 'argValues', 'upstreamStatus'] as const;

/** Only what a replay reads is looked at: rows of other versions may have more or fewer members. */
function readRow(line: string, place: string): JournalRow {
  let value: unknown = null;
  try {
    if (line.length <= MAX_LINE) value = JSON.parse(line);
  } catch {
    // Said below.
  }
  const row = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  const bad = (what: string): never => {
    throw new UsageError(`${place} is no row of a journal: ${what}`, 'expected the output of `policylayer logs --json`, one row per line');
  };
  const { seq, id, at, server, outcome, argKeys } = row;
  if (typeof seq !== 'number' || typeof id !== 'string' || typeof server !== 'string' || typeof outcome !== 'string') return bad('it has no seq, id, server and outcome');
  if (typeof at !== 'string' || Number.isNaN(Date.parse(at))) return bad('`at` is not a time');
  for (const key of OPTIONAL_TEXT) if ((row[key] ?? null) !== null && typeof row[key] !== 'string') return bad(`\`${key}\` is not text`);
  if ((argKeys ?? null) !== null && !(Array.isArray(argKeys) && argKeys.every((key) => typeof key === 'string'))) return bad('`argKeys` is not a list of texts');
  const absent = Object.fromEntries([...OPTIONAL_TEXT, 'protocol', 'requestId', 'reason', 'retryAfterMs', 'argKeys', 'latencyMs'].map((key) => [key, null]));
  return { transport: '', ...absent, ...row } as JournalRow;
}

function passes(row: JournalRow, { since, until, server, grant }: RowFilter): boolean {
  const at = Date.parse(row.at);
  return (since === null || at >= since.getTime()) && (until === null || at < until.getTime()) && (server === null || row.server === server) && (grant === null || row.grant === grant);
}
