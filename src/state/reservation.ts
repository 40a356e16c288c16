import type { Spent } from './limit-draw.ts';

/** What an admitted call took beyond its rate limits, as kept in its journal row: enough to undo it from any process. */
export interface Reservation {
  readonly spent: readonly Spent[];
  /** Id of the approval that it used, or null. */
  readonly approval: string | null;
}

/** The column `journal.reserved`; null for a call that took nothing that can be given back. */
export function reservationColumn({ spent, approval }: Reservation): string | null {
  return spent.length === 0 && approval === null ? null : JSON.stringify({ spent, approval });
}

export function readReservation(column: unknown): Reservation | null {
  return typeof column === 'string' ? (JSON.parse(column) as Reservation) : null;
}
