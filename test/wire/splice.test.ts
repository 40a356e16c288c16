import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { type Edit, editObject, removeElements, removeMember, setMember, splice } from '../../src/wire/splice.ts';
import { jsonText, stringText } from './support/json-texts.ts';
import { child, scanned } from './support/scanned.ts';

function spliced(node: JsonNode, edits: readonly Edit[]): string {
  return splice(node.buffer, edits).toString();
}

const space = fc.string({ unit: fc.constantFrom(' ', '\n', '\t', '\r'), maxLength: 3 });

describe('splice', () => {
  test('bytes that no edit names survive, in order, and each replacement stands where its bytes stood', () => {
    const edit = fc.tuple(fc.integer({ min: 1, max: 30 }), fc.nat(10), fc.oneof(fc.string(), fc.uint8Array({ maxLength: 5 }).map((b) => Buffer.from(b))), fc.nat());
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 300, maxLength: 400 }), fc.array(edit, { maxLength: 7 }), (content, gaps) => {
        const bytes = Buffer.from(content);
        const edits: { edit: Edit; rank: number }[] = [];
        const expected: Buffer[] = [];
        let at = 0;
        for (const [gap, size, text, rank] of gaps) {
          const start = at + gap;
          const end = start + size;
          edits.push({ edit: { start, end, with: text }, rank });
          expected.push(bytes.subarray(at, start), Buffer.from(text));
          at = end;
        }
        expected.push(bytes.subarray(at));
        const shuffled = edits.toSorted((a, b) => a.rank - b.rank).map((e) => e.edit);
        const before = Buffer.from(bytes);
        expect(splice(bytes, shuffled)).toEqual(Buffer.concat(expected));
        expect(bytes).toEqual(before);
      }),
    );
  });

  test('insertions at one offset keep the order given and come before a replacement there', () => {
    const bytes = Buffer.from('abc');
    expect(splice(bytes, [{ start: 1, end: 2, with: 'X' }, { start: 1, end: 1, with: '1' }, { start: 1, end: 1, with: '2' }]).toString()).toBe('a12Xc');
    expect(splice(bytes, [{ start: 3, end: 3, with: '!' }, { start: 0, end: 0, with: '?' }]).toString()).toBe('?abc!');
  });

  test('no edit, no copy', () => {
    const bytes = Buffer.from('abc');
    expect(splice(bytes, [])).toBe(bytes);
  });

  test.each([
    ['overlap', [{ start: 0, end: 2, with: '' }, { start: 1, end: 3, with: '' }]],
    ['the same range twice', [{ start: 0, end: 2, with: '' }, { start: 0, end: 2, with: '' }]],
    ['an insertion inside a replaced range', [{ start: 0, end: 2, with: '' }, { start: 1, end: 1, with: 'x' }]],
    ['behind the end', [{ start: 2, end: 4, with: '' }]],
    ['before the start', [{ start: -1, end: 0, with: '' }]],
    ['backwards', [{ start: 2, end: 1, with: '' }]],
    ['not a number', [{ start: Number.NaN, end: 1, with: '' }]],
    ['a fraction', [{ start: 0.5, end: 1, with: '' }]],
  ])('%s is a RangeError', (_name, edits) => {
    expect(() => splice(Buffer.from('abc'), edits)).toThrow(RangeError);
  });
});

describe('removeElements', () => {
  test('every subset of up to six elements, with odd white space: the rest is valid and unchanged, byte for byte', () => {
    const item = fc.tuple(space, jsonText, space);
    fc.assert(
      fc.property(fc.array(item, { maxLength: 6 }), space, (items, pad) => {
        const text = `{"before": 1.0,"list":[${items.length === 0 ? pad : items.map((p) => p.join('')).join(',')}] , "after":-0 }`;
        const root = scanned(text);
        const list = child(root, 'list');
        const sources = list.elements().map((e) => e.lexeme());
        for (let subset = 0; subset < 2 ** items.length; subset++) {
          const edits = removeElements(list, (k) => (subset & (1 << k)) !== 0);
          const result = spliced(root, edits);
          const kept = sources.filter((_, k) => (subset & (1 << k)) === 0);
          expect(child(scanned(result), 'list').elements().map((e) => e.lexeme())).toEqual(kept);
          expect(result.startsWith('{"before": 1.0,"list":[')).toBe(true);
          expect(result.endsWith('] , "after":-0 }')).toBe(true);
          if (subset === 0) expect(edits).toEqual([]);
          for (const edit of edits) expect(edit.with).toBe('');
        }
      }),
      { numRuns: 60 },
    );
  });

  test('each index is asked once, in order', () => {
    const asked: number[] = [];
    removeElements(scanned('[1,2,[3,4],5]'), (k) => {
      asked.push(k);
      return false;
    });
    expect(asked).toEqual([0, 1, 2, 3]);
  });

  test('removing all leaves an empty array; a node that is no array gives no edit', () => {
    const root = scanned('[ 1 , 2 ]');
    expect(spliced(root, removeElements(root, () => true))).toBe('[  ]');
    expect(removeElements(scanned('{"a":1}'), () => true)).toEqual([]);
  });

  test('nested edits of kept elements go together with removals', () => {
    const root = scanned('[{"n":"a","x":1},{"n":"b"},{"n":"c"}]');
    const kept = root.elements()[2];
    if (kept === undefined) throw new Error('no element');
    expect(spliced(root, [setMember(kept, 'ttl', '0'), ...removeElements(root, (k) => k < 2)])).toBe('[{"n":"c","ttl":0}]');
  });
});

describe('object edits', () => {
  test.each([
    ['{}', 'a', '1', '{"a":1}'],
    ['{ }', 'a', '1', '{"a":1 }'],
    ['{"b":2}', 'a', '1', '{"b":2,"a":1}'],
    ['{"b":2 }', 'a', '1', '{"b":2,"a":1 }'],
    ['{ "a" : 0 , "b":2}', 'a', '[1]', '{ "a" : [1] , "b":2}'],
    ['{"n\\u0061me":0}', 'name', '1', '{"n\\u0061me":1}'],
    ['{}', 'a"\\\n\ud800', '1', '{"a\\"\\\\\\n\\ud800":1}'],
    ['{"a":1}', '__proto__', '{}', '{"a":1,"__proto__":{}}'],
  ])('setMember of %s', (text, key, json, expected) => {
    const root = scanned(text);
    expect(spliced(root, [setMember(root, key, json)])).toBe(expected);
  });

  test.each([
    ['{"a":1}', 'a', '{}'],
    ['{ "a" : 1 }', 'a', '{  }'],
    ['{"a":1,"b":2}', 'a', '{"b":2}'],
    ['{ "a":1 , "b":2 }', 'b', '{ "a":1 }'],
    ['{"a":1,"b":2,"c":3}', 'b', '{"a":1,"c":3}'],
    ['{"n\\u0061me":1,"b":2}', 'name', '{"b":2}'],
  ])('removeMember of %s', (text, key, expected) => {
    const root = scanned(text);
    const edit = removeMember(root, key);
    expect(spliced(root, edit === null ? [] : [edit])).toBe(expected);
  });

  test('removing what is not there is no edit; editing what is no object is an error', () => {
    expect(removeMember(scanned('{"a":1}'), 'b')).toBeNull();
    expect(() => removeMember(scanned('[1]'), 'a')).toThrow(TypeError);
    expect(() => setMember(scanned('null'), 'a', '1')).toThrow(TypeError);
  });

  test('any changes at once: the result is valid, untouched members keep their bytes, changed ones have the new value', () => {
    const name = stringText;
    const member = fc.tuple(space, name, space, space, jsonText, space);
    const members = fc.uniqueArray(member, { maxLength: 6, selector: (m) => JSON.parse(m[1]) as string });
    const change = fc.oneof(fc.constant(null), jsonText);
    fc.assert(
      fc.property(members, space, fc.array(fc.tuple(name, change), { maxLength: 3 }), fc.array(fc.option(change, { nil: undefined }), { minLength: 6, maxLength: 6 }), (list, pad, extra, own) => {
        const text = `[0,{${list.length === 0 ? pad : list.map(([a, key, b, c, value, d]) => `${a}${key}${b}:${c}${value}${d}`).join(',')}} ,9]`;
        const root = scanned(text);
        const object = root.elements()[1];
        if (object === undefined) throw new Error('no object');
        const changes = new Map<string, string | null>(extra.map(([key, json]) => [JSON.parse(key) as string, json]));
        list.forEach((m, k) => {
          const json = own[k];
          if (json !== undefined) changes.set(JSON.parse(m[1]) as string, json);
        });
        const expected = new Map(object.members().map((m) => [m.key, m.value.lexeme()]));
        for (const [key, json] of changes) {
          if (json === null) expected.delete(key);
          else expected.set(key, json.trim());
        }
        const result = scanned(spliced(root, editObject(object, changes)));
        expect(result.elements()[0]?.lexeme()).toBe('0');
        expect(result.elements()[2]?.lexeme()).toBe('9');
        expect(new Map(result.elements()[1]?.members().map((m) => [m.key, m.value.lexeme()]))).toEqual(expected);
        expect(result.elements()[1]?.members().map((m) => m.key)).toEqual([...expected.keys()]);
      }),
      { numRuns: 500 },
    );
  });

  test('no change, no edit', () => {
    expect(editObject(scanned('{"a":1}'), new Map())).toEqual([]);
  });
});
