import type { SqlDatabase, SqlRow, SqlStatement } from '../driver.ts';
import { blob, decodeRedaction, decodeRows, type Block, type SealedRow } from './block.ts';
import { ChainLog } from './chain-log.ts';
import type { Problems } from './problems.ts';
import { commitmentOf, digestsOf, hasArguments, NO_ARGUMENTS, RAW_COLUMNS, type RowDigests } from './row-digest.ts';

const SELECT = `SELECT ${RAW_COLUMNS}, chain_salts.salt AS salt, chain_redacted.commitment AS erased, chain_redacted.block AS erased_by, chain_open.state AS open_state,
  chain_open.block AS open_block FROM journal LEFT JOIN chain_salts ON chain_salts.seq = journal.seq LEFT JOIN chain_redacted ON chain_redacted.seq = journal.seq
  LEFT JOIN chain_open ON chain_open.seq = journal.seq`;
/** Redaction blocks that are kept decoded: rows come in order, and neighbours were mostly erased together. */
const REDACTIONS_KEPT = 64;
/** A gap may be wide when somebody wrote a far number into a block: the rows in it are looked at so many at a time. */
const RANGE = 2048;

/** Checks rows against the blocks that list them, in the order of the chain. What it keeps is bounded by the rows that were open at one time. */
export class RowCheck {
  readonly #problems: Problems;
  readonly #log: ChainLog;
  readonly #range: SqlStatement;
  readonly #one: SqlStatement;
  readonly #note: SqlStatement;
  readonly #removed: number;
  readonly #redactions = new Map<number, ReadonlyMap<number, Buffer>>();
  /** Rows whose last seal is still to come, with what never changes of them. */
  readonly #awaited = new Map<number, Buffer>();
  #next: number;
  rows = 0;
  redacted = 0;
  unsealedEnds = 0;

  /**
   * @param first the row that the chain begins with
   * @param removed every row up to here was removed
   */
  constructor(database: SqlDatabase, problems: Problems, first: number, removed: number) {
    this.#problems = problems;
    this.#log = new ChainLog(database);
    this.#range = database.prepare(`${SELECT} WHERE journal.seq BETWEEN ? AND ? ORDER BY journal.seq LIMIT ${RANGE}`);
    this.#one = database.prepare(`${SELECT} WHERE journal.seq = ?`);
    this.#note = database.prepare('SELECT commitment, block FROM chain_redacted WHERE seq = ?');
    this.#removed = removed;
    this.#next = first;
  }

  /** Every row up to here is in a block that was looked at. */
  get sealed(): number {
    return this.#next - 1;
  }

  /** A block of kind 'rows'. @throws RangeError when its list cannot be read */
  block(block: Block): void {
    if (block.first > 0) this.#cover(block);
    if (block.body === null) {
      if (block.last > this.#removed) this.#problems.block('block_changed', block.number, 'has lost its list of rows, and not all of them were removed');
      if (block.first > 0) this.#next = Math.max(this.#next, block.last + 1);
      return;
    }
    const sealed = decodeRows(block.body);
    const fresh = new Map<number, SealedRow>();
    for (const one of sealed) {
      if (block.first > 0 && one.seq >= block.first) fresh.set(one.seq, one);
      else this.#again(one, block.number);
    }
    if (block.first > 0) this.#fresh(fresh, block);
  }

  /** A block of kind 'redacted': each row that it names must say so. */
  redaction(block: Block): void {
    for (const [seq, commitment] of this.#redaction(block.number) ?? []) this.#erased(seq, commitment, block.number);
  }

  end(): void {
    for (const seq of this.#awaited.keys()) this.#problems.row('seal_missing', seq, null, 'changed after it was sealed, and no block says into what');
  }

  #erased(seq: number, commitment: Buffer, block: number): void {
    if (seq <= this.#removed) return;
    this.redacted += 1;
    const note = this.#note.get(seq);
    if (note === undefined || Number(note['block']) !== block || !commitment.equals(blob(note['commitment']) ?? NO_ARGUMENTS)) {
      this.#problems.row('redaction_changed', seq, block, `was redacted by block ${block}, and the database says otherwise`);
    }
  }

  #cover(block: Block): void {
    if (block.first > this.#next && block.first > this.#removed + 1) {
      const from = Math.max(this.#next, this.#removed + 1);
      this.#problems.row('row_missing', from, block.number, `${from === block.first - 1 ? 'is' : `to ${block.first - 1} are`} in no block: removed before they could be sealed`);
    }
    if (block.first < this.#next) this.#problems.row('row_sealed_twice', block.first, block.number, `is listed as new by block ${block.number}, and was listed before`);
  }

  #fresh(listed: Map<number, SealedRow>, block: Block): void {
    let from = Math.max(this.#next, this.#removed + 1);
    for (;;) {
      const rows = from <= block.last ? this.#range.all(from, block.last) : [];
      for (const row of rows) {
        const seq = Number(row['seq']);
        const sealed = listed.get(seq);
        if (sealed === undefined) {
          this.#problems.row('row_inserted', seq, block.number, 'is in the journal and in no block: inserted after its neighbours were sealed');
          continue;
        }
        listed.delete(seq);
        this.rows += 1;
        this.#first(row, sealed, block.number);
      }
      if (rows.length < RANGE) break;
      from = Number(rows.at(-1)?.['seq']) + 1;
    }
    for (const seq of listed.keys()) if (seq > this.#removed) this.#problems.row('row_missing', seq, block.number, `was sealed by block ${block.number} and is gone`);
    this.#next = Math.max(this.#next, block.last + 1);
  }

  #first(row: SqlRow, { seq, full, core }: SealedRow, block: number): void {
    const digests = this.#digests(row, seq);
    if (digests === null) return;
    const note = row['open_state'];
    if (core === null) {
      if (note !== null) this.#problems.row('row_changed', seq, block, 'had ended when it was sealed, and is noted as open');
      if (!digests.full.equals(full)) this.#changed(seq, block);
      return;
    }
    if (note === null) return this.#problems.row('row_changed', seq, block, 'was open when it was sealed, and the note of that is gone');
    this.#open(row, seq, { core, full }, digests, block);
  }

  #again({ seq, full, core }: SealedRow, block: number): void {
    if (seq <= this.#removed) return;
    const awaited = this.#awaited.get(seq);
    if (awaited === undefined) return this.#problems.row('row_sealed_twice', seq, block, `had ended when it was sealed, and was sealed again by block ${block}`);
    this.#awaited.delete(seq);
    const row = this.#one.get(seq);
    if (row === undefined) return this.#problems.row('row_missing', seq, block, `was sealed by block ${block} and is gone`);
    const digests = this.#digests(row, seq);
    if (digests === null) return;
    if (core !== null) return this.#open(row, seq, { core, full }, digests, block);
    if (row['open_state'] !== 2 || row['open_block'] !== block) this.#problems.row('row_changed', seq, block, `was sealed for good by block ${block}, and is noted otherwise`);
    if (!digests.core.equals(awaited) || !digests.full.equals(full)) this.#changed(seq, block);
  }

  /** A row as it was sealed while it was open: what never changes must be the same, and all of it when nothing changed since. */
  #open(row: SqlRow, seq: number, sealed: RowDigests, now: RowDigests, block: number): void {
    const later = Number(row['open_block']) > block;
    if (later) this.#awaited.set(seq, sealed.core);
    else if (row['open_state'] === 1) {
      this.unsealedEnds += 1;
      if (now.full.equals(sealed.full)) return this.#problems.row('row_changed', seq, block, 'is noted as changed since it was sealed, and was not');
    }
    const same = later || row['open_state'] === 1 ? now.core.equals(sealed.core) : now.full.equals(sealed.full);
    if (!same || Number(row['open_block']) < block || (!later && row['open_state'] === 2)) this.#changed(seq, block);
  }

  #changed(seq: number, block: number): void {
    this.#problems.row('row_changed', seq, block, `is not as block ${block} sealed it`);
  }

  #digests(row: SqlRow, seq: number): RowDigests | null {
    const told = row['told'] === 'suppressed';
    const commitment = blob(row['erased']);
    const salt = blob(row['salt']);
    if (commitment !== null) {
      const named = this.#redaction(Number(row['erased_by']))?.get(seq);
      if (named === undefined || !named.equals(commitment)) {
        this.#problems.row('redaction_changed', seq, null, 'is noted as redacted, and no block says so');
        return null;
      }
      if (hasArguments(row) || salt !== null) {
        this.#problems.row('row_changed', seq, null, 'was redacted and has arguments');
        return null;
      }
      return digestsOf(row, commitment, told);
    }
    if (salt === null && hasArguments(row)) {
      this.#problems.row('row_changed', seq, null, 'has arguments, and what is needed to check them is gone');
      return null;
    }
    return digestsOf(row, salt === null ? NO_ARGUMENTS : commitmentOf(row, salt), told);
  }

  #redaction(number: number): ReadonlyMap<number, Buffer> | null {
    const known = this.#redactions.get(number);
    if (known !== undefined) return known;
    const block = this.#log.block(number);
    if (block?.kind !== 'redacted' || block.body === null) return null;
    let rows: Map<number, Buffer>;
    try {
      rows = new Map(decodeRedaction(block.body).rows.map(({ seq, commitment }) => [seq, commitment]));
    } catch {
      return null;
    }
    for (const oldest of this.#redactions.keys()) if (this.#redactions.size >= REDACTIONS_KEPT) this.#redactions.delete(oldest);
    this.#redactions.set(number, rows);
    return rows;
  }
}
