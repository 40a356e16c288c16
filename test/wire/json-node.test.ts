import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { jsonText, stringText } from './support/json-texts.ts';
import { child, scanned } from './support/scanned.ts';

/** Compares a node with what JSON.parse made of the same text, reading the node only through members, elements, get, text and lexeme. */
function expectSame(node: JsonNode, value: unknown): void {
  expect(node.bytes().toString()).toBe(node.lexeme());
  if (Array.isArray(value)) {
    expect(node.kind).toBe('array');
    const elements = node.elements();
    expect(elements.length).toBe(value.length);
    elements.forEach((element, k) => expectSame(element, value[k]));
    expect(node.elements()).toBe(elements);
  } else if (typeof value === 'object' && value !== null) {
    expect(node.kind).toBe('object');
    const members = node.members();
    const entries = new Map<string, unknown>(Object.entries(value));
    expect(members.map((m) => m.key).toSorted()).toEqual([...entries.keys()].toSorted());
    let last = node.start;
    for (const { key, keyStart, keyEnd, value: member } of members) {
      expect(keyStart).toBeGreaterThan(last);
      last = member.end - 1;
      expect(JSON.parse(node.buffer.toString('utf8', keyStart, keyEnd))).toBe(key);
      expect(node.get(key)?.start).toBe(member.start);
      expect(node.get(key)?.end).toBe(member.end);
      expect(node.get(`${key}\0`) !== null).toBe(entries.has(`${key}\0`));
      expectSame(member, entries.get(key));
    }
    expect(node.members()).toBe(members);
  } else {
    expect(node.kind).toBe(typeof value === 'string' ? 'string' : typeof value === 'number' ? 'number' : String(value));
    expect(JSON.parse(node.lexeme())).toBe(value);
  }
  expect(node.text()).toBe(typeof value === 'string' ? value : null);
  if (!Array.isArray(value)) expect(node.elements()).toEqual([]);
  if (node.kind !== 'object') {
    expect(node.members()).toEqual([]);
    expect(node.get('a')).toBeNull();
  }
}

describe('a node reads what JSON.parse reads', () => {
  test('any text, at every level', () => {
    fc.assert(
      fc.property(jsonText, (text) => {
        const root = scanned(text);
        expectSame(root, JSON.parse(text));
        expect(root.value()).toStrictEqual(JSON.parse(text));
      }),
      { numRuns: 400 },
    );
  });

  test('objects of many members, looked up by hash', () => {
    fc.assert(
      fc.property(fc.uniqueArray(stringText, { minLength: 15, maxLength: 40, selector: (name) => JSON.parse(name) as string }), (names) => {
        const text = `{${names.map((name, k) => `${name}:${k}`).join(',')}}`;
        expectSame(scanned(text), JSON.parse(text));
      }),
      { numRuns: 100 },
    );
  });

  test('a name is found under its value, however it is spelled, and under nothing else', () => {
    fc.assert(
      fc.property(stringText, stringText, (name, other) => {
        const wanted = JSON.parse(other) as string;
        const root = scanned(`{${name}:1}`);
        expect(root.get(JSON.parse(name) as string)?.lexeme()).toBe('1');
        expect(root.get(wanted) !== null).toBe(wanted === JSON.parse(name));
      }),
    );
    const root = scanned('{"n\\u0061me":1,"caf\\u00e9":2,"\\ud83d\\ude00":3,"漢字":4,"a\\/b":5,"\\ud800":6,"":7}');
    const read = (key: string): string | undefined => root.get(key)?.lexeme();
    expect(['name', 'café', '😀', '漢字', 'a/b', '\ud800', ''].map(read)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
    for (const absent of ['n\\u0061me', 'Name', 'nam', 'names', 'cafe\u0301', '\ufffd', '\ud83d', 'a\\/b', '漢', '漢字字']) expect(root.get(absent)).toBeNull();
  });

  test('names of Object.prototype are ordinary names', () => {
    const root = scanned('{"__proto__":{"admin":true},"constructor":1,"hasOwnProperty":2}');
    expect(child(root, '__proto__').lexeme()).toBe('{"admin":true}');
    expect(root.get('toString')).toBeNull();
    const value = root.value() as Record<string, unknown>;
    expect(Object.keys(value)).toEqual(['__proto__', 'constructor', 'hasOwnProperty']);
    expect(Object.getPrototypeOf(value)).toBe(Object.prototype);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
  });

  test('strings are skipped to their true end', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom('\\\\', '\\"', 'x', '}', ']', ',', 'x'.repeat(47), 'x'.repeat(48), '\\\\'.repeat(24), '\\"'.repeat(24), '\\u0022'), { maxLength: 12 }), (parts) => {
        const text = `{"a":["${parts.join('')}",{"${parts.toReversed().join('')}":"${parts.join('')}"}],"b":"end"}`;
        expect(child(scanned(text), 'b').text()).toBe('end');
        expectSame(scanned(text), JSON.parse(text));
      }),
      { numRuns: 1000 },
    );
  });

  test('a view into a larger buffer reads only its own bytes', () => {
    const store = Buffer.from('"junk","x":1}{"a":[1,2]}{"b":');
    const start = store.indexOf('{"a"');
    const root = scanned(store.subarray(start, start + 11));
    expect(root.members().map((m) => m.key)).toEqual(['a']);
    expect(root.lexeme()).toBe('{"a":[1,2]}');
  });

  test('depth costs no stack', () => {
    const depth = 120;
    const root = scanned(`${'{"a":['.repeat(depth / 2)}${']}'.repeat(depth / 2)}`);
    let node: JsonNode | undefined = root;
    let levels = 0;
    while (node !== undefined) {
      levels++;
      node = node.get('a') ?? node.elements()[0];
    }
    expect(levels).toBe(depth);
  });
});

describe('integer() takes exactly the integers that a double holds and JSON-RPC allows', () => {
  test.each([
    ['0', 0],
    ['7', 7],
    ['-12', -12],
    ['9007199254740991', 9007199254740991],
    ['-9007199254740991', -9007199254740991],
    ['9007199254740992', null],
    ['-9007199254740992', null],
    ['9007199254740993', null],
    ['99999999999999999', null],
    ['100000000000000000000', null],
    [`1${'0'.repeat(400)}`, null],
    ['-0', null],
    ['1.0', null],
    ['1e3', null],
    ['1E0', null],
    ['-1.5', null],
    ['"7"', null],
    ['""', null],
    ['null', null],
    ['true', null],
    ['[1]', null],
    ['{}', null],
  ])('%s', (text, expected) => {
    expect(scanned(text).integer()).toBe(expected);
  });

  test('every safe integer reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        expect(scanned(` ${n} `).integer()).toBe(n);
      }),
    );
  });
});

test('lexeme() is the source text, not a re-rendering', () => {
  const text = '[9007199254740993, 1.0,-0 ,1e400,"\\u0061\\/" , {"b":1, "a":2}]';
  expect(scanned(text).elements().map((e) => e.lexeme())).toEqual(['9007199254740993', '1.0', '-0', '1e400', '"\\u0061\\/"', '{"b":1, "a":2}']);
});
