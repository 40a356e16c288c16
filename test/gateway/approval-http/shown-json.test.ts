import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { shownJson, shownText } from '../../../src/gateway/approval-http/shown-json.ts';

const text = (source: string): string => shownJson(source).pieces.map((piece) => piece.text).join('');

describe('what an approver reads', () => {
  test.each([
    ['{}', '{}'],
    ['{"a":[1,2.0,-0,1e400]}', '{\n  "a": [1, 2.0, -0, 1e400]\n}'],
    ['{"a":[{"b":null}],"c":[]}', '{\n  "a": [\n    {\n      "b": null\n    }\n  ],\n  "c": []\n}'],
    ['{"\\u0061":"\\u0062\\/"}', '{\n  "a": "b/"\n}'],
    ['{"q":"say \\"hi\\" \\\\ "}', '{\n  "q": "say \\"hi\\" \\\\ "\n}'],
    ['{"__proto__":1}', '{\n  "__proto__": 1\n}'],
    ['not json \u202e', 'not json \\u202e'],
  ])('%s', (source, expected) => {
    expect(text(source)).toBe(expected);
  });

  test('[#44] characters that cannot be seen, or that turn the text around, are escapes and are marked', () => {
    const hidden = ['\u0000', '\u001b', '\u007f', '\u0085', '\u00a0', '\u00ad', '\u034f', '\u061c', '\u115f', '\u2000', '\u200b', '\u200e', '\u202a', '\u202e', '\u2028', '\u2066', '\u2069', '\u2800', '\u3000', '\u3164', '\ufe0f', '\ufeff', '\uffa0', '\ufff9', '\ud800', '\u{e0041}', '\u{f0000}'];
    for (const character of hidden) {
      const { pieces } = shownJson(JSON.stringify({ a: `x${character}y` }));
      const marked = pieces.filter((piece) => piece.escaped).map((piece) => piece.text);
      expect([character.codePointAt(0), marked]).toEqual([character.codePointAt(0), [expect.stringMatching(/^\\u/)]]);
      expect(shownText(character)).toMatchObject([{ escaped: true }]);
    }
  });

  test('text of all scripts is shown as it is', () => {
    for (const word of ['Grüße', 'naïve', 'Москва', '東京', 'العربية', 'हिन्दी', '👍', 'a b']) expect(text(JSON.stringify(word))).toBe(JSON.stringify(word));
  });

  test('nothing that is shown can be unseen, and every value is there', () => {
    fc.assert(fc.property(fc.jsonValue({ maxDepth: 6, stringUnit: 'binary' }), (value) => {
      const source = JSON.stringify(value);
      const { pieces, cut } = shownJson(source, Number.POSITIVE_INFINITY);
      expect(cut).toBe(false);
      const whole = pieces.map((piece) => piece.text).join('');
      expect(whole).not.toMatch(/[\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u0000-\u0009\u000b-\u001f\u007f-\u00a0]/u);
      // Every escape but that of a code point beyond the basic plane is one of JSON, so what is shown means what was sent.
      expect(JSON.parse(whole.replace(/\\u\{([0-9a-f]+)\}/g, (_match, code: string) => String.fromCodePoint(Number.parseInt(code, 16))))).toEqual(JSON.parse(source));
    }));
  });

  test('what is too long to be read is cut, and said to be', () => {
    const { pieces, cut } = shownJson(JSON.stringify({ a: 'x'.repeat(5_000) }), 1_000);
    expect([cut, pieces.map((piece) => piece.text).join('').length <= 1_000]).toEqual([true, true]);
  });
});
