import fc from 'fast-check';

/** Random expressions as text, by the type that they (mostly) have, over `args` with the members below. Depth is bounded. */
const NAMES = ['a', 'b', 'n', 's', 'l', 'm', 'gone'] as const;

export interface Grammar {
  readonly bool: fc.Arbitrary<string>;
  readonly number: fc.Arbitrary<string>;
}

const text = fc.constantFrom('""', '"a"', '"ab"', '"b"', '"é"', '"😀"', '"5"');
const whole = fc.constantFrom('0', '1', '2', '-1', '3', '9007199254740993', '9223372036854775807');
const double = fc.constantFrom('0.0', '1.0', '0.5', '2.5', '-1.5', '3.0', '1e300');
const path = fc.constantFrom(...NAMES.map((name) => `args.${name}`), 'args.m.a', 'args.m.gone', 'args.l[0]', 'args.l[1]', 'args["s"]');
const order = fc.constantFrom('<', '<=', '>', '>=');
const equality = fc.constantFrom('==', '!=');

function build(leaves: { readonly bool: fc.Arbitrary<string>; readonly number: fc.Arbitrary<string>; readonly any: fc.Arbitrary<string> }): fc.Arbitrary<string> {
  const { condition } = fc.letrec<{ condition: string; number: string; list: string; any: string }>((tie) => ({
    number: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      leaves.number,
      fc.tuple(tie('number'), fc.constantFrom('+', '-', '*', '/', '%'), tie('number')).map((parts) => `(${parts.join(' ')})`),
      fc.tuple(tie('condition'), tie('number'), tie('number')).map(([c, x, y]) => `(${c} ? ${x} : ${y})`),
      tie('number').map((x) => `-(${x})`),
      tie('list').map((l) => `size(${l})`),
      tie('number').map((x) => `int(${x})`),
      tie('number').map((x) => `double(${x})`),
    ),
    list: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      fc.constantFrom('args.l', '[1, 2]', '["a", "b"]', '[]', 'args.m.list'),
      fc.array(tie('any'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
      tie('list').map((l) => `${l}.filter(x, x != 1)`),
      tie('list').map((l) => `${l}.map(y, [y])`),
      fc.tuple(tie('list'), tie('list')).map(([a, b]) => `(${a} + ${b})`),
    ),
    any: fc.oneof({ maxDepth: 3, withCrossShrink: true }, leaves.any, tie('number'), tie('list'), tie('condition').map((c) => `(${c})`), tie('any').map((v) => `{"a": ${v}}`)),
    condition: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      leaves.bool,
      fc.tuple(tie('number'), order, tie('number')).map((parts) => parts.join(' ')),
      fc.tuple(tie('any'), equality, tie('any')).map((parts) => parts.join(' ')),
      fc.tuple(tie('any'), tie('list')).map((parts) => parts.join(' in ')),
      fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' && ')})`),
      fc.array(tie('condition'), { minLength: 2, maxLength: 3 }).map((parts) => `(${parts.join(' || ')})`),
      tie('condition').map((c) => `!(${c})`),
      fc.tuple(tie('condition'), tie('condition'), tie('condition')).map(([c, x, y]) => `(${c} ? ${x} : ${y})`),
      fc.tuple(tie('list'), fc.constantFrom('all', 'exists', 'exists_one'), order, tie('number')).map(([l, name, op, n]) => `${l}.${name}(z, z ${op} ${n})`),
      fc.tuple(fc.constantFrom('args.s', '"ab"', 'args.a'), fc.constantFrom('startsWith', 'endsWith', 'contains'), text).map(([s, name, t]) => `${s}.${name}(${t})`),
      fc.constantFrom(...NAMES.map((name) => `has(args.${name})`), 'has(args.m.a)', 'has(args.m.gone)', '"a" in args', '"gone" in args.m'),
    ),
  }));
  return condition;
}

/** Conditions of every kind that the grammar has. */
export const condition = build({
  bool: fc.oneof(fc.constantFrom('true', 'false'), path),
  number: fc.oneof(whole, double, path),
  any: fc.oneof(whole, double, text, path, fc.constantFrom('null', 'true', 'now', 'user.sub', 'grant.label')),
});

const scalar = fc.constantFrom('0', '1', '2', '2.5', '-1.5', '"a"', '"ab"', '"5"', '""', '"é"', 'true', 'false', 'null', '9007199254740993', '1e400');
const value = fc.oneof(scalar, fc.array(scalar, { maxLength: 3 }).map((items) => `[${items.join(',')}]`), scalar.map((one) => `{"a":${one}}`), scalar.map((one) => `{"a":1,"list":[${one},2]}`));

/** JSON text of arguments that these conditions ask about: any of them may be missing or of any type. */
export const args = fc.record(Object.fromEntries(NAMES.filter((name) => name !== 'gone').map((name) => [name, value])), { requiredKeys: [] }).map(
  (members) => `{${Object.entries(members).map(([name, text]) => `${JSON.stringify(name)}:${String(text)}`).join(',')}}`,
);
