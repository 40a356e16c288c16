import type { Spent } from './limit-draw.ts';

/** What an admitted call took beyond its rate limits, as kept in its journal row: enough to undo it from any process. */
export interface Reservation {
  readonly spent: readonly Spent[];
  /** Id of the approval that it used, or null. */
  readonly approval: string | null;
}

/**
 * The column `journal.reserved`: `budget seq amount` of each spend, separated by `;`, then `|` and the approval. None of these has one of
 * the separators in it. Null for a call that took nothing that can be given back.
 */
export function reservationColumn({ spent, approval }: Reservation): string | null {
  if (spent.length === 0 && approval === null) return null;
  let text = '';
  for (const [budget, seq, amount] of spent) text += `${text === '' ? '' : ';'}${budget} ${seq} ${amount}`;
  return approval === null ? text : `${text}|${approval}`;
}

export function readReservation(column: unknown): Reservation | null {
  if (typeof column !== 'string') return null;
  const [spends = '', approval = null] = column.split('|');
  const spent = spends === '' ? [] : spends.split(';').map((one): Spent => {
    const [budget, seq, amount = '0'] = one.split(' ');
    return [Number(budget), Number(seq), amount];
  });
  return { spent, approval };
}
