import { isUtf8 } from 'node:buffer';

/**
 * Where invalid UTF-8 begins, to within one character, for an error message. Halves the text, so it costs no more than two
 * bulk checks: an attacker gains nothing by sending invalid text.
 */
export function firstInvalidUtf8(bytes: Buffer): number {
  let low = 0;
  let high = bytes.length;
  for (;;) {
    let middle = low + ((high - low) >> 1);
    for (let back = 0; back < 3 && middle > low && isContinuation(bytes[middle]); back++) middle--;
    if (middle === low) return low;
    if (isUtf8(bytes.subarray(low, middle))) low = middle;
    else high = middle;
  }
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}
