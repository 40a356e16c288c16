import { byteAt, DOT, MINUS, NINE, PLUS, ZERO } from './ascii.ts';

/**
 * Finds the end of a JSON number (RFC 8259 section 6) that starts at `from`.
 *
 * @returns the index behind the number, or `~offset` (negative) of the byte that is not allowed there
 */
export function numberEnd(bytes: Buffer, from: number): number {
  let i = from;
  if (byteAt(bytes, i) === MINUS) i++;
  if (byteAt(bytes, i) === ZERO) {
    i++;
  } else {
    const end = digitsEnd(bytes, i);
    if (end === i) return ~i;
    i = end;
  }
  if (byteAt(bytes, i) === DOT) {
    const end = digitsEnd(bytes, i + 1);
    if (end === i + 1) return ~end;
    i = end;
  }
  const e = byteAt(bytes, i);
  if (e === 0x65 || e === 0x45) {
    i++;
    const sign = byteAt(bytes, i);
    if (sign === PLUS || sign === MINUS) i++;
    const end = digitsEnd(bytes, i);
    if (end === i) return ~i;
    i = end;
  }
  return i;
}

function digitsEnd(bytes: Buffer, from: number): number {
  const length = bytes.length;
  let i = from;
  while (i < length) {
    const c = bytes[i] as number;
    if (c < ZERO || c > NINE) break;
    i++;
  }
  return i;
}
