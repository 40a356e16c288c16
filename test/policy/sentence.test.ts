import { expect, it } from 'vitest';
import { sentenceOf } from '../../src/policy/sentence.ts';

it.each([
  ['amount <= 500', 'amount must be at most 500'], ['amount < 500', 'amount must be less than 500'], ['amount >= 1', 'amount must be at least 1'], ['amount > 0', 'amount must be more than 0'],
  ['currency == "usd"', 'currency must be "usd"'], ['currency != "usd"', 'currency must not be "usd"'], ['currency in ["usd"]', 'currency must be one of ["usd"]'],
  ['card.number == "1"', 'card.number must be "1"'], ['items["a"] == 1', 'items["a"] must be 1'], ['_x < 1', '_x must be less than 1'], ['a == "two\nlines"', 'a must be "two\nlines"'], ['a == b == c', 'a must be b == c'],
  ['reason is given', 'the call must satisfy reason is given'], ['9a <= 1', 'the call must satisfy 9a <= 1'], ['a<=1', 'the call must satisfy a<=1'], ['(a <= 1)', 'the call must satisfy (a <= 1)'], ['a b <= 1', 'the call must satisfy a b <= 1'],
  ['a <= ', 'the call must satisfy a <= '], ['é <= 1', 'the call must satisfy é <= 1'], ['a é <= 1', 'the call must satisfy a é <= 1'], [null, null],
])('%j is told as %j', (words, sentence) => {
  expect(sentenceOf(words)).toBe(sentence);
});
