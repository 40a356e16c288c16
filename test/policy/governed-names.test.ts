import { describe, expect, test } from 'vitest';
import { callOf } from '../../src/policy/call-of.ts';
import { GovernedNames, pathOfCondition } from '../../src/policy/argument-places.ts';
import type { Decision } from '../../src/policy/types.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { setOf } from './load.ts';

async function decided(rule: string, argsJson: string): Promise<Decision> {
  const set = await setOf(`version: "1"\ndefault: deny\ntools:\n  pay: { ${rule} }\n`);
  return set.decide(callOf({ tool: 'pay', argsJson }));
}

const AMOUNT = '{ type: object, properties: { amount: { type: number, maximum: 500 } } }';
const LINKED = '{ $ref: "#/$defs/node", $defs: { node: { type: object, properties: { amount: { type: number, maximum: 500 }, next: { $ref: "#/$defs/node" } } } } }';

describe('another spelling of an argument that a schema speaks of is refused, at every depth [#43]', () => {
  test.each([
    ['a property', `payment: ${AMOUNT}`, '{"payment":{"amount":1,"Amount":9999}}'],
    ['a property whose proper spelling is left out', `payment: ${AMOUNT}`, '{"payment":{"AMOUNT":9999}}'],
    ['a property of elements', `items: { type: array, items: ${AMOUNT} }`, '{"items":[{"amount":1},{"amount":1,"Amount":9999}]}'],
    ['a property of one element', `items: { type: array, prefixItems: [ ${AMOUNT} ] }`, '{"items":[{"amount":1,"Amount":9999}]}'],
    ['a property of any member', `accounts: { type: object, additionalProperties: ${AMOUNT} }`, '{"accounts":{"a":{"amount":1,"Amount":9999}}}'],
    ['a property of members by pattern', `accounts: { type: object, patternProperties: { "^a": ${AMOUNT} } }`, '{"accounts":{"a":{"amount":1,"Amount":9999}}}'],
    ['all of several schemas', `payment: { type: object, allOf: [ ${AMOUNT} ] }`, '{"payment":{"amount":1,"Amount":9999}}'],
    ['any of several schemas', `payment: { type: object, anyOf: [ ${AMOUNT}, { type: object, required: [free] } ] }`, '{"payment":{"amount":1,"Amount":9999}}'],
    ['one of several schemas', `payment: { oneOf: [ ${AMOUNT} ] }`, '{"payment":{"amount":1,"Amount":9999}}'],
    ['a schema that must not hold', 'payment: { type: object, not: { type: object, required: [admin] } }', '{"payment":{"Admin":true}}'],
    ['a property that is forbidden', 'payment: { type: object, properties: { admin: false } }', '{"payment":{"Admin":true}}'],
    ['a name that is forbidden', 'payment: { type: object, propertyNames: { not: { enum: [admin] } } }', '{"payment":{"Admin":true}}'],
    ['a name that is required', 'payment: { type: object, required: [reason] }', '{"payment":{"reason":"x","Reason":"y"}}'],
    ['a name that another one requires', 'payment: { type: object, dependentRequired: { amount: [reason] } }', '{"payment":{"Amount":1}}'],
    ['a reference', `payment: { $ref: "#/$defs/a", $defs: { a: ${AMOUNT} } }`, '{"payment":{"amount":1,"Amount":9999}}'],
    ['a reference in a circle', `payment: ${LINKED}`, '{"payment":{"next":{"next":{"next":{"amount":1,"Amount":9999}}}}}'],
  ])('%s', async (_name, constraint, args) => {
    expect(await decided(`arguments: { ${constraint} }`, args)).toMatchObject({ effect: 'deny', code: 'invalid_arguments' });
  });

  test.each([
    ['names that the schema speaks of', `payment: ${LINKED}`, '{"payment":{"amount":1,"next":{"amount":2}}}'],
    ['other names', `payment: ${AMOUNT}`, '{"payment":{"amount":1,"Note":"x","other":{"Amount":1}},"Amount":2}'],
    ['names that differ only by case and are both in the schema', 'payment: { type: object, properties: { a: { type: number }, A: { type: number } } }', '{"payment":{"a":1,"A":2}}'],
    ['a name of one rule that another place governs in other words', `payment: ${AMOUNT}, Payment: true`, '{"payment":{"amount":1},"Payment":2}'],
  ])('%s pass', async (_name, constraint, args) => {
    expect((await decided(`arguments: { ${constraint} }`, args)).effect).toBe('allow');
  });
});

describe('another spelling of an argument that a condition reads is refused [#43]', () => {
  test.each([
    ['with a dot in its name', 'args["user.id"] == "root"', '{"User.Id":"root"}'],
    ['with brackets in its name', 'args["ids[]"] == "root"', '{"Ids[]":"root"}'],
    ['below a choice', '(args.mode == "a" ? args.first : args.second).amount > 500.0', '{"mode":"a","first":{"amount":1,"Amount":9999}}'],
    ['below the other branch', '(args.mode == "a" ? args.first : args.second).amount > 500.0', '{"mode":"b","second":{"amount":1,"Amount":9999}}'],
    ['chosen by its name', 'args[args.mode == "a" ? "first" : "second"] == 1', '{"mode":"b","second":2,"Second":1}'],
    ['in a list of arguments', '[args.first, args.second].exists(x, x.amount > 500.0)', '{"second":{"amount":1,"Amount":9999}}'],
    ['in two lists together', '(args.first + args.second).exists(x, x.amount > 500.0)', '{"first":[],"second":[{"amount":1,"Amount":9999}]}'],
    ['in a map', '{"a": args.first}.a.amount > 500.0', '{"first":{"amount":1,"Amount":9999}}'],
    ['of a hidden type', 'dyn(args.first).amount > 500.0', '{"first":{"amount":1,"Amount":9999}}'],
    ['asked for by `in`', '"admin" in args.rights', '{"rights":{"Admin":true}}'],
    ['presence below a choice', 'has((args.mode == "a" ? args.first : args.second).amount)', '{"mode":"a","first":{"Amount":1}}'],
  ])('%s', async (_name, condition, args) => {
    expect(await decided(`deny_if: '${condition}'`, args)).toMatchObject({ effect: 'deny', code: 'invalid_arguments' });
  });

  test('a list that has an element in another spelling is no object with such a name', async () => {
    expect((await decided(`deny_if: '"admin" in args.rights'`, '{"rights":["Admin"]}')).effect).toBe('allow');
  });

  test('an expression that may read more arguments than can be followed is refused at load', async () => {
    const choices = 'abcdefghij'.split('').map((name) => `[args.c ? "${name}1" : "${name}2"]`).join('');
    await expect(decided(`deny_if: 'args${choices} == 1'`, '{}')).rejects.toThrow(/cannot be compiled/);
  });
});

test.each([
  ['amount', ['amount']],
  ['items[].price', ['items', '[]', 'price']],
  ['user\\.id', ['user.id']],
  ['a.b\\[].c', ['a', 'b[]', 'c']],
  ['a\\\\.b[][]', ['a\\', 'b', '[]', '[]']],
  ['', []],
])('the path %j of a condition is read as the names %j', (path, names) => {
  expect(pathOfCondition(path)).toEqual(names);
});

test('names that govern each other in a circle end', () => {
  const [a, b] = [new GovernedNames(), new GovernedNames()];
  a.add([], b);
  b.add([], a);
  b.add(['x']);
  const args = (text: string): JsonNode | null => callOf({ tool: 't', argsJson: text }).args ?? null;
  expect(a.lookalike(args('{"x":1}'))).toBeNull();
  expect(a.lookalike(args('{"X":1}'))).toBe('X');
});
