/** What a terminal would act on, or not show; JSON itself only escapes C0. */
const UNPRINTABLE = /[\p{Cf}\u007f-\u009f\u2028\u2029]/gu;

/** JSON on one line that does nothing to a terminal, and is the same value. */
export function printedJson(value: unknown): string {
  return JSON.stringify(value).replace(UNPRINTABLE, (text) => [...text].map((one) => Array.from({ length: one.length }, (_, index) => `\\u${one.charCodeAt(index).toString(16).padStart(4, '0')}`).join('')).join(''));
}
