import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import type { SqlDatabase } from './driver.ts';
import { REGISTRY_SCHEMA } from './migrations/0004-registry.ts';
import { CHAIN_SCHEMA } from './migrations/0005-chain.ts';
import type { Transactions } from './transaction.ts';
import { StateUnavailable } from './types.ts';

/** "PLSt": marks the file as ours (`PRAGMA application_id`), so that a wrong path never changes somebody else's database. */
export const APPLICATION_ID = 0x504c5374;

/**
 * One entry per schema version; entry n brings version n to n + 1. A released entry is never edited.
 *
 * `admissions` is the log of a counter: `seq` counts from 1 without gaps when written, `at` (store clock, microseconds) never falls.
 * `counters.dense`: below it the log is thinned (see `counter-log.ts`). `counters.span`: the longest window seen, microseconds.
 * `journal.at` is wall-clock milliseconds, `journal.clock` the store clock. Its newest row is never deleted, so `seq` is never reused.
 * `journal.reserved`: what a call took and a settlement may undo (`reservation.ts`).
 *
 * `spends` is the log of a budget: `seq` counts from 0, `spend_blocks` holds its sums (see `spend-log.ts`). `spends.sums` of the newest
 * row: what is spent in the windows at hand (`spend-cursor.ts`). A budget without key is being removed. Amounts are canonical decimals.
 * `approvals`: `*_us` store clock, `*_at` wall-clock milliseconds. `done_us`: when it was denied, used or had expired. `told`: 1 when a
 * call has been told of the expiry. Votes and links are removed with their approval.
 *
 * `pins`: one tool of one server; `pin_definitions`: what was seen of it (`pin-store.ts`), `standing` 'pinned', 'noted' or 'held', `text` its canonical
 * JSON or null where it is too long to keep. `pin_servers.version` grows with every change that another process has to see; `bytes`: sum
 * of the texts. Times are wall-clock milliseconds. `messages`: what visitors of the catalogue wrote (`message-store.ts`).
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE clock (
    machine TEXT PRIMARY KEY NOT NULL, offset_us INTEGER NOT NULL, suspended_us INTEGER NOT NULL, last_us INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE counters (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, span INTEGER NOT NULL, dense INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE admissions (
    counter INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (counter, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, clock INTEGER NOT NULL,
    server TEXT NOT NULL, grant_label TEXT, session TEXT, transport TEXT NOT NULL, protocol TEXT,
    method TEXT, name TEXT, request_id TEXT, outcome TEXT NOT NULL, code TEXT, rule TEXT, policy TEXT, reason TEXT,
    retry_after_ms INTEGER, observed TEXT, arg_keys TEXT, arg_hash TEXT, arg_values TEXT,
    upstream_status TEXT, latency_ms REAL
  ) STRICT;
  `,
  `
  CREATE TABLE budgets (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT UNIQUE, span INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE spends (
    budget INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, amount TEXT NOT NULL, sums TEXT NOT NULL, PRIMARY KEY (budget, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE spend_blocks (
    budget INTEGER NOT NULL, level INTEGER NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL, amount TEXT NOT NULL,
    PRIMARY KEY (budget, level, block)
  ) STRICT, WITHOUT ROWID;
  ALTER TABLE journal ADD COLUMN reserved TEXT;
  CREATE TABLE approvals (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, digest TEXT NOT NULL, status TEXT NOT NULL,
    server TEXT NOT NULL, grant_label TEXT NOT NULL, session TEXT, kind TEXT NOT NULL, method TEXT NOT NULL, name TEXT NOT NULL,
    arguments TEXT, also_sent TEXT, definition_hash TEXT, policies TEXT NOT NULL, policy TEXT NOT NULL, rule TEXT NOT NULL, reason TEXT,
    needed INTEGER NOT NULL, approvers TEXT, via TEXT NOT NULL, timeout_ms INTEGER NOT NULL,
    created_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, expires_us INTEGER NOT NULL,
    done_us INTEGER, told INTEGER NOT NULL, used_by TEXT
  ) STRICT;
  CREATE INDEX approvals_by_digest ON approvals (digest, seq);
  CREATE INDEX approvals_waiting ON approvals (grant_label, expires_us) WHERE status = 'pending';
  CREATE INDEX approvals_open ON approvals (expires_us) WHERE status IN ('pending', 'approved');
  CREATE INDEX approvals_done ON approvals (done_us) WHERE done_us IS NOT NULL;
  CREATE INDEX approvals_readable ON approvals (done_us) WHERE done_us IS NOT NULL AND (arguments IS NOT NULL OR also_sent IS NOT NULL);
  CREATE TABLE approval_votes (
    approval INTEGER NOT NULL, place INTEGER NOT NULL, approver TEXT NOT NULL, way TEXT NOT NULL, decision TEXT NOT NULL, comment TEXT,
    at INTEGER NOT NULL, PRIMARY KEY (approval, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE approval_links (
    id INTEGER PRIMARY KEY AUTOINCREMENT, approval INTEGER NOT NULL, approver TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX approval_links_of ON approval_links (approval, id);
  `,
  `
  CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, name TEXT NOT NULL, email TEXT NOT NULL, page TEXT NOT NULL, text TEXT NOT NULL,
    read INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX messages_by_read ON messages (read, id);
  CREATE TABLE pin_servers (
    server TEXT PRIMARY KEY NOT NULL, version INTEGER NOT NULL, pins INTEGER NOT NULL, bytes INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE pins (
    id INTEGER PRIMARY KEY AUTOINCREMENT, server TEXT NOT NULL, name TEXT NOT NULL, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX pins_by_name ON pins (server, name);
  CREATE TABLE pin_definitions (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pin INTEGER NOT NULL, hash TEXT NOT NULL, standing TEXT NOT NULL, text TEXT, bytes INTEGER NOT NULL, why TEXT,
    decided_by TEXT, first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX pin_definitions_by_hash ON pin_definitions (pin, hash);
  `,
  REGISTRY_SCHEMA,
  CHAIN_SCHEMA,
];

export const SCHEMA_VERSION = MIGRATIONS.length;

function integer(database: SqlDatabase, sql: string): number {
  return Number(database.prepare(sql).get()?.['value'] ?? 0);
}

/** Version of the schema in the file; 0 for a new file. @throws StateUnavailable when it is not ours, or newer than this program. */
export function schemaVersion(database: SqlDatabase): number {
  const tables = integer(database, "SELECT count(*) AS value FROM sqlite_schema WHERE type = 'table'");
  if (tables === 0) return 0;
  if (integer(database, 'SELECT application_id AS value FROM pragma_application_id') !== APPLICATION_ID) {
    throw new StateUnavailable('the file is an SQLite database of another program; choose another path');
  }
  const version = integer(database, "SELECT value FROM meta WHERE name = 'schema_version'");
  if (version > SCHEMA_VERSION) {
    throw new StateUnavailable(
      `the database has schema version ${version} and this program knows ${SCHEMA_VERSION}; use the newer program that wrote it`,
    );
  }
  return version;
}

/**
 * Brings the file to the newest schema. Everything happens in one transaction: a process that is killed in the middle leaves the
 * old schema, and a second process that starts at the same time waits and then finds nothing to do.
 */
export function migrate(database: SqlDatabase, transactions: Transactions): void {
  if (schemaVersion(database) === SCHEMA_VERSION) return;
  transactions.run('cannot prepare the state database', () => {
    const version = schemaVersion(database);
    if (version === SCHEMA_VERSION) return;
    if (version === 0) {
      database.exec(`PRAGMA application_id = ${APPLICATION_ID}`);
      database.exec('CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID');
      database.prepare("INSERT INTO meta (name, value) VALUES ('digest_key', ?)").run(randomBytes(32).toString('hex'));
    }
    for (const sql of MIGRATIONS.slice(version)) database.exec(sql);
    database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('schema_version', ?)").run(SCHEMA_VERSION);
  });
}

/** Key of the argument digests: 32 random bytes that never leave the database. @throws StateUnavailable when it is gone. */
export function digestKey(database: SqlDatabase): KeyObject {
  const value = database.prepare("SELECT value FROM meta WHERE name = 'digest_key'").get()?.['value'];
  if (typeof value !== 'string' || !/^[0-9a-f]{64}$/.test(value)) {
    throw new StateUnavailable('the database has no usable digest key; it was changed by something else');
  }
  // A key object: with raw bytes an HMAC costs nine times as much on Node 24.
  return createSecretKey(value, 'hex');
}
