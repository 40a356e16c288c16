import { BACKSLASH } from './ascii.ts';
import { decodeString } from './decode-string.ts';

/**
 * Whether the member name at [start, end), without quotes, in accepted text, has the value `key`. Decodes only names that hold an escape or
 * leave ASCII, and only as long as they agree with `key` so far.
 */
export function sameName(bytes: Buffer, start: number, end: number, key: string): boolean {
  const size = key.length;
  for (let i = start, k = 0; i < end; i++, k++) {
    const c = bytes[i] as number;
    if (c >= 0x80 || c === BACKSLASH) return decodeString(bytes, i, end) === key.slice(k);
    if (k >= size || key.charCodeAt(k) !== c) return false;
  }
  return end - start === size;
}
