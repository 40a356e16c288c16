import { BACKSLASH, CLOSE_BRACE, CLOSE_BRACKET, COMMA, OPEN_BRACE, OPEN_BRACKET, QUOTE, SPACE } from './ascii.ts';

/** Bytes looked at one by one before a string counts as long and its end is searched in bulk. */
const SHORT = 48;

/**
 * The index behind the value that starts at `start`, in text that scan() has accepted: nothing is checked again.
 */
export function skipValue(bytes: Buffer, start: number): number {
  const c = bytes[start];
  if (c === QUOTE) return skipString(bytes, start);
  if (c === OPEN_BRACE || c === OPEN_BRACKET) return skipContainer(bytes, start);
  const length = bytes.length;
  let i = start + 1;
  while (i < length) {
    const b = bytes[i] as number;
    if (b <= SPACE || b === COMMA || b === CLOSE_BRACE || b === CLOSE_BRACKET) break;
    i++;
  }
  return i;
}

/** The index behind the string whose opening quote is at `start`, in accepted text. */
export function skipString(bytes: Buffer, start: number): number {
  let i = start + 1;
  for (;;) {
    for (const stop = i + SHORT; i < stop; i++) {
      const c = bytes[i];
      if (c === QUOTE) return i + 1;
      if (c === BACKSLASH) i++;
    }
    const quote = bytes.indexOf(QUOTE, i);
    // An odd run of backslashes before the quote means that it is escaped. `i` may stand on the escaped half of a pair only
    // when that pair was skipped as a whole, so the run is counted from `i`.
    let run = quote;
    while (run > i && bytes[run - 1] === BACKSLASH) run--;
    i = quote + 1;
    if (((quote - run) & 1) === 0) return i;
  }
}

function skipContainer(bytes: Buffer, start: number): number {
  let depth = 0;
  let i = start;
  for (;;) {
    const c = bytes[i];
    if (c === QUOTE) {
      i = skipString(bytes, i);
      continue;
    }
    i++;
    if (c === OPEN_BRACE || c === OPEN_BRACKET) depth++;
    else if ((c === CLOSE_BRACE || c === CLOSE_BRACKET) && --depth === 0) return i;
  }
}
