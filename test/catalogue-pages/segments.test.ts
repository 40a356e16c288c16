import fc from 'fast-check';
import { expect, test } from 'vitest';
import { segments } from '../../src/catalogue/pages/segments.ts';
import { HOSTILE_NAMES } from './records.ts';

const DEVICES = ['con', 'prn', 'aux', 'nul', 'com1', 'lpt9'];
const name = fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 120 }), fc.constantFrom(...HOSTILE_NAMES, ...DEVICES, 'CON.txt', 'x~y', 'a~e61c21ca716b3b1a'), fc.stringMatching(/^[A-Za-z0-9._-]{1,12}$/));

function safe(segment: string): void {
  expect(segment).toMatch(/^[A-Za-z0-9_@~.-]{1,140}$/);
  expect(segment).not.toMatch(/^[.~-]|\.$|\.\./);
  expect(segment).not.toMatch(/\.(?:json|html|yaml|xml)$/i);
  expect(DEVICES).not.toContain(segment.toLowerCase().split('.')[0]);
  expect(encodeURIComponent(segment).replaceAll('%40', '@')).toBe(segment);
}

test('every name gets a segment that is safe in an address and as a file, and that no other has, ignoring case', () => {
  fc.assert(fc.property(fc.array(name, { maxLength: 30 }), (names) => {
    const made = segments(names, new Set(['index']));
    expect(made.length).toBe(names.length);
    made.forEach(safe);
    expect(new Set(made.map((one) => one.toLowerCase())).size).toBe(names.length);
    expect(made.map((one) => one.toLowerCase())).not.toContain('index');
    expect(segments(names, new Set(['index']))).toEqual(made);
  }), { numRuns: 400 });
});

test('the address of a name does not hang on which other names there are, unless one of them differs in case only', () => {
  fc.assert(fc.property(name, fc.array(name, { maxLength: 10 }), (one, others) => {
    if (others.some((other) => other.toLowerCase() === one.toLowerCase())) return;
    expect(segments([...others, one]).at(-1)).toBe(segments([one])[0]);
  }));
});

test.each(['CloneContainerToECR', 'list_s3_buckets', 'browser-click', 'a.b.c', 'x'])('%s is its own address', (plain) => {
  expect(segments([plain])).toEqual([plain]);
});

test('names that differ in case only have addresses that do not', () => {
  const [one = '', other = ''] = segments(['CloneContainerToECR', 'clonecontainertoecr']);
  expect(one).toMatch(/^CloneContainerToECR~[0-9a-f]{16}$/);
  expect(other).toMatch(/^clonecontainertoecr~[0-9a-f]{16}$/);
  expect(one.toLowerCase()).not.toBe(other.toLowerCase());
});
