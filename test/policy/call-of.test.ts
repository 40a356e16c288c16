import { describe, expect, it } from 'vitest';
import { callOf } from '../../src/policy/index.ts';

describe('a call in plain values', () => {
  it('is a query with exact arguments', () => {
    const { args, ...rest } = callOf({ tool: 'pay', args: { a: 0.1, b: 9007199254740993n, c: [null, true, 'é'], __proto__: null } });
    expect(rest).toEqual({ kind: 'tool', name: 'pay', tool: null });
    expect(args?.lexeme()).toBe('{"a":0.1,"b":9007199254740993,"c":[null,true,"é"]}');
    expect(callOf({ tool: 'x', argsJson: '{"a": 1e400}' }).args?.get('a')?.lexeme()).toBe('1e400');
    expect(callOf({ resource: 'file:///x' })).toEqual({ kind: 'resource', name: 'file:///x', args: null, tool: null });
  });
  const ring: Record<string, unknown> = {};
  ring['x'] = ring;
  it.each<[string, unknown, RegExp]>([
    ['undefined', { a: undefined }, /args\.a is undefined/],
    ['a hole', { a: [1, , 2] }, /args\.a\[1\] is undefined/], // oxlint-disable-line no-sparse-arrays
    ['NaN', { a: Number.NaN }, /NaN/],
    ['infinity', { a: -Infinity }, /Infinity/],
    ['a function', { a: () => 1 }, /function/],
    ['a symbol', { a: Symbol('x') }, /symbol/],
    ['a key that is a symbol', { [Symbol('x')]: 1 }, /symbol/],
    ['a date', { a: new Date(0) }, /class/],
    ['a map', { a: new Map() }, /class/],
    ['half a character', { a: '\ud83d' }, /surrogate/],
    ['a ring', ring, /nested too deeply/],
    ['a list instead of an object', [1], /array/],
  ])('refuses %s', (_, args, message) => expect(() => callOf({ tool: 'x', args })).toThrow(message));
  it.each<[string, Parameters<typeof callOf>[0]]>([
    ['no target', {}],
    ['two targets', { tool: 'a', prompt: 'b' }],
    ['arguments of a resource', { resource: 'file:///x', args: {} }],
    ['both kinds of arguments', { tool: 'x', args: {}, argsJson: '{}' }],
    ['the same key twice', { tool: 'x', argsJson: '{"a":1,"a":2}' }],
  ])('refuses %s', (_, call) => expect(() => callOf(call)).toThrow(TypeError));
});
