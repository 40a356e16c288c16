import fc from 'fast-check';

/** White space that JSON allows, mostly none. */
const space = fc.oneof(
  { weight: 4, arbitrary: fc.constant('') },
  { weight: 1, arbitrary: fc.string({ unit: fc.constantFrom(' ', '\t', '\r', '\n'), maxLength: 5 }) },
);

/** One character of a string value in one of its spellings: raw, short escape, \u escape in either case. */
const spelledCharacter = fc
  .tuple(
    fc.constantFrom('a', 'b', 'n', 'u', '0', '9', ' ', '/', '"', '\\', '\n', '\t', '\0', '\u001f', '\u007f', 'é', '漢', '\u2028', '\ufeff', '😀', '__proto__', '{', '}', '[', ']', ',', ':'),
    fc.nat(3),
  )
  .map(([text, spelling]) => {
    if (spelling === 0) return Array.from({ length: text.length }, (_, k) => escapeUnit(text.charCodeAt(k))).join('');
    if (spelling === 1 && text === '/') return '\\/';
    return JSON.stringify(text).slice(1, -1);
  });

function escapeUnit(unit: number): string {
  const hex = unit.toString(16).padStart(4, '0');
  return `\\u${unit % 2 === 0 ? hex : hex.toUpperCase()}`;
}

/** Source text of a JSON string, lone surrogate escapes included; now and then long enough to be read in words. */
export const stringText = fc
  .tuple(
    fc.array(fc.oneof({ weight: 8, arbitrary: spelledCharacter }, { weight: 1, arbitrary: fc.constantFrom('\\ud800', '\\uDFFF', '\\b', '\\f') }), { maxLength: 6 }),
    fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 40, max: 90 }) }),
    fc.constantFrom('x', 'é', '漢', ' !'),
  )
  .map(([parts, filler, unit]) => `"${parts.join('')}${unit.repeat(filler)}${parts.toReversed().join('')}"`);

const numberText = fc.constantFrom('0', '-0', '7', '-12', '9007199254740991', '9007199254740993', '1.0', '-0.5', '1e400', '1E+2', '12.50e-3', '100000000000000000000');

/** Source text of any JSON value without duplicate names, with odd white space and odd spellings. */
export const jsonText: fc.Arbitrary<string> = fc
  .letrec<{ value: string; object: string; array: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      fc.constantFrom('true', 'false', 'null'),
      numberText,
      stringText,
      tie('array'),
      tie('object'),
    ),
    array: fc.tuple(space, fc.array(fc.tuple(space, tie('value'), space), { maxLength: 5 })).map(([pad, items]) => (items.length === 0 ? `[${pad}]` : `[${items.map((p) => p.join('')).join(',')}]`)),
    object: fc
      .tuple(
        space,
        fc.uniqueArray(fc.tuple(stringText, space, space, tie('value'), space), { maxLength: 20, selector: ([name]) => JSON.parse(name) as string }),
      )
      .map(([pad, members]) =>
        members.length === 0 ? `{${pad}}` : `{${members.map(([name, a, b, value, c]) => `${b}${name}${a}:${b}${value}${c}`).join(',')}}`,
      ),
  }))
  .value;

/** Fragments that turn good JSON into nearly good JSON. */
const FRAGMENTS = [
  ',', ':', '"', '\\', '{', '}', '[', ']', '0', '-', '+', '.', 'e', 'E5', 'true', 'nul', 'NaN', 'Infinity', ' ', '\n', '\r', '\t', '\f', '\v', '\0', '\u0001', '\u001f',
  '\ufeff', '\u00a0', '\u2028', '//', '/**/', "'", '\\u', '\\u12', '\\x', '\\u0041', '\\"', '""', '"a":1', ',"a":1', '{}', '[]', '0x1', '01', '1.', '.5',
].map((text) => Buffer.from(text));
const BROKEN_UTF8 = [[0x80], [0xbf], [0xc0, 0xaf], [0xc3], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xff], [0xfe, 0xff]].map((bytes) => Buffer.from(bytes));

/** Bytes that differ from a JSON text by a few cuts, insertions and repeated slices: most are refused, many for a subtle reason. */
export const mutatedJson: fc.Arbitrary<Buffer> = fc
  .tuple(
    jsonText,
    fc.array(
      fc.tuple(fc.nat(), fc.nat(6), fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...FRAGMENTS) }, { weight: 1, arbitrary: fc.constantFrom(...BROKEN_UTF8) }), fc.nat(3)),
      { minLength: 1, maxLength: 3 },
    ),
  )
  .map(([text, mutations]) => {
    let bytes = Buffer.from(text);
    for (const [place, size, fragment, kind] of mutations) {
      const at = place % (bytes.length + 1);
      const cut = bytes.subarray(at, at + size);
      const parts = kind === 0 ? [] : kind === 1 ? [fragment, cut] : kind === 2 ? [fragment] : [cut, cut];
      bytes = Buffer.concat([bytes.subarray(0, at), ...parts, bytes.subarray(at + size)]);
    }
    return bytes;
  });
