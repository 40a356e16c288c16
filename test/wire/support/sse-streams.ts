import fc from 'fast-check';
import { type SseEvent, SseReader } from '../../../src/wire/sse.ts';

export interface ReadStream {
  readonly events: readonly SseEvent[];
  readonly rest: Buffer;
  readonly overflows: number;
}

/** Everything a reader says of a stream. */
export function readStream(chunks: readonly Buffer[], maxBytes = 16 << 20): ReadStream {
  const events: SseEvent[] = [];
  let overflows = 0;
  const reader = new SseReader(maxBytes, { event: (event) => events.push(event), overflow: () => overflows++ });
  for (const chunk of chunks) reader.push(chunk);
  return { events, rest: reader.end(), overflows };
}

const value = fc.oneof(
  fc.constantFrom('', ' ', 'x', '  two', '{"jsonrpc":"2.0","id":1}', 'é漢😀', '\u2028', 'a:b', '\0', 'a\0b', '12', '0012', '-1', '1.5', '99999999999999999999', 'y'.repeat(33), 'y'.repeat(40)),
  fc.string({ maxLength: 5 }),
).map((text) => text.replaceAll(/[\r\n]/g, ''));

/** One line without its line end: fields, comments, near misses of both, and now and then bytes that are not UTF-8. */
const line = fc.oneof(
  { weight: 3, arbitrary: fc.constant('') },
  { weight: 6, arbitrary: fc.tuple(fc.constantFrom('data', 'data', 'event', 'id', 'retry'), fc.constantFrom(':', ': ', ':  '), value).map((p) => p.join('')) },
  { weight: 2, arbitrary: fc.constantFrom('data', 'event', 'id', 'retry', 'dat', 'DATA: x', 'data : x', ' data: x', 'dataset: x', 'identity: 1', 'i', 'retry: x', '\ufeffdata: x') },
  { weight: 2, arbitrary: value.map((text) => `:${text}`) },
  { weight: 1, arbitrary: value },
);

const terminator = fc.oneof({ weight: 4, arbitrary: fc.constant('\n') }, { weight: 3, arbitrary: fc.constant('\r\n') }, { weight: 2, arbitrary: fc.constant('\r') });

const broken = fc.constantFrom('', '', '', '', '\x80', '\xff', '\xc3', '\xe2\x82');

function streamOf(ends: fc.Arbitrary<string>): fc.Arbitrary<Buffer> {
  return fc
    .array(fc.tuple(line, broken, ends), { maxLength: 25 })
    .map((lines) => Buffer.concat(lines.flatMap(([text, junk, end]) => [Buffer.from(text), Buffer.from(text === '' ? '' : junk, 'latin1'), Buffer.from(end)])));
}

/** An event stream of one line end throughout, or of all mixed. */
export const sseStream: fc.Arbitrary<Buffer> = fc.oneof(streamOf(fc.constant('\n')), streamOf(fc.constant('\r\n')), streamOf(fc.constant('\r')), streamOf(terminator));

/** The same with a byte order mark before it or an unfinished end, now and then. */
export const sseInput: fc.Arbitrary<Buffer> = fc
  .tuple(fc.constantFrom('', '', '\ufeff', '\ufeff\ufeff'), sseStream, fc.constantFrom('', '', 'data: cut', 'd', '\r', ':'))
  .map(([head, stream, tail]) => Buffer.concat([Buffer.from(head), stream, Buffer.from(tail)]));
