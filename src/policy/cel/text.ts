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

/** Negative, zero or positive, by code points. UTF-16 order differs from it where surrogates meet U+E000 and above. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  if (!SURROGATE.test(a) && !SURROGATE.test(b)) return a < b ? -1 : 1;
  let i = 0;
  while (i < a.length && i < b.length) {
    const [left, right] = [a.codePointAt(i) ?? 0, b.codePointAt(i) ?? 0];
    if (left !== right) return left - right;
    i += left > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
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
