import { isUtf8 } from 'node:buffer';

/** Bytes of the longest character. */
const LONGEST = 4;

/**
 * Where invalid UTF-8 begins, for an error message. Halves the text, so it costs no more than two bulk checks: an attacker gains nothing by
 * sending invalid text.
 *
 * @param bytes text that is not valid UTF-8
 */
export function firstInvalidUtf8(bytes: Buffer): number {
  // Invariant: everything before `low` is valid and ends with a whole character; [low, high) is not valid.
  let low = 0;
  let high = bytes.length;
  while (high - low > 4 * LONGEST) {
    let middle = low + ((high - low) >> 1);
    for (let back = 1; back < LONGEST && isContinuation(bytes[middle]); back++) middle--;
    if (isUtf8(bytes.subarray(low, middle))) low = middle;
    else high = middle;
  }
  for (let size = 1; size <= LONGEST && low + size <= bytes.length; size++) {
    if (isUtf8(bytes.subarray(low, low + size))) {
      low += size;
      size = 0;
    }
  }
  return low;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
