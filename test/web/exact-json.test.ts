import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shownJson } from '../../web/src/exact/shown-json.ts';
import { lineDiff } from '../../web/src/pages/servers/line-diff.ts';

const text = (json: string): string => shownJson(json).map((piece) => piece.text).join('');

describe('arguments as an approver reads them', () => {
  it('keeps the spelling of numbers, the order of members and members that are there twice', () => {
    expect(text('{"b":1.0,"a":12345678901234567890,"b":1e2}')).toBe('{\n  "b": 1.0,\n  "a": 12345678901234567890,\n  "b": 1e2\n}');
  });

  it('decodes escapes that hide letters, and writes what cannot be seen as escapes', () => {
    expect(text('"\\u0064elete"')).toBe('"delete"');
    for (const hidden of ['\u202e', '\u200b', '\u00a0', '\ufeff', '\u0007', '\u{e0041}']) {
      const pieces = shownJson(JSON.stringify(`a${hidden}b`));
      expect(pieces.some(({ escaped }) => escaped)).toBe(true);
      expect(pieces.map((piece) => piece.text).join('')).not.toContain(hidden);
    }
  });

  it('tells structure inside a string from structure around it', () => {
    const pieces = shownJson(JSON.stringify({ a: '","admin":true,"x":"' }));
    expect(pieces.filter(({ kind }) => kind === 'name').map((piece) => piece.text).join('')).toBe('"a"');
  });

  it('means the same as what was sent, for any JSON', () => {
    fc.assert(fc.property(fc.json({ maxDepth: 4, stringUnit: fc.constantFrom(...Array.from('{}[]":,\\ ab\n\t\u202e\u200b\u00e9')) }), (json) => {
      expect(JSON.parse(text(json))).toEqual(JSON.parse(json));
    }));
  });

  it('shows what is no JSON as it is', () => {
    expect(text('{"a":')).toBe('{"a":');
  });
});

describe('differences of two definitions', () => {
  const lines = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1 }).map((parts) => parts.join('\n'));
  it('hold both texts whole', () => {
    fc.assert(fc.property(lines, lines, (before, after) => {
      const diff = lineDiff(before, after);
      expect(diff.filter(({ kind }) => kind !== 'add').map((line) => line.text).join('\n')).toBe(before);
      expect(diff.filter(({ kind }) => kind !== 'remove').map((line) => line.text).join('\n')).toBe(after);
    }));
  });

  it('are none for the same text', () => {
    fc.assert(fc.property(lines, (same) => {
      expect(lineDiff(same, same).every(({ kind }) => kind === 'same')).toBe(true);
    }));
  });
});
