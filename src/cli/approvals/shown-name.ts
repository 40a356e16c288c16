import { printable } from '../../policy/printable.ts';

/** A name that somebody chose, in quotes, for one line of a terminal: JSON lets C1 controls and bidi controls through, so those are escaped after it. */
export function shownName(name: string): string {
  return printable(JSON.stringify(name), 300);
}
