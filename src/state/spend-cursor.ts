import { formatDecimal, type Decimal } from '../wire/decimal.ts';
import { readAmount } from './amount.ts';

/** Where the window of one limit begins in the log of a budget, and what is spent from there to the end. */
export interface SpendCursor {
  readonly window: number;
  /** Sequence number of the oldest spend (or thinned block of spends) inside the window; the log's count when the window is empty. */
  readonly first: number;
  /** When that one was recorded, microseconds; of a block: its newest. Meaningless when the window is empty. */
  readonly firstAt: number;
  readonly total: Decimal;
}

/** Windows whose sums a budget keeps at hand. A sum that is not kept is added up again, at a bounded cost. */
const KEPT = 8;

/** The column `spends.sums`: a JSON list of `[window, first, firstAt, total]`, the first of which is the block that is being filled. */
export function readCursors(text: string): SpendCursor[] {
  const rows = JSON.parse(text) as readonly (readonly [number, number, number, string])[];
  return rows.map(([window, first, firstAt, total]) => ({ window, first, firstAt, total: readAmount(total) }));
}

export function writeCursors(cursors: readonly SpendCursor[]): string {
  return JSON.stringify(cursors.map(({ window, first, firstAt, total }) => [window, first, firstAt, formatDecimal(total)]));
}

/** Puts `cursor` in the place of the one for its window; a new one comes first, and the last of too many goes. */
export function placeCursor(cursors: readonly SpendCursor[], cursor: SpendCursor): SpendCursor[] {
  const index = cursors.findIndex(({ window }) => window === cursor.window);
  if (index === -1) return [cursor, ...cursors.slice(0, KEPT - 1)];
  return cursors.map((known, position) => (position === index ? cursor : known));
}
