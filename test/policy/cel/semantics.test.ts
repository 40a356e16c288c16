import { describe, expect, it } from 'vitest';
import { evaluate } from './evaluate.ts';

type Row = readonly [source: string, args: string, outcome: string];

function table(title: string, rows: readonly Row[]): void {
  describe(title, () => {
    it.each(rows)('%s over %s: %s', (source, args, outcome) => {
      expect(evaluate(source, args)).toBe(outcome);
    });
  });
}

table('equality is deep, numeric across types, and false between other types', [
  ['args.a == args.b', '{"a":{"x":[1,2.0,{"y":null}]},"b":{"x":[1.0,2,{"y":null}]}}', 'true'],
  ['args.a == args.b', '{"a":{"x":1,"y":2},"b":{"y":2,"x":1}}', 'true'],
  ['args.a == args.b', '{"a":{"x":1},"b":{"x":1,"y":2}}', 'false'],
  ['args.a == args.b', '{"a":{"x":1},"b":{"y":1}}', 'false'],
  ['args.a == args.b', '{"a":[1,2],"b":[2,1]}', 'false'],
  ['args.a == args.b', '{"a":[1],"b":[1,1]}', 'false'],
  ['args.a == args.b', '{"a":"1","b":1}', 'false'],
  ['args.a == args.b', '{"a":[],"b":{}}', 'false'],
  ['args.a == args.b', '{"a":null,"b":false}', 'false'],
  ['args.a == args.b', '{"a":"\\u0061","b":"a"}', 'true'],
  ['args.a == args.b', '{"a":"é","b":"e\\u0301"}', 'false'],
  ['args.a == ["x", 1, true, null]', '{"a":["x",1,true,null]}', 'true'],
  ['args.a == {"x": 1}', '{"a":{"x":1}}', 'true'],
  ['{"x": 1} == args.a', '{"a":{"x":1.0}}', 'true'],
  ['args.a == {1: 2}', '{"a":{"1":2}}', 'false'],
  ['args.a == {}', '{"a":{}}', 'true'],
  ['args.a == []', '{"a":[]}', 'true'],
  ['args.a != "x"', '{"a":1}', 'true'],
  ['args == {"a": 1}', '{"a":1}', 'true'],
  ['size(args) == 2', '{"a":1,"b":2}', 'true'],
  ['args.a == args.b', '{"a":{"__proto__":1},"b":{"__proto__":1}}', 'true'],
  ['args.a == args.b', '{"a":{"__proto__":1},"b":{"__proto__":2}}', 'false'],
  ['args.a == args.b', '{"a":{"__proto__":1},"b":{}}', 'false'],
]);

table('names of prototypes are names like others', [
  ['args.constructor == 1', '{"constructor":1}', 'true'],
  ['args.constructor == 1', '{}', 'absent constructor'],
  ['args.__proto__ == 1', '{"__proto__":1}', 'true'],
  ['args.__proto__.toString == 1', '{"__proto__":{}}', 'absent __proto__.toString'],
  ['args.hasOwnProperty == 1', '{}', 'absent hasOwnProperty'],
  ['args.a.length == 1', '{"a":[1]}', 'error'],
  ['args.a.length == 1', '{"a":"x"}', 'error'],
  ['args.a["length"] == 1', '{"a":[1]}', 'error'],
  ['args.a["0"] == 1', '{"a":[1]}', 'error'],
  ['{"__proto__": 1}["__proto__"] == 1', '{}', 'true'],
  ['"__proto__" in {"a": 1}', '{}', 'false'],
  ['"constructor" in {"a": 1}', '{}', 'false'],
  ['{"a": 1}[args.k] == 1', '{"k":"constructor"}', 'error'],
  ['args[args.k] == 1', '{"k":"toString"}', 'absent []'],
  ['["a"].exists(constructor, constructor == "a")', '{}', 'true'],
  ['args.k in ["constructor"]', '{"k":"constructor"}', 'true'],
  ['args.k in ["a"]', '{"k":"constructor"}', 'false'],
  ['args.all(k, k != "a")', '{"__proto__":1,"b":2}', 'true'],
  ['args.exists(k, k == "__proto__")', '{"__proto__":1,"b":2}', 'true'],
]);

table('order', [
  ['args.a < args.b', '{"a":"a","b":"b"}', 'true'],
  ['args.a < args.b', '{"a":"B","b":"a"}', 'true'],
  ['args.a < args.b', '{"a":"a","b":"ab"}', 'true'],
  // By code points: U+FFFD comes before U+1F600, in UTF-16 it would not.
  ['args.a < args.b', '{"a":"\\ufffd","b":"😀"}', 'true'],
  ['args.a < args.b', '{"a":"😀","b":"\\ufffd"}', 'false'],
  ['args.a < args.b', '{"a":"1","b":2}', 'error'],
  ['args.a < args.b', '{"a":true,"b":2}', 'error'],
  ['args.a < args.b', '{"a":false,"b":true}', 'true'],
  ['args.a <= args.b', '{"a":[1],"b":[1]}', 'error'],
  ['args.a <= args.b', '{"a":null,"b":null}', 'error'],
  ['args.a < args.b', '{"a":1,"b":{}}', 'error'],
]);

table('texts are sequences of code points', [
  ['size(args.a) == 1', '{"a":"😀"}', 'true'],
  ['args.a.size() == 3', '{"a":"a😀é"}', 'true'],
  ['size(args.a) == 2', '{"a":"e\\u0301"}', 'true'],
  ['size(args.a) == 1', '{"a":"\\ud800"}', 'true'],
  ['args.a.substring(1) == "b"', '{"a":"😀b"}', 'true'],
  ['args.a.substring(0, 1) == "😀"', '{"a":"😀b"}', 'true'],
  ['args.a.substring(3) == ""', '{"a":"😀b"}', 'error'],
  ['args.a.substring(2) == ""', '{"a":"😀b"}', 'true'],
  ['args.a.substring(-1) == ""', '{"a":"ab"}', 'error'],
  ['args.a.substring(1, 0) == ""', '{"a":"ab"}', 'error'],
  ['args.a.indexOf("b") == 1', '{"a":"😀b"}', 'true'],
  ['args.a.indexOf("x") == -1', '{"a":"😀b"}', 'true'],
  ['args.a.indexOf("b", 2) == 3', '{"a":"😀b😀b"}', 'true'],
  ['args.a.lastIndexOf("b") == 3', '{"a":"😀b😀b"}', 'true'],
  ['args.a.lastIndexOf("b", 2) == 1', '{"a":"😀b😀b"}', 'true'],
  ['args.a.indexOf("") == 0', '{"a":"ab"}', 'true'],
  ['args.a.lowerAscii() == "abÉ"', '{"a":"ABÉ"}', 'true'],
  ['args.a.upperAscii() == "ABß"', '{"a":"abß"}', 'true'],
  // The Kelvin sign is no K.
  ['args.a.lowerAscii() == "k"', '{"a":"\\u212a"}', 'false'],
  ['args.a.trim() == "x"', '{"a":" \\t\\u00a0\\u2003x\\u0085\\n"}', 'true'],
  ['args.a.trim() == "x"', '{"a":"\\ufeffx"}', 'false'],
  ['args.a.split(",") == ["a", "", "b"]', '{"a":"a,,b"}', 'true'],
  ['args.a.split("") == ["a", "😀"]', '{"a":"a😀"}', 'true'],
  ['args.a.split(",", 2) == ["a", "b,c"]', '{"a":"a,b,c"}', 'true'],
  ['args.a.split(",", 0) == []', '{"a":"a,b,c"}', 'true'],
  ['args.a.split(",", -1).size() == 3', '{"a":"a,b,c"}', 'true'],
  ['args.a.join("-") == "x-y"', '{"a":["x","y"]}', 'true'],
  ['args.a.join() == "xy"', '{"a":["x","y"]}', 'true'],
  ['args.a.join() == ""', '{"a":["x",1]}', 'error'],
  ['args.a.map(x, x + "!").join(",") == "a!,b!"', '{"a":["a","b"]}', 'true'],
  ['args.a.startsWith("ab") && args.a.endsWith("bc") && args.a.contains("b")', '{"a":"abc"}', 'true'],
  ['args.a.startsWith("")', '{"a":""}', 'true'],
  ['args.a.contains(args.b)', '{"a":"abc","b":1}', 'error'],
  ['args.a.startsWith("x")', '{"a":["x"]}', 'error'],
  ['args.a + "!" == "a!"', '{"a":"a"}', 'true'],
  ['args.a + args.b == [1, "x"]', '{"a":[1],"b":["x"]}', 'true'],
]);

table('lists and maps', [
  ['args.a[0] == 1', '{"a":[1,2]}', 'true'],
  ['args.a[args.i] == 2', '{"a":[1,2],"i":1}', 'true'],
  ['args.a[args.i] == 2', '{"a":[1,2],"i":1.5}', 'error'],
  ['args.a[args.i] == 2', '{"a":[1,2],"i":-1}', 'error'],
  ['args.a[2] == 2', '{"a":[1,2]}', 'error'],
  ['args.a[args.i] == 2', '{"a":[1,2],"i":"1"}', 'error'],
  ['args.a[0][1].x == 5', '{"a":[[1,{"x":5}]]}', 'true'],
  ['1 in args.a', '{"a":[1.0]}', 'true'],
  ['"1" in args.a', '{"a":[1]}', 'false'],
  ['args.a in ["x", "y"]', '{"a":"y"}', 'true'],
  ['args.a in ["x", "y"]', '{"a":1}', 'false'],
  ['args.a in ["x", 1, null]', '{"a":null}', 'true'],
  ['args.a in []', '{"a":1}', 'false'],
  ['args.a in [[1], [2]]', '{"a":[2]}', 'true'],
  ['args.k in args.m', '{"k":"x","m":{"x":null}}', 'true'],
  ['args.k in args.m', '{"k":1,"m":{"1":0}}', 'false'],
  ['args.k in args.m', '{"k":"a","m":"abc"}', 'error'],
  ['1 in {1: "x"}', '{}', 'true'],
  ['args.i in {1: "x"}', '{"i":1}', 'true'],
  ['args.i in {1: "x"}', '{"i":1.5}', 'false'],
  ['{1: "x", "1": "y"}[args.i] == "y"', '{"i":"1"}', 'true'],
  ['{1: "x", "1": "y"}[args.i] == "x"', '{"i":1}', 'true'],
  ['{"a": {"b": [1, 2]}}.a.b[1] == 2', '{}', 'true'],
  ['{args.k: 1} == {"x": 1}', '{"k":"x"}', 'true'],
  ['{args.k: 1} == {"x": 1}', '{"k":1.5}', 'error'],
  ['{args.k: 1, args.l: 2}.size() == 2', '{"k":"x","l":"x"}', 'error'],
  ['size(args.a) == 2', '{"a":{"x":1,"y":2}}', 'true'],
  ['size(args.a) == 2', '{"a":5}', 'error'],
]);

table('macros', [
  ['args.a.all(x, x > 0)', '{"a":[1,2]}', 'true'],
  ['args.a.all(x, x > 1)', '{"a":[1,2]}', 'false'],
  ['args.a.all(x, x > 1)', '{"a":[]}', 'true'],
  ['args.a.all(x, x > 1)', '{"a":["x",0]}', 'false'],
  ['args.a.all(x, x > 1)', '{"a":["x",2]}', 'error'],
  ['args.a.exists(x, x > 1)', '{"a":["x",2]}', 'true'],
  ['args.a.exists(x, x > 5)', '{"a":["x",2]}', 'error'],
  ['args.a.exists(x, x > 5)', '{"a":[]}', 'false'],
  ['args.a.exists_one(x, x > 1)', '{"a":[1,2]}', 'true'],
  ['args.a.exists_one(x, x > 0)', '{"a":[1,2]}', 'false'],
  ['args.a.exists_one(x, x > 1)', '{"a":["x",2]}', 'error'],
  ['args.a.map(x, x * 2.0) == [2, 4]', '{"a":[1,2]}', 'true'],
  ['args.a.map(x, x > 1, x * 2.0) == [4]', '{"a":[1,2]}', 'true'],
  ['args.a.filter(x, x > 1) == [2]', '{"a":[1,2]}', 'true'],
  ['args.a.filter(x, x) == [true]', '{"a":[true,false]}', 'true'],
  ['args.a.filter(x, x) == [true]', '{"a":[true,1]}', 'error'],
  ['args.a.all(k, args.a[k] > 0)', '{"a":{"x":1,"y":2}}', 'true'],
  ['args.a.map(k, k) == ["x", "y"]', '{"a":{"x":1,"y":2}}', 'true'],
  ['{"x": 1, 2: 3}.exists(k, k == 2)', '{}', 'true'],
  ['args.a.all(x, args.b.exists(y, x == y))', '{"a":[1,2],"b":[2,1,3]}', 'true'],
  ['args.a.all(x, x.b.all(y, y < size(args.a)))', '{"a":[{"b":[0]},{"b":[1,1]}]}', 'true'],
  ['args.a.map(x, [x].map(y, y + x)) == [[2], [4]]', '{"a":[1,2]}', 'true'],
  ['args.a.all(x, x > 0)', '{"a":5}', 'error'],
  ['args.a.all(x, x > 0)', '{"a":"text"}', 'error'],
  ['args.a.all(x, x > 0)', '{"a":null}', 'error'],
  ['args.a.filter(x, x > 1).exists(x, x == 2)', '{"a":[1,2]}', 'true'],
]);

table('conversions', [
  ['int(args.a) == 5', '{"a":"5"}', 'true'],
  ['int(args.a) == 5', '{"a":"+5"}', 'true'],
  ['int(args.a) == 5', '{"a":" 5"}', 'error'],
  ['int(args.a) == 5', '{"a":""}', 'error'],
  ['int(args.a) == 5', '{"a":"0x5"}', 'error'],
  ['int(args.a) == 5', '{"a":"5.0"}', 'error'],
  ['int(args.a) == 5', '{"a":"9223372036854775808"}', 'error'],
  ['int(args.a) == 5', '{"a":true}', 'error'],
  ['int(args.a) == 5', '{"a":null}', 'error'],
  ['double(args.a) <= 500.0', '{"a":"500"}', 'true'],
  ['double(args.a) <= 500.0', '{"a":"500.0000000000000001"}', 'error'],
  ['double(args.a) <= 500.0', '{"a":"NaN"}', 'error'],
  ['double(args.a) <= 500.0', '{"a":"-Infinity"}', 'error'],
  ['double(args.a) <= 500.0', '{"a":"1e999"}', 'error'],
  ['double(args.a) <= 500.0', '{"a":" 5"}', 'error'],
  ['string(args.a) == "5"', '{"a":5}', 'true'],
  ['string(args.a) == "5"', '{"a":5.0}', 'true'],
  ['string(args.a) == "0.5"', '{"a":5e-1}', 'true'],
  ['string(args.a) == "true"', '{"a":true}', 'true'],
  ['string(args.a) == ""', '{"a":[]}', 'error'],
  ['string(args.a) == "null"', '{"a":null}', 'error'],
  ['bool(args.a)', '{"a":"true"}', 'true'],
  ['bool(args.a)', '{"a":"yes"}', 'error'],
  ['bool(args.a)', '{"a":1}', 'error'],
  ['type(args.a) == double', '{"a":1}', 'true'],
  ['type(args.a) == int', '{"a":1}', 'false'],
  ['type(args.a) == string || type(args.a) == list', '{"a":[]}', 'true'],
  ['type(args.a) == map && type(null) == null_type', '{"a":{}}', 'true'],
  ['type(args.a) in [bool, string]', '{"a":false}', 'true'],
  ['dyn(args.a) == 1', '{"a":1}', 'true'],
]);

table('conditions', [
  ['args.a ? args.b : args.c', '{"a":true,"b":true}', 'true'],
  ['args.a ? args.b : args.c', '{"a":false,"b":true}', 'absent c'],
  ['args.a ? true : false', '{"a":1}', 'error'],
  ['args.a', '{"a":1}', 'error'],
  ['args.a', '{"a":"true"}', 'error'],
  ['args.a', '{"a":true}', 'true'],
  ['!args.a', '{"a":0}', 'error'],
  ['args.a && args.b', '{"a":1,"b":true}', 'error'],
  ['args.a && args.b', '{"a":1,"b":false}', 'false'],
  ['args.a || args.b', '{"a":1,"b":true}', 'true'],
]);

describe('the budget', () => {
  const many = (count: number): string => `{"a":[${Array.from({ length: count }, (_, i) => i).join(',')}],"s":"${'a'.repeat(20_000)}"}`;
  it('of an evaluation allows what a person would write', () => {
    expect(evaluate('args.a.all(x, x >= 0 && x < 1000)', many(1000))).toBe('true');
    expect(evaluate('args.s.contains("b") || args.s.startsWith("a")', many(1))).toBe('true');
  });

  it.each([
    ['args.a.all(x, args.a.all(y, x + y >= 0.0))', 300],
    ['args.a.all(x, args.a.exists(y, y == x))', 300],
    ['args.a.all(x, args.s.contains("b") || x >= 0)', 300],
    ['args.a.all(x, size(args.s) > 5)', 300],
    ['args.a.all(x, args.s == args.s)', 300],
    ['args.a.map(x, args.s).map(x, x + x).map(x, x + x).size() > 0', 300],
    ['args.a.map(x, args.a).map(x, x + x).map(x, x + x).size() > 0', 300],
    ['args.a.all(x, x >= 0)', 20_000],
    ['args.a == args.a', 20_000],
  ])('of %s over %i elements is spent, and the outcome is an error', (source, count) => {
    expect(evaluate(source, many(count))).toBe('error');
  });

  it('is spent for good: no operator absorbs it', () => {
    const long = 'args.a.all(x, args.a.all(y, x + y >= 0.0))';
    for (const source of [`${long} || true == args.yes`, `true == args.yes || ${long}`, `!(${long} && false == args.yes)`, `[1, 2].exists(i, i == 2 || ${long})`]) {
      const outcome = evaluate(source, `${many(300).slice(0, -1)},"yes":true}`);
      // An operand that decides before the expensive one is looked at is no absorption.
      expect([source, outcome]).toEqual([source, source.startsWith('true') ? 'true' : 'error']);
    }
  });

  it('of searching counts the needle too, which the caller may have chosen', () => {
    const args = JSON.stringify({ a: 'a'.repeat(100_000), b: `b${'a'.repeat(50_000)}` });
    for (const source of ['args.a.contains(args.b)', 'args.a.indexOf(args.b) >= 0', 'args.a.lastIndexOf(args.b) >= 0', 'args.a.split(args.b).size() > 1']) {
      expect([source, evaluate(source, args)]).toEqual([source, 'error']);
    }
  });
});

describe('what the caller chose is not worked on for nothing', () => {
  // Each of these once cost, or would cost, seconds: the work of a step must not grow with the size of the call. A run that does
  // not charge for it does not end within the test's time.
  const elements = Array.from({ length: 1500 }, () => '0').join(',');
  const keys = Array.from({ length: 9000 }, (_, i) => `"k${i}":0`).join(',');
  const long = 'x'.repeat(300_000);
  it.each([
    ['args.l.all(x, args.n >= 0)', `{"l":[${elements}],"n":1${'0'.repeat(2_000_000)}}`],
    ['args.l.all(x, !args.m.all(k, false))', `{"l":[${elements}],"m":{${keys}}}`],
    ['args.l.all(x, args.m != args.o)', `{"l":[${elements}],"m":{${keys}},"o":{"z":1,${keys.slice(7)}}}`],
    ['[args.s].all(s, args.l.all(x, s < "y" && s < args.t))', `{"l":[${elements}],"s":"${long}","t":"${long}"}`],
    ['[args.s].all(s, args.l.all(x, s in args.m))', `{"l":[${elements}],"s":"${long}","m":{"${long}y":1,"${long}z":1}}`],
    ['[args.s].all(s, args.l.all(x, args.m[s] == 1))', `{"l":[${elements}],"s":"${long}","m":{"${long}":1}}`],
    ['args.l.all(x, args.big[0] == 0)', `{"l":[${elements}],"big":[${'0,'.repeat(500_000)}0]}`],
    ['args.l.all(x, size(args.big) > 0)', `{"l":[${elements}],"big":[${'0,'.repeat(500_000)}0]}`],
    ['size(args.big) > 0', `{"big":[${'0,'.repeat(2_000_000)}0]}`],
    ['args.l.all(x, args.o.p.q.k1 == 0)', `{"l":[${elements}],"o":{"p":{"q":{${keys}}}}}`],
  ])('%s', (source, args) => {
    expect(evaluate(source, args)).toMatch(/^(true|error|false)$/);
  });
});
