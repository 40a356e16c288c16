/** The bytes that JSON and the event stream give a meaning to. */
export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;
export const QUOTE = 0x22;
export const PLUS = 0x2b;
export const COMMA = 0x2c;
export const MINUS = 0x2d;
export const DOT = 0x2e;
export const ZERO = 0x30;
export const NINE = 0x39;
export const COLON = 0x3a;
export const OPEN_BRACKET = 0x5b;
export const BACKSLASH = 0x5c;
export const CLOSE_BRACKET = 0x5d;
export const OPEN_BRACE = 0x7b;
export const CLOSE_BRACE = 0x7d;

/** What `byteAt` answers behind the end: lower than every byte, equal to none. */
export const END = -1;

/** The byte at `index`, or END when the index is at or behind the end. */
export function byteAt(bytes: Buffer, index: number): number {
  return index < bytes.length ? (bytes[index] as number) : END;
}

/** First index at or after `index` that holds no JSON white space (RFC 8259 section 2). */
export function skipSpace(bytes: Buffer, index: number): number {
  const length = bytes.length;
  let i = index;
  while (i < length) {
    const c = bytes[i] as number;
    if (c > SPACE || (c !== SPACE && c !== LF && c !== CR && c !== TAB)) break;
    i++;
  }
  return i;
}
