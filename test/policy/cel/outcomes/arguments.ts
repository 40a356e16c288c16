/**
 * The arguments of the calls that the table of outcomes evaluates on, as JSON text: numbers stand there as they were sent. Names in the
 * table are these.
 */
const LONG = JSON.stringify('x'.repeat(640));
const text = (...names: readonly string[]): readonly (readonly [string, string])[] => names.map((name) => [name, JSON.stringify(name)]);

const MEMBERS: readonly (readonly [string, string])[] = [
  ['n', '1.5'], ['i', '3'], ['z', '0'], ['one', '1'], ['neg', '-2'], ['negn', '-2.75'], ['half', '0.5'], ['seven', '7'], ['nine', '90.09'],
  ['big', '1e308'], ['tiny', '5e-324'], ['negzero', '-0.0'], ['negdec', '-0.25'], ['n9', '9.99'], ['neg9', '-9.05'], ['n0', '0.05'], ['two53', '9007199254740992'],
  ['two63', '9223372036854775808'], ['mtwo63', '-9223372036854775808'], ['intmax', '"9223372036854775807"'], ['intmin', '"-9223372036854775808"'],
  // Numbers that no double is, and some that one is, at the bounds of the short way to read them.
  ['huge', '12345678901234567890123'], ['inexact', '0.1234567890123456789'], ['exp', '1.5e3'], ['expbig', '1e999'],
  ['n17', '123456789.1234567'], ['n17neg', '-12345678.123456'], ['n18', '1234567890.1234567'], ['d15', '0.10000000000000'], ['d16', '1.234567890123456'],
  ['d16x', '4503599627370.497'], ['n400', `1.${'0'.repeat(398)}`], ['n401', `1.${'0'.repeat(399)}`],
  ['s', '"abc"'], ['a', '"a"'], ['k', '"k"'], ['v', '"v"'], ['e', '""'], ['up', '"ABC xYZ@[`{1"'], ['rep', '"abab"'], ['csv', '"a,b,c"'],
  ['u', '"a😀b"'], ['emoji', '"😀"'], ['astral', '"😀"'], ['ef', '"\uffff"'], ['efs', '"\uffff😀"'], ['e000', '"\ue000"'], ['d7ff', '"\ud7ff"'], ['surr', '"𐀀"'],
  ['sp', '"  a b\\t\\n"'], ['usp', '"\u00a0\u3000a\u2003"'], ['allsp', '" \\n "'], ['lone', '"x"'],
  ['nl', 'null'], ['t', 'true'], ['f', 'false'],
  ['l', '[1,2,3]'], ['l2', '[1,2,4]'], ['short', '[1,2]'], ['e2', '[]'], ['sl', '["a","b"]'], ['mix', '["a",1]'], ['nlist', '["a",null]'],
  ['li', '[1,12345678901234567890123]'], ['lm', '[{"a":1},{"b":2}]'], ['ll', '[[1],[2,3]]'],
  ['m', '{"k":"v","x":{"y":1}}'], ['mm', '{"x":{"y":1},"k":"v"}'], ['other', '{"k":"v","x":{"y":2}}'], ['renamed', '{"k":"v","w":{"y":1}}'],
  ['long', LONG], ['longlist', `[${LONG},${LONG}]`], ['longmap', `{"k":{"l":${LONG}}}`], ['longtexts', `[${LONG},${LONG},"x"]`],
  // Spellings of numbers and booleans.
  ['seventy', '"70"'], ['plus', '"+70"'], ['minus', '"-70"'], ['max', '"9223372036854775807"'], ['max1', '"9223372036854775808"'],
  ['min', '"-9223372036854775808"'], ['min1', '"-9223372036854775809"'], ['digits20', '"00000000000000000001"'], ['spaced', '" 70"'], ['hex', '"0x10"'],
  ['spell', '"2.5"'], ['inexactspell', '"0.1234567890123456789"'], ['one1', '"1"'], ['zero0', '"0"'], ['tt', '"t"'], ['ff', '"f"'],
  ...text('T', 'F', 'yes', 'true', 'True', 'TRUE', 'false', 'False', 'FALSE'),
  // Instants.
  ['ts', '"2026-01-05T22:30:15.25Z"'], ['ts2', '"2026-01-05T22:30:15.26Z"'], ['nofraction', '"2026-01-05T22:30:15Z"'], ['midnight', '"2026-01-04T23:00:00Z"'],
  ['before', '"1969-12-31T23:59:58.5Z"'], ['beforefull', '"1969-12-31T23:59:58Z"'], ['nano', '"2026-01-05T22:30:15.000000001Z"'],
  ['first', '"0001-01-01T00:00:00Z"'], ['last', '"9999-12-31T23:59:59.999999999Z"'], ['beyond', '"9999-12-31T23:59:59-00:01"'], ['under', '"0001-01-01T00:00:00+00:01"'],
  ['maxsec', '253402300799'], ['minsec', '-62135596800'],
  ['east', '"2026-01-05T22:30:15+05:45"'], ['west', '"2026-01-05T22:30:15-02:30"'], ['lower', '"2026-01-05t22:30:15z"'],
  ['feb29', '"2024-02-29T00:00:00Z"'], ['feb29no', '"2026-02-29T00:00:00Z"'], ['month0', '"2026-00-05T00:00:00Z"'], ['month13', '"2026-13-05T00:00:00Z"'],
  ['day0', '"2026-01-00T00:00:00Z"'], ['day32', '"2026-01-32T00:00:00Z"'], ['hour24', '"2026-01-05T24:00:00Z"'], ['hour23', '"2026-01-05T23:59:59Z"'],
  ['minute60', '"2026-01-05T00:60:00Z"'], ['second60', '"2026-01-05T00:00:60Z"'], ['off24', '"2026-01-05T00:00:00+24:00"'], ['off2359', '"2026-01-05T00:00:00-23:59"'],
  ['offm60', '"2026-01-05T00:00:00+00:60"'], ['nozone', '"2026-01-05T00:00:00"'], ['frac10', '"2026-01-05T00:00:00.1234567891Z"'], ['fracdot', '"2026-01-05T00:00:00.Z"'],
  ['lead', '" 2026-01-05T00:00:00Z"'], ['trail', '"2026-01-05T00:00:00Z "'],
  // Lengths of time.
  ['d', '"1h30m"'], ['zerodur', '"0"'], ['mzero', '"-0"'], ['pzero', '"+0"'], ['negdur', '"-90.5s"'], ['plusdur', '"+1s"'], ['minusonly', '"-"'], ['trailplus', '"1s+"'],
  ['dfrac', '"1.25s"'], ['allunits', '"1h2m3s4ms5us6ns"'], ['micro', '"7µs"'], ['us', '"8us"'], ['nounit', '"5"'], ['badunit', '"5d"'], ['junk', '"1h x"'],
  ['longest', '"9223372036854775807ns"'], ['toolongdur', '"9223372036s854775808ns"'], ['mlongest', '"-9223372036s854775807ns"'],
  ['long100', JSON.stringify('1s'.repeat(50))], ['long101', JSON.stringify(`+${'1s'.repeat(50)}`)], ['fracdigits', '"0.000000001s"'],
];

export const ARGUMENTS = `{${MEMBERS.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;

/** As long as a text may be that a pattern is applied to, and longer by one. */
export const LONG_TEXTS = `{"most":${JSON.stringify('x'.repeat(65_536))},"more":${JSON.stringify('x'.repeat(65_537))}}`;
