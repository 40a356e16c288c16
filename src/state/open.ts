import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerifyOptions, VerifyReport } from './chain/types.ts';
import { verifyChain, type VerifyProgress } from './chain/verify.ts';
import { Checkpointer } from './checkpoint.ts';
import { openDriver, sqliteCode, SQLITE_BUSY, SQLITE_LOCKED, type DriverName, type SqlDatabase } from './driver.ts';
import { unavailable } from './failure.ts';
import { checkFiles, prepareFiles, restrictFiles } from './files.ts';
import { DEFAULT_FLOOD, type FloodLimits } from './flood.ts';
import { JournalQuery } from './journal-query.ts';
import { DEFAULT_RETENTION, type Retention } from './retention.ts';
import { AuditLog } from './registry/audit.ts';
import type { AuditCheck } from './registry/types.ts';
import { migrate, SCHEMA_VERSION, schemaVersion } from './schema.ts';
import { SqliteState } from './sqlite-state.ts';
import { systemClock, type ClockSource } from './store-clock.ts';
import { Transactions } from './transaction.ts';
import { StateUnavailable, type JournalFilter, type JournalRow } from './types.ts';

const DATABASE_FILE = 'policylayer.db';
/** Long enough that processes which starve on a busy machine get their turn: a call that is refused for want of the lock is a call lost. */
const BUSY_TIMEOUT_MS = 5000;
const PAGE_BYTES = 1024;

export interface OpenOptions {
  /** Database file; made with mode 0600, its directory with 0700, where missing. */
  readonly path: string;
  /**
   * Default: `node:sqlite` where this Node has it, else libsql. Never both on one file in one process: two copies of SQLite do not know
   * of each other's file locks, and closing one gives away those of the other.
   */
  readonly driver?: DriverName;
  /** Whether `argValues` of entries are stored. Without it they are dropped here, whatever an entry holds. Default false. */
  readonly logArguments?: boolean;
  readonly retainRows?: number;
  readonly retainDays?: number;
  readonly flood?: Partial<FloodLimits>;
  /** How long a call waits for another process's lock before it is refused. Default 5000. */
  readonly busyTimeoutMs?: number;
  /** Told about failures of background work; default: nothing. */
  readonly onError?: (error: StateUnavailable) => void;
  readonly clock?: ClockSource;
}

/** What `logs` and `status` need: the journal, without the right to change it. */
export interface StateReader {
  /** @throws StateUnavailable */
  query(filter: JournalFilter): JournalRow[];
  /** @throws StateUnavailable */
  bySeq(seqs: readonly number[]): JournalRow[];
  /** Lowest and highest `seq`; 0 when empty. @throws StateUnavailable */
  ends(): { first: number; last: number };
  close(): void;
}

/** The database inside a data directory (`data` of gateway.yaml); a path to a file stands for itself. */
export function databasePath(data: string): string {
  const isFile = statSync(data, { throwIfNoEntry: false })?.isFile() === true;
  return isFile ? data : join(data, DATABASE_FILE);
}

function positive(value: number | undefined, fallback: number, name: string): number {
  if (value === undefined) return fallback;
  if (Number.isFinite(value) && value > 0) return value;
  throw new StateUnavailable(`${name} is ${value}; expected a number above 0`);
}

/**
 * Opens (and makes, where missing) the state database.
 * @throws StateUnavailable when the file is unsafe, not ours, newer than this program, damaged, locked or not writable.
 */
export function openState(options: OpenOptions): Promise<SqliteState> {
  return open(options, false);
}

/**
 * Opens the database of a gateway that may be running, to read and decide in it (`policylayer approvals`). A visitor makes no file,
 * changes no schema and removes nothing: clean-up and retention are the gateway's, which knows its configuration.
 * @throws StateUnavailable as `openState`, also when there is no database, or one of an older version
 */
export async function visitState(options: Pick<OpenOptions, 'path' | 'driver' | 'busyTimeoutMs' | 'onError' | 'clock'>): Promise<SqliteState> {
  demandFile(options.path);
  return open(options, true);
}

function demandFile(path: string): void {
  if (!existsSync(path)) throw new StateUnavailable(`${path} does not exist; nothing has been recorded there yet`);
}

function demandVersion(database: SqlDatabase): void {
  const version = schemaVersion(database);
  if (version === SCHEMA_VERSION) return;
  throw new StateUnavailable(`the database has schema version ${version}, expected ${SCHEMA_VERSION}; start the gateway once to bring it up to date`);
}

async function open(options: OpenOptions, visiting: boolean): Promise<SqliteState> {
  const retention: Retention = {
    rows: positive(options.retainRows, DEFAULT_RETENTION.rows, 'retainRows'),
    days: positive(options.retainDays, DEFAULT_RETENTION.days, 'retainDays'),
  };
  const { path } = options;
  return guarded(path, options, async (database) => {
    if (visiting) demandVersion(database);
    restrictFiles(path);
    migrate(database, new Transactions(database));
    const guard = await openDriver(path, database.driver);
    try {
      return new SqliteState(database, new Checkpointer(database, guard, path), {
        path,
        clock: options.clock ?? systemClock,
        logArguments: options.logArguments ?? false,
        retention,
        flood: { ...DEFAULT_FLOOD, ...options.flood },
        onError: options.onError ?? (() => {}),
        visiting,
      });
    } catch (error) {
      guard.close();
      throw error;
    }
  }, visiting);
}

/** Opens an existing database for reading its journal. @throws StateUnavailable, also when there is none. */
export async function openStateReader(options: Pick<OpenOptions, 'path' | 'driver' | 'busyTimeoutMs'>): Promise<StateReader> {
  demandFile(options.path);
  return guarded(options.path, options, async (database) => {
    demandVersion(database);
    database.exec('PRAGMA query_only = ON');
    const journal = new JournalQuery(database);
    return {
      query: (filter) => journal.query(filter),
      bySeq: (seqs) => journal.bySeq(seqs),
      ends: () => journal.ends(),
      close: () => database.close(),
    };
  }, true);
}

/** What `verify` needs: the chain of a journal that others may write to. */
export interface ChainReader {
  /** @throws an error of node:crypto for a public key that is none; StateUnavailable */
  verify(options: VerifyOptions): Generator<VerifyProgress, VerifyReport>;
  /** Follows the chain of the audit of administrative changes. */
  checkAudit(): AuditCheck;
  close(): void;
}

/** Opens an existing database for checking its journal. @throws StateUnavailable, also when there is none. */
export async function openChainReader(options: Pick<OpenOptions, 'path' | 'driver' | 'busyTimeoutMs'>): Promise<ChainReader> {
  demandFile(options.path);
  return guarded(options.path, options, async (database) => {
    demandVersion(database);
    database.exec('PRAGMA query_only = ON');
    return { verify: (wanted) => verifyChain(database, wanted), checkAudit: () => new AuditLog(database).check(), close: () => database.close() };
  }, true);
}

/**
 * Opens the connection, hands it to `use` and closes it when that fails. Two processes that open a new file at the same moment can
 * meet while it becomes a WAL file, where SQLite does not wait by itself: that is tried again within the time that a call would wait.
 */
async function guarded<Result>(
  path: string,
  options: Pick<OpenOptions, 'driver' | 'busyTimeoutMs'>,
  use: (database: SqlDatabase) => Promise<Result>,
  existing = false,
): Promise<Result> {
  const busyTimeoutMs = positive(options.busyTimeoutMs, BUSY_TIMEOUT_MS, 'busyTimeoutMs');
  const task = `cannot open the state database ${path}`;
  const deadline = performance.now() + busyTimeoutMs;
  for (;;) {
    let database: SqlDatabase | null = null;
    try {
      if (existing) checkFiles(path);
      else prepareFiles(path);
      database = await openDriver(path, options.driver);
      configure(database, busyTimeoutMs);
      // Again: a link that appeared in between would have been followed.
      checkFiles(path);
      return await use(database);
    } catch (error) {
      database?.close();
      const code = sqliteCode(error instanceof StateUnavailable ? error.cause : error);
      if ((code !== SQLITE_BUSY && code !== SQLITE_LOCKED) || performance.now() > deadline) {
        if (error instanceof StateUnavailable && !error.message.includes(path)) {
          throw new StateUnavailable(`${task}: ${error.message}`, { cause: error.cause ?? error });
        }
        throw unavailable(task, error);
      }
      await sleep(20);
    }
  }
}

function configure(database: SqlDatabase, busyTimeoutMs: number): void {
  database.exec(`PRAGMA busy_timeout = ${Math.ceil(busyTimeoutMs)}`);
  // The schema is ours alone: nothing that somebody planted in it may run.
  database.exec('PRAGMA trusted_schema = OFF');
  // Before anything is written: the file of another program stays as it is.
  schemaVersion(database);
  // Takes effect in a new file only. A commit writes whole pages with a checksum each, and a call changes a few hundred bytes.
  database.exec(`PRAGMA page_size = ${PAGE_BYTES}`);
  const mode = database.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode'];
  if (mode !== 'wal') {
    throw new StateUnavailable(`the file system does not allow SQLite's WAL mode (got ${String(mode)}); put the file on a local disk`);
  }
  // What is erased on purpose must not live on in a gap of a page. FAST: only where that writes no page more.
  database.exec('PRAGMA secure_delete = FAST');
  // NORMAL: a row is in the operating system before a call returns, which survives the death of this process (not a power cut).
  database.exec('PRAGMA synchronous = NORMAL');
  // See `Checkpointer`, which also goes by the size of the log: a restarted one is cut to nothing.
  database.exec('PRAGMA wal_autocheckpoint = 0');
  database.exec('PRAGMA journal_size_limit = 0');
}
