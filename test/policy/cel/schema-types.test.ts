import { describe, expect, it } from 'vitest';
import { compileAmount, compileCondition } from '../../../src/policy/cel/index.ts';
import { json } from './evaluate.ts';

/** What comes of a condition on the arguments of a tool with this schema: `fine`, or the message of each problem. */
function said(schema: string, source: string): string {
  const made = compileCondition(source, { inputSchema: json(schema) });
  return made.ok ? 'fine' : made.problems.map(({ message }) => message).join('; ');
}

const NOT_THERE = "the tool's schema has no argument `zip` here";

describe('which members an object of a schema may have', () => {
  it.each([
    ['patternProperties', '{ "^z": {} }'], ['allOf', '[{ "properties": { "zip": {} } }]'], ['anyOf', '[{ "required": ["zip"] }]'], ['oneOf', '[{ "required": ["zip"] }]'],
    ['$dynamicRef', '"#rest"'], ['if', '{ "required": ["a"] }'], ['dependentSchemas', '{ "a": {} }'], ['dependencies', '{ "a": {} }'], ['unevaluatedProperties', 'true'],
  ])('%s may name more of them, so an unknown name is no mistake', (keyword, value) => {
    expect(said(`{ "type": "object", "properties": { "a": {} }, "${keyword}": ${value} }`, 'args.zip == 1')).toBe('fine');
    expect(said(`{ "type": "object", "properties": { "a": {} }, "title": ${value} }`, 'args.zip == 1')).toBe(NOT_THERE);
  });

  it.each([
    ['{ "type": "object", "properties": { "a": {} } }', NOT_THERE],
    ['{ "type": "object", "properties": { "a": {} }, "additionalProperties": false }', NOT_THERE],
    ['{ "type": "object", "properties": { "a": {} }, "additionalProperties": true }', 'fine'],
    ['{ "type": "object", "properties": { "a": {} }, "additionalProperties": {} }', 'fine'],
    ['{ "type": "object", "properties": { "a": {} }, "additionalProperties": { "type": "string" } }', '`==` compares a string (`args.zip`) with a whole number (`1`)'],
    ['{ "type": "object" }', 'fine'], ['{ "type": "object", "properties": true }', 'fine'], ['{ "properties": { "a": {} } }', NOT_THERE], ['{}', 'fine'], ['true', 'fine'], ['[]', 'fine'],
  ])('of %s', (schema, expected) => {
    expect(said(schema, 'args.zip == 1')).toBe(expected);
  });

  it('a schema of more members than are read is open', () => {
    const members = (count: number): string => Array.from({ length: count }, (_, i) => `"m${i}": true`).join(', ');
    expect(said(`{ "type": "object", "properties": { ${members(1999)} } }`, 'args.zip == 1')).toBe(NOT_THERE);
    expect(said(`{ "type": "object", "properties": { ${members(2001)} } }`, 'args.zip == 1')).toBe('fine');
  });
});

describe('the type that a schema gives an argument', () => {
  const of = (schema: string): string => `{ "type": "object", "properties": { "x": ${schema} }, "$defs": { "s": { "type": "string" }, "a/b": { "type": "string" }, "c~d": { "type": "string" }, "list": [{ "type": "number" }, { "type": "string" }] } }`;
  const STRING = '`==` compares a string (`args.x`) with a whole number (`1`)';

  it.each([
    ['{ "const": "a" }', STRING], ['{ "const": 5 }', 'fine'], ['{ "const": true }', '`==` compares a boolean (`args.x`) with a whole number (`1`)'], ['{ "const": false }', '`==` compares a boolean (`args.x`) with a whole number (`1`)'],
    ['{ "const": [1] }', '`==` compares a list (`args.x`) with a whole number (`1`)'], ['{ "const": {} }', '`==` compares an object (`args.x`) with a whole number (`1`)'],
    ['{ "enum": ["a", 5] }', 'fine'], ['{ "enum": ["a", "b"] }', STRING], ['{ "enum": [] }', 'fine'], ['{ "type": "string", "enum": [5] }', STRING],
    ['{ "anyOf": [{ "type": "string" }, { "type": "array" }] }', '`==` compares a string or a list (`args.x`) with a whole number (`1`)'], ['{ "oneOf": [{ "type": "string" }, { "type": "boolean" }] }', '`==` compares a string or a boolean (`args.x`) with a whole number (`1`)'],
    ['{ "oneOf": [{ "type": "string" }] }', STRING], ['{ "anyOf": [{ "type": "string" }, {}] }', 'fine'], ['{ "type": "string", "anyOf": [{ "type": "number" }] }', STRING], ['{ "anyOf": [] }', 'fine'],
    ['{ "type": ["string", "boolean"] }', '`==` compares a string or a boolean (`args.x`) with a whole number (`1`)'], ['{ "type": "never heard of" }', 'fine'], ['{ "type": 5 }', 'fine'],
    ['{ "$ref": "#/$defs/s" }', STRING], ['{ "$ref": "#/$defs/a~1b" }', STRING], ['{ "$ref": "#/$defs/c~0d" }', STRING], ['{ "$ref": "#/$defs/list/1" }', STRING], ['{ "$ref": "#/$defs/list/0" }', 'fine'], ['{ "$ref": "#/$defs/list/2" }', 'fine'],
    ['{ "$ref": "#/$defs/none" }', 'fine'], ['{ "$ref": "#/$defs/none/deeper" }', 'fine'], ['{ "$ref": "other.json" }', 'fine'], ['{ "$ref": "##$defs/s" }', 'fine'], ['{ "$ref": "$defs/s" }', 'fine'], ['{ "$ref": "#" }', '`==` compares an object (`args.x`) with a whole number (`1`)'],
  ])('%s', (schema, expected) => {
    expect(said(of(schema), 'args.x == 1')).toBe(expected);
  });

  it.each([
    ['{ "type": "array", "items": { "type": "string" } }', STRING.replace('args.x', 'args.x[0]')], ['{ "type": "array" }', 'fine'], ['{ "type": "array", "items": true }', 'fine'],
    ['{ "type": "array", "items": { "type": "string" }, "prefixItems": [{ "type": "number" }] }', 'fine'], ['{ "type": "array", "items": [{ "type": "string" }] }', 'fine'],
  ])('an element of %s', (schema, expected) => {
    expect(said(of(schema), 'args.x[0] == 1')).toBe(expected);
  });

  it('a schema that is deeper than is read may be anything there', () => {
    const nested = (depth: number): string => (depth === 0 ? '{ "type": "string" }' : `{ "type": "object", "properties": { "n": ${nested(depth - 1)} } }`);
    const path = (depth: number): string => `args${'.n'.repeat(depth)}`;
    expect(said(nested(12), `${path(12)} == 1`)).toBe(`\`==\` compares a string (\`${path(12)}\`) with a whole number (\`1\`)`);
    expect(said(nested(13), `${path(13)} == 1`)).toBe('fine');
    const lists = (depth: number): string => (depth === 0 ? '{ "type": "string" }' : `{ "type": "array", "items": ${lists(depth - 1)} }`);
    expect(said(of(lists(11)), `args.x${'[0]'.repeat(11)} == 1`)).toContain('compares a string');
    expect(said(of(lists(12)), `args.x${'[0]'.repeat(12)} == 1`)).toBe('fine');
  });

  it('references that go round end, and so does a long one', () => {
    expect(said('{ "type": "object", "properties": { "x": { "$ref": "#/$defs/a" } }, "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "$ref": "#/$defs/a" } } }', 'args.x == 1')).toBe('fine');
    const long = 'n'.repeat(497);
    expect(said(`{ "type": "object", "properties": { "x": { "$ref": "#/${long}a" } }, "${long}a": { "type": "string" } }`, 'args.x == 1')).toBe(STRING);
    expect(said(`{ "type": "object", "properties": { "x": { "$ref": "#/${long}aa" } }, "${long}aa": { "type": "string" } }`, 'args.x == 1')).toBe('fine');
  });
});

describe('what may be one of several types', () => {
  const SCHEMA = `{ "type": "object", "properties": {
    "any": {}, "s": { "type": "string" }, "n": { "type": "number" }, "b": { "type": "boolean" }, "sn": { "type": ["string", "number"] }, "l": { "type": "array", "items": { "type": "string" } },
    "o": { "type": "object", "properties": { "k": { "type": "string" } } }, "p": { "type": "object", "properties": { "q": { "type": "number" } } }, "sany": { "anyOf": [{ "type": "string" }, {}] } } }`;
  it.each([
    // A choice of two objects has the members of both; of two lists the elements of both.
    ['(args.b ? args.o : args.p).k == "x"', 'fine'], ['(args.b ? args.o : args.p).q == 1.0', 'fine'], ['(args.b ? args.o : args.p).zip == 1.0', NOT_THERE],
    ['(args.b ? args.s : args.n) == 1', 'fine'], ['(args.b ? args.s : args.s) == 1', '`==` compares a string (`args.b ? args.s : args.s`) with a whole number (`1`)'],
    ['(args.b ? args.any : args.s) == 1', 'fine'], ['(args.b ? now : args.any) == 1', 'fine'], ['(args.b ? 1 : args.any).k == 1', 'fine'], ['(args.b ? duration("1s") : args.any) > 1', 'fine'],
    ['(args.b ? 1 : args.s).k == 1', '`args.b ? 1 : args.s` is a whole number or a string and has no members'],
    ['args.sany == 1', 'fine'], ['args.sn == true', '`==` compares a string or a number (`args.sn`) with a boolean (`true`)'],
    ['args.l[args.n] == "x"', 'fine'], ['args.l["k"] == "x"', '`args.l` is a list and has no members'], ['args.o[args.s] == "x"', 'fine'], ['args.o[1] == "x"', '`args.o` is an object; it has nothing at a whole number'],
    ['args.s[0] == "x"', '`args.s` is a string; it has nothing at a whole number'], ['{1: "x"}[args.n] == "x"', 'fine'], ['{"a": 1}[args.n] == 1', '`{"a": 1}` is an object; it has nothing at a number'], ['{}[args.n] == 1', 'fine'],
    ['dyn(args.s) == 1', 'fine'], ['dyn(args.s).k == 1', 'fine'], ['dyn(args.s)[0] == 1', 'fine'], ['(args.b ? dyn(1) : args.s) == 1', 'fine'], ['[dyn(1), "a"].all(x, x == 1)', 'fine'], ['[] == [1]', 'fine'], ['[].all(x, x == 1)', 'fine'],
    ['[1, "a"].all(x, x == true)', '`==` compares a whole number or a string (`x`) with a boolean (`true`)'], ['["a", "b"].all(x, x == 1)', '`==` compares a string (`x`) with a whole number (`1`)'],
    ['args.s in []', 'fine'], ['args.s in [1]', '`in` compares a string (`args.s`) with a whole number (`[1]`)'], ['args["\u202eab"] == 1', "the tool's schema has no argument `�ab` here"],
    [`args["${'k'.repeat(61)}"] == 1`, `the tool's schema has no argument \`${'k'.repeat(60)}…\` here`], [`args["${'k'.repeat(60)}"] == 1`, `the tool's schema has no argument \`${'k'.repeat(60)}\` here`], ['args["a b"] == 1', "the tool's schema has no argument `a b` here"],
    ['args[?"s"] == 1', 'unexpected token: QUESTION'], ['args.?s == 1', 'expected a name, got QUESTION'],
  ])('%s', (source, expected) => {
    expect(said(SCHEMA, source)).toBe(expected);
  });

  it('an amount is told by its type as well', () => {
    const made = compileAmount('args.b ? args.n : args.s', { inputSchema: json(SCHEMA) });
    expect(made.ok ? 'fine' : made.problems.map(({ message }) => message).join('; ')).toBe('fine');
  });
});
