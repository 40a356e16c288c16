import type { Span } from './source-text.ts';

const ESCAPES: ReadonlyMap<string, number> = new Map([['x', 2], ['u', 4], ['U', 8]]);
const SPACE = /\s/;

/**
 * Where the character at `offset` of a YAML scalar's value stands in the text. Whatever the style, the value is the text with whole
 * runs of white space, escapes and doubled quotes replaced, so both are walked side by side. Where they cannot be aligned (an
 * unusual escape), the answer is the last place where they could; it is for messages only.
 * @param text the whole document
 * @param span of the scalar, quotes and block header included
 */
export function positionInScalar(text: string, span: Span, value: string, offset: number): number {
  const style = text[span.start];
  const isBlock = style === '|' || style === '>';
  let raw = span.start;
  if (isBlock) {
    const headerEnd = text.indexOf('\n', span.start);
    raw = headerEnd === -1 || headerEnd > span.end ? span.end : headerEnd + 1;
  } else if (style === '"' || style === "'") raw += 1;
  if (isBlock && !SPACE.test(value[0] ?? 'x')) raw = skipSpace(text, raw, span.end);

  let at = 0;
  while (at < offset && raw < span.end) {
    const wanted = value[at] ?? '';
    if (style === '"' && text[raw] === '\\') {
      const next = text[raw + 1] ?? '';
      if (next === '\n' || next === '\r') {
        raw = skipSpace(text, raw + 1, span.end);
        continue;
      }
      raw += 2 + (ESCAPES.get(next) ?? 0);
      at += (value.codePointAt(at) ?? 0) > 0xffff && next === 'U' ? 2 : 1;
    } else if (SPACE.test(wanted) && SPACE.test(text[raw] ?? '')) {
      const rest = at;
      while (at < value.length && SPACE.test(value[at] ?? '')) at += 1;
      // Inside a run of white space every place is as good as its start.
      if (at > offset) return raw + Math.min(offset - rest, 1);
      raw = skipSpace(text, raw, span.end);
    } else if (wanted === text[raw]) {
      raw += style === "'" && wanted === "'" ? 2 : 1;
      at += 1;
    } else break;
  }
  return Math.min(raw, span.end);
}

function skipSpace(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && SPACE.test(text[at] ?? '')) at += 1;
  return at;
}
