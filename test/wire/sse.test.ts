import { createParser, type EventSourceMessage } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type SseEvent, SseReader } from '../../src/wire/sse.ts';
import { countByteWork } from './support/byte-work.ts';
import { chunked, cuts } from './support/chunks.ts';
import { readStream, sseInput, sseStream } from './support/sse-streams.ts';

function fields(event: SseEvent): [string | null, string | null, string | null, number | null] {
  return [event.event, event.data === null ? null : event.data.toString(), event.id, event.retry];
}

describe('events and their bytes', () => {
  test('all raw bytes and the unfinished end, joined, are the input, however it is cut', () => {
    fc.assert(
      fc.property(sseInput, cuts, (bytes, sizes) => {
        const { events, rest, overflows } = readStream(chunked(bytes, sizes));
        expect(Buffer.concat([...events.map((e) => e.raw), rest])).toEqual(bytes);
        expect(overflows).toBe(0);
      }),
      { numRuns: 2000 },
    );
  });

  test('the events, raw bytes included, do not depend on the cut', () => {
    fc.assert(
      fc.property(sseInput, cuts, (bytes, sizes) => {
        expect(readStream(chunked(bytes, sizes))).toEqual(readStream([bytes]));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['LF', 'data: a\n\n', [[null, 'a', null, null]]],
    ['CRLF', 'data: a\r\n\r\n', [[null, 'a', null, null]]],
    ['CR', 'data: a\r\r', [[null, 'a', null, null]]],
    ['LF then CR', 'data: a\n\rdata: b\n\r', [[null, 'a', null, null], [null, 'b', null, null]]],
    ['CR then LF is one line end', 'data: a\r\ndata: b\r\n\r\n', [[null, 'a\nb', null, null]]],
    ['all fields', 'event: message\nid: 7\nretry: 1500\ndata: {}\n\n', [['message', '{}', '7', 1500]]],
    ['several data lines', 'data: {\ndata:  "a": 1\ndata: }\n\n', [[null, '{\n "a": 1\n}', null, null]]],
    ['only one space is taken', 'data:x\ndata: x\ndata:  x\n\n', [[null, 'x\nx\n x', null, null]]],
    ['a tab is not taken', 'data:\tx\n\n', [[null, '\tx', null, null]]],
    ['an empty data field is data', 'id: 1\ndata:\n\n', [[null, '', '1', null]]],
    ['a data field without colon', 'data\n\n', [[null, '', null, null]]],
    ['two empty data fields', 'data\ndata\n\n', [[null, '\n', null, null]]],
    ['a comment block', ': ping\n\n', [[null, null, null, null]]],
    ['only a retry', 'retry: 10\n\n', [[null, null, null, 10]]],
    ['a retry that is no number', 'retry: 1e3\ndata: x\n\n', [[null, 'x', null, null]]],
    ['a bad retry does not undo a good one', 'retry: 5\nretry: x\nretry:\ndata: x\n\n', [[null, 'x', null, 5]]],
    ['an id with NUL does not count', 'id: a\0b\ndata: x\n\n', [[null, 'x', null, null]]],
    ['an id with NUL does not undo one without', 'id: 1\nid: \0\ndata: x\n\n', [[null, 'x', '1', null]]],
    ['an empty id is an id', 'id\ndata: x\n\n', [[null, 'x', '', null]]],
    ['the last event and id count', 'event: a\nevent: b\nid: 1\nid: 2\ndata: x\n\n', [['b', 'x', '2', null]]],
    ['an empty event is none', 'event: a\nevent:\ndata: x\n\n', [[null, 'x', null, null]]],
    ['names are exact', 'Data: a\n data: b\ndata : c\ndataset: d\ndat: e\n\n', [[null, null, null, null]]],
    ['a colon in the value', 'data: a: b\n\n', [[null, 'a: b', null, null]]],
    ['an unknown field', 'foo: bar\ndata: x\n\n', [[null, 'x', null, null]]],
    ['blank lines alone', '\n\n', [[null, null, null, null], [null, null, null, null]]],
    ['an unfinished event is not delivered', 'data: a\n\ndata: b\n', [[null, 'a', null, null]]],
    ['a byte order mark first', '\ufeffdata: a\n\n', [[null, 'a', null, null]]],
    ['only a byte order mark on the first line', '\ufeff\ndata: a\n\n', [[null, null, null, null], [null, 'a', null, null]]],
    ['a second byte order mark belongs to the name', '\ufeff\ufeffdata: a\n\n', [[null, null, null, null]]],
    ['a byte order mark later belongs to the name', 'data: a\n\n\ufeffdata: b\n\n', [[null, 'a', null, null], [null, null, null, null]]],
    ['line separators of Unicode are text', 'data: a\u2028b\u0085c\u000bd\n\n', [[null, 'a\u2028b\u0085c\u000bd', null, null]]],
  ])('%s', (_name, text, expected) => {
    for (const sizes of [[1], [2], [1000]]) expect(readStream(chunked(Buffer.from(text), sizes)).events.map(fields)).toEqual(expected);
  });

  test('comments before an event are part of its raw bytes', () => {
    const { events } = readStream([Buffer.from(': a\n: b\ndata: x\n\n: ping\n\n')]);
    expect(events.map((e) => e.raw.toString())).toEqual([': a\n: b\ndata: x\n\n', ': ping\n\n']);
  });

  test('data that is not UTF-8 is kept as bytes', () => {
    const { events } = readStream([Buffer.from('data: \xff\xfe\ndata: \x80\n\n', 'latin1')]);
    expect(events[0]?.data).toEqual(Buffer.from('\xff\xfe\n\x80', 'latin1'));
  });
});

describe('an event is delivered as soon as its last byte is there', () => {
  function deliveries(chunks: readonly string[]): number[] {
    let events = 0;
    const reader = new SseReader(1000, { event: () => events++, overflow: () => expect.fail('too long') });
    const counts = chunks.map((chunk) => {
      reader.push(Buffer.from(chunk));
      return events;
    });
    reader.end();
    return [...counts, events];
  }

  test.each([
    ['LF', ['data: a\n', '\n', 'data'], [0, 1, 1, 1]],
    ['CR, without waiting for what follows', ['data: a\r', '\r', 'data'], [0, 1, 1, 1]],
    ['LF and CR', ['data: a\n\r', '\ndata: b\n\r', '\n'], [1, 2, 2, 2]],
    ['CRLF is not cut in two', ['data: a\r\n\r', '\n', 'data'], [0, 1, 1, 1]],
    ['CRLF, then CR and something else', ['data: a\r\n\r', 'data'], [0, 1, 1]],
    ['CRLF cut short by the end of the stream', ['data: a\r\n\r'], [0, 1]],
  ])('%s', (_name, chunks, counts) => {
    expect(deliveries(chunks)).toEqual(counts);
  });

  test('the LF of a CRLF blank line stays with its event', () => {
    const { events } = readStream(chunked(Buffer.from('data: a\r\n\r\ndata: b\r\n\r\n'), [10, 1]));
    expect(events.map((e) => e.raw.toString())).toEqual(['data: a\r\n\r\n', 'data: b\r\n\r\n']);
  });
});

describe('bounds', () => {
  test('an event of exactly the bound passes, one byte more ends the reader for good', () => {
    for (const sizes of [[1], [3], [1000]]) {
      const fits = readStream(chunked(Buffer.from('data: 1234\n\ndata: 5678\n\n'), sizes), 12);
      expect(fits.events).toHaveLength(2);
      expect(fits.overflows).toBe(0);
      const over = readStream(chunked(Buffer.from('data: 1234\n\ndata: 56789\n\ndata: 1\n\n'), sizes), 12);
      expect(over.events.map(fields)).toEqual([[null, '1234', null, null]]);
      expect(over.overflows).toBe(1);
      expect(over.rest).toHaveLength(0);
    }
  });

  test('a stream without any line end, or without a blank line, is stopped at the bound', () => {
    expect(readStream(Array.from({ length: 100 }, () => Buffer.alloc(1000, 0x78)), 5000)).toMatchObject({ events: [], overflows: 1 });
    expect(readStream(Array.from({ length: 100 }, () => Buffer.from('data: x\n'.repeat(100))), 5000)).toMatchObject({ events: [], overflows: 1 });
    expect(readStream(Array.from({ length: 100 }, () => Buffer.from(': x\r'.repeat(100))), 5000)).toMatchObject({ events: [], overflows: 1 });
  });

  test('overflow, too, does not depend on the cut', () => {
    fc.assert(
      fc.property(sseInput, cuts, fc.integer({ min: 1, max: 60 }), (bytes, sizes, bound) => {
        expect(readStream(chunked(bytes, sizes), bound)).toEqual(readStream([bytes], bound));
      }),
      { numRuns: 1000 },
    );
  });

  test('after an overflow nothing is read, whatever comes', () => {
    let events = 0;
    let overflows = 0;
    const reader = new SseReader(10, { event: () => events++, overflow: () => overflows++ });
    reader.push(Buffer.from('data: 12345678\n\n'));
    reader.push(Buffer.from('data: a\n\n'));
    reader.push(Buffer.from('\r'));
    expect(reader.end()).toHaveLength(0);
    expect([events, overflows]).toEqual([0, 1]);
  });

  test.each([
    ['one line of 8 MB in 64 KB chunks', Buffer.concat([Buffer.from('data: '), Buffer.alloc(8 << 20, 0x78), Buffer.from('\n\n')]), 65_536],
    ['one line of 8 MB in a CRLF stream', Buffer.concat([Buffer.from('id: 1\r\ndata: '), Buffer.alloc(8 << 20, 0x78), Buffer.from('\r\n\r\n')]), 65_536],
    ['an event of 400 000 short lines', Buffer.from(`${'data: x\n'.repeat(400_000)}\n`), 65_536],
    ['an event of 1000 lines with CRLF', Buffer.from(`${`data: ${'x'.repeat(100)}\r\n`.repeat(1000)}\r\n`), 10_000],
    ['a line of 100 000 bytes in single bytes', Buffer.concat([Buffer.from('data: '), Buffer.alloc(100_000, 0x78), Buffer.from('\n\n')]), 1],
    ['20 000 events in one chunk', Buffer.from(`id: 1\ndata: ${'x'.repeat(50)}\n\n`.repeat(20_000)), 8 << 20],
  ])('%s costs linear work', (_name, bytes, size) => {
    const chunks = chunked(bytes, [size]);
    let events = 0;
    const work = countByteWork(() => {
      ({ length: events } = readStream(chunks, 16 << 20).events);
    });
    expect(events).toBeGreaterThan(0);
    expect(work.searched).toBeLessThan(6 * bytes.length);
    expect(work.copied).toBeLessThan(6 * bytes.length);
  });

  test('an event of 64 KB and more on one line arrives whole', () => {
    const text = JSON.stringify({ text: 'é'.repeat(100_000) });
    const { events } = readStream(chunked(Buffer.from(`id: 9\ndata: ${text}\n\n`), [16_384]));
    expect(events.map(fields)).toEqual([[null, text, '9', null]]);
  });
});

describe('agreement with eventsource-parser', () => {
  test('the same events from the same stream', () => {
    let compared = 0;
    fc.assert(
      fc.property(sseStream, (stream) => {
        const bytes = Buffer.concat([stream, Buffer.from(': end\n\n')]);
        const theirs: EventSourceMessage[] = [];
        let retry: number | undefined;
        const parser = createParser({
          onEvent: (event) => theirs.push(event),
          onRetry: (ms) => {
            if (Number.isSafeInteger(ms)) retry = ms;
          },
        });
        parser.feed(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes));
        // A byte order mark at the very start is the one thing that is read differently: they look for it in Latin-1.
        if (stream[0] === 0xef) return;
        const { events } = readStream([bytes]);
        const ours = events.filter((e) => e.data !== null);
        compared += ours.length;
        expect(ours.map((e) => ({ event: e.event ?? undefined, data: e.data?.toString(), id: e.id ?? undefined }))).toEqual(
          theirs.map(({ event, data, id }) => ({ event, data, id })),
        );
        expect(events.findLast((e) => e.retry !== null)?.retry).toBe(retry);
      }),
      { numRuns: 2000 },
    );
    expect(compared).toBeGreaterThan(500);
  });
});
