import { BACKSLASH, byteAt, QUOTE, SPACE } from './ascii.ts';

/** Bytes looked at one by one before a string counts as long and is read in words. */
const SHORT = 48;

/**
 * Finds the end of a JSON string (RFC 8259 section 7) in text that is valid UTF-8.
 *
 * @param from any index inside the string at which no escape is open; the first one is behind the opening quote
 * @returns the index behind the closing quote, or `~offset` (negative) of the byte that is not allowed there
 */
export function stringEnd(bytes: Buffer, from: number): number {
  const length = bytes.length;
  let i = from;
  let wordsAt = from + SHORT;
  for (;;) {
    const stop = Math.min(length, wordsAt);
    let c = 0;
    while (i < stop) {
      c = bytes[i] as number;
      if (c < SPACE || c === QUOTE || c === BACKSLASH) break;
      i++;
    }
    if (i >= length) return ~length;
    if (i >= stop) {
      i = plainRunEnd(bytes, i);
      wordsAt = i + SHORT;
      continue;
    }
    if (c === QUOTE) return i + 1;
    if (c < SPACE) return ~i;
    const next = escapeEnd(bytes, i);
    if (next < 0) return next;
    i = next;
    if (i > wordsAt) wordsAt = i;
  }
}

/** The index behind the escape whose backslash is at `index`, or `~index`. Lone surrogates are grammatical and pass. */
function escapeEnd(bytes: Buffer, index: number): number {
  switch (byteAt(bytes, index + 1)) {
    case QUOTE:
    case BACKSLASH:
    case 0x2f: // /
    case 0x62: // b
    case 0x66: // f
    case 0x6e: // n
    case 0x72: // r
    case 0x74: // t
      return index + 2;
    case 0x75: // u
      for (let k = index + 2; k < index + 6; k++) {
        if (!isHex(byteAt(bytes, k))) return ~index;
      }
      return index + 6;
    default:
      return ~index;
  }
}

function isHex(c: number): boolean {
  return (c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66);
}

/**
 * Skips bytes that mean nothing in a string, four at a time: a 100 KB argument must not cost 100 000 steps.
 * Stops at or before the first quote, backslash or control character, at most one word early.
 */
function plainRunEnd(bytes: Buffer, from: number): number {
  const shift = bytes.byteOffset & 3;
  const base = bytes.byteOffset - shift;
  let i = from;
  // Bytes up to the next word boundary are left to the caller's loop by starting at the word that contains none of them.
  let word = (i + shift + 3) >> 2;
  const last = (bytes.length + shift) >> 2;
  for (const head = Math.min(bytes.length, (word << 2) - shift); i < head; i++) {
    const c = bytes[i] as number;
    if (c < SPACE || c === QUOTE || c === BACKSLASH) return i;
  }
  if (word >= last) return i;
  const words = new Int32Array(bytes.buffer, base, last);
  while (word < last) {
    const v = words[word] as number;
    // In every byte: flipping bit 1 moves the quote (0x22) to 0x20 and leaves controls below 0x20, so one borrow test
    // finds both; a zero test on v ^ 0x5c finds the backslash. A false alarm ends the run early, a miss is impossible.
    const x = v ^ 0x5c5c5c5c;
    if (((((v ^ 0x02020202) - 0x21212121) & ~v) | ((x - 0x01010101) & ~x)) & 0x80808080) break;
    word++;
  }
  return (word << 2) - shift;
}
