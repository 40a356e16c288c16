/** Strings as CEL has them: sequences of code points. JavaScript counts UTF-16 units. */

const SURROGATE = /[\uD800-\uDFFF]/;

/** The number of code points. A lone surrogate counts as one. */
export function sizeOf(text: string): number {
  if (!SURROGATE.test(text)) return text.length;
  let size = 0;
  for (let i = 0; i < text.length; i += 1) {
    if ((text.codePointAt(i) ?? 0) > 0xffff) i += 1;
    size += 1;
  }
  return size;
}

/** The offset in UTF-16 units of the code point at `position`; -1 when the text is shorter. `position` is a safe integer, 0 or more. */
export function unitOffset(text: string, position: number): number {
  if (!SURROGATE.test(text)) return position <= text.length ? position : -1;
  let offset = 0;
  for (let left = position; left > 0; left -= 1) {
    if (offset >= text.length) return -1;
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/**
 * Negative, zero or positive, by code points; UTF-16 order differs from it where surrogates meet U+E000 and above. Looks no further than
 * the first difference.
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const [left, right] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (left !== right) return left >= 0xd800 && right >= 0xd800 ? codePointRank(left) - codePointRank(right) : left - right;
  }
  return a.length - b.length;
}

/** Moves surrogates, which begin code points above U+FFFF, behind U+FFFF. */
function codePointRank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}

/** ASCII letters only: a case mapping that depends on Unicode tables would let two names meet that the upstream keeps apart. */
export function lowerAscii(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

export function upperAscii(text: string): string {
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

const WHITE_SPACE = /^\p{White_Space}$/u;

/** Without Unicode white space at both ends. No pattern does it: those that look for white space before the end are quadratic. */
export function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && WHITE_SPACE.test(text.charAt(start))) start += 1;
  while (end > start && WHITE_SPACE.test(text.charAt(end - 1))) end -= 1;
  return text.slice(start, end);
}
