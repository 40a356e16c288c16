/** Unicode's stream-safe text has at most 30 of them in a row (UAX #15, section 13). U+FF9E and U+FF9F are letters that become marks. */
const TOO_MANY_MARKS = /[\p{M}\uFF9E\uFF9F]{31}/u;

/**
 * The compatibility form (NFKC) of hostile text, in linear time; text with more than 30 combining marks in a row is given back as it is.
 *
 * Marks are sorted by insertion, so normalising a run of n of them takes n² steps: minutes for a key of 4 MB. To leave such text alone
 * hides nothing: normalising removes marks only by composing them, at most 3 into one character, so the result still has more than 27 in
 * a row, and no name that we know has that. Characters that are to be removed must be removed first: they keep runs apart.
 */
export function nfkc(text: string): string {
  return TOO_MANY_MARKS.test(text) ? text : text.normalize('NFKC');
}
