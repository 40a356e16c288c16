/**
 * Version 3 to 4: what the control plane keeps (`registry/types.ts`). Times are ISO 8601 texts, UTC, which sort as they are.
 *
 * `registry`: one row. `revision` grows with every change that a gateway's configuration may depend on; `audit_*` is the head of the chain of audit
 * rows, kept apart so that the removal of the newest rows is found too. `registry_records.value` is JSON. `registry_keys`: what must be unique, and
 * finds its record (addresses of members, hashes of tokens). `registry_gone`: the last version of a record that was removed, so that one of the same
 * name that is made later never has a version that somebody has seen of the other. `policy_versions` outlives its policy. `registry_answers.status` is
 * null while the first request is still at work.
 */
export const REGISTRY_SCHEMA = `
  CREATE TABLE registry (
    one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, audit_seq INTEGER NOT NULL, audit_hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO registry (one, revision, audit_seq, audit_hash) VALUES (1, 0, 0, '');
  CREATE TABLE registry_records (
    kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, created_at TEXT NOT NULL, updated_at TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE registry_gone (
    kind TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, PRIMARY KEY (kind, name)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE registry_keys (
    key TEXT PRIMARY KEY NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX registry_keys_of ON registry_keys (kind, name);
  CREATE TABLE policy_versions (
    policy TEXT NOT NULL, number INTEGER NOT NULL, text TEXT NOT NULL, stage TEXT NOT NULL, author TEXT NOT NULL, comment TEXT, at TEXT NOT NULL,
    PRIMARY KEY (policy, number)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE registry_secrets (
    name TEXT PRIMARY KEY NOT NULL, key INTEGER NOT NULL, sealed BLOB NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE registry_sessions (
    hash TEXT PRIMARY KEY NOT NULL, member TEXT NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT NOT NULL, expires_at TEXT NOT NULL, user_agent TEXT
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX registry_sessions_of ON registry_sessions (member);
  CREATE INDEX registry_sessions_end ON registry_sessions (expires_at);
  CREATE TABLE registry_links (
    hash TEXT PRIMARY KEY NOT NULL, purpose TEXT NOT NULL, member TEXT, expires_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX registry_links_end ON registry_links (expires_at);
  CREATE TABLE registry_answers (
    key TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL, status INTEGER, headers TEXT, body TEXT, at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX registry_answers_end ON registry_answers (at);
  CREATE TABLE registry_audit (
    seq INTEGER PRIMARY KEY, at TEXT NOT NULL, actor TEXT NOT NULL, actor_name TEXT NOT NULL, via TEXT NOT NULL, action TEXT NOT NULL, kind TEXT NOT NULL,
    name TEXT NOT NULL, summary TEXT NOT NULL, before TEXT, after TEXT, request_id TEXT, address TEXT, hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX registry_audit_of ON registry_audit (kind, name, seq);
`;
