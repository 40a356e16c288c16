/**
 * Version 4 to 5: the chain over the journal (docs/decisions/0018-journal-chain.md).
 *
 * `chain_blocks`: `kind` 'start', 'rows', 'removed', 'redacted', 'key' or 'checkpoint'; `at` wall-clock milliseconds; `first` the lowest row that is sealed
 * for the first time (0: none), `last` the highest that is named. `body` of 'rows' is null once all of its rows are gone. `signature` only of a checkpoint.
 * `chain_head`: one row, what the end of the chain says. `sealed`, `removed`: every row up to there is; `signed`: the newest checkpoint.
 * `chain_salts`: blinds the commitment to a row's arguments; goes with them. `chain_open`: rows that were sealed before they had ended; `state` 0 as
 * sealed, 1 changed since, 2 sealed again for good, by `block`. `chain_redacted`: rows whose arguments were erased, and what was committed to.
 */
export const CHAIN_SCHEMA = `
  CREATE TABLE chain_blocks (
    number INTEGER PRIMARY KEY, kind TEXT NOT NULL, at INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    body BLOB, body_hash BLOB NOT NULL, hash BLOB NOT NULL, signature BLOB
  ) STRICT;
  CREATE INDEX chain_blocks_by_kind ON chain_blocks (kind, number) WHERE kind <> 'rows';
  CREATE INDEX chain_blocks_by_first ON chain_blocks (first) WHERE kind = 'rows' AND first > 0;
  CREATE INDEX chain_blocks_listed ON chain_blocks (last) WHERE kind = 'rows' AND body IS NOT NULL;
  CREATE TABLE chain_head (
    one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL, hash BLOB NOT NULL, sealed INTEGER NOT NULL, removed INTEGER NOT NULL,
    signed INTEGER NOT NULL, signed_at INTEGER NOT NULL
  ) STRICT;
  INSERT INTO chain_head (one, number, hash, sealed, removed, signed, signed_at) VALUES (1, 0, zeroblob(32), 0, 0, 0, 0);
  CREATE TABLE chain_salts (seq INTEGER PRIMARY KEY, salt BLOB NOT NULL) STRICT;
  CREATE TABLE chain_open (seq INTEGER PRIMARY KEY, state INTEGER NOT NULL, block INTEGER NOT NULL) STRICT;
  CREATE INDEX chain_open_changed ON chain_open (seq) WHERE state = 1;
  CREATE TABLE chain_redacted (seq INTEGER PRIMARY KEY, block INTEGER NOT NULL, commitment BLOB NOT NULL) STRICT;
`;
