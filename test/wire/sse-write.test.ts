import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatSse, replaceData, type SseEvent } from '../../src/wire/sse.ts';
import { chunked } from './support/chunks.ts';
import { readStream, sseInput } from './support/sse-streams.ts';

/** A text as it comes back: every line break is LF. */
function normalised(text: string): string {
  return text.replaceAll(/\r\n|\r/g, '\n');
}

function only(bytes: Buffer): SseEvent {
  const { events, rest } = readStream([bytes]);
  const [event] = events;
  if (event === undefined || events.length !== 1 || rest.length > 0) throw new Error(`expected one event, found ${events.length} and ${rest.length} bytes`);
  return event;
}

const dataText = fc.string({ unit: fc.constantFrom('a', ' ', ':', '\n', '\r', '\r\n', '\n\n', 'data: x', 'id: 1', 'é', '😀', '\u2028', '\0'), maxLength: 12 });
const fieldText = fc.string({ unit: fc.constantFrom('a', ' ', ':', 'é', '\t', '\u2028'), maxLength: 6 });

describe('formatSse', () => {
  test('one event comes back, with the same fields, whatever the data holds', () => {
    fc.assert(
      fc.property(dataText, fc.option(fieldText, { nil: undefined }), fc.option(fieldText, { nil: undefined }), (data, event, id) => {
        const options = { ...(event === undefined ? {} : { event }), ...(id === undefined ? {} : { id }) };
        const written = formatSse(data, options);
        expect(formatSse(Buffer.from(data), options)).toEqual(written);
        const read = only(written);
        expect(read.data?.toString()).toBe(normalised(data));
        expect(read.event).toBe(event === undefined || event === '' ? null : event);
        expect(read.id).toBe(id ?? null);
        expect(read.raw).toEqual(written);
      }),
      { numRuns: 1000 },
    );
  });

  test('what it looks like', () => {
    expect(formatSse('{"a":1}').toString()).toBe('data: {"a":1}\n\n');
    expect(formatSse('a\r\nb\rc\n', { event: 'message', id: '3' }).toString()).toBe('event: message\nid: 3\ndata: a\ndata: b\ndata: c\ndata: \n\n');
    expect(formatSse('').toString()).toBe('data: \n\n');
  });

  test.each([
    [{ id: '1\n' }],
    [{ id: '1\rdata: x' }],
    [{ id: '1\0' }],
    [{ event: 'a\ndata: x' }],
    [{ event: 'a\r' }],
  ])('%j would write other fields and is refused', (options) => {
    expect(() => formatSse('x', options)).toThrow(RangeError);
  });

  test('data of 300 000 lines does not exhaust the stack', () => {
    expect(only(formatSse('\n'.repeat(300_000))).data).toHaveLength(300_000);
  });

  test('bytes that are not UTF-8 pass', () => {
    expect(only(formatSse(Buffer.of(0xff, 0x0a, 0x80))).data).toEqual(Buffer.of(0xff, 0x0a, 0x80));
  });
});

describe('replaceData', () => {
  test('in any stream, the data of any events is replaced and nothing else changes', () => {
    fc.assert(
      fc.property(sseInput, dataText, fc.integer({ min: 1, max: 3 }), (bytes, data, every) => {
        const { events, rest } = readStream([bytes]);
        const rewritten = events.map((e, k) => (k % every === 0 ? replaceData(e, Buffer.from(data)) : e.raw));
        const again = readStream(chunked(Buffer.concat([...rewritten, rest]), [13]));
        const meaning = (e: SseEvent, k: number, replaced: boolean): unknown => ({
          event: e.event,
          id: e.id,
          retry: e.retry,
          data: replaced && k % every === 0 ? normalised(data) : e.data?.toString('latin1'),
        });
        expect(again.events.map((e, k) => ({ ...(meaning(e, k, false) as object), data: k % every === 0 ? e.data?.toString() : e.data?.toString('latin1') }))).toEqual(
          events.map((e, k) => meaning(e, k, true)),
        );
        // Where line ends are mixed, taking a line away may move the LF of a CR LF blank line from the next event to its own.
        expect(again.rest.toString('latin1').replace(/^\n/, '')).toBe(rest.toString('latin1').replace(/^\n/, ''));
      }),
      { numRuns: 2000 },
    );
  });

  test('the same data changes no byte of an event with one data line', () => {
    const raw = Buffer.from('\ufeff: c\r\nid: 1\r\ndata: x\r\nretry: 5\r\n\r\n');
    expect(replaceData(only(raw), Buffer.from('x'))).toEqual(raw);
  });

  test.each([
    ['order, comments and unknown fields stay', ': a\nid: 1\nfoo: bar\ndata: x\n: b\nevent: message\nretry: 3\n\n', 'y', ': a\nid: 1\nfoo: bar\ndata: y\n: b\nevent: message\nretry: 3\n\n'],
    ['several data lines become one', 'data: a\n: c\ndata: b\nid: 1\n\n', 'y', 'data: y\n: c\nid: 1\n\n'],
    ['one data line becomes several', 'data: a\r\nid: 1\r\n\r\n', 'x\ny', 'data: x\r\ndata: y\r\nid: 1\r\n\r\n'],
    ['lines end as before', 'data:a\rid:1\r\r', 'x\r\ny', 'data: x\rdata: y\rid:1\r\r'],
    ['an event without data gets it before the blank line', 'id: 1\r\n\r\n', 'x', 'id: 1\r\ndata: x\r\n\r\n'],
    ['a data line taken out between CR and LF does not join them', 'data: a\nid: 1\rdata: b\n\n', 'x', 'data: x\nid: 1\r\n\n'],
    ['two data lines that end in CR and LF', 'data: a\rdata: b\n\n', 'x', 'data: x\r\n\n'],
    ['data cannot end the event', 'data: a\n\n', 'x\n\nevent: evil\n\ndata: y', 'data: x\ndata: \ndata: event: evil\ndata: \ndata: data: y\n\n'],
    ['a byte order mark stays', '\ufeffdata: a\n\n', 'x', '\ufeffdata: x\n\n'],
    ['a name with a byte order mark later on is no data', 'data: a\n\ufeffdata: b\n\n', 'x', 'data: x\n\ufeffdata: b\n\n'],
  ])('%s', (_name, text, data, expected) => {
    expect(replaceData(only(Buffer.from(text)), Buffer.from(data)).toString()).toBe(expected);
  });

  test('data of 300 000 lines does not exhaust the stack', () => {
    expect(only(replaceData(only(Buffer.from('data: x\n\n')), Buffer.from('\n'.repeat(300_000)))).data).toHaveLength(300_000);
  });
});
