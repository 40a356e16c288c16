import { BACKSLASH, byteAt, QUOTE, SPACE } from './ascii.ts';

/** Plain bytes in a row that are looked at one by one before the rest is read in words: most strings are shorter than the set-up. */
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
  for (;;) {
    const stop = Math.min(length, i + SHORT);
    let c = SPACE;
    while (i < stop) {
      c = bytes[i] as number;
      if (c < SPACE || c === QUOTE || c === BACKSLASH) break;
      i++;
    }
    if (i === stop) {
      if (i === length) return ~i;
      i = plainRunEnd(bytes, i);
    } else if (c === BACKSLASH) {
      const size = ESCAPES[byteAt(bytes, i + 1)] ?? 0;
      if (size === 0 || (size === 6 && !isHex4(bytes, i + 2))) return ~i;
      i += size;
    } else {
      return c === QUOTE ? i + 1 : ~i;
    }
  }
}

/** Bytes of an escape by the byte behind its backslash; 0 where none is allowed. */
const ESCAPES = new Uint8Array(256);
for (const c of '"\\/bfnrt') ESCAPES[c.charCodeAt(0)] = 2;
ESCAPES['u'.charCodeAt(0)] = 6;

/** Four hexadecimal digits. Any four will do: a lone surrogate is grammatical, and is forwarded as it was written. */
function isHex4(bytes: Buffer, from: number): boolean {
  for (let k = from; k < from + 4; k++) {
    const c = byteAt(bytes, k);
    if (!((c >= 0x30 && c <= 0x39) || (c >= 0x41 && c <= 0x46) || (c >= 0x61 && c <= 0x66))) return false;
  }
  return true;
}

/**
 * Skips bytes that mean nothing in a string, sixteen at a time: a 100 KB argument must not cost 100 000 steps. Stops at or before the
 * first quote, backslash or control character, always nearer to it than the caller's loop reaches in one go.
 */
function plainRunEnd(bytes: Buffer, from: number): number {
  // Words must lie on a multiple of four in the memory behind the buffer; `shift` is where the buffer starts within its first word.
  const shift = bytes.byteOffset & 3;
  let word = (from + shift + 3) >>> 2;
  const last = (bytes.length + shift) >>> 2;
  const head = Math.min(bytes.length, word * 4 - shift);
  for (let i = from; i < head; i++) {
    const c = bytes[i] as number;
    if (c < SPACE || c === QUOTE || c === BACKSLASH) return i;
  }
  if (word >= last) return head;
  const words = new Int32Array(bytes.buffer, bytes.byteOffset - shift, last);
  for (; word + 4 <= last; word += 4) {
    const found =
      special(words[word] as number) |
      special(words[word + 1] as number) |
      special(words[word + 2] as number) |
      special(words[word + 3] as number);
    if ((found & HIGH_BITS) !== 0) break;
  }
  return Math.max(from, word * 4 - shift);
}

const HIGH_BITS = 0x80808080 | 0;

/**
 * Non-zero in the high bit of some byte exactly when one of the four bytes is a quote, a backslash or a control character. Flipping bit 1
 * moves the quote (0x22) to 0x20 and keeps controls below 0x20, so that one borrow test finds both; a zero test on v ^ 0x5c finds the
 * backslash. Bytes at and above 0x80 belong to UTF-8 that has been checked and are masked out.
 */
function special(v: number): number {
  const x = v ^ 0x5c5c5c5c;
  return (((v ^ 0x02020202) - 0x21212121) & ~v) | ((x - 0x01010101) & ~x);
}
