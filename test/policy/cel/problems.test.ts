import { describe, expect, it } from 'vitest';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';
import { json, problemsOf } from './evaluate.ts';
import { SCHEMA_TEXT } from './outcomes/compilation.ts';

/** Each problem as `code|the words it points at|help`. */
function found(source: string, schema: string | null = SCHEMA_TEXT): readonly string[] {
  return problemsOf(source, schema).map((one) => `${one.code}|${source.slice(one.start, one.end)}|${one.help ?? ''}`);
}

describe('problems that need the schema of the tool', () => {
  it.each([
    ['args.amont > 5', 'no_such_argument|amont|did you mean `amount`?'],
    ['args["amont"] > 5', 'no_such_argument|"amont"|did you mean `amount`?'],
    ['has(args.amont)', 'no_such_argument|amont|did you mean `amount`?'],
    ['args.card.numbr == "1"', 'no_such_argument|numbr|did you mean `number`?'],
    ['args.zzz == 1', 'no_such_argument|zzz|known are `amount`, `count`, `currency`, `note`, `dry_run`, `tags`, `meta` or `card`'],
    ['args.items.all(i, i.prise < 5)', 'no_such_argument|prise|did you mean `price`?'],
    ['args.tree.left.left.vale == 1', 'no_such_argument|vale|did you mean `value`?'],
    ['amount > 5', 'unknown_variable|amount|did you mean `args.amount`?'],
    ['args.foo-bar > 5', 'no_such_argument|foo|known are `amount`, `count`, `currency`, `note`, `dry_run`, `tags`, `meta` or `card`;unknown_variable|bar|did you mean `["foo-bar"]`?'],
    ['args.currency > 5', 'type_mismatch|args.currency > 5|write `"5"` with quotes'],
    ['args.currency == 5', 'type_mismatch|args.currency == 5|write `"5"` with quotes'],
    ['args.amount == "5"', 'type_mismatch|args.amount == "5"|write `5` without quotes'],
    ['args.amount <= "500"', 'type_mismatch|args.amount <= "500"|write `500` without quotes'],
    ['args.currency in [1, 2]', 'type_mismatch|args.currency in [1, 2]|'],
    ['args.dry_run == "true"', 'type_mismatch|args.dry_run == "true"|'],
    ['args.dry_run > 1', 'type_mismatch|args.dry_run > 1|'],
    ['args.tags == "x"', 'type_mismatch|args.tags == "x"|'],
    ['args.currency.code == "x"', 'type_mismatch|args.currency.code|'],
    ['args.amount.startsWith("5")', 'type_mismatch|args.amount.startsWith("5")|it takes a string and a string'],
    ['args.amount * 2 > 5', 'mixed_numbers|args.amount * 2|write `2.0`'],
    ['2 * args.amount > 5', 'mixed_numbers|2 * args.amount|write `2.0`'],
    ['args.count % 2 == 0', 'mixed_numbers|args.count % 2|write `int(args.count) % 2`'],
    ['args.amount + size(args.tags) > 5', 'mixed_numbers|args.amount + size(args.tags)|write `double(size(args.tags))`'],
    ['args.amount', 'not_boolean|args.amount|'],
    ['!args.amount', 'not_boolean|args.amount|'],
    ['args.currency && true', 'not_boolean|args.currency|'],
    ['args.tags.all(t, t > 5)', 'type_mismatch|t > 5|write `"5"` with quotes'],
    ['args.tags.all(t, t)', 'not_boolean|t|'],
    ['args.currency.all(c, c == "x")', 'type_mismatch|args.currency|'],
    ['"x" in args.currency', 'type_mismatch|"x" in args.currency|write `.contains(…)` to look inside a text'],
    ['5 in args.tags', 'type_mismatch|5 in args.tags|write `"5"` with quotes'],
    ['args.open.b == "x"', 'type_mismatch|args.open.b == "x"|'],
    ['args.either == true', 'type_mismatch|args.either == true|'],
    ['args.size == 5', 'type_mismatch|args.size == 5|write `"5"` with quotes'],
    ['timestamp(args.amount) < now', 'type_mismatch|timestamp(args.amount)|write `timestamp(int(…))`'],
    ['args.amont > 5 && args.curency == "x" && tool.nam == "y"', 'no_such_argument|amont|did you mean `amount`?;no_such_argument|curency|did you mean `currency`?;unknown_field|nam|did you mean `tool.name`?'],
  ])('%s', (source, expected) => {
    expect(found(source).join(';')).toBe(expected);
  });

  it.each([
    'args.amount <= 500 && args.currency in ["usd", "eur"]', 'args.amount in [1, 2]', 'args.note == null || args.note == "x"', 'args.currency == null', 'args.open.b > 5', 'args.open.a == "x"',
    'args.meta.anything.at.all == 5', 'args.any == 5 || args.any.b == "x"', 'args.yes == 1', 'args.either == 5 || args.either == "x"', 'args.items[0].price * 2.0 > 5', 'args.items.map(i, i.name).join(",") == "x"',
    'args["foo-bar"] > 5', 'args.tree.left.left.value > 5', 'args.all(k, k.startsWith("a") || k == "b")', 'size(args) < 5', 'args.tags[args.count] == "x"', 'args.dry_run', 'args == {"amount": 5}', '"card" in args',
  ])('%s has none', (source) => {
    expect(found(source)).toEqual([]);
  });

  it('a schema that says less than it could gives no problem', () => {
    for (const schema of ['{}', 'true', '{"type":"string"}', '{"properties":{"a":{}},"allOf":[{}]}', '{"properties":{"a":{}},"additionalProperties":true}', '{"properties":{"a":{}},"patternProperties":{"^b":{}}}', '{"$ref":"https://example.com/x"}', '{"$ref":"#"}', '[]', '{"properties":[]}', '{"type":["object","null"]}']) {
      expect([schema, found('args.b == 5 && args.c.d == "x"', schema)]).toEqual([schema, []]);
    }
  });

  it('a hostile schema costs little', () => {
    const wide = `{"type":"object","properties":{${Array.from({ length: 4000 }, (_, i) => `"p${i}":{"$ref":"#"}`).join(',')}}}`;
    expect(found('args.p1.p2.p3 == 1', wide)).toEqual([]);
    const loop = '{"type":"object","properties":{"a":{"$ref":"#/$defs/x"}},"$defs":{"x":{"$ref":"#/$defs/y"},"y":{"$ref":"#/$defs/x"}}}';
    expect(found('args.a.b.c == 1', loop)).toEqual([]);
  });
});

describe('problems of any expression', () => {
  it.each([
    ['ars.amount > 5', 'unknown_variable|ars|did you mean `args`?'],
    ['amount > 5', 'unknown_variable|amount|the arguments are in `args`: `args.amount`; known are `args`, `tool`, `server`, `grant`, `user`, `client`, `session` or `now`'],
    ['tool == "x"', 'record|tool|write `tool.name`, `tool.title`, `tool.category`, `tool.risk` or `tool.annotations`'],
    ['tool.nam == "x"', 'unknown_field|nam|did you mean `tool.name`?'],
    ['session.user == "x"', 'unknown_field|user|write `session.id`'],
    ['tool.category == "reed"', 'unknown_class|"reed"|did you mean `"read"`?'],
    ['tool["risk"] != "severe"', 'unknown_class|"severe"|write `low`, `medium`, `high` or `critical`'],
    ['tool.risk >= "high"', 'unordered_class|tool.risk >= "high"|name the classes: `tool.risk in ["high", "critical"]`'],
    ['tool.category in ["write", "delete"]', 'unknown_class|"delete"|write `read`, `write`, `execute`, `destructive` or `financial`'],
    ['tool[args.x] == "x"', 'record|tool|write `tool.name`, `tool.title`, `tool.category`, `tool.risk` or `tool.annotations`'],
    ['args.a.startswith("x")', 'unknown_function|args.a.startswith("x")|did you mean `startsWith`?'],
    ['lower(args.a) == "x"', 'unknown_function|lower(args.a)|known are'],
    ['startsWith(args.a, "x")', 'wrong_call|startsWith(args.a, "x")|write `string.startsWith(string)`'],
    ['args.a.startsWith()', 'wrong_call|args.a.startsWith()|write `string.startsWith(string)`'],
    ['args.a.int() == 1', 'wrong_call|args.a.int()|write'],
    ['grant.tags == "x"', 'type_mismatch|grant.tags == "x"|'],
    ['"x" == grant.tags', 'type_mismatch|"x" == grant.tags|'],
    ['now > 5', 'type_mismatch|now > 5|'],
    ['now > "2026-01-01"', 'type_mismatch|now > "2026-01-01"|'],
    ['args.a > now', 'type_mismatch|args.a > now|'],
    ['now.getHours("Europe/Berlim") == 1', 'unknown_time_zone|"Europe/Berlim"|write an IANA name such as `"Europe/Berlin"`, `"UTC"`, or an offset such as `"+02:00"`'],
    ['now.getHours("+25:00") == 1', 'unknown_time_zone|"+25:00"|write an IANA name such as `"Europe/Berlin"`, `"UTC"`, or an offset such as `"+02:00"`'],
    ['now.getHours(args.zone) == 1', 'time_zone_not_literal|args.zone|write it in quotes, e.g. `"Europe/Berlin"`'],
    ['args.a.matches(args.b)', 'pattern_not_literal|args.b|patterns are compiled when the policy loads'],
    ['args.a.matches("a" + "b")', 'pattern_not_literal|"a" + "b"|patterns are compiled when the policy loads'],
    ['args.a.matches("(")', 'bad_pattern|"("|patterns are RE2: no look-around, no back-references'],
    ['args.a.matches(r"(a)\\1")', 'bad_pattern|r"(a)\\1"|patterns are RE2: no look-around, no back-references'],
    ['1 / 0 > args.a', 'always_fails|1 / 0|'],
    ['args.a > 9223372036854775807 + 1', 'always_fails|9223372036854775807 + 1|'],
    ['timestamp("2026-13-01T00:00:00Z") < now', 'always_fails|timestamp("2026-13-01T00:00:00Z")|'],
    ['now - timestamp("2026-01-01T00:00:00Z") > duration("1 hour")', 'always_fails|duration("1 hour")|'],
    ['[1, 2][5] == args.a', 'always_fails|[1, 2][5]|'],
    ['{"a": 1, "a": 2} == args.a', 'always_fails|{"a": 1, "a": 2}|'],
    ['args.a > 9223372036854775808', 'number_too_large|9223372036854775808|write it with a fraction, e.g. `1e20`'],
    ['args.a <= 500.0000000000000001', 'inexact_number|500.0000000000000001|the nearest number is `500`'],
    ['args.a == 5u', 'not_supported|5u|leave the `u` out'],
    ['args.a == b"x"', 'not_supported|b"x"|write a string, without the `b`'],
    ['[1].all(args, args > 0)', 'shadowed_variable|args|choose another name'],
    ['[1].all(x, [2].all(x, x > 0))', 'shadowed_variable|x|choose another name'],
    ['[1].all(string, true)', 'shadowed_variable|string|choose another name'],
    ['[1].all(x, y > 0)', 'unknown_variable|y|'],
    ['[1].all(x, x > 0) && x > 0', 'unknown_variable|x|'],
    ['has(args["foo-bar"])', 'bad_has|has(args["foo-bar"])|write `"foo-bar" in args`'],
    ['has(args)', 'bad_has|has(args)|write `has(args.name)`'],
    ['args.a = 5', 'syntax|=|write `==` to compare'],
    ['args.a === 5', 'syntax|=|write `==`'],
    ['args.a & args.b', 'syntax|&|write `&&`'],
    ['args.a and args.b', 'syntax|and|write `&&`'],
    ['not args.a', 'syntax|not|write `!`'],
    ['args.in == 5', 'syntax|in|write `["in"]`'],
    ['args.a == "x', 'syntax|"x|close the quotes'],
    ['args.a == ', 'syntax||'],
    ['', 'syntax||'],
    ['5', 'not_boolean|5|'],
    ['"true"', 'not_boolean|"true"|'],
    ['args.a + 1.0', 'not_boolean|args.a + 1.0|'],
    ['size(args.a)', 'not_boolean|size(args.a)|'],
  ])('%s', (source, expected) => {
    const said = found(source, null).join(';');
    expect(said.startsWith(expected) ? expected : said).toBe(expected);
  });

  it('are all found at once, in the order of the text', () => {
    const source = 'ars.a > 5 && tool.nam == "x" && args.b.matches("(") && now.getHours("x") == 1 && args.c * 2 > 5.0';
    expect(problemsOf(source).map((one) => one.code)).toEqual(['unknown_variable', 'unknown_field', 'bad_pattern', 'unknown_time_zone', 'mixed_numbers']);
  });

  it('point into the text, in UTF-16 units', () => {
    const source = '"😀" == args.a || tol.name == "x"';
    const [problem] = problemsOf(source);
    expect(source.slice(problem?.start, problem?.end)).toBe('tol');
  });

  it('an expression that is too large is refused', () => {
    expect(problemsOf(`args.a == "${'x'.repeat(5000)}"`).map((one) => one.code)).toEqual(['too_long']);
    expect(problemsOf(`${'('.repeat(40)}args.a${')'.repeat(40)}`).map((one) => one.code)).toEqual(['too_complex']);
    expect(problemsOf(`${'!'.repeat(3000)}args.a`).map((one) => one.code)).toEqual(['too_complex']);
    expect(problemsOf(Array.from({ length: 300 }, () => 'args.a').join(' && ')).map((one) => one.code)).toEqual(['too_complex']);
    expect(problemsOf(Array.from({ length: 100 }, () => 'args.a').join(' || '))).toEqual([]);
    expect(problemsOf(`args.a in [${Array.from({ length: 400 }, (_, i) => `"${i}"`).join(',')}]`)).toEqual([]);
  });

  it('an amount is a number', () => {
    const codes = (source: string): readonly string[] => {
      const made = compileAmount(source, { inputSchema: json(SCHEMA_TEXT) });
      return made.ok ? [] : made.problems.map((one) => one.code);
    };
    expect(codes('args.amount')).toEqual([]);
    expect(codes('args.any')).toEqual([]);
    expect(codes('args.currency')).toEqual(['not_number']);
    expect(codes('args.amount > 5')).toEqual(['not_number']);
    expect(codes('args.amont')).toEqual(['no_such_argument']);
    expect(codes('now')).toEqual(['not_number']);
  });
});

describe('what is known of a condition', () => {
  const facts = (source: string): unknown => {
    const made = compileCondition(source);
    if (!made.ok) throw new Error(made.problems[0]?.message);
    const { variables, argumentPaths, optionalUse, unanchored, constant } = made.condition;
    return { variables: [...variables].sort(), argumentPaths, optionalUse, unanchored, constant };
  };
  it.each([
    ['args.a > 1', { variables: ['args'], argumentPaths: ['a'], optionalUse: ['a'], unanchored: [], constant: null }],
    ['has(args.a) && args.a > 1', { variables: ['args'], argumentPaths: ['a'], optionalUse: [], unanchored: [], constant: null }],
    ['args.a > 1 && has(args.a)', { variables: ['args'], argumentPaths: ['a'], optionalUse: [], unanchored: [], constant: null }],
    ['has(args.a) || args.a > 1', { variables: ['args'], argumentPaths: ['a'], optionalUse: ['a'], unanchored: [], constant: null }],
    ['!has(args.a) || args.a > 1', { variables: ['args'], argumentPaths: ['a'], optionalUse: [], unanchored: [], constant: null }],
    ['has(args.a) ? args.a > 1 : args.b > 1', { variables: ['args'], argumentPaths: ['a', 'b'], optionalUse: ['b'], unanchored: [], constant: null }],
    ['"a" in args && args.a > 1', { variables: ['args'], argumentPaths: ['', 'a'], optionalUse: [], unanchored: [], constant: null }],
    ['"x" in args.tags', { variables: ['args'], argumentPaths: ['tags', 'tags.x'], optionalUse: ['tags'], unanchored: [], constant: null }],
    ['"n" in args.c && args.c.n == 1', { variables: ['args'], argumentPaths: ['c', 'c.n'], optionalUse: ['c'], unanchored: [], constant: null }],
    ['has(args.c.n) && args.c.n == args.c.m', { variables: ['args'], argumentPaths: ['c.m', 'c.n'], optionalUse: ['c.m'], unanchored: [], constant: null }],
    ['args.items.all(i, i.price < args.max)', { variables: ['args'], argumentPaths: ['items', 'items[].price', 'max'], optionalUse: ['items', 'items[].price', 'max'], unanchored: [], constant: null }],
    ['args.l.filter(i, i.a > args.b).exists(j, j.c == 1)', { variables: ['args'], argumentPaths: ['b', 'l', 'l[].a', 'l[].c'], optionalUse: ['b', 'l', 'l[].a', 'l[].c'], unanchored: [], constant: null }],
    ['args.l.map(i, i.a)[0].c == user.x', { variables: ['args', 'user'], argumentPaths: ['l', 'l[].a', 'l[].a.c'], optionalUse: ['l', 'l[].a', 'l[].a.c'], unanchored: [], constant: null }],
    ['args.items[0].x.y == 1', { variables: ['args'], argumentPaths: ['items[].x.y'], optionalUse: ['items[].x.y'], unanchored: [], constant: null }],
    ['grant.label == "x" && now.getHours() < 5', { variables: ['grant', 'now'], argumentPaths: [], optionalUse: [], unanchored: [], constant: null }],
    ['args.a.matches("^x$") || args.a.matches("^x") || args.b.matches("x")', { variables: ['args'], argumentPaths: ['a', 'b'], optionalUse: ['a', 'b'], unanchored: ['^x', 'x'], constant: null }],
    ['args["user.id"] == args.a["b[]"].c', { variables: ['args'], argumentPaths: ['a.b\\[].c', 'user\\.id'], optionalUse: ['a.b\\[].c', 'user\\.id'], unanchored: [], constant: null }],
    ['(args.m ? args.a : args.b).c > 1', { variables: ['args'], argumentPaths: ['a', 'a.c', 'b', 'b.c', 'm'], optionalUse: ['a', 'a.c', 'b', 'b.c', 'm'], unanchored: [], constant: null }],
    ['true', { variables: [], argumentPaths: [], optionalUse: [], unanchored: [], constant: true }],
    ['1 > 2', { variables: [], argumentPaths: [], optionalUse: [], unanchored: [], constant: false }],
    ['args.a > 1 || true', { variables: ['args'], argumentPaths: ['a'], optionalUse: ['a'], unanchored: [], constant: true }],
    ['args.a > 1 && 1 > 2', { variables: ['args'], argumentPaths: ['a'], optionalUse: ['a'], unanchored: [], constant: false }],
    ['[1, 2].all(x, x > 0)', { variables: [], argumentPaths: [], optionalUse: [], unanchored: [], constant: true }],
  ])('%s', (source, expected) => {
    expect(facts(source)).toEqual(expected);
  });
});
