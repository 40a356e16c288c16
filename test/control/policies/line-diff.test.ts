import fc from 'fast-check';
import { expect, test } from 'vitest';
import { lineDiff } from '../../../src/control/policies/line-diff.ts';

const text = fc.array(fc.constantFrom('a', 'b', 'c', '', '  d'), { maxLength: 12 }).map((lines) => lines.join('\n'));
const lines = (value: string) => {
  const all = value.split('\n');
  if (all.at(-1) === '') all.pop();
  return all;
};

test('what stays and goes is the old text, what stays and comes is the new one, each with its line', () => {
  fc.assert(fc.property(text, text, (before, after) => {
    const diff = lineDiff(before, after);
    const old = diff.filter(({ kind }) => kind !== 'add');
    const now = diff.filter(({ kind }) => kind !== 'remove');
    expect(old.map((line) => line.text)).toEqual(lines(before));
    expect(now.map((line) => line.text)).toEqual(lines(after));
    expect(old.map(({ from }) => from)).toEqual(old.map((_, index) => index + 1));
    expect(now.map(({ to }) => to)).toEqual(now.map((_, index) => index + 1));
  }));
});

test('equal texts have no changes, and one changed line is one line', () => {
  expect(lineDiff('a\nb\n', 'a\nb').every(({ kind }) => kind === 'same')).toBe(true);
  expect(lineDiff('a\nb\nc', 'a\nx\nc').map(({ kind, text: line }) => `${kind} ${line}`)).toEqual(['same a', 'remove b', 'add x', 'same c']);
});

test('two long texts without a line in common are shown as replaced', () => {
  const many = (word: string) => Array.from({ length: 30_000 }, (_, index) => `${word}${index}`).join('\n');
  const diff = lineDiff(many('a'), many('b'));
  expect(diff).toHaveLength(60_000);
  expect(diff[30_000]).toEqual({ kind: 'add', text: 'b0', to: 1 });
});
