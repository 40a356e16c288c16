import { randomBytes } from 'node:crypto';
import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { blob, encodeRows, type SealedRow } from './block.ts';
import type { ChainLog } from './chain-log.ts';
import { commitmentOf, digestsOf, hasArguments, NO_ARGUMENTS, ROW_COLUMNS } from './row-digest.ts';
import { TOLD_OPEN_US } from './reopened-rows.ts';

/** Rows in one block: a few milliseconds with the write lock. */
const STEP = 512;
/** Characters of text after which a block ends: rows may hold 64 KB of arguments each, and nobody else works or writes meanwhile. */
const STEP_TEXT = 1024 * 1024;
/** Rows that are read at once, so that a block does not go far beyond that. */
const READ = 32;
const SALT_BYTES = 16;

/** Appends blocks of rows that are not sealed yet, off the path of any call. */
export class Sealer {
  readonly #log: ChainLog;
  readonly #fresh: SqlStatement;
  readonly #changed: SqlStatement;
  readonly #keepSalt: SqlStatement;
  readonly #salt: SqlStatement;
  readonly #redacted: SqlStatement;
  readonly #keepOpen: SqlStatement;
  readonly #moveOpen: SqlStatement;

  constructor(database: SqlDatabase, log: ChainLog) {
    this.#log = log;
    this.#fresh = database.prepare(`SELECT ${ROW_COLUMNS} FROM journal WHERE seq > ? ORDER BY seq LIMIT ${READ}`);
    this.#changed = database.prepare(`SELECT ${ROW_COLUMNS} FROM chain_open CROSS JOIN journal ON journal.seq = chain_open.seq WHERE state = 1 AND chain_open.seq > ? ORDER BY chain_open.seq LIMIT ${READ}`);
    this.#keepSalt = database.prepare('INSERT OR REPLACE INTO chain_salts (seq, salt) VALUES (?, ?)');
    this.#salt = database.prepare('SELECT salt FROM chain_salts WHERE seq = ?');
    this.#redacted = database.prepare('SELECT commitment FROM chain_redacted WHERE seq = ?');
    this.#keepOpen = database.prepare('INSERT OR REPLACE INTO chain_open (seq, state, block) VALUES (?, 0, ?)');
    this.#moveOpen = database.prepare('UPDATE chain_open SET state = ?, block = ? WHERE seq = ?');
  }

  /**
   * One block, inside a write transaction.
   * @param wallMs wall clock @param now store clock, microseconds
   * @returns true when more waits
   */
  step(wallMs: number, now: number): boolean {
    const before = this.#log.head();
    const room = { rows: STEP, text: STEP_TEXT };
    const changed = read(this.#changed, 0, room);
    const fresh = read(this.#fresh, before.sealed, room);
    if (changed.length + fresh.length === 0) return false;
    const head = this.#log.begun(wallMs);
    const number = head.number + 1;
    const sealed: SealedRow[] = [];
    for (const row of changed) {
      const one = this.#seal(row, this.#commitmentAgain(row), now);
      this.#moveOpen.run(one.core === null ? 2 : 0, number, one.seq);
      sealed.push(one);
    }
    // Drawn at once: one call of the generator costs as much as a digest.
    const salts = randomBytes(SALT_BYTES * fresh.length);
    for (const [index, row] of fresh.entries()) {
      const one = this.#seal(row, this.#commitment(row, salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES)), now);
      if (one.core !== null) this.#keepOpen.run(one.seq, number);
      sealed.push(one);
    }
    const first = Number(fresh[0]?.['seq'] ?? 0);
    const last = Number((fresh.at(-1) ?? changed.at(-1))?.['seq']);
    this.#log.append(head, 'rows', wallMs, { first, last, body: encodeRows(sealed) }, { sealed: Math.max(head.sealed, first === 0 ? 0 : last) });
    return room.rows <= 0 || room.text <= 0;
  }

  #seal(row: SqlRow, commitment: Uint8Array, now: number): SealedRow {
    const told = row['code'] === 'suppressed';
    const open = row['outcome'] === 'forwarded' || (told && Number(row['clock']) + TOLD_OPEN_US > now);
    const { core, full } = digestsOf(row, commitment, told);
    return { seq: Number(row['seq']), full, core: open ? core : null };
  }

  #commitment(row: SqlRow, salt: Buffer): Uint8Array {
    if (!hasArguments(row)) return NO_ARGUMENTS;
    this.#keepSalt.run(Number(row['seq']), salt);
    return commitmentOf(row, salt);
  }

  /** Of a row that was sealed before: what was committed to then, also when it was erased since. */
  #commitmentAgain(row: SqlRow): Uint8Array {
    const seq = Number(row['seq']);
    const redacted = blob(this.#redacted.get(seq)?.['commitment']);
    if (redacted !== null) return redacted;
    const salt = blob(this.#salt.get(seq)?.['salt']);
    return salt === null ? NO_ARGUMENTS : commitmentOf(row, salt);
  }
}

/** Rows after `after`, as many as there is room for. */
function read(statement: SqlStatement, after: number, room: { rows: number; text: number }): SqlRow[] {
  const found: SqlRow[] = [];
  while (room.rows > 0 && room.text > 0) {
    const rows = statement.all(after);
    for (const row of rows) room.text -= lengthOf(row['arg_values']) + lengthOf(row['arg_keys']) + lengthOf(row['reason']);
    room.rows -= rows.length;
    found.push(...rows);
    if (rows.length < READ) break;
    after = Number(rows.at(-1)?.['seq']);
  }
  return found;
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' ? value.length : 0;
}
