import { describe, expect, it } from 'vitest';
import { compileSchema, type CompiledSchema, type SchemaFailure } from '../../../src/policy/json-schema/index.ts';
import { scanned } from '../../wire/support/scanned.ts';

// Each bound exactly at its edge and one beyond.

function compiled(schema: string, origin: 'policy' | 'upstream' = 'upstream'): CompiledSchema {
  const result = compileSchema(scanned(schema), origin);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.schema;
}

function problems(schema: string): string[] {
  const result = compileSchema(scanned(schema), 'upstream');
  return result.ok ? [] : result.problems.map(({ pointer, message, help }) => `${pointer}: ${message} (${String(help)})`);
}

const list = (count: number, of: (index: number) => string): string => `[${Array.from({ length: count }, (_, index) => of(index)).join(',')}]`;
const nested = (depth: number): string => `${'{"not":'.repeat(depth)}true${'}'.repeat(depth)}`;
const long = (index: number): string => `{"pattern":"${'a'.repeat(498)}${10 + index}"}`;
const padded = (bytes: number): string => `{"$comment":"${'x'.repeat(bytes - 15)}"}`;

describe('a schema may have', () => {
  it.each<[what: string, atEdge: string, beyond: string, problem: string]>([
    ['5000 subschemas [#41]', `{"allOf":${list(4999, () => 'true')}}`, `{"allOf":${list(5000, () => 'true')}}`, '/allOf/4999: the schema has more than 5000 subschemas (use a smaller schema)'],
    ['64 levels [#41]', nested(63), nested(64), `${'/not'.repeat(64)}: the schema is nested deeper than 64 levels (use a smaller schema)`],
    ['200 patterns [#41]', `{"allOf":${list(200, (k) => `{"pattern":"a${k}"}`)}}`, `{"allOf":${list(201, (k) => `{"pattern":"a${k}"}`)}}`, '/allOf/200/pattern: the schema has more than 200 patterns, or more than 20000 characters in patterns (null)'],
    ['20,000 characters in patterns [#41]', `{"allOf":${list(40, long)}}`, `{"allOf":${list(41, (k) => (k < 40 ? long(k) : '{"pattern":"a"}'))}}`, '/allOf/40/pattern: the schema has more than 200 patterns, or more than 20000 characters in patterns (null)'],
    ['a megabyte [#41]', padded(1024 * 1024), padded(1024 * 1024 + 1), `: the schema has ${1024 * 1024 + 1} bytes; at most ${1024 * 1024} are read (use a smaller schema)`],
  ])('%s', (_what, atEdge, beyond, problem) => {
    expect(problems(atEdge)).toEqual([]);
    expect(problems(beyond)).toEqual([problem]);
  });

  it('the same pattern in many places, which counts once [#41]', () => expect(problems(`{"allOf":${list(300, () => '{"pattern":"^a{3}$"}')}}`)).toEqual([]));

  it('fifty problems; more are left out [#41]', () => {
    const wrong = (count: number): string => `{"allOf":${list(count, () => '{"minimum":"1"}')}}`;
    expect([49, 50, 51, 90].map((count) => problems(wrong(count)).length)).toEqual([49, 50, 50, 50]);
  });
});

const STEPS: SchemaFailure = { kind: 'unusable', path: 'x', message: 'checking the arguments against the schema takes more than 100000 steps', wouldPass: null };

describe('a validation ends after 100,000 steps [#41]', () => {
  const text = `"${'a'.repeat(255_998)}"`;
  it.each<[what: string, schema: string, value: (count: number) => string, most: number]>([
    ['one per element', '{"items":true}', (count) => list(count, () => '1'), 99_999],
    ['two per member', '{"additionalProperties":true}', (count) => `{${Array.from({ length: count }, (_, k) => `"${k}":1`).join(',')}}`, 49_999],
    ['one per 256 bytes of text', '{"items":{"maxLength":1000000}}', (count) => list(count, (k) => (k === 0 ? text : '1')), 98_999],
  ])('%s', (_what, schema, value, most) => {
    expect(compiled(schema).validate(scanned(value(most)), 'x')).toBeNull();
    expect(compiled(schema).validate(scanned(value(most + 1)), 'x')).toEqual(STEPS);
  });

  it.each<[what: string, schema: string, value: string]>([
    ['members of wide objects', '{"items":{"minProperties":1}}', list(300, () => `{${Array.from({ length: 63 }, (_, k) => `"${k}":1`).join(',')}}`)],
    ['elements of long lists', '{"items":{"maxItems":63}}', list(300, () => list(63, () => '1'))],
    ['names that are required', `{"items":{"required":${list(15, (k) => `"${k}"`)}}}`, list(500, () => `{${Array.from({ length: 15 }, (_, k) => `"${k}":1`).join(',')}}`)],
    ['names that depend on others', `{"items":{"dependentRequired":{${Array.from({ length: 15 }, (_, k) => `"${k}":[]`).join(',')}}}}`, list(500, () => '{}')],
    ['schemas that depend on names', `{"items":{"dependentSchemas":{${Array.from({ length: 15 }, (_, k) => `"${k}":true`).join(',')}}}}`, list(500, () => '{}')],
    ['texts that are compared', `{"items":{"enum":["${'a'.repeat(200)}"]}}`, list(1500, () => `"${'a'.repeat(200)}"`)],
    ['texts of a known length', '{"items":{"maxLength":255}}', list(1500, () => `"${'a'.repeat(200)}"`)],
    ['a long text', '{"items":{"maxLength":100000}}', list(3, () => `"${'a'.repeat(60_000)}"`)],
  ])('which is enough for %s', (_what, schema, value) => expect(compiled(schema).validate(scanned(value))).toBeNull());
});

it('512 schemas may be applied inside each other at a time [#41]', () => {
  const chain = (length: number): CompiledSchema => compiled(`{"$ref":"#/$defs/0","$defs":{${Array.from({ length }, (_, k) => `"${k}":${k === length - 1 ? 'true' : `{"$ref":"#/$defs/${k + 1}"}`}`).join(',')}}}`);
  expect(chain(511).validate(scanned('1'), 'x')).toBeNull();
  expect(chain(512).validate(scanned('1'), 'x')).toEqual({ kind: 'unusable', path: 'x', message: 'the schema refers to itself more than 512 times for one value', wouldPass: null });
});

it('a text of 65,536 characters is searched, one more is refused [#40]', () => {
  const schema = compiled('{"pattern":"^a"}');
  expect(schema.validate(scanned(`"${'a'.repeat(65_536)}"`), 'x')).toBeNull();
  expect(schema.validate(scanned(`"${'a'.repeat(65_537)}"`), 'x')).toEqual({ kind: 'invalid', path: 'x', message: 'x is too long to be searched with a pattern; at most 65536 characters are', wouldPass: null });
});

describe('a format says what it wants', () => {
  it.each([
    ['date', 'a date such as 2026-01-31'], ['date-time', 'a date and time such as 2026-01-31T12:00:00Z'], ['email', 'an e-mail address'], ['uri', 'an absolute URI'],
    ['uuid', 'a UUID'], ['ipv4', 'an IPv4 address'], ['ipv6', 'an IPv6 address'], ['hostname', 'a host name'],
  ])('%s', (format, called) => {
    const schema = compiled(`{"type":"string","format":"${format}"}`, 'policy');
    expect(schema.validate(scanned('"?"'), 'x')).toEqual({ kind: 'invalid', path: 'x', message: `x must be ${called}`, wouldPass: `x is ${called}` });
  });
});

describe('at the edges of a format', () => {
  const label = 'a'.repeat(63);
  const host253 = `${label}.${label}.${label}.${'a'.repeat(61)}`;
  it.each<[format: string, good: string[], bad: string[]]>([
    ['date', ['2026-01-01', '2026-12-31', '2023-02-28'], ['x2026-01-01', '12026-01-01', '2026-01-00', '2023-02-29', '2026-04-31', '2026-01-30x', '2026-01-32']],
    ['date-time', ['2026-01-31T23:59:59Z', '2026-01-31T00:00:00.123Z', '2026-01-31T12:00:00+23:59', '2026-01-31T12:00:00+23:00', '2026-01-31T12:00:00+00:59', '1998-12-31T23:29:60-00:30', '1999-01-01T00:29:60+00:30', '1999-01-01T01:29:60+01:30'], ['x2026-01-31T12:00:00Z', '2026-01-31T12:60:00Z', '2026-01-31T12:00:61Z', '2026-01-31T23:59:61Z', '2026-01-31T12:00:00+24:00', '2026-01-31T12:00:00+00:60', '1998-12-31T23:59:60+01:00', '1999-01-01T01:29:60-01:30', '2026-01-31T12:00:00.Z', '2026-01-31T12:00:00']],
    ['ipv4', ['249.199.99.9', '250.200.100.0'], ['260.1.1.1', '2a9.1.1.1', '1.1.1.1.', '.1.1.1.1', '1.1.1.-1']],
    ['ipv6', ['ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255', '::1.2.3.4', '1::1.2.3.4', '::ffff:0:0', 'abcd:ef01::', '1:2:3:4:5:6:1.2.3.4'], ['1:2:3:4:5:6:7:1.2.3.4', '1:2:3:4:5:1.2.3.4', '1.2.3.4::1', '1:1.2.3.4::', '::1::', 'g::', `${'0'.repeat(46)}`, '1:2:3:4:5:6:7:8:', ':1:2:3:4:5:6:7:8', '1.2.3.4']],
    ['hostname', [host253, 'a-1', '0'], [`${host253}a`, `${label}a`, 'a-.b', '-', 'a b', 'a.b.']],
    ['email', [`${'a'.repeat(64)}@b.c`, '"a\\"b"@b.c', '"@"@b.c', 'a@[255.1.1.1]', 'a@[IPv6:1::]'], [`${'a'.repeat(65)}@b.c`, 'x"a"@b.c', '"a"x@b.c', '"a"b"@b.c', '"a\\é"@b.c', '"a', 'a@x[1.1.1.1]', 'a@[1.1.1.1]x', 'a@[1.1.1]', 'a@[IPv6:1]', 'a@[]', '@b.c', 'a.@b.c']],
    ['uri', ['a:', 'a:b?c?d#e', 'a://u:p@h:80/', 'a://user@h', 'a://h?q', 'a://h#ff', 'a://[v1.a:b]/', 'a://[VF9.x]', 'a://', 'a://h:', 'a:/b//c', 'a:?qq#', 'a://h/%41%2f'], ['', ':', 'a', '1:b', 'a:%4', 'a:%g1', 'a:%1g', 'a:b c', 'a:\u00e9', 'a:[', 'a:?[', 'a:#[', 'a:##', 'a://[', 'a://[]', 'a://[v.a]', 'a://[v1.]', 'a://[v1.a]b', 'a://[xv1.a]', 'a://[vg.a]', 'a://[v1.é]', 'a://u[@h', 'a://h:x', 'a://a@b@c', 'a://[1]', 'a://h]']],
    ['uuid', [], ['x2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d16380x']],
  ])('%s', (format, good, bad) => {
    const schema = compiled(`{"type":"string","format":"${format}"}`, 'policy');
    for (const text of good) expect([text, schema.validate(scanned(JSON.stringify(text)))]).toEqual([text, null]);
    for (const text of bad) expect([text, schema.validate(scanned(JSON.stringify(text)))?.kind]).toEqual([text, 'invalid']);
  });
});

describe('a reference is resolved against the identifier around it (RFC 3986, section 5.2)', () => {
  it.each([
    ['http://a.b', 'n', 'http://a.b/n'], ['http://a.b/c/d', 'n', 'http://a.b/c/n'], ['http://a.b/c/d', './n', 'http://a.b/c/n'], ['http://a.b/c/d', '../n', 'http://a.b/n'],
    ['http://a.b/c/d', '../../../n', 'http://a.b/n'], ['http://a.b/c/d', '/n', 'http://a.b/n'], ['http://a.b/c/d', '//x.y/n', 'http://x.y/n'], ['http://a.b/c/d', '?q=1', 'http://a.b/c/d?q=1'],
    ['http://a.b/c/d', 'n/.', 'http://a.b/c/n/'], ['http://a.b/c/d', 'n/..', 'http://a.b/c/'], ['http://a.b/c/d', 'n/./m', 'http://a.b/c/n/m'], ['http://a.b/c/d', 'n/../m', 'http://a.b/c/m'],
    ['http://a.b/c/d?q', 'n?r', 'http://a.b/c/n?r'], ['http://a.b/c/d', 'urn:x:y', 'urn:x:y'], ['http://a.b/c/d', 'http://x.y/./n', 'http://x.y/n'],
  ])('%s and %s give %s', (base, reference, target) => {
    const schema = `{"$id":"${base}","properties":{"v":{"$ref":"${reference}"}},"$defs":{"n":{"$id":"${target}","type":"string"}}}`;
    expect(compiled(schema).validate(scanned('{"v":1}'))?.message).toBe('v must be a string, not a number');
  });
});
