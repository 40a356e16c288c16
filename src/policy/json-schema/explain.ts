import { printable } from '../printable.ts';
import type { Failure, Place } from './schema-types.ts';

const LONGEST_NAME = 64;
const LONGEST_PATH = 300;

/** The dotted path of a place: `card.number`, `items[3].name`, `["odd name"]`. Names are the caller's: clipped, and escaped. */
export function pathOf(base: string, place: Place | null): string {
  const keys: (string | number)[] = [];
  for (let at = place; at !== null; at = at.parent) keys.push(at.key);
  let path = base;
  for (const key of keys.reverse()) {
    if (path.length > LONGEST_PATH) return `${path}…`;
    if (typeof key === 'number') path += `[${key}]`;
    else if (/^[A-Za-z0-9_$-]+$/.test(key) && key.length <= LONGEST_NAME) path += path === '' ? key : `.${key}`;
    else path += `["${printable(key, LONGEST_NAME).replaceAll('"', String.raw`\"`)}"]`;
  }
  return path;
}

/** The sentence of a failure, and what would pass. */
export function explain(base: string, { place, complaint }: Failure): { path: string; message: string; wouldPass: string | null } {
  const path = pathOf(base, place);
  const wouldPass = complaint.passes === null || path === '' ? null : `${path} ${complaint.passes}`;
  return { path, message: path === '' ? `the argument object ${complaint.says}` : `${path} ${complaint.says}`, wouldPass };
}
