// Databases as earlier releases made them. Never brought up to date: files like these exist.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { openDriver, type DriverName } from '../../src/state/driver.ts';

const VERSION_1 = `
  CREATE TABLE meta (name TEXT PRIMARY KEY NOT NULL, value ANY NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE clock (machine TEXT PRIMARY KEY NOT NULL, offset_us INTEGER NOT NULL, suspended_us INTEGER NOT NULL, last_us INTEGER NOT NULL) STRICT;
  CREATE TABLE counters (id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, span INTEGER NOT NULL, dense INTEGER NOT NULL) STRICT;
  CREATE TABLE admissions (counter INTEGER NOT NULL, seq INTEGER NOT NULL, at INTEGER NOT NULL, PRIMARY KEY (counter, seq)) STRICT, WITHOUT ROWID;
  CREATE TABLE journal (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, clock INTEGER NOT NULL,
    server TEXT NOT NULL, grant_label TEXT, session TEXT, transport TEXT NOT NULL, protocol TEXT,
    method TEXT, name TEXT, request_id TEXT, outcome TEXT NOT NULL, code TEXT, rule TEXT, policy TEXT, reason TEXT,
    retry_after_ms INTEGER, observed TEXT, arg_keys TEXT, arg_hash TEXT, arg_values TEXT, upstream_status TEXT, latency_ms REAL
  ) STRICT;
  PRAGMA application_id = ${0x504c5374};
  INSERT INTO meta VALUES ('digest_key', '${'5a'.repeat(32)}'), ('schema_version', 1);
  INSERT INTO clock VALUES ('boot-1', 1763639999000000, 0, 1763640000000000);
  INSERT INTO counters VALUES (1, '["amazon-mq","mq","tool","send","session",null,null,"support","s-1","send"]', 3600000000, 1);
  INSERT INTO admissions VALUES (1, 1, 1763640000000000), (1, 2, 1763640000000000);
  INSERT INTO journal (seq, id, at, clock, server, transport, outcome) VALUES
    (1, 'old', 1763640000000, 1763640000000000, 'amazon-mq', 'stdio', 'ok'), (2, 'open', 1763640000000, 1763640000000000, 'amazon-mq', 'stdio', 'forwarded');`;

const VERSION_2 = `
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
  UPDATE meta SET value = 2 WHERE name = 'schema_version';
  INSERT INTO budgets VALUES (1, 'key', 1000);`;

const VERSION_3 = `
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
  UPDATE meta SET value = 3 WHERE name = 'schema_version';
  INSERT INTO messages (at, name, email, page, text, read) VALUES (1763640000000, 'Ann', 'ann@example.com', '/', 'hello', 0);`;

export const OLD_VERSIONS = [1, 2, 3] as const;
export type OldVersion = (typeof OLD_VERSIONS)[number];

/** Makes a database of an old version. @param rows beyond the two that each has */
export async function oldDatabase(file: string, version: OldVersion, driver: DriverName, rows = 0): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const database = await openDriver(file, driver);
  database.exec('PRAGMA page_size = 1024; PRAGMA journal_mode = WAL');
  for (const sql of [VERSION_1, VERSION_2, VERSION_3].slice(0, version)) database.exec(sql);
  database.exec(`WITH RECURSIVE n (i) AS (SELECT 3 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows + 2})
    INSERT INTO journal (seq, id, at, clock, server, transport, outcome, reason) SELECT i, 'row-' || i, 1763640000000, 1763640000000000, 'amazon-mq', 'stdio', 'ok', 'r' FROM n WHERE ${rows} > 0`);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  database.close();
  chmodSync(file, 0o600);
}
