import { sqliteCode } from './driver.ts';
import { StateUnavailable } from './types.ts';

/** What SQLite's primary result codes mean to an operator, and what to do (sqlite.org/rescode.html). */
const MEANING: Readonly<Record<number, string>> = {
  3: 'permission denied; check the owner and the mode of the file',
  5: 'another process holds the lock for too long; see which processes use this file',
  6: 'locked; see which processes use this file',
  8: 'the file or its directory is read-only',
  10: 'the disk reported an error, or is full',
  11: 'the file is damaged; stop every process that uses it, move it away and start again',
  13: 'the disk is full',
  14: 'cannot open the file; check that its directory exists and is writable',
  23: 'the file does not allow this',
  26: 'the file is not an SQLite database',
};

/** Turns whatever a driver or the file system threw into the one error that callers handle; `task` says what was tried. */
export function unavailable(task: string, cause: unknown): StateUnavailable {
  if (cause instanceof StateUnavailable) return cause;
  const code = sqliteCode(cause);
  const text = cause instanceof Error ? cause.message : String(cause);
  const meaning = code === null ? undefined : MEANING[code];
  return new StateUnavailable(meaning === undefined ? `${task}: ${text}` : `${task}: ${meaning} (${text})`, { cause });
}
