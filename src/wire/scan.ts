import { constants, isUtf8 } from 'node:buffer';
import {
  byteAt, CLOSE_BRACE, CLOSE_BRACKET, COLON, COMMA, MINUS, NINE, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace, ZERO,
} from './ascii.ts';
import { firstInvalidUtf8 } from './invalid-utf8.ts';
import { JsonNode } from './json-node.ts';
import type { WireLimits } from './limits.ts';
import { Nesting } from './nesting.ts';
import { type ScanError, scanError, showByte, stringError, syntaxError } from './scan-error.ts';
import { numberEnd } from './scan-number.ts';
import { stringEnd } from './scan-string.ts';

export type { ScanError, ScanErrorCode } from './scan-error.ts';

export interface ScanOk {
  readonly ok: true;
  readonly root: JsonNode;
}

/**
 * Strict validation of one complete JSON text (RFC 8259; protocol.md J1-J3, J8): valid UTF-8 without byte order mark, exactly one
 * value, no duplicate member names anywhere (compared after unescaping), within the limits. Never throws on input.
 * Lone surrogate escapes are grammatical and accepted. Linear in the input, without recursion.
 *
 * @param bytes the whole text; must not change while the result is in use
 * @returns a lazy view of the value, or the first refusal
 */
export function scan(bytes: Buffer, limits: WireLimits): ScanOk | ScanError {
  const length = bytes.length;
  // Whatever the configuration says, nothing is accepted that could not be decoded to a string later.
  const bound = Math.min(limits.maxBytes, constants.MAX_STRING_LENGTH);
  if (length > bound) return scanError('too_large', bound, `the message has ${length} bytes, at most ${bound} are allowed`);
  if (byteAt(bytes, 0) === 0xef && byteAt(bytes, 1) === 0xbb && byteAt(bytes, 2) === 0xbf) {
    return scanError('byte_order_mark', 0, 'the text starts with a byte order mark; send plain UTF-8');
  }
  if (!isUtf8(bytes)) {
    const offset = firstInvalidUtf8(bytes);
    return scanError('invalid_utf8', offset, `the text is not valid UTF-8 at offset ${offset}`);
  }
  const start = skipSpace(bytes, 0);
  if (start === length) return scanError('empty', start, 'the text is empty, expected one JSON value');
  const end = valueEnd(bytes, start, limits);
  if (typeof end !== 'number') return end;
  const rest = skipSpace(bytes, end);
  if (rest < length) {
    return scanError('trailing_bytes', rest, `found ${showByte(bytes, rest)} at offset ${rest}, behind the end of the JSON value`);
  }
  return { ok: true, root: new JsonNode(bytes, start, end) };
}

const VALUE = 0;
const FIRST_ELEMENT = 1;
const FIRST_NAME = 2;
const NAME = 3;
const AFTER = 4;

/** Walks one value with an explicit stack: a depth bomb must not reach the stack of the engine. */
function valueEnd(bytes: Buffer, start: number, limits: WireLimits): number | ScanError {
  const { maxDepth, maxKeys } = limits;
  const nesting = new Nesting();
  let keys = 0;
  let state = VALUE;
  let i = start;
  for (;;) {
    if (state === AFTER && nesting.depth === 0) return i;
    i = skipSpace(bytes, i);
    const c = byteAt(bytes, i);

    if (state === AFTER) {
      if (c === COMMA) {
        i++;
        state = nesting.inObject ? NAME : VALUE;
      } else if (c === (nesting.inObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
        i++;
        nesting.leave();
      } else {
        return syntaxError(bytes, i, nesting.inObject ? "',' or '}'" : "',' or ']'");
      }
      continue;
    }

    if (state === NAME || state === FIRST_NAME) {
      if (c === CLOSE_BRACE && state === FIRST_NAME) {
        i++;
        nesting.leave();
        state = AFTER;
        continue;
      }
      if (c !== QUOTE) return syntaxError(bytes, i, state === NAME ? 'a member name' : "a member name or '}'");
      if (++keys > maxKeys) return scanError('too_many_keys', i, `more than ${maxKeys} object members in one message`);
      const plain = plainNameEnd(bytes, i + 1);
      const escaped = byteAt(bytes, plain) !== QUOTE;
      const end = escaped ? stringEnd(bytes, plain) : plain + 1;
      if (end < 0) return stringError(bytes, ~end);
      if (!nesting.addName(bytes, i + 1, end - 1, escaped)) {
        return scanError('duplicate_key', i, `the member name at offset ${i} occurs twice in its object: ${showName(bytes, i, end)}`);
      }
      i = skipSpace(bytes, end);
      if (byteAt(bytes, i) !== COLON) return syntaxError(bytes, i, "':'");
      i++;
      state = VALUE;
      continue;
    }

    if (c === QUOTE) {
      const end = stringEnd(bytes, i + 1);
      if (end < 0) return stringError(bytes, ~end);
      i = end;
    } else if (c === OPEN_BRACE || c === OPEN_BRACKET) {
      if (nesting.depth >= maxDepth) return scanError('too_deep', i, `nested deeper than ${maxDepth} levels at offset ${i}`);
      i++;
      if (c === OPEN_BRACE) {
        nesting.enterObject();
        state = FIRST_NAME;
      } else {
        nesting.enterArray();
        state = FIRST_ELEMENT;
      }
      continue;
    } else if (c === MINUS || (c >= ZERO && c <= NINE)) {
      const end = numberEnd(bytes, i);
      if (end < 0) return syntaxError(bytes, ~end, 'a digit');
      i = end;
    } else if (c === CLOSE_BRACKET && state === FIRST_ELEMENT) {
      i++;
      nesting.leave();
    } else {
      const end = literalEnd(bytes, i);
      if (end < 0) return syntaxError(bytes, i, state === FIRST_ELEMENT ? "a JSON value or ']'" : 'a JSON value');
      i = end;
    }
    state = AFTER;
  }
}

/** The first byte of a member name that is a quote, a backslash or not allowed. */
function plainNameEnd(bytes: Buffer, from: number): number {
  const length = bytes.length;
  let i = from;
  while (i < length) {
    const c = bytes[i] as number;
    if (c < 0x20 || c === QUOTE || c === 0x5c) break;
    i++;
  }
  return i;
}

function literalEnd(bytes: Buffer, i: number): number {
  const c = byteAt(bytes, i);
  if (c === 0x74) return matches(bytes, i, 0x72, 0x75, 0x65) ? i + 4 : -1;
  if (c === 0x6e) return matches(bytes, i, 0x75, 0x6c, 0x6c) ? i + 4 : -1;
  if (c === 0x66) return matches(bytes, i, 0x61, 0x6c, 0x73) && byteAt(bytes, i + 4) === 0x65 ? i + 5 : -1;
  return -1;
}

function matches(bytes: Buffer, i: number, second: number, third: number, fourth: number): boolean {
  return byteAt(bytes, i + 1) === second && byteAt(bytes, i + 2) === third && byteAt(bytes, i + 3) === fourth;
}

/** A name of the input for an error message: at most 40 bytes of source, everything unprintable escaped. */
function showName(bytes: Buffer, start: number, end: number): string {
  const cut = end - start > 40;
  const source = bytes.toString('latin1', start, cut ? start + 40 : end);
  return source.replace(/[^ -~]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`) + (cut ? '...' : '');
}
