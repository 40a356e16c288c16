import { EXHAUSTED, type Run } from './run.ts';
import type { Overload } from './signature.ts';
import { BOOL, INT, listOf, STRING } from './static-type.ts';
import { lowerAscii, sizeOf, trimmed, unitOffset, upperAscii } from './text.ts';
import { Failure, Json, type Result, type Value } from './value.ts';

const OUTSIDE = Failure.error('a position lies outside of the text');
const NOT_STRINGS = Failure.error('`join` needs a list of strings');

type TextFunction = (text: string, rest: readonly Value[], run: Run) => Result;

/** A method of strings. Its cost is that of reading its text once. */
function method(name: string, params: Overload['params'], result: Overload['result'], apply: TextFunction): Overload {
  return {
    name,
    receiver: 'string',
    params,
    result,
    apply: (args, run) => {
      const text = args[0] as string;
      return run.pay(text.length) ? apply(text, args.slice(1), run) : EXHAUSTED;
    },
  };
}

/**
 * Pays for a search. Searching is quadratic at worst (a text of one letter, a needle that differs at its end), and the caller may have
 * chosen both.
 */
function paySearch(text: string, needle: string, run: Run): boolean {
  return run.pay((text.length * needle.length) / 256);
}

/** Two strings, the second of which is looked for in the first. */
function search(name: string, found: (text: string, needle: string) => boolean): Overload {
  return method(name, ['string'], BOOL, (text, [needle], run) => (paySearch(text, needle as string, run) ? found(text, needle as string) : EXHAUSTED));
}

function position(found: number, text: string): Result {
  return BigInt(found < 0 ? -1 : sizeOf(text.slice(0, found)));
}

/** The offset of the code point that `value` counts to; null when the text is too short. */
function offsetOf(text: string, value: Value | undefined): number | null {
  if (typeof value !== 'bigint' || value < 0n || value > BigInt(text.length)) return null;
  const offset = unitOffset(text, Number(value));
  return offset < 0 ? null : offset;
}

function indexOf(from: boolean): Overload {
  return method('indexOf', from ? ['string', 'int'] : ['string'], INT, (text, [needle, start], run) => {
    const offset = from ? offsetOf(text, start) : 0;
    if (offset === null) return OUTSIDE;
    return paySearch(text, needle as string, run) ? position(text.indexOf(needle as string, offset), text) : EXHAUSTED;
  });
}

function lastIndexOf(from: boolean): Overload {
  return method('lastIndexOf', from ? ['string', 'int'] : ['string'], INT, (text, [needle, start], run) => {
    const offset = from ? offsetOf(text, start) : text.length;
    if (offset === null) return OUTSIDE;
    return paySearch(text, needle as string, run) ? position(text.lastIndexOf(needle as string, offset), text) : EXHAUSTED;
  });
}

function substring(end: boolean): Overload {
  return method('substring', end ? ['int', 'int'] : ['int'], STRING, (text, [from, to]) => {
    const start = offsetOf(text, from);
    const stop = end ? offsetOf(text, to) : text.length;
    return start === null || stop === null || stop < start ? OUTSIDE : text.slice(start, stop);
  });
}

function split(limited: boolean): Overload {
  return method('split', limited ? ['string', 'int'] : ['string'], listOf(STRING), (text, [by, most], run) => {
    if (!paySearch(text, by as string, run)) return EXHAUSTED;
    const parts = by === '' ? [...text] : text.split(by as string);
    run.steps -= parts.length;
    if (run.steps < 0) return EXHAUSTED;
    if (!limited) return parts;
    const limit = Number(most);
    if (limit === 0) return [];
    return limit < 0 || parts.length <= limit ? parts : [...parts.slice(0, limit - 1), parts.slice(limit - 1).join(by as string)];
  });
}

/** The strings of a list, or why there is none. */
function stringsOf(list: Value, run: Run): readonly string[] | Failure {
  const strings: string[] = [];
  const found = list instanceof Json ? list.node.elements() : (list as readonly Value[]);
  run.steps -= found.length;
  if (run.steps < 0) return EXHAUSTED;
  for (const item of found) {
    if (typeof item === 'string') {
      strings.push(item);
      continue;
    }
    const text = item !== null && typeof item === 'object' && 'text' in item ? item.text() : null;
    if (text === null) return NOT_STRINGS;
    strings.push(text);
  }
  return strings;
}

function join(separated: boolean): Overload {
  return {
    name: 'join',
    receiver: 'list',
    params: separated ? ['string'] : [],
    result: STRING,
    apply: ([list, separator], run) => {
      const strings = stringsOf(list ?? null, run);
      if (strings instanceof Failure) return strings;
      const joined = strings.reduce((sum, text) => sum + text.length, 0) + strings.length * (separated ? (separator as string).length : 0);
      return run.pay(joined) ? strings.join(separated ? (separator as string) : '') : EXHAUSTED;
    },
  };
}

export const TEXT_FUNCTIONS: readonly Overload[] = [
  method('startsWith', ['string'], BOOL, (text, [head]) => text.startsWith(head as string)),
  method('endsWith', ['string'], BOOL, (text, [tail]) => text.endsWith(tail as string)),
  search('contains', (text, needle) => text.includes(needle)),
  method('lowerAscii', [], STRING, lowerAscii),
  method('upperAscii', [], STRING, upperAscii),
  method('trim', [], STRING, trimmed),
  indexOf(false),
  indexOf(true),
  lastIndexOf(false),
  lastIndexOf(true),
  substring(false),
  substring(true),
  split(false),
  split(true),
  join(false),
  join(true),
];
