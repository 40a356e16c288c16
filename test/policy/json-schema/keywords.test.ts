import { describe, expect, it } from 'vitest';
import { compileSchema, type CompiledSchema } from '../../../src/policy/json-schema/index.ts';
import { scanned } from '../../wire/support/scanned.ts';

// What each keyword accepts and refuses, at its edges and on values that it does not speak of.

const OLD = '"$schema":"http://json-schema.org/draft-07/schema#"';

function compiled(schema: string): CompiledSchema {
  const result = compileSchema(scanned(schema), 'upstream');
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.schema;
}

const rows: [schema: string, accepted: string[], refused: string[]][] = [
  ['{"type":"string"}', ['""', '"a"'], ['1', 'null', '{}', '[]', 'true']],
  ['{"type":"integer"}', ['1', '1.0', '1e2', '-0', '12345678901234567890'], ['1.5', '"1"', '1e-1', 'null']],
  ['{"type":"number"}', ['1', '1.5'], ['"1"', 'true']],
  ['{"type":"boolean"}', ['true', 'false'], ['0', '"true"', 'null']],
  ['{"type":"null"}', ['null'], ['0', '""', 'false']],
  ['{"type":"array"}', ['[]'], ['{}', '"a"']],
  ['{"type":"object"}', ['{}'], ['[]', 'null']],
  ['{"type":["string","null"]}', ['"a"', 'null'], ['1', '[]']],
  ['{"type":["integer","array"]}', ['1', '[]'], ['1.5', '{}']],
  ['{"const":{"a":[1,2]}}', ['{"a":[1,2]}', '{"a":[1.0,2]}'], ['{"a":[2,1]}', '{"a":[1,2],"b":1}', '{}', '{"a":[1]}', '{"b":[1,2]}']],
  ['{"const":null}', ['null'], ['0', 'false', '""']],
  ['{"const":false}', ['false'], ['0', 'true', 'null']],
  ['{"enum":[1,"1",null,[],{}]}', ['1', '1.0', '"1"', 'null', '[]', '{}'], ['2', '"2"', 'true', '[1]', '{"a":1}']],
  ['{"minimum":1}', ['1', '1.5', '"a"', 'null'], ['0', '0.9999999999999999999999', '-1']],
  ['{"maximum":1}', ['1', '-5', '{}'], ['1.0000000000000000000001', '2']],
  ['{"exclusiveMinimum":1}', ['1.001', '"a"'], ['1', '0']],
  ['{"exclusiveMaximum":1}', ['0.999', '[]'], ['1', '2']],
  ['{"multipleOf":0.1}', ['0', '0.3', '1', '-0.2', '"a"'], ['0.35', '0.01']],
  ['{"minLength":2}', ['"ab"', '"😀😀"', '1'], ['"a"', '"😀"', '""']],
  ['{"maxLength":2}', ['"ab"', '"😀😀"', '""', '[1,2,3]'], ['"abc"', '"😀😀😀"']],
  ['{"pattern":"b+"}', ['"abbc"', '"b"', '1'], ['"ac"', '""']],
  ['{"minItems":2}', ['[1,2]', '[1,2,3]', '"a"', '{}'], ['[]', '[1]']],
  ['{"minItems":1}', ['[1]'], ['[]']],
  ['{"maxItems":2}', ['[]', '[1,2]', '"abc"'], ['[1,2,3]']],
  ['{"uniqueItems":true}', ['[]', '[1]', '[1,2]', '[1,"1",true,null,[1],{"a":1}]', '[{"a":1},{"a":2}]', '"aa"', '[0,false]'], ['[1,1]', '[1,1.0]', '[{"a":1,"b":2},{"b":2,"a":1}]', '[[1,[2]],[1,[2]]]', '["a","b","a"]', '[null,null]']],
  ['{"uniqueItems":false}', ['[1,1]'], []],
  ['{"items":{"type":"integer"}}', ['[]', '[1,2]', '"a"'], ['["a"]', '[1,"a"]']],
  ['{"items":false}', ['[]', '{}'], ['[1]']],
  ['{"prefixItems":[{"type":"integer"},{"type":"string"}]}', ['[]', '[1]', '[1,"a"]', '[1,"a",null]', '{}'], ['["a"]', '[1,2]']],
  ['{"prefixItems":[{"type":"integer"}],"items":{"type":"string"}}', ['[1]', '[1,"a","b"]'], ['[1,2]', '["a"]', '[1,"a",2]']],
  ['{"prefixItems":[true],"items":false}', ['[]', '[null]'], ['[1,2]']],
  [`{${OLD},"items":[{"type":"integer"}],"additionalItems":{"type":"string"}}`, ['[]', '[1]', '[1,"a"]'], ['["a"]', '[1,2]']],
  [`{${OLD},"items":[{"type":"integer"}]}`, ['[1,null]'], ['["a"]']],
  [`{${OLD},"items":{"type":"integer"},"additionalItems":false}`, ['[1,2,3]'], ['["a"]']],
  [`{${OLD},"prefixItems":[{"type":"integer"}]}`, ['["a"]'], []],
  ['{"contains":{"type":"integer"}}', ['[1]', '["a",1]', '{}'], ['[]', '["a"]']],
  ['{"contains":{"type":"integer"},"minContains":2}', ['[1,2]', '[1,"a",2]'], ['[1]', '[]']],
  ['{"contains":{"type":"integer"},"minContains":0}', ['[]', '["a"]', '[1]'], []],
  ['{"contains":{"type":"integer"},"maxContains":1}', ['[1]', '[1,"a"]'], ['[1,2]', '[]']],
  ['{"contains":{"type":"integer"},"minContains":1,"maxContains":2}', ['[1]', '[1,2]'], ['[1,2,3]', '["a"]']],
  ['{"minContains":2}', ['[]', '[1]'], []],
  [`{${OLD},"contains":{"type":"integer"},"minContains":2}`, ['[1]'], ['[]']],
  ['{"prefixItems":[true],"unevaluatedItems":false}', ['[]', '[1]', '{}'], ['[1,2]']],
  ['{"allOf":[{"prefixItems":[true,true]}],"unevaluatedItems":{"type":"string"}}', ['[1,2]', '[1,2,"a"]'], ['[1,2,3]']],
  ['{"contains":{"type":"integer"},"unevaluatedItems":{"type":"string"}}', ['[1,"a"]', '["a",1,2]'], ['[1,null]']],
  ['{"allOf":[{"items":{"type":"integer"}}],"unevaluatedItems":false}', ['[1,2]'], ['["a"]']],
  ['{"anyOf":[{"prefixItems":[{"const":1}]},{"prefixItems":[true,{"const":2}]}],"unevaluatedItems":false}', ['[1]', '[1,2]', '[9,2]', '[9]'], ['[1,3]', '[9,3]', '[1,2,3]']],
  ['{"minProperties":1}', ['{"a":1}', '[]'], ['{}']],
  ['{"minProperties":2}', ['{"a":1,"b":2}'], ['{"a":1}']],
  ['{"maxProperties":1}', ['{}', '{"a":1}', '"ab"'], ['{"a":1,"b":2}']],
  ['{"required":["a","b"]}', ['{"a":1,"b":null}', '[]'], ['{"a":1}', '{"b":1}', '{}']],
  ['{"properties":{"a":{"type":"integer"}}}', ['{}', '{"a":1}', '{"b":"x"}', '[]'], ['{"a":"x"}']],
  ['{"properties":{"a":true},"additionalProperties":false}', ['{}', '{"a":1}'], ['{"b":1}', '{"a":1,"b":1}', '{"__proto__":1}']],
  ['{"properties":{"a":true},"additionalProperties":{"type":"integer"}}', ['{"a":"x","b":1}'], ['{"b":"x"}']],
  ['{"patternProperties":{"^x":{"type":"integer"}}}', ['{"x1":1}', '{"a":"x"}'], ['{"x1":"a"}']],
  ['{"properties":{"x":{"minimum":1}},"patternProperties":{"^x":{"maximum":3}},"additionalProperties":false}', ['{"x":2}', '{"xy":0}'], ['{"x":0}', '{"x":4}', '{"xy":4}', '{"y":1}']],
  ['{"propertyNames":{"maxLength":2}}', ['{"ab":1}', '{}', '[]'], ['{"abc":1}', '{"a":1,"abc":1}']],
  ['{"allOf":[{"properties":{"a":true}}],"unevaluatedProperties":false}', ['{"a":1}', '[]'], ['{"b":1}']],
  ['{"properties":{"a":true},"unevaluatedProperties":{"type":"integer"}}', ['{"a":"x","b":1}'], ['{"b":"x"}']],
  ['{"anyOf":[{"properties":{"a":{"const":1}},"required":["a"]},{"properties":{"b":{"const":2}},"required":["b"]}],"unevaluatedProperties":false}', ['{"a":1}', '{"b":2}', '{"a":1,"b":2}'], ['{"a":1,"b":3}', '{"a":1,"c":1}']],
  ['{"if":{"properties":{"a":{"const":1}},"required":["a"]},"then":{"properties":{"b":true}},"else":{"properties":{"c":true}},"unevaluatedProperties":false}', ['{"a":1,"b":1}', '{"c":1}'], ['{"a":1,"c":1}', '{"b":1}']],
  ['{"not":{"properties":{"a":true},"required":["a"]},"unevaluatedProperties":false}', ['{}'], ['{"b":1}', '{"a":1}']],
  ['{"dependentRequired":{"a":["b","c"]}}', ['{}', '{"b":1}', '{"a":1,"b":1,"c":1}', '[]'], ['{"a":1}', '{"a":1,"b":1}']],
  ['{"dependentSchemas":{"a":{"required":["b"]}}}', ['{}', '{"b":1}', '{"a":1,"b":1}', '"a"'], ['{"a":1}']],
  ['{"dependentSchemas":{"a":{"properties":{"b":true}}},"properties":{"a":true},"unevaluatedProperties":false}', ['{"a":1,"b":1}'], ['{"b":1}']],
  [`{${OLD},"dependencies":{"a":["b"],"c":{"required":["d"]}}}`, ['{}', '{"a":1,"b":1}', '{"c":1,"d":1}', '[]'], ['{"a":1}', '{"c":1}']],
  ['{"allOf":[{"minimum":1},{"maximum":3}]}', ['1', '3', '"a"'], ['0', '4']],
  ['{"anyOf":[{"type":"string"},{"minimum":3}]}', ['"a"', '3'], ['1']],
  ['{"oneOf":[{"type":"integer"},{"minimum":3}]}', ['1', '3.5', '"a"'], ['4', '1.5']],
  ['{"not":{"type":"integer"}}', ['"a"', '1.5'], ['1']],
  ['{"if":{"type":"integer"},"then":{"minimum":3},"else":{"type":"string"}}', ['3', '"a"'], ['2', 'null']],
  ['{"if":{"type":"integer"},"then":{"minimum":3}}', ['3', 'null'], ['2']],
  ['{"if":{"type":"integer"},"else":{"type":"string"}}', ['2', '"a"'], ['null']],
  ['{"then":false,"else":false}', ['1'], []],
  ['{"$defs":{"n":{"type":"integer"}},"$ref":"#/$defs/n","minimum":3}', ['3'], ['2', '"a"']],
  [`{${OLD},"definitions":{"n":{"type":"integer"}},"$ref":"#/definitions/n","minimum":3}`, ['3', '2'], ['"a"']],
  ['{"$defs":{"n":{"$anchor":"here","type":"integer"}},"$ref":"#here"}', ['1'], ['"a"']],
  ['{"properties":{"next":{"$ref":"#"},"v":{"type":"integer"}},"additionalProperties":false}', ['{"next":{"next":{"v":1}}}'], ['{"next":{"next":{"v":"a"}}}', '{"next":{"x":1}}']],
  ['{"$id":"urn:a","$dynamicAnchor":"t","properties":{"c":{"$dynamicRef":"#t"}},"required":["v"]}', ['{"v":1}', '{"v":1,"c":{"v":2}}'], ['{}', '{"v":1,"c":{}}']],
  ['true', ['1', 'null'], []],
  ['false', [], ['1', 'null', '{}']],
];

describe('a schema accepts and refuses', () => {
  it.each(rows)('%s', (schema, accepted, refused) => {
    const checked = compiled(schema);
    const validate = (value: string): ReturnType<CompiledSchema['validate']> => checked.validate(scanned(value));
    for (const value of accepted) expect([value, validate(value)]).toEqual([value, null]);
    for (const value of refused) expect([value, validate(value)?.kind]).toEqual([value, 'invalid']);
  });
});

describe('a failure says', () => {
  it.each([
    ['{"minItems":1}', '[]', 'must have at least 1 item', 'has at least 1 item'],
    ['{"maxItems":2}', '[1,2,3]', 'must have at most 2 items', 'has at most 2 items'],
    ['{"minProperties":1}', '{}', 'must have at least 1 property', 'has at least 1 property'],
    ['{"maxProperties":2}', '{"a":1,"b":1,"c":1}', 'must have at most 2 properties', 'has at most 2 properties'],
    ['{"minLength":1}', '""', 'must have at least 1 character', 'has at least 1 character'],
    ['{"maxLength":2}', '"abc"', 'must have at most 2 characters', 'has at most 2 characters'],
    ['{"contains":{"type":"integer"}}', '[]', 'must have at least 1 item of the required form', 'has at least 1 item of the required form'],
    ['{"contains":true,"maxContains":2}', '[1,2,3]', 'must have at most 2 items of the required form', 'has at most 2 items of the required form'],
    ['{"minimum":3}', '2', 'must be at least 3', '>= 3'],
    ['{"exclusiveMinimum":3}', '3', 'must be more than 3', '> 3'],
    ['{"maximum":3}', '4', 'must be at most 3', '<= 3'],
    ['{"exclusiveMaximum":3}', '3', 'must be less than 3', '< 3'],
  ])('%s of %s what it must be', (schema, value, says, passes) => {
    const failure = compiled(`{"properties":{"x":${schema}}}`).validate(scanned(`{"x":${value}}`));
    expect(failure).toMatchObject({ kind: 'invalid', path: 'x', message: `x ${says}`, wouldPass: `x ${passes}` });
  });
});
