import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileSchema, narrowInputSchema } from '../../../src/policy/json-schema/index.ts';
import { splice } from '../../../src/wire/splice.ts';
import { scanned } from '../../wire/support/scanned.ts';
import { jsonText } from '../../wire/support/json-texts.ts';
import { schema, value } from './arbitrary-schemas.ts';

/** `unusable` at compiling or at validating, or an ordinary answer; anything else, an exception above all, fails the test. */
function outcome(schemaText: string, valueText: string): string {
  const compiled = compileSchema(scanned(schemaText), 'upstream');
  if (!compiled.ok) {
    for (const { message } of compiled.problems) expect(message.length).toBeLessThan(600);
    return compiled.problems[0]?.message ?? 'no message';
  }
  const failed = compiled.schema.validate(scanned(valueText));
  return failed === null ? 'valid' : `${failed.kind}: ${failed.message}`;
}

const many = (count: number, of: (k: number) => string): string => Array.from({ length: count }, (_, k) => of(k)).join(',');
const nested = (depth: number, open: string, inner: string, close: string): string => open.repeat(depth) + inner + close.repeat(depth);

describe('a hostile schema is unusable, within bounds [A3] [#40] [#41]', () => {
  it.each([
    ['refers to itself', '{"$ref":"#"}', '{}', /refers to itself without/],
    ['refers to itself in a circle', '{"$ref":"#/$defs/a","$defs":{"a":{"allOf":[{"$ref":"#/$defs/b"}]},"b":{"anyOf":[true,{"$ref":"#/$defs/a"}]}}}', '{}', /refers to itself without/],
    ['refers to itself dynamically', '{"$dynamicAnchor":"x","anyOf":[{"$dynamicRef":"#x"}]}', '{}', /refers to itself without/],
    ['doubles at every level', `{"$ref":"#/$defs/d0","$defs":{${many(60, (k) => `"d${k}":{"anyOf":[{"$ref":"#/$defs/d${k + 1}"},{"$ref":"#/$defs/d${k + 1}"}]}`)},"d60":false}}`, '{}', /^unusable: .*steps/],
    ['doubles with unevaluated', `{"unevaluatedProperties":false,"$ref":"#/$defs/d0","$defs":{${many(60, (k) => `"d${k}":{"anyOf":[{"$ref":"#/$defs/d${k + 1}"},{"$ref":"#/$defs/d${k + 1}"}]}`)},"d60":true}}`, '{"a":1}', /^unusable: .*steps/],
    ['has 10^5 properties', `{"properties":{${many(100_000, (k) => `"p${k}":{}`)}}}`, '{}', /^the schema has/],
    ['has 6,000 subschemas', `{"anyOf":[${many(6000, () => 'true')}]}`, '{}', /more than 5000 subschemas/],
    ['is larger than a megabyte', `{"description":"${'x'.repeat(1024 * 1024)}"}`, '{}', /has 1048\d+ bytes/],
    ['is nested deeply', nested(100, '{"not":', '{}', '}'), '{}', /nested deeper than 64/],
    ['has a catastrophic pattern that RE2 does not know', String.raw`{"pattern":"(a+)\\1$"}`, '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"', /cannot be used/],
    ['has a huge pattern', `{"pattern":"${'a'.repeat(2000)}"}`, '""', /cannot be used/],
    ['has a pattern that repeats repetitions', '{"pattern":"((a{1,100}){1,100}){1,100}"}', '""', /cannot be used/],
    ['has too many patterns', `{"patternProperties":{${many(500, (k) => `"a{1,${k + 1}}":{}`)}}}`, '{}', /more than 200 patterns/],
    ['has unequal identifiers', '{"$defs":{"a":{"$id":"http://x/y"},"b":{"$id":"http://x/y"}}}', '{}', /two schemas have the `\$id`/],
    ['has the same anchor twice', '{"$defs":{"a":{"$anchor":"x"},"b":{"$anchor":"x"}}}', '{}', /two schemas have the anchor/],
    ['has keywords of wrong types', '{"properties":[],"allOf":{},"required":[1],"type":5,"items":"x","minLength":-1,"maxItems":1.5,"uniqueItems":1}', '{}', /expected/],
  ])('%s', (_what, schemaText, valueText, expected) => expect(outcome(schemaText, valueText)).toMatch(expected));

  it('a catastrophic pattern is searched in linear time', () => {
    expect(outcome('{"pattern":"^(a+)+$"}', `"${'a'.repeat(60_000)}!"`)).toMatch(/^invalid: .*must match/);
  });
  it('a search costs the size of the pattern times the length of the text, over all texts of one validation [A4]', () => {
    const slow = '{"pattern":"^(?:a?){490}b"}';
    expect(outcome(slow, `"${'a'.repeat(4000)}"`)).toMatch(/^invalid: .*must match/);
    expect(outcome(slow, `"${'a'.repeat(6000)}"`)).toMatch(/^unusable: .*steps/);
    expect(outcome(`{"items":{"not":${slow}}}`, `[${many(100, () => `"${'a'.repeat(100)}"`)}]`)).toMatch(/^unusable: .*steps/);
    expect(outcome(`{"patternProperties":{"^(?:a?){490}b":false}}`, `{${many(100, (k) => `"${'a'.repeat(100)}${k}":1`)}}`)).toMatch(/^unusable: .*steps/);
    expect(outcome('{"pattern":"^[a-z]+$"}', `"${'a'.repeat(65_536)}"`)).toBe('valid');
  });
  it('a text too long for patterns is refused, also under `not`', () => {
    expect(outcome('{"not":{"pattern":"^b"}}', `"${'a'.repeat(70_000)}"`)).toMatch(/^invalid: .*too long to be searched/);
  });
  it('a recursive schema ends with the value', () => {
    const tree = '{"type":"object","properties":{"left":{"$ref":"#"},"right":{"$ref":"#"}},"additionalProperties":false}';
    expect(outcome(tree, nested(50, '{"left":', '{}', '}'))).toBe('valid');
    expect(outcome(tree, nested(50, '{"left":', '{"up":1}', '}'))).toMatch(/^invalid/);
  });
  it('prototype names are ordinary names', () => {
    const names = '"__proto__":{"type":"string"},"constructor":{"type":"string"},"toString":{"type":"string"}';
    expect(outcome(`{"properties":{${names}},"$defs":{${names}},"required":["__proto__"]}`, '{"__proto__":1}')).toMatch(/^invalid: __proto__ must be a string/);
    expect(outcome('{"$ref":"#/$defs/__proto__"}', '{}')).toMatch(/points to nothing/);
    expect(outcome('{"$ref":"#/constructor"}', '{}')).toMatch(/points to nothing/);
    expect(({} as Record<string, unknown>)['type']).toBeUndefined();
  });
  it('names that would all hash alike cost no more than others', () => {
    const names = many(4000, (k) => `"${k * 131_072}":{"type":"number"}`);
    expect(outcome(`{"properties":{${names}}}`, `{${many(4000, (k) => `"${k * 131_072}":1`)}}`)).toBe('valid');
  });
  it('lists of names that would all hash alike cost no more than others', () => {
    const names = many(60_000, (k) => `"${k * 65_536}"`);
    expect(outcome(`{"required":[${names}]}`, '{}')).toMatch(/^invalid: .*is missing/);
    expect(outcome(`{"enum":[${many(60_000, (k) => String(k * 65_536))}]}`, '5')).toMatch(/^invalid: .*must be one of/);
  });
  it('a large value is judged or refused as unusable', () => {
    expect(outcome('{"items":{"type":"number","maximum":9}}', `[${many(50_000, () => '1')}]`)).toBe('valid');
    expect(outcome('{"items":{"allOf":[{"type":"number"},{"maximum":9}]}}', `[${many(50_000, () => '1')}]`)).toMatch(/^unusable: .*steps/);
    expect(outcome('{"uniqueItems":true}', `[${many(90_000, (k) => String(k))}]`)).toMatch(/^(valid|unusable)/);
  });
});

describe('whatever the texts are', () => {
  it('compiling, validating and narrowing end without an exception, and the narrowed text is JSON on as many lines', () => {
    const some = fc.oneof(jsonText, schema({ dialect: '2020-12', references: true, unevaluated: true }).map((item) => JSON.stringify(item)), schema({ dialect: 'draft-07', references: true, unevaluated: false }).map((item) => JSON.stringify(item)));
    fc.assert(
      fc.property(some, some, fc.oneof(jsonText, value.map((item) => JSON.stringify(item))), (first, second, data) => {
        const node = scanned(first);
        for (const origin of ['policy', 'upstream'] as const) {
          const compiled = compileSchema(node, origin);
          if (compiled.ok) compiled.schema.validate(scanned(data));
          else expect(compiled.problems.length).toBeGreaterThan(0);
        }
        const edits = narrowInputSchema(node, scanned(second));
        if (edits !== null) expect(scanned(splice(node.buffer, edits)).kind).toBe('object');
      }),
      { numRuns: 1500 },
    );
  });
  it('what a policy accepts it judges like any other schema', () => {
    fc.assert(
      fc.property(schema({ dialect: '2020-12', references: false, unevaluated: true }), fc.array(value, { minLength: 2, maxLength: 4 }), (item, values) => {
        const text = JSON.stringify(item);
        const [own, upstream] = [compileSchema(scanned(text), 'policy'), compileSchema(scanned(text), 'upstream')];
        if (!own.ok || !upstream.ok) return;
        for (const data of values) expect(own.schema.validate(scanned(JSON.stringify(data)))).toEqual(upstream.schema.validate(scanned(JSON.stringify(data))));
      }),
      { numRuns: 1500 },
    );
  });
});
