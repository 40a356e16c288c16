/**
 * Characters that could change what a person sees without being seen: C0 and C1 controls, format characters (bidi overrides,
 * zero-width), line and paragraph separators, unpaired surrogates, unassigned and private-use code points, and letters and symbols
 * that are blank (fillers, the grapheme joiner, the braille blank). A name printed raw could rewrite the terminal line or the
 * approval text around it (protocol.md, probes 44 and 55).
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\u034f\u115f\u1160\u2800\u3164\uffa0]/u;

/** Clips to `max` code points, marks the cut with `…`, and writes every unprintable character as `\u{hex}`. */
export function printable(text: string, max = 128): string {
  let out = '';
  let count = 0;
  for (const character of text) {
    if (count === max) return `${out}…`;
    count += 1;
    out += UNPRINTABLE.test(character) ? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}` : character;
  }
  return out;
}

/** `printable`, in backticks. A backtick inside is escaped so that a name cannot close its own quotation. */
export function quoted(text: string, max = 128): string {
  return `\`${printable(text, max).replaceAll('`', '\\u{60}')}\``;
}

/** How many characters a person counts, give or take combining marks: code points, not UTF-16 units. */
export function codePoints(text: string): number {
  return Array.from(text).length;
}
