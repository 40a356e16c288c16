import { describe, expect, it } from 'vitest';
import { compileSchema, inlineReferences, type CompiledSchema } from '../../../src/policy/json-schema/index.ts';
import { scanned } from '../../wire/support/scanned.ts';

function compiled(schema: string, origin: 'policy' | 'upstream' = 'policy'): CompiledSchema {
  const result = compileSchema(scanned(schema), origin);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.schema;
}

function problems(schema: string, origin: 'policy' | 'upstream' = 'policy'): string[] {
  const result = compileSchema(scanned(schema), origin);
  return result.ok ? [] : result.problems.map(({ pointer, message, help }) => `${pointer}: ${message}${help === null ? '' : ` (${help})`}`);
}

const ARGUMENTS = '{"type":"object","properties":{"amount":{"type":"number","maximum":500},"currency":{"enum":["usd","eur"]},"card":{"type":"object","properties":{"number":{"type":"string","pattern":"^[0-9]{4}$"}},"required":["number"]},"items":{"type":"array","items":{"type":"object","properties":{"name":{"type":"string","maxLength":3}}}}},"additionalProperties":false}';

describe('a failure names the argument, what it must be, and what would pass', () => {
  it.each([
    ['{"amount":501}', 'amount', 'amount must be at most 500', 'amount <= 500'],
    ['{"amount":"9"}', 'amount', 'amount must be a number, not a string', 'amount is a number'],
    ['{"currency":"gbp"}', 'currency', 'currency must be one of "usd", "eur"', 'currency in ["usd", "eur"]'],
    ['{"card":{}}', 'card.number', 'card.number is missing', 'card.number is present'],
    ['{"card":{"number":"12345"}}', 'card.number', 'card.number must match the pattern `^[0-9]{4}$`', 'card.number matches `^[0-9]{4}$`'],
    ['{"items":[{"name":"abc"},{"name":"abcd"}]}', 'items[1].name', 'items[1].name must have at most 3 characters', 'items[1].name has at most 3 characters'],
    ['{"Amount":1}', 'Amount', 'Amount is not among the names that are allowed', 'Amount is absent'],
    ['{"odd name\\u202e":1}', String.raw`["odd name\u{202e}"]`, String.raw`["odd name\u{202e}"] is not among the names that are allowed`, String.raw`["odd name\u{202e}"] is absent`],
    ['{"currency":"gbp","amount":501}', 'currency', 'currency must be one of "usd", "eur"', 'currency in ["usd", "eur"]'],
  ])('%s', (value, path, message, wouldPass) => {
    expect(compiled(ARGUMENTS).validate(scanned(value))).toEqual({ kind: 'invalid', path, message, wouldPass });
  });

  it('the path of the caller stands before it, and the whole has a name of its own', () => {
    const schema = compiled('{"type":"number","minimum":1}');
    expect(schema.validate(scanned('0'), 'card.amount')?.message).toBe('card.amount must be at least 1');
    expect(schema.validate(scanned('{}'))).toEqual({ kind: 'invalid', path: '', message: 'the argument object must be a number, not an object', wouldPass: null });
  });

  it('never holds a value, only its type', () => {
    const secret = 'hunter2-hunter2';
    const schema = compiled(`{"type":"object","additionalProperties":{"anyOf":[{"type":"string","format":"uuid"},{"const":"x"},{"type":"array","uniqueItems":true}]}}`);
    for (const value of [`"${secret}"`, `["${secret}","${secret}"]`, `{"a":"${secret}"}`]) expect(JSON.stringify(schema.validate(scanned(`{"k":${value}}`)))).not.toContain(secret);
  });

  it('a call without arguments is an empty object', () => {
    expect(compiled('{"type":"object","maxProperties":0}').validate(null)).toBeNull();
    expect(compiled('{"type":"object","required":["a"]}').validate(null)?.message).toBe('a is missing');
  });
});

describe('numbers are compared exactly [J13] [#42]', () => {
  const most = compiled('{"type":"number","maximum":500}');
  it.each(['500', '499.99', '5e2', '-0', '0.5e3', '5.00E+2', '500.0'])('%s is at most 500', (text) => expect(most.validate(scanned(text))).toBeNull());
  it.each(['500.0000000000000001', '501', '1e400', '5.01e2', '"9999"', '"500"', '[9999]', '{"valueOf":1}', 'null', 'true', '9007199254740993'])('%s is not', (text) =>
    expect(most.validate(scanned(text))?.kind).toBe('invalid'));

  it.each([
    ['{"type":"number","exclusiveMaximum":500}', '499.99999999999999999', 'a double reads 500'],
    ['{"type":"number","not":{"const":500}}', '500.0000000000000000001', 'under `not` a difference would let it through'],
    ['{"type":"number","not":{"maximum":500}}', '500.00000000000000001', 'a double reads 500, which `not` forbids'],
    ['{"type":"number","anyOf":[{"const":1},{"not":{"const":0.1}}]}', '0.1000000000000000000001', 'whatever combinators stand around it'],
    ['{"type":"array","uniqueItems":true}', '[1,1.00000000000000000001]', 'also between elements'],
    ['{"type":"number","maximum":500}', `1${'0'.repeat(500)}`, 'longer than is read'],
    ['{"type":"integer"}', '1e999', 'larger than is read'],
    ['{"type":"number","multipleOf":2}', '9007199254740993', 'a double is even'],
  ])('%s: %s is refused, because %s', (schema, value) => {
    const failed = compiled(schema).validate(scanned(value));
    expect(failed?.kind).toBe('invalid');
    expect(failed?.message).toMatch(/digits than a double|too long or too large|must be/);
  });

  it.each([
    ['{"type":"number","multipleOf":0.1}', '0.3', true],
    ['{"type":"number","multipleOf":0.01}', '19.99', true],
    ['{"type":"number","multipleOf":0.01}', '19.999', false],
    ['{"type":"number","multipleOf":0.0001}', '0.0075', true],
    ['{"type":"integer","multipleOf":3}', '9007199254740990', true],
    ['{"type":"integer"}', '1.0', true],
    ['{"type":"integer"}', '1e2', true],
    ['{"type":"integer"}', '1.5', false],
    ['{"type":"integer","minimum":1}', '18446744073709551615', true],
    ['{"type":"integer","maximum":18446744073709551615}', '18446744073709551615', true],
    ['{"enum":[1.0,"a"]}', '1', true],
    ['{"const":{"b":1,"a":[1e1]}}', '{"a":[10.0],"b":1.0}', true],
    ['{"const":"\\u0061"}', '"a"', true],
    ['{"const":0}', 'false', false],
    ['{"const":0}', '-0.0', true],
    ['{"type":"array","uniqueItems":true}', '[1,1.0]', false],
    ['{"type":"array","uniqueItems":true}', '[{"a":1,"b":2},{"b":2.0,"a":1}]', false],
    ['{"type":"array","uniqueItems":true}', '[0,false,"0",null,"",[],{}]', true],
  ])('%s and %s: %s', (schema, value, valid) => expect(compiled(schema).validate(scanned(value)) === null).toBe(valid));
});

describe('names are compared byte for byte and never reach a prototype', () => {
  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', '', '~/', 'a.b'])('%j', (name) => {
    const key = JSON.stringify(name);
    const required = compiled(`{"type":"object","required":[${key}],"properties":{${key}:{"type":"number"}},"additionalProperties":false}`);
    expect(required.validate(scanned('{}'))?.message).toMatch(/is missing$/);
    expect(required.validate(scanned(`{${key}:1}`))).toBeNull();
    expect(required.validate(scanned(`{${key}:"x"}`))?.message).toMatch(/must be a number/);
    expect(compiled(`{"type":"object","dependentRequired":{${key}:["z"]}}`).validate(scanned('{}'))).toBeNull();
    expect(compiled(`{"type":"object","dependentRequired":{${key}:["z"]}}`).validate(scanned(`{${key}:1}`))?.path).toBe('z');
    expect(compiled('{"type":"object","maxProperties":0}').validate(scanned(`{${key}:1}`))).not.toBeNull();
  });
});

describe('formats of the policy are asserted', () => {
  it.each([
    ['date', ['2026-01-31', '2024-02-29', '2000-02-29'], ['2026-02-29', '1900-02-29', '2026-1-1', '2026-13-01', '2026-00-10', '2026-01-32', '2026-01-31 ', '２026-01-31']],
    ['date-time', ['2026-01-31T12:00:00Z', '2026-01-31t12:00:00.5+02:00', '1998-12-31T23:59:60Z', '1998-12-31T15:59:60.1-08:00'], ['2026-01-31', '2026-01-31T24:00:00Z', '2026-01-31T12:00:00', '1998-12-31T22:59:60Z', '2026-01-31T12:00:00+24:00', '2026-01-31T12:00:00Zx']],
    ['email', ['a@b.c', 'first.last+tag@example.com', '"a b"@example.com', 'a@[127.0.0.1]', 'a@[IPv6:::1]'], ['a', '@b', 'a@', 'a b@c.d', '.a@b.c', 'a..b@c.d', 'a@b@c', 'a@-b.c', 'a@b.c\n', `${'a'.repeat(65)}@b.c`]],
    ['uri', ['https://example.com/a?b#c', 'urn:a:b', 'mailto:a@b.c', 'http://[::1]:80/', 'http://a%20b/'], ['a', '/a', '//a', 'http://a b', 'http://[::1', 'http://a/%zz', 'http://a/[', 'http://a\\b', '1http://a']],
    ['uuid', ['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380'], ['2eb8aa08aa9811eab4aa73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d1638', 'x']],
    ['ipv4', ['127.0.0.1', '0.0.0.0', '255.255.255.255'], ['256.0.0.1', '1.2.3', '1.2.3.4.5', '01.2.3.4', '1.2.3.4 ', '1.2.3.', '0x7f.1.1.1']],
    ['ipv6', ['::', '::1', '1::', '1:2:3:4:5:6:7:8', '::ffff:1.2.3.4', '1::2:3', '1:2:3:4:5:6:7::'], [':', '1', '1:2:3:4:5:6:7', '1::2::3', '::1.2.3', '1:2:3:4:5:6:7:8:9', '12345::', '1:2:3:4:5:6:7:8::', '1.2.3.4::', ':1::', '::1%eth0']],
    ['hostname', ['example.com', 'a', 'a-b.c', 'xn--bcher-kva.example'], ['', '-a', 'a-', 'a..b', 'a_b', 'a.', `${'a'.repeat(64)}.b`, 'bücher.example']],
  ])('%s', (format, good, bad) => {
    const schema = compiled(`{"type":"string","format":"${format}"}`);
    for (const text of good) expect(schema.validate(scanned(JSON.stringify(text))), text).toBeNull();
    for (const text of bad) expect(schema.validate(scanned(JSON.stringify(text))), text).not.toBeNull();
    for (const text of bad) expect(compiled(`{"format":"${format}"}`, 'upstream').validate(scanned(JSON.stringify(text)))).toBeNull();
  });
});

describe('lengths count code points', () => {
  it.each([
    ['{"type":"string","maxLength":1}', '"😀"', true],
    ['{"type":"string","maxLength":1}', '"\\ud83d\\ude00"', true],
    ['{"type":"string","maxLength":1}', '"\\ud83d"', true],
    ['{"type":"string","maxLength":1}', '"\\ude00\\ud83d"', false],
    ['{"type":"string","minLength":3}', '"é́"', false],
  ])('%s and %s: %s', (schema, value, valid) => expect(compiled(schema).validate(scanned(value)) === null).toBe(valid));
});

describe('a schema of the policy says nothing that is not enforced', () => {
  it.each([
    ['{"type":"number","maxmum":5}', ['/maxmum: unknown keyword `maxmum` in a JSON Schema (did you mean `maximum`?)']],
    ['{"type":"number","max":5}', ['/max: unknown keyword `max` in a JSON Schema']],
    ['{"type":"strng"}', ['/type: `type` is `strng`; expected one of string, number, integer, boolean, object, array, null, or a list of them (did you mean `string`?)']],
    ['{"maximum":5}', ['/maximum: `maximum` restricts only numbers, so any other value would pass (add `type: number` or `type: integer`)']],
    ['{"pattern":"^a$"}', ['/pattern: `pattern` restricts only strings, so any other value would pass (add `type: string`)']],
    ['{"properties":{"a":{"type":"string"}}}', ['/properties: `properties` restricts only objects, so any other value would pass (add `type: object`)']],
    ['{"type":"string","maximum":5}', ['/maximum: `maximum` restricts only numbers, and the type here is string (change `type`, or remove it)']],
    ['{"type":"array","items":{"minLength":1}}', ['/items/minLength: `minLength` restricts only strings, so any other value would pass (add `type: string`)']],
    ['{"type":"number","definitions":{}}', ['/definitions: unknown keyword `definitions` in a JSON Schema (write `$defs`)']],
    ['{"type":"string","format":"e-mail"}', ['/format: `format` is `e-mail`; expected `date`, `date-time`, `email`, `uri`, `uuid`, `ipv4`, `ipv6` or `hostname` (did you mean `email`?)']],
    ['{"type":"string","format":"regex"}', ['/format: `format` is `regex`; expected `date`, `date-time`, `email`, `uri`, `uuid`, `ipv4`, `ipv6` or `hostname` (use `pattern` for other forms)']],
    ['{"type":"number","maximum":"5"}', ['/maximum: `maximum` is a string; expected a number (remove the quotes)']],
    ['{"enum":[]}', ['/enum: `enum` is an empty list, which no value is in (list the values that are allowed)']],
    ['{"type":"string","then":{"minLength":1}}', ['/then: `then` has no effect without `if` (add `if`, or remove it)']],
    ['{"$schema":"http://json-schema.org/draft-07/schema#"}', ['/$schema: `$schema` is draft-07; the schemas of a policy are JSON Schema 2020-12 (remove `$schema`)']],
    ['{"type":"array","items":[{"type":"string"}]}', ['/items: found something that is no schema; expected an object, true or false', '/items: `items` is an array; expected one schema (write `prefixItems` for a schema per position)']],
    ['{"type":"object","required":"a"}', ['/required: `required` is a string; expected a list of different strings']],
    ['{"type":"string","pattern":"(?=a)"}', [expect.stringMatching(/^\/pattern: the pattern `\(\?=a\)` cannot be used: not a pattern that RE2 knows: .* \(patterns are RE2: without look-around and back-references\)$/)]],
    ['{"$ref":"#/$defs/x"}', ['/$ref: `#/$defs/x` points to nothing in this schema']],
    ['{"$ref":"https://example.com/schema"}', ['/$ref: `https://example.com/schema` points outside this schema; expected a reference such as `#/$defs/name` (nothing is ever fetched: put the schema under `$defs`)']],
  ])('%s', (schema, expected) => expect(problems(schema)).toEqual(expected));

  it.each([
    '{"type":["string","null"],"maxLength":5}',
    '{"type":"number","anyOf":[{"maximum":5},{"minimum":10}],"not":{"const":3}}',
    '{"allOf":[{"type":"integer"},{"maximum":5}],"minimum":1}',
    '{"const":"a","minLength":1}',
    '{"enum":[1,2],"if":{"const":1},"then":{"maximum":1},"else":{"minimum":2}}',
    '{"$ref":"#/$defs/x","$defs":{"x":{"type":"string","minLength":1}},"title":"t","description":"d","default":null,"examples":["a"]}',
    'true',
    'false',
    '{}',
  ])('but what is sound is accepted: %s', (schema) => expect(problems(schema)).toEqual([]));
});

describe('the schemas of upstreams', () => {
  it('may hold unknown keywords, formats and annotations', () => {
    expect(compiled('{"x-mcp-header":"X","$comment":1,"format":"int64","nullable":true,"properties":{"a":{"maximum":5}}}', 'upstream').validate(scanned('{"a":"x"}'))).toBeNull();
  });
  it.each([
    ['{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}', '["a",1]'],
    ['{"$schema":"http://json-schema.org/draft-07/schema","dependencies":{"a":["b"]}}', '{"a":1}'],
    ['{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/n","definitions":{"n":{"type":"number"}}}', '"x"'],
    ['{"dependencies":{"a":["b"]}}', '{"a":1}'],
  ])('are read in the version that they declare [A1]: %s refuses %s', (schema, value) => expect(compiled(schema, 'upstream').validate(scanned(value))).not.toBeNull());
  it('in draft-07 nothing beside a reference counts', () => {
    const schema = '{"$schema":"http://json-schema.org/draft-07/schema#","properties":{"a":{"$ref":"#/definitions/n","maximum":5}},"definitions":{"n":{"type":"number"}}}';
    expect(compiled(schema, 'upstream').validate(scanned('{"a":6}'))).toBeNull();
  });
  it.each(['http://json-schema.org/draft-04/schema#', 'https://json-schema.org/draft/2019-09/schema', 'https://example.com/mine', ''])('of version %j are unusable [A1]', (version) => {
    expect(problems(JSON.stringify({ $schema: version }), 'upstream')).toEqual([expect.stringContaining('expected the address of JSON Schema 2020-12 or draft-07')]);
  });
  it.each(['http://169.254.169.254/latest', 'file:///etc/passwd', 'other.json#/x', '//host/x', 'urn:x', '#nothing', '#/properties/none', '#/%zz'])('that refer to %s are unusable; nothing is fetched [A2] [#41]', (reference) => {
    expect(compileSchema(scanned(JSON.stringify({ anyOf: [true, { $ref: reference }] })), 'upstream').ok).toBe(false);
  });
});

describe('references are written out so that a schema can stand inside another', () => {
  it.each([
    ['{"type":"string"}', '{"type":"string"}'],
    ['{"$ref":"#/$defs/a","$defs":{"a":{"type":"string"}}}', '{"type":"string"}'],
    ['{"$ref":"#/$defs/a","maxLength":3,"$defs":{"a":{"type":"string"}}}', '{"allOf":[{"type":"string"},{"maxLength":3}]}'],
    ['{"properties":{"x":{"$ref":"#/$defs/a~1b"}},"$defs":{"a/b":{"enum":[{"$ref":"kept"}]}}}', '{"properties":{"x":{"enum":[{"$ref":"kept"}]}}}'],
    ['{"properties":{"x":{"$ref":"#"}}}', null],
    ['{"$ref":"#/$defs/a","$defs":{"a":{"items":{"$ref":"#/$defs/a"}}}}', null],
    ['{"$ref":"other.json"}', null],
    ['{"$ref":"#/$defs/a","unevaluatedProperties":false,"$defs":{"a":{}}}', null],
  ])('%s', (schema, expected) => expect(inlineReferences(scanned(schema))).toBe(expected));
});
