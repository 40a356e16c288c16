import { ZERO, addDecimals, compareDecimals, subtractDecimals, type Decimal } from '../wire/decimal.ts';
import { readAmount, without } from './amount.ts';
import type { SpendCursor } from './spend-cursor.ts';
import type { SpendLog, SpendUnit } from './spend-log.ts';
import { StateUnavailable } from './types.ts';

interface Loaded {
  from: number;
  units: readonly SpendUnit[];
}

function damaged(): StateUnavailable {
  return new StateUnavailable('the log of a budget has a hole; the database was changed by something else');
}

/** Spends read at first, and then four times as many each time: most walks end after one or two. */
const FIRST_READ = 4;

/**
 * One walk along the log of a budget, from older to newer, in the largest steps that are allowed: at most `fan` steps a level up and
 * as many down again, so its cost does not depend on how many spends lie on the way.
 */
export class SpendWalk {
  readonly #log: SpendLog;
  readonly #id: number;
  readonly #count: number;
  readonly #loaded: (Loaded | undefined)[] = [];
  #read = FIRST_READ;

  constructor(log: SpendLog, id: number, count: number) {
    this.#log = log;
    this.#id = id;
    this.#count = count;
  }

  /**
   * Moves a cursor past what has left its window at `now`.
   * @returns the cursor itself when nothing has
   */
  advance(cursor: SpendCursor, now: number): SpendCursor {
    const { window } = cursor;
    if (cursor.first >= this.#count || now - cursor.firstAt <= window) return cursor;
    let { first, total } = cursor;
    while (first < this.#count) {
      const step = this.#step(first, ({ at }) => now - at > window);
      if (step === null) return this.fresh(window, now);
      if (!step.passed) return { window, first, firstAt: step.unit.at, total };
      first += step.unit.size;
      total = without(total, readAmount(step.unit.amount));
    }
    return { window, first, firstAt: 0, total: ZERO };
  }

  /** Adds up a window that no cursor is kept for, or whose cursor points into a block that has been thinned. */
  fresh(window: number, now: number): SpendCursor {
    let first = 0;
    let firstAt = 0;
    while (first < this.#count) {
      const step = this.#step(first, ({ at }) => now - at > window);
      if (step === null) throw damaged();
      firstAt = step.unit.at;
      if (!step.passed) break;
      first += step.unit.size;
    }
    let total = ZERO;
    for (let place = first; place < this.#count;) {
      const step = this.#step(place, () => true);
      if (step === null) throw damaged();
      total = addDecimals(total, readAmount(step.unit.amount));
      place += step.unit.size;
    }
    return { window, first, firstAt, total };
  }

  /**
   * When enough has left the window that `excess` more than what may be there now is gone.
   * @returns the time of the spend (or block) whose leaving makes room, microseconds; null when the cursor points into a thinned block
   */
  roomAfter(cursor: SpendCursor, excess: Decimal): number | null {
    let place = cursor.first;
    let missing = excess;
    while (place < this.#count) {
      const step = this.#step(place, ({ amount }) => compareDecimals(readAmount(amount), missing) < 0);
      if (step === null) return null;
      if (!step.passed) return step.unit.at;
      missing = subtractDecimals(missing, readAmount(step.unit.amount));
      place += step.unit.size;
    }
    return null;
  }

  /**
   * The largest unit at `place` that may be passed; else the smallest one there, which then may not. Null in the middle of a block
   * whose spends are no longer kept one by one.
   */
  #step(place: number, pass: (unit: SpendUnit) => boolean): { readonly unit: SpendUnit; readonly passed: boolean } | null {
    let smallest: SpendUnit | null = null;
    for (let level = this.#log.shape.levels; level >= 0; level -= 1) {
      const size = this.#log.size(level);
      if (place % size !== 0 || place + size > this.#count) continue;
      const unit = this.#unit(level, place);
      if (unit === null) continue;
      if (pass(unit)) return { unit, passed: true };
      smallest = unit;
    }
    return smallest === null ? null : { unit: smallest, passed: false };
  }

  #unit(level: number, place: number): SpendUnit | null {
    const size = this.#log.size(level);
    let loaded = this.#loaded[level];
    if (loaded === undefined || place < loaded.from || place >= loaded.from + loaded.units.length * size) {
      let limit = this.#log.shape.fan;
      if (level === 0) {
        limit = this.#read;
        this.#read = Math.min(this.#log.shape.fan, limit * 4);
      }
      loaded = { from: place, units: this.#log.units(this.#id, level, place, limit) };
      this.#loaded[level] = loaded;
    }
    return loaded.units[(place - loaded.from) / size] ?? null;
  }
}
