import { databasePath, openStateReader, type StateReader } from '../../state/open.ts';
import { StateUnavailable } from '../../state/types.ts';
import { locate } from '../config/locate.ts';
import { formatAddress } from '../config/listen-address.ts';
import { askHealth } from '../health.ts';
import { readRunFile, type RunFile } from '../run-file.ts';
import { styleFor, table, widthOf } from '../terminal.ts';
import { printable } from '../../policy/index.ts';

export interface StatusOptions {
  readonly config?: string;
  readonly data?: string;
  readonly json?: boolean;
}

interface GatewayStatus {
  readonly running: boolean;
  readonly url: string | null;
  readonly pid: number | null;
  readonly startedAt: string | null;
  readonly version: string | null;
  /** `name@hash` of every policy in force. */
  readonly policies: readonly string[];
  /** What the gateway says of itself at /healthz. */
  readonly health: Readonly<Record<string, unknown>>;
  /** Why it does not count as running. */
  readonly reason: string | null;
}

interface JournalStatus {
  readonly path: string;
  readonly rows: number;
  /** Rows of the last hour by outcome. */
  readonly lastHour: Readonly<Record<string, number>>;
  /** Refusals and rejections of the last hour by code. */
  readonly codes: Readonly<Record<string, number>>;
  readonly problem: string | null;
}

const HOUR_MS = 3_600_000;
const PAGE = 1_000;

/** `policylayer status`. @returns 0 when a gateway is running, else 1 */
export async function status(options: StatusOptions): Promise<number> {
  const location = await locate(options);
  const gateway = await gatewayStatus(readRunFile(location.dataDir), location.listen === null || location.listen.port === 0 ? null : `http://${formatAddress(location.listen)}`);
  const journal = await journalStatus(databasePath(location.dataDir));
  if (options.json === true) process.stdout.write(`${JSON.stringify({ dataDir: location.dataDir, gateway, journal })}\n`);
  else process.stdout.write(`${render(location.dataDir, gateway, journal).join('\n')}\n`);
  return gateway.running ? 0 : 1;
}

async function gatewayStatus(file: RunFile | null, configured: string | null): Promise<GatewayStatus> {
  const url = file?.url ?? configured;
  const facts = { url, pid: file?.pid ?? null, startedAt: file?.startedAt ?? null, version: file?.version ?? null, policies: file?.policies ?? [] };
  if (url === null) return { ...facts, running: false, health: {}, reason: 'no gateway has been started with this data directory' };
  const health = await askHealth(url);
  if (!health.ok) return { ...facts, running: false, health: {}, reason: health.reason };
  return { ...facts, running: health.status === 200, health: health.body, reason: health.status === 200 ? null : `HTTP ${health.status}` };
}

async function journalStatus(path: string): Promise<JournalStatus> {
  let reader: StateReader | null = null;
  try {
    reader = await openStateReader({ path });
    const { first, last } = reader.ends();
    const lastHour: Record<string, number> = {};
    const codes: Record<string, number> = {};
    const since = new Date(Date.now() - HOUR_MS);
    for (let afterSeq = 0; ; ) {
      const rows = reader.query({ since, afterSeq, limit: PAGE, order: 'asc' });
      for (const row of rows) {
        lastHour[row.outcome] = (lastHour[row.outcome] ?? 0) + 1;
        if (row.code !== null) codes[row.code] = (codes[row.code] ?? 0) + 1;
      }
      const end = rows.at(-1);
      if (end === undefined || rows.length < PAGE) break;
      afterSeq = end.seq;
    }
    return { path, rows: last === 0 ? 0 : last - first + 1, lastHour, codes, problem: null };
  } catch (error) {
    if (!(error instanceof StateUnavailable)) throw error;
    return { path, rows: 0, lastHour: {}, codes: {}, problem: error.message };
  } finally {
    reader?.close();
  }
}

function render(dataDir: string, gateway: GatewayStatus, journal: JournalStatus): string[] {
  const style = styleFor(process.stdout);
  const rows: string[][] = [];
  const state = gateway.running ? style.green('running') : style.yellow('not running');
  rows.push(['gateway', `${state}${gateway.url === null ? '' : ` at ${gateway.url}`}${gateway.running && gateway.pid !== null ? `, pid ${gateway.pid}` : ''}${gateway.reason === null ? '' : ` (${gateway.reason})`}`]);
  if (gateway.running && gateway.startedAt !== null) rows.push(['since', gateway.startedAt]);
  if (gateway.running && gateway.policies.length > 0) rows.push(['policies', printable(gateway.policies.join(', '), 400)]);
  for (const [key, value] of Object.entries(gateway.health)) {
    const text = shown(value);
    if (text !== null) rows.push([printable(key, 20), text]);
  }
  rows.push(['data', dataDir]);
  if (journal.problem === null) {
    rows.push(['journal', `${journal.rows.toLocaleString('en-US')} rows`], ['last hour', counts(journal.lastHour, 'nothing recorded')]);
    if (Object.keys(journal.codes).length > 0) rows.push(['', counts(journal.codes, '')]);
  } else {
    rows.push(['journal', journal.problem]);
  }
  return table(rows, ['left', 'left'], Math.max(widthOf(process.stdout), 200));
}

function shown(value: unknown): string | null {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return printable(value, 100);
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) return printable(value.join(', '), 200);
  return null;
}

function counts(of: Readonly<Record<string, number>>, none: string): string {
  const entries = Object.entries(of).sort(([, a], [, b]) => b - a);
  return entries.length === 0 ? none : entries.map(([key, count]) => `${count.toLocaleString('en-US')} ${key}`).join(', ');
}
