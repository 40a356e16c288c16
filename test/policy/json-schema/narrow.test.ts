import { ListToolsResultSchema } from '@modelcontextprotocol/sdk/types.js';
import { describe, expect, it } from 'vitest';
import { narrowInputSchema } from '../../../src/policy/json-schema/index.ts';
import { splice } from '../../../src/wire/splice.ts';
import { scanned } from '../../wire/support/scanned.ts';

/** The narrowed text, or null. */
function narrowed(listed: string, constraint: string): string | null {
  const node = scanned(listed);
  const edits = narrowInputSchema(node, scanned(constraint));
  return edits === null ? null : splice(node.buffer, edits).toString('utf8');
}

const amount = (inner: string): string => `{"type":"object","properties":{"amount":${inner}}}`;

describe('a listed schema is narrowed where it stands', () => {
  it.each<[what: string, listed: string, constraint: string, expected: string | null]>([
    ['a bound that is not there is added', '{ "type": "object", "properties": { "amount": { "type": "number" } } }', amount('{"type":"number","maximum":500}'), '{ "type": "object", "properties": { "amount": { "type": "number","maximum":500 } } }'],
    ['a looser bound is tightened', amount('{"maximum":1000,"minimum":1}'), amount('{"maximum":500,"minimum":0}'), amount('{"maximum":500,"minimum":1}')],
    ['a tighter bound stays', amount('{"maximum":100.0}'), amount('{"maximum":500}'), amount('{"maximum":100.0}')],
    ['the same bound in another spelling stays', amount('{"maximum":5e2}'), amount('{"maximum":500.0}'), amount('{"maximum":5e2}')],
    ['lengths and counts', amount('{"maxLength":9,"minItems":2}'), amount('{"maxLength":5,"minItems":3,"maxProperties":1}'), amount('{"maxLength":5,"minItems":3,"maxProperties":1}')],
    ['multiples', amount('{"multipleOf":2}'), amount('{"multipleOf":6}'), amount('{"multipleOf":6}')],
    ['multiples that have no simple common one', amount('{"multipleOf":4}'), amount('{"multipleOf":6}'), amount('{"multipleOf":4,"allOf":[{"multipleOf":6}]}')],
    ['types', amount('{"type":["number","null"]}'), amount('{"type":"integer"}'), amount('{"type":"integer"}')],
    ['types that exclude each other', amount('{"type":"string"}'), amount('{"type":"integer"}'), amount('{"type":"string","allOf":[{"type":"integer"}]}')],
    ['choices that both have, in the listed order and spelling', amount('{"enum":["c", "b", 1.0, "a"]}'), amount('{"enum":["a","b",1]}'), amount('{"enum":["b",1.0,"a"]}')],
    ['choices of which none is common', amount('{"enum":["a"]}'), amount('{"enum":["b"]}'), amount('{"enum":["a"],"allOf":[{"enum":["b"]}]}')],
    ['a pattern beside another', amount('{"pattern":"^a","allOf":[{"minLength":1}]}'), amount('{"pattern":"b$"}'), amount('{"pattern":"^a","allOf":[{"minLength":1},{"pattern":"b$"}]}')],
    ['the same pattern', amount('{"pattern":"^a"}'), amount('{"pattern":"^a"}'), amount('{"pattern":"^a"}')],
    ['a pattern that clients could not compile is left out', amount('{"type":"string"}'), amount('{"type":"string","pattern":"(?i)^a","minLength":1}'), amount('{"type":"string","minLength":1}')],
    ['but not under `not`, where leaving out would forbid more', amount('{"type":"string"}'), amount('{"not":{"pattern":"(?i)^a"}}'), null],
    ['required names are added', '{"type":"object","required":["a"]}', '{"required":["a","b"]}', '{"type":"object","required":["a","b"]}'],
    ['required names where none are', '{"type":"object","required":[]}', '{"required":["b"]}', '{"type":"object","required":["b"]}'],
    ['nested objects', amount('{"type":"object","properties":{"x":{"type":"string","description":"é"},"y":{}}}'), amount('{"type":"object","properties":{"x":{"type":"string","maxLength":5}}}'), amount('{"type":"object","properties":{"x":{"type":"string","description":"é","maxLength":5},"y":{}}}')],
    ['elements', amount('{"items":{"type":"string"}}'), amount('{"type":"array","items":{"type":"string","maxLength":5}}'), amount('{"items":{"type":"string","maxLength":5},"type":"array"}')],
    ['a property that is not listed is added', '{"type":"object"}', amount('{"type":"number"}'), '{"type":"object","properties":{"amount":{"type":"number"}}}'],
    ['a property that the tool forbids is not', '{"type":"object","properties":{},"additionalProperties":false}', amount('{"type":"number"}'), '{"type":"object","properties":{},"additionalProperties":false}'],
    ['what the tool demands of unlisted ones is repeated', '{"type":"object","additionalProperties":{"type":"string"}}', amount('{"type":"string","maxLength":3}'), '{"type":"object","additionalProperties":{"type":"string"},"properties":{"amount":{"allOf":[{"type":"string"},{"type":"string","maxLength":3}]}}}'],
    ['unless a pattern names it', '{"type":"object","patternProperties":{"^am":{"type":"number"}},"additionalProperties":{"type":"string"}}', amount('{"type":"number","maximum":3}'), '{"type":"object","patternProperties":{"^am":{"type":"number"}},"additionalProperties":{"type":"string"},"properties":{"amount":{"type":"number","maximum":3}}}'],
    ['with patterns that we do not know a demand stands apart', '{"type":"object","patternProperties":{"(?=a)":{}}}', amount('{"type":"number"}'), '{"type":"object","patternProperties":{"(?=a)":{}},"allOf":[{"properties":{"amount":{"type":"number"}}}]}'],
    ['annotations of the tool stay', amount('{"type":"string","x-mcp-header":"Region","description":"d"}'), amount('{"type":"string","description":"mine","enum":["eu"]}'), amount('{"type":"string","x-mcp-header":"Region","description":"d","enum":["eu"]}')],
    ['a property that may be anything', amount('true'), amount('{"type":"number"}'), amount('{"type":"number"}')],
    ['a property that may be nothing', amount('false'), amount('{"type":"number"}'), amount('false')],
    ['a property that the policy forbids', amount('{"type":"number"}'), amount('false'), amount('{"not":{}}')],
    ['a property that the policy forbids and the tool does not list', '{"type":"object"}', amount('false'), '{"type":"object","properties":{"amount":{"not":{}}}}'],
    ['several demands', amount('{"type":"number"}'), `{"allOf":[${amount('{"type":"number","maximum":5}')},${amount('{"type":"number","maximum":3,"minimum":1}')}]}`, amount('{"type":"number","maximum":3,"minimum":1}')],
    ['nothing is demanded', '{"type":"object"}', 'true', '{"type":"object"}'],
    ['everything is forbidden', '{"type":"object"}', 'false', '{"type":"object","allOf":[false]}'],
    ['references of the policy are written out', amount('{}'), '{"type":"object","properties":{"amount":{"$ref":"#/$defs/a"}},"$defs":{"a":{"type":"string"}}}', '{"type":"object","properties":{"amount":{"type":"string"}}}'],
    ['a policy that refers to itself cannot be merged', amount('{}'), '{"properties":{"x":{"$ref":"#"}}}', null],
  ])('%s', (_what, listed, constraint, expected) => expect(narrowed(listed, constraint)).toBe(expected));
});

describe('when the policy forbids what it does not name', () => {
  const closed = '{"type":"object","properties":{"a":{"type":"string"},"b":true},"additionalProperties":false}';
  it.each<[what: string, listed: string, constraint: string, expected: string | null]>([
    ['other properties disappear', '{"type":"object","properties":{"x":{}, "a":{"type":"string"}, "y":{}, "b":{}}}', closed, '{"type":"object","properties":{"a":{"type":"string"}, "b":{}},"additionalProperties":false}'],
    ['named ones that are not listed appear', '{"type":"object"}', closed, '{"type":"object","additionalProperties":false,"properties":{"a":{"type":"string"},"b":{}}}'],
    ['but not if the tool forbids them', '{"type":"object","properties":{"a":{}},"additionalProperties":false}', closed, '{"type":"object","properties":{"a":{"type":"string"}},"additionalProperties":false}'],
    ['names by pattern stay out of it', '{"type":"object","patternProperties":{"^x":{}},"properties":{"x":{}}}', '{"type":"object","properties":{"a":{}},"additionalProperties":false}', '{"type":"object","patternProperties":{"^x":{}},"properties":{"x":{}},"allOf":[{"properties":{"a":{}},"additionalProperties":false}]}'],
    ['two policies: only what both name', '{"type":"object","properties":{"a":{},"b":{},"c":{}}}', '{"allOf":[{"properties":{"a":true,"b":true},"additionalProperties":false},{"properties":{"b":true,"c":true,"d":true},"additionalProperties":false}]}', '{"type":"object","properties":{"b":{}},"additionalProperties":false}'],
    ['nested', '{"type":"object","properties":{"card":{"type":"object","properties":{"n":{},"cvv":{}}}}}', '{"type":"object","properties":{"card":{"type":"object","properties":{"n":{}},"additionalProperties":false}}}', '{"type":"object","properties":{"card":{"type":"object","properties":{"n":{}},"additionalProperties":false}}}'],
    ['everything', '{"type":"object","properties":{"a":{"x-mcp-header":"A"}}}', '{"type":"object","additionalProperties":false}', '{"type":"object","properties":{},"additionalProperties":false}'],
    ['a schema for the rest', '{"type":"object","properties":{"a":{}}}', '{"properties":{"a":{"maxLength":1}},"additionalProperties":{"type":"string"}}', '{"type":"object","properties":{"a":{"maxLength":1}},"allOf":[{"properties":{"a":{}},"additionalProperties":{"type":"string"}}]}'],
  ])('%s', (_what, listed, constraint, expected) => expect(narrowed(listed, constraint)).toBe(expected));
});

describe('a listed schema that refers to parts of itself', () => {
  const limit = amount('{"type":"number","maximum":500}');
  it.each<[what: string, listed: string, expected: string | null]>([
    ['definitions are not touched', '{"type":"object","properties":{"amount":{"$ref":"#/$defs/n"},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"number"}}}', '{"type":"object","properties":{"amount":{"$ref":"#/$defs/n","type":"number","maximum":500},"b":{"$ref":"#/$defs/n"}},"$defs":{"n":{"type":"number"}}}'],
    ['what another part refers to is not changed', '{"type":"object","properties":{"amount":{"type":"number"},"b":{"$ref":"#/properties/amount"}}}', '{"type":"object","properties":{"amount":{"type":"number"},"b":{"$ref":"#/properties/amount"}},"allOf":[{"type":"object","properties":{"amount":{"type":"number","maximum":500}}}]}'],
    ['a schema that contains itself cannot be narrowed', '{"type":"object","properties":{"amount":{"type":"number"},"child":{"$ref":"#"}}}', null],
    ['nor one that is referred to by name', '{"type":"object","$anchor":"x","properties":{"child":{"$ref":"#x"}}}', null],
    ['in draft-07 a reference is wrapped', '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"amount":{"$ref":"#/definitions/n"}},"definitions":{"n":{}}}', '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"amount":{"allOf":[{"$ref":"#/definitions/n"},{"type":"number","maximum":500}]}},"definitions":{"n":{}}}'],
    ['unless it has a header annotation', '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"amount":{"$ref":"#/definitions/n","x-mcp-header":"A"}},"definitions":{"n":{}}}', '{"$schema":"http://json-schema.org/draft-07/schema#","type":"object","properties":{"amount":{"$ref":"#/definitions/n","x-mcp-header":"A"}},"definitions":{"n":{}},"allOf":[{"properties":{"amount":{"type":"number","maximum":500}}}]}'],
    ['in draft-07 a reference as the whole cannot be added to', '{"$schema":"http://json-schema.org/draft-07/schema#","$ref":"#/definitions/n","definitions":{"n":{}}}', null],
    ['what is evaluated elsewhere stays so', '{"type":"object","unevaluatedProperties":false}', `{"type":"object","unevaluatedProperties":false,"allOf":[{"not":{"not":${limit}}}]}`],
    ['another version is left alone', '{"$schema":"http://json-schema.org/draft-04/schema#","type":"object"}', null],
    ['so is what is no object schema', 'true', null],
  ])('%s', (_what, listed, expected) => expect(narrowed(listed, limit)).toBe(expected));

  it('keywords that draft-07 does not have are not written into a draft-07 schema', () => {
    expect(narrowed('{"$schema":"http://json-schema.org/draft-07/schema#","type":"object"}', '{"dependentRequired":{"a":["b"]}}')).toBeNull();
  });
});

describe('what is written into a list', () => {
  it('stays on one line', () => expect(narrowed('{"type":"object"}', '{"properties":\n {"a":\r\n{"enum":[1,\n2]}}}')).toBe('{"type":"object","properties":{"a":{"enum":[1, 2]}}}'));
  it('is bounded [#41]', () => {
    const wide = Array.from({ length: 3000 }, (_, k) => `"p${k}":{"type":"string"}`).join(',');
    expect(narrowed('{"type":"object"}', `{"properties":{${wide}}}`)).toBeNull();
    const others = `{"type":"object","additionalProperties":{"enum":["${'x'.repeat(10_000)}"]}}`;
    const few = Array.from({ length: 50 }, (_, k) => `"p${k}":{"type":"string"}`).join(',');
    expect(narrowed(others, `{"properties":{${few}}}`)).toBeNull();
    expect(narrowed(`{"type":"object","description":"${'x'.repeat(1024 * 1024)}"}`, '{"required":["a"]}')).toBeNull();
  });
  it('a listed schema of more names than can be taken out is closed beside them [#41]', () => {
    const many = Array.from({ length: 30_000 }, (_, k) => `"${k * 131_072}":{}`).join(',');
    const text = narrowed(`{"type":"object","properties":{${many}}}`, '{"properties":{"a":{}},"additionalProperties":false}');
    expect(text?.endsWith('},"allOf":[{"properties":{"a":{}},"additionalProperties":false}]}')).toBe(true);
  });
  it('a listed schema of 400,000 values and one of 60,000 names end in an answer [#41]', () => {
    expect(narrowed(`{"type":"object","properties":{"a":{"enum":[${'1,'.repeat(400_000)}2]}}}`, '{"properties":{"a":{"enum":[2]}}}')).toBe('{"type":"object","properties":{"a":{"enum":[2]}}}');
    const names = Array.from({ length: 60_000 }, (_, k) => `"${k * 65_536}"`).join(',');
    expect(narrowed(`{"type":"object","required":[${names}]}`, '{"required":["a"]}')).toContain(',"a"]}');
  });
  it('a listed schema of 20,000 properties is narrowed at the one that matters', () => {
    const many = Array.from({ length: 20_000 }, (_, k) => `"p${k}":{"type":"number"}`).join(',');
    const text = narrowed(`{"type":"object","properties":{${many}}}`, '{"properties":{"p7":{"type":"number","maximum":7}}}');
    expect(text).toContain('"p7":{"type":"number","maximum":7},"p8":{"type":"number"}');
  });
});

describe('the official client reads the list', () => {
  it.each([
    ['a forbidden property that is listed', amount('{"type":"number"}'), amount('false')],
    ['a forbidden property that is not listed', '{"type":"object"}', amount('false')],
    ['one that the rest forbids, too', '{"type":"object","additionalProperties":{"type":"string"}}', amount('false')],
    ['one without any demand in a closed schema', '{"type":"object"}', '{"properties":{"amount":true},"additionalProperties":false}'],
    ['names by pattern', '{"type":"object","patternProperties":{"^a":true}}', amount('{"maximum":1}')],
    ['two demands', amount('{"type":"number"}'), `{"allOf":[${amount('false')},${amount('{"maximum":1}')}]}`],
  ])('after %s was narrowed', (_, listed, constraint) => {
    const inputSchema: unknown = JSON.parse(narrowed(listed, constraint) ?? listed);
    expect(ListToolsResultSchema.safeParse({ tools: [{ name: 'a', inputSchema }] }).success).toBe(true);
  });
});
