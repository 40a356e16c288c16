import { describe, expect, it } from 'vitest';
import { confusableKey, foldKey, knownKeys } from '../../src/mcp/keys.ts';

describe('keys that a lax parser takes for another [J4]', () => {
  it.each([
    ['case', 'Amount'],
    ['full-width letters', '\uff21mount'],
    ['a control character', 'amount\u0000'],
    ['a zero-width space', 'am\u200bount'],
    ['900,000 zero-width spaces', `${'\u200b'.repeat(900_000)}Amount`],
    ['zero-width joiners between letters', 'A-M-O-U-N-T'.replaceAll('-', '\u200d'.repeat(1000))],
    ['a no-break space', '\u00a0amount'],
  ])('fold to it: %s', (_name, key) => {
    expect(foldKey(key)).toBe('amount');
    expect(confusableKey(key, knownKeys(['amount', 'currency']))).toBe(key !== 'amount');
  });

  it('fold the same wherever marks are composed', () => {
    expect(foldKey('re\u0301sume\u0301')).toBe(foldKey('R\u00c9SUM\u00c9'));
    expect(foldKey('e\u200b\u0301')).toBe('\u00e9');
    expect(foldKey(`e\u0301${'\u0327'.repeat(29)}`)).toBe(foldKey(`\u00e9${'\u0327'.repeat(29)}`));
  });

  // Sorting these marks takes the square of their number: a normalisation of the whole would not end within any test's time.
  it.each([
    ['alternating marks', `a${'\u0301\u0327'.repeat(1_800_000)}`],
    ['marks that zero-width spaces keep apart', `a${'\u0301\u200b\u0327'.repeat(1_000_000)}`],
    ['marks in many places', `${`a${'\u0301\u0327'.repeat(2000)}`.repeat(200)}${'\u0301\u0327'.repeat(500_000)}`],
    ['half-width sound marks among others', `a${'\uff9e\u0301\u0327'.repeat(1_000_000)}`],
    ['runs that are just short enough', `a${'\u0301\u0327'.repeat(15)}`.repeat(50_000)],
  ])('are told apart however long they are: %s', (_name, key) => {
    expect(confusableKey(key, knownKeys(['amount', 'a']))).toBe(false);
  });

  it('know every character that is sorted as a combining mark', () => {
    for (let code = 0; code <= 0x10ffff; code += 1) {
      const character = String.fromCodePoint(code);
      if (/[\p{M}\p{Cs}\uff9e\uff9f]/u.test(character)) continue;
      // What is sorted behind an overlay, whose class is the lowest, is a mark that sorting has to move.
      if (`${character}\u0334`.normalize('NFKD').startsWith('\u0334')) expect.fail(`U+${code.toString(16)} is not counted as a mark`);
    }
  });
});
