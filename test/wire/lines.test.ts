import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineSplitter } from '../../src/wire/lines.ts';
import { countByteWork } from './support/byte-work.ts';
import { chunked, cuts } from './support/chunks.ts';

type Seen = string | { readonly dropped: number };

/** What a splitter says of a stream; lines as Latin-1, so that no byte is lost. */
function split(chunks: readonly Buffer[], maxBytes: number): Seen[] {
  const seen: Seen[] = [];
  const splitter = new LineSplitter(maxBytes, {
    line: (bytes) => seen.push(bytes.toString('latin1')),
    overflow: (dropped) => seen.push({ dropped }),
  });
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return seen;
}

/** The same by the plain meaning of the words. */
function expected(bytes: Buffer, maxBytes: number): Seen[] {
  return bytes
    .toString('latin1')
    .split('\n')
    .flatMap((whole): Seen[] => {
      const line = whole.endsWith('\r') ? whole.slice(0, -1) : whole;
      if (line.length > maxBytes) return [{ dropped: whole.length }];
      return /^[ \t\r]*$/.test(line) ? [] : [line];
    });
}

const stream = fc
  .array(fc.oneof(fc.constantFrom('\n', '\r\n', '\r', ' ', '\t', '\n\n', '{"a":1}', 'x'.repeat(18), 'x'.repeat(19), 'x'.repeat(20), '\u2028', '\u0085', '\v', '\f', '\0'), fc.string({ maxLength: 6 })), { maxLength: 30 })
  .map((parts) => Buffer.from(parts.join('')));

describe('LineSplitter', () => {
  test('any cut of any stream gives the lines between the LF bytes', () => {
    fc.assert(
      fc.property(stream, cuts, (bytes, sizes) => {
        expect(split(chunked(bytes, sizes), 20)).toEqual(expected(bytes, 20));
        expect(split([bytes], 20)).toEqual(expected(bytes, 20));
      }),
      { numRuns: 2000 },
    );
  });

  test.each([
    ['one line', '{"a":1}\n', ['{"a":1}']],
    ['CRLF', '{"a":1}\r\n[]\r\n', ['{"a":1}', '[]']],
    ['only one CR belongs to the line end', 'a\r\r\n', ['a\r']],
    ['a lone CR separates nothing', 'a\rb\n', ['a\rb']],
    ['U+2028, U+2029 and U+0085 separate nothing', 'a\u2028b\u2029c\u0085d\n', [Buffer.from('a\u2028b\u2029c\u0085d').toString('latin1')]],
    ['VT, FF and NUL separate nothing', 'a\vb\fc\0d\n', ['a\vb\fc\0d']],
    ['empty and blank lines are skipped', '\n\r\n \t\r\n\na\n\n', ['a']],
    ['a blank of another kind is a line', '\u00a0\n\v\n', ['Â\u00a0', '\v']],
    ['a last line without LF', 'a\nb', ['a', 'b']],
    ['a last line that ends with CR', 'a\nb\r', ['a', 'b']],
    ['nothing', '', []],
  ])('%s', (_name, text, lines) => {
    const bytes = Buffer.from(text);
    expect(split([bytes], 100)).toEqual(lines);
    expect(split(chunked(bytes, [1]), 100)).toEqual(lines);
  });

  test('the bound counts the line without its line end, CR included', () => {
    for (const sizes of [[1], [3], [100]]) {
      expect(split(chunked(Buffer.from('12345\n'), sizes), 5)).toEqual(['12345']);
      expect(split(chunked(Buffer.from('12345\r\n'), sizes), 5)).toEqual(['12345']);
      expect(split(chunked(Buffer.from('123456\n'), sizes), 5)).toEqual([{ dropped: 6 }]);
      expect(split(chunked(Buffer.from('12345\r\r\n'), sizes), 5)).toEqual([{ dropped: 7 }]);
      expect(split(chunked(Buffer.from('123456'), sizes), 5)).toEqual([{ dropped: 6 }]);
    }
  });

  test('an over-long line is reported once, at its end, and the next line is read', () => {
    const seen: Seen[] = [];
    const splitter = new LineSplitter(10, { line: (b) => seen.push(b.toString()), overflow: (dropped) => seen.push({ dropped }) });
    splitter.push(Buffer.from('first\n'));
    for (let k = 0; k < 1000; k++) splitter.push(Buffer.alloc(1000, 0x78));
    expect(seen).toEqual(['first']);
    splitter.push(Buffer.from('tail\n{"id":1}\n'));
    expect(seen).toEqual(['first', { dropped: 1_000_004 }, '{"id":1}']);
    splitter.push(Buffer.alloc(11, 0x78));
    splitter.end();
    splitter.end();
    expect(seen.slice(3)).toEqual([{ dropped: 11 }]);
  });

  test('a JSON message with an embedded line feed is two broken lines, not one message', () => {
    expect(split([Buffer.from('{"a":\n1}\n')], 100)).toEqual(['{"a":', '1}']);
  });

  test('an 8 MB line in 64 KB chunks costs linear work', () => {
    const size = 8 << 20;
    const chunks = chunked(Buffer.concat([Buffer.alloc(size, 0x78), Buffer.from('\nnext\n')]), [65_536]);
    let seen: Seen[] = [];
    const work = countByteWork(() => {
      seen = split(chunks, size);
    });
    expect(seen.map((s) => (typeof s === 'string' ? s.length : -1))).toEqual([size, 4]);
    expect(work.searched).toBeLessThan(2 * size);
    expect(work.copied).toBeLessThan(4 * size);
  });

  test('a long line in single bytes costs linear work', () => {
    const size = 200_000;
    const chunks = chunked(Buffer.concat([Buffer.alloc(size, 0x78), Buffer.from('\n')]), [1]);
    const work = countByteWork(() => {
      expect(split(chunks, size)).toHaveLength(1);
    });
    expect(work.searched).toBeLessThan(2 * size);
    expect(work.copied).toBeLessThan(4 * size);
  });

  test('a line handed over is not overwritten by what follows', () => {
    const lines: Buffer[] = [];
    const splitter = new LineSplitter(1000, { line: (b) => lines.push(b), overflow: () => expect.fail('too long') });
    for (let k = 0; k < 50; k++) {
      for (const chunk of chunked(Buffer.from(`line ${k} ${'x'.repeat(k)}\n`), [7])) splitter.push(chunk);
    }
    expect(lines.map(String)).toEqual(Array.from({ length: 50 }, (_, k) => `line ${k} ${'x'.repeat(k)}`));
  });
});
