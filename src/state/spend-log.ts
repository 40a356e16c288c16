import { addDecimals, formatDecimal } from '../wire/decimal.ts';
import { readAmount, sumOf, without } from './amount.ts';
import type { SqlDatabase, SqlStatement } from './driver.ts';
import type { HeadCache, Heads } from './head-cache.ts';
import type { Spent } from './limit-draw.ts';
import { readCursors, writeCursors, type SpendCursor } from './spend-cursor.ts';

/** How a log of spends is cut into blocks, and how much of each level is kept. */
export interface SpendShape {
  /** Spends per block, and blocks per block of the next level. */
  readonly fan: number;
  readonly levels: number;
  /** Newest spends that are kept one by one, a multiple of `fan`. Older ones are known as blocks: those of one block leave a window together. */
  readonly spends: number;
  /** Newest blocks of each level that are kept, a multiple of `fan`; the highest level keeps all. */
  readonly blocks: number;
}

/** A block of the highest level holds 64^4 spends, about 17 million. A busy budget takes a few megabytes. */
export const SPEND_SHAPE: SpendShape = { fan: 64, levels: 4, spends: 131_072, blocks: 4096 };

/** In place of a window: the cursor of the block that is being filled, which comes first in the column. */
const BLOCK = 0;

/** One budget as read at the start of a transaction. */
export interface BudgetHead {
  readonly id: number;
  /** Spends recorded so far; the next one gets this sequence number. */
  readonly count: number;
  /** Time of the newest spend; 0 when there is none. */
  readonly at: number;
  readonly span: number;
  /** The block that is being filled, added up like a window. Null when the next spend begins one. */
  readonly block: SpendCursor | null;
  readonly cursors: readonly SpendCursor[];
}

/** One spend (`size` 1) or a block of spends; `at` is the time of the newest in it. */
export interface SpendUnit {
  readonly size: number;
  readonly at: number;
  readonly amount: string;
}

/**
 * The log behind a budget: every spend with its time, and sums of blocks of them, and of blocks of these. A sum of any window costs a bounded number of
 * look-ups however many spends it holds, and giving one back changes its own row and one sum per level. The sums
 * of the windows at hand travel with the newest spend, so that a call writes one row. Amounts are canonical decimals
 * in text and are added here, not by SQL: SQLite would make floats of them.
 */
export class SpendLog {
  readonly shape: SpendShape;
  readonly #heads: Heads<BudgetHead> | null;
  readonly #head: SqlStatement;
  readonly #newest: SqlStatement;
  readonly #create: SqlStatement;
  readonly #widen: SqlStatement;
  readonly #setSums: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #spends: SqlStatement;
  readonly #undo: SqlStatement;
  readonly #thin: SqlStatement;
  readonly #insertBlock: SqlStatement;
  readonly #blocks: SqlStatement;
  readonly #setBlock: SqlStatement;
  readonly #thinBlocks: SqlStatement;

  /** @param cache left out: every head is looked up */
  constructor(database: SqlDatabase, shape: SpendShape = SPEND_SHAPE, cache?: HeadCache) {
    this.shape = shape;
    this.#heads = cache?.kind() ?? null;
    this.#head = database.prepare(
      'SELECT b.id, b.span, s.seq, s.at, s.sums FROM budgets b LEFT JOIN spends s ON s.budget = b.id WHERE b.key = ? ORDER BY s.seq DESC LIMIT 1',
    );
    this.#newest = database.prepare('SELECT seq, sums FROM spends WHERE budget = ? ORDER BY seq DESC LIMIT 1');
    this.#create = database.prepare('INSERT INTO budgets (key, span) VALUES (?, ?)');
    this.#widen = database.prepare('UPDATE budgets SET span = ? WHERE id = ?');
    this.#setSums = database.prepare('UPDATE spends SET sums = ? WHERE budget = ? AND seq = ?');
    this.#insert = database.prepare('INSERT INTO spends (budget, seq, at, amount, sums) VALUES (?, ?, ?, ?, ?)');
    this.#spends = database.prepare('SELECT seq AS place, at, amount FROM spends WHERE budget = ? AND seq >= ? ORDER BY seq LIMIT ?');
    this.#undo = database.prepare("UPDATE spends SET amount = '0' WHERE budget = ? AND seq = ?");
    this.#thin = database.prepare('DELETE FROM spends WHERE budget = ? AND seq < ?');
    this.#insertBlock = database.prepare('INSERT INTO spend_blocks (budget, level, block, at, amount) VALUES (?, ?, ?, ?, ?)');
    this.#blocks = database.prepare('SELECT block AS place, at, amount FROM spend_blocks WHERE budget = ? AND level = ? AND block >= ? ORDER BY block LIMIT ?');
    this.#setBlock = database.prepare('UPDATE spend_blocks SET amount = ? WHERE budget = ? AND level = ? AND block = ?');
    this.#thinBlocks = database.prepare('DELETE FROM spend_blocks WHERE budget = ? AND level = ? AND block < ?');
  }

  /** Spends in one unit of a level; level 0 are the spends themselves. */
  size(level: number): number {
    return this.shape.fan ** level;
  }

  head(key: string): BudgetHead | null {
    const known = this.#heads?.get(key);
    if (known !== undefined) return known;
    const row = this.#head.first(key);
    if (row === undefined) return null;
    const [id, span, seq, at, sums] = row;
    const head = { id: Number(id), span: Number(span) };
    if (seq === null) return { ...head, count: 0, at: 0, block: null, cursors: [] };
    const [block = null, ...cursors] = readCursors(String(sums));
    return { ...head, count: Number(seq) + 1, at: Number(at), block, cursors };
  }

  create(key: string, span: number): BudgetHead {
    const { lastRowid } = this.#create.run(key, span);
    return { id: lastRowid, count: 0, at: 0, span, block: null, cursors: [] };
  }

  /** Records a spend at `now`, which is at least `head.at`, and brings the sums of all kept windows up to date. */
  append(key: string, head: BudgetHead, amount: string, cursors: readonly SpendCursor[], now: number, span: number): Spent {
    const { id, count: seq, block: filling } = head;
    const value = readAmount(amount);
    const begins = seq % this.shape.fan === 0 || filling === null;
    const block = begins ? { window: BLOCK, first: seq, firstAt: now, total: value } : { ...filling, total: addDecimals(filling.total, value) };
    const counted = cursors.map((cursor): SpendCursor => ({
      ...cursor,
      firstAt: cursor.first === seq ? now : cursor.firstAt,
      total: addDecimals(cursor.total, value),
    }));
    this.#insert.run(id, seq, now, amount, writeCursors([block, ...counted]));
    if (span > head.span) this.#widen.run(span, id);
    if ((seq + 1) % this.shape.fan === 0) this.#complete(id, seq + 1, now, block);
    this.#heads?.put(key, { id, count: seq + 1, at: now, span: Math.max(span, head.span), block, cursors: counted });
    return [id, seq, amount];
  }

  /** Takes a spend out of the log, in its own place and so in its own window. Nothing happens when the budget is gone. */
  giveBack([id, seq, amount]: Spent): void {
    const row = this.#newest.first(id);
    if (row === undefined || seq > Number(row[0])) return;
    const value = readAmount(amount);
    this.#undo.run(id, seq);
    for (let level = 1; level <= this.shape.levels; level += 1) {
      const block = Math.floor(seq / this.size(level));
      const [found] = this.units(id, level, block * this.size(level), 1);
      if (found !== undefined) this.#setBlock.run(formatDecimal(without(readAmount(found.amount), value)), id, level, block);
    }
    const cursors = readCursors(String(row[1])).map((cursor): SpendCursor => (
      cursor.first <= seq ? { ...cursor, total: without(cursor.total, value) } : cursor
    ));
    this.#setSums.run(writeCursors(cursors), id, Number(row[0]));
  }

  /** Up to `limit` units of one level that follow each other without a gap, the first of them beginning at `from`; none when it is missing. */
  units(id: number, level: number, from: number, limit: number): SpendUnit[] {
    const size = this.size(level);
    const place = from / size;
    const rows = level === 0 ? this.#spends.all(id, place, limit) : this.#blocks.all(id, level, place, limit);
    const units: SpendUnit[] = [];
    for (const row of rows) {
      if (Number(row['place']) !== place + units.length) break;
      units.push({ size, at: Number(row['at']), amount: String(row['amount']) });
    }
    return units;
  }

  /** Adds up what has become a whole block at any level, and thins what is too old to stay one by one: at most `fan` rows a level. */
  #complete(id: number, count: number, now: number, filled: SpendCursor): void {
    const { fan, levels, spends, blocks } = this.shape;
    for (let level = 1; level <= levels && count % this.size(level) === 0; level += 1) {
      const size = this.size(level);
      const whole = level === 1 && filled.first === count - size;
      const amount = whole ? formatDecimal(filled.total) : sumOf(this.units(id, level - 1, count - size, fan).map((part) => part.amount));
      this.#insertBlock.run(id, level, count / size - 1, now, amount);
      if (level === 1) {
        if (count > spends) this.#thin.run(id, count - spends);
      } else {
        const kept = count / this.size(level - 1) - blocks;
        if (kept > 0) this.#thinBlocks.run(id, level - 1, kept);
      }
    }
  }
}

