import { describe, expect, it } from 'vitest';
import { compileSchema } from '../../../src/policy/json-schema/index.ts';
import { scanned } from '../../wire/support/scanned.ts';

function problems(text: string, origin: 'policy' | 'upstream' = 'policy'): string[] {
  const compiled = compileSchema(scanned(text), origin);
  return compiled.ok ? [] : compiled.problems.map(({ pointer, message }) => `${pointer}: ${message}`);
}

describe('a schema of the policy that no value satisfies is an error', () => {
  it.each([
    ['{"type":"number","minimum":10,"maximum":5}', '/maximum: `minimum` is above `maximum`, so no value passes'],
    ['{"type":"number","maximum":0.29999999999999999999,"minimum":0.3}', '/maximum: `minimum` is above `maximum`, so no value passes'],
    ['{"type":"number","exclusiveMinimum":5,"maximum":5}', '/maximum: `exclusiveMinimum` is the same as `maximum`, so no value passes'],
    ['{"type":"number","minimum":5.0,"exclusiveMaximum":5}', '/exclusiveMaximum: `minimum` is the same as `exclusiveMaximum`, so no value passes'],
    ['{"type":"number","exclusiveMinimum":6,"exclusiveMaximum":5}', '/exclusiveMaximum: `exclusiveMinimum` is above `exclusiveMaximum`, so no value passes'],
    ['{"type":"string","minLength":2,"maxLength":1}', '/maxLength: `minLength` is above `maxLength`, so no value passes'],
    ['{"type":"array","minItems":2,"maxItems":1}', '/maxItems: `minItems` is above `maxItems`, so no value passes'],
    ['{"type":"object","minProperties":2,"maxProperties":1}', '/maxProperties: `minProperties` is above `maxProperties`, so no value passes'],
    ['{"type":"array","contains":true,"minContains":2,"maxContains":1}', '/maxContains: `minContains` is above `maxContains`, so no value passes'],
    ['{"type":"array","items":{"type":"integer","minimum":2,"maximum":1}}', '/items/maximum: `minimum` is above `maximum`, so no value passes'],
    ['{"type":"string","const":5}', '/const: the value of `const` is not of the type string, so no value passes'],
    ['{"type":"integer","const":5.5}', '/const: the value of `const` is not of the type integer, so no value passes'],
    ['{"type":["string","null"],"enum":[1,2,true]}', '/enum: no value of `enum` is of the type string or null, so no value passes'],
  ])('%s', (text, expected) => expect(problems(text)).toEqual([expected]));

  it.each([
    '{"type":"number","minimum":5,"maximum":5.0}',
    '{"type":"number","exclusiveMinimum":4.9,"maximum":5}',
    '{"type":"string","minLength":1,"maxLength":1}',
    '{"type":"integer","const":5.0}',
    '{"type":["string","number"],"enum":[1,true]}',
    '{"type":"boolean","enum":[true]}',
    '{"enum":["a",1]}',
  ])('%s is none', (text) => expect(problems(text)).toEqual([]));

  it('the schemas of servers are used as they are', () => expect(problems('{"minimum":10,"maximum":5}', 'upstream')).toEqual([]));
});

describe('the names of properties are strings', () => {
  it('so that `propertyNames` needs no type', () => {
    expect(problems('{"type":"object","propertyNames":{"pattern":"^[a-z]+$","maxLength":10}}')).toEqual([]);
    expect(problems('{"type":"object","propertyNames":{"anyOf":[{"pattern":"^a"},{"maxLength":3}]}}')).toEqual([]);
  });
  it('and a restriction of anything else there is an error', () => {
    expect(problems('{"type":"object","propertyNames":{"maximum":5}}')).toEqual(['/propertyNames/maximum: `maximum` restricts only numbers, and the type here is string']);
  });
  it('but what lies under `properties` of the same schema needs its type', () => {
    expect(problems('{"type":"object","propertyNames":{"pattern":"^a"},"properties":{"a":{"pattern":"^b"}}}')).toEqual(['/properties/a/pattern: `pattern` restricts only strings, so any other value would pass']);
  });
});
