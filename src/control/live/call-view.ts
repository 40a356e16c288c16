import type { JournalRow } from '../../state/types.ts';
import type { LiveEvent } from './event-queue.ts';

/** A journal row as it is shown while it happens: never the values of arguments. */
export function callEvent({ argValues: _values, argHash: _hash, ...row }: JournalRow): LiveEvent {
  return { event: 'call', data: row, id: row.seq };
}
