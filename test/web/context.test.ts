import { describe, expect, test } from 'vitest';
import { editorSchema } from '../../src/policy/editor-schema.ts';
import { contextAt } from '../../web/src/policy-builder/editor/context.ts';
import { helpAt, matches, suggestions } from '../../web/src/policy-builder/editor/suggest.ts';

const KNOWN = {
  schema: editorSchema(),
  approvers: ['anna@example.com'],
  tools: [
    { name: 'get_user', category: 'read', risk: 'low', inputSchema: { type: 'object', properties: { id: { type: 'string', description: 'Who' } } } },
    { name: 'get_team', category: 'read', risk: 'low', inputSchema: {} },
    { name: 'pay', category: 'financial', risk: 'critical', inputSchema: { type: 'object', properties: { amount: { type: 'number' }, 'content-type': { type: 'string' } } } },
  ],
};

/** The place of `|`. */
function at(text: string) {
  const place = text.indexOf('|');
  return { context: contextAt(text.replace('|', ''), place), labels: suggestions(KNOWN, contextAt(text.replace('|', ''), place)).map(({ label }) => label) };
}

const HEAD = 'version: "1"\ndefault: deny\n';

describe('the editor knows where it is, also in a text that is half written', () => {
  const table: readonly [string, string, readonly string[], 'key' | 'value', string][] = [
    ['the top', '|', [], 'key', ''],
    ['a word at the top', `${HEAD}too|`, [], 'key', 'too'],
    ['a value', 'version: "1"\ndefault: de|', ['default'], 'value', 'de'],
    ['an opening quote', 'version: "|', ['version'], 'value', ''],
    ['a selector', `${HEAD}tools:\n  ge|`, ['tools'], 'key', 'ge'],
    ['a selector in quotes', `${HEAD}tools:\n  "@de|`, ['tools'], 'key', '@de'],
    ['a word for a rule', `${HEAD}tools:\n  pay: req|`, ['tools', 'pay'], 'value', 'req'],
    ['a key of a rule', `${HEAD}tools:\n  pay:\n    ra|`, ['tools', 'pay'], 'key', 'ra'],
    ['a key after others', `${HEAD}tools:\n  a: allow\n  pay:\n    action: allow\n    rate_limit: 1/hour\n    re|\n  z: deny`, ['tools', 'pay'], 'key', 're'],
    ['in a flow map', `${HEAD}tools:\n  pay: { action: al|`, ['tools', 'pay', 'action'], 'value', 'al'],
    ['a second key in a flow map', `${HEAD}tools:\n  pay: { action: allow, rate|`, ['tools', 'pay'], 'key', 'rate'],
    ['a flow map in a flow map', `${HEAD}tools:\n  pay: { rate_limit: { max: 1, p|`, ['tools', 'pay', 'rate_limit'], 'key', 'p'],
    ['a flow list', `${HEAD}tools:\n  pay: { rate_limit: [5/10s, { per: gr|`, ['tools', 'pay', 'rate_limit', '1', 'per'], 'value', 'gr'],
    ['a list item', `${HEAD}tools:\n  pay:\n    - { when: a, ac|`, ['tools', 'pay', '0'], 'key', 'ac'],
    ['a key behind a dash', `${HEAD}tools:\n  pay:\n    require:\n      - i|`, ['tools', 'pay', 'require', '0'], 'key', 'i'],
    ['a second key of a list item', `${HEAD}tools:\n  pay:\n    require:\n      - if: x\n        rea|`, ['tools', 'pay', 'require', '0'], 'key', 'rea'],
    ['an argument', `${HEAD}tools:\n  pay:\n    arguments:\n      am|`, ['tools', 'pay', 'arguments'], 'key', 'am'],
    ['a schema', `${HEAD}tools:\n  pay:\n    arguments:\n      amount: { type: nu|`, ['tools', 'pay', 'arguments', 'amount', 'type'], 'value', 'nu'],
    ['a condition', `${HEAD}tools:\n  pay:\n    require: args.|`, ['tools', 'pay', 'require'], 'value', 'args.'],
    ['a value behind the client', `${HEAD}client:\n  sampling: |`, ['client', 'sampling'], 'value', ''],
  ];
  test.each(table)('%s', (_name, text, path, kind, word) => {
    expect(at(text).context).toMatchObject({ path, kind, word });
  });
});

describe('what it suggests', () => {
  const table: readonly [string, string, readonly string[], readonly string[]][] = [
    ['keys of the document that are not there yet', `${HEAD}|`, ['tools', 'mode', 'client', 'resources'], ['version', 'default', 'action']],
    ['actions', 'default: |', ['allow', 'deny', 'hide', 'require_approval'], ['observe']],
    ['tools, classes and globs', `${HEAD}tools:\n  |\n  pay: deny`, ['get_user', '@destructive', '@critical', 'get_*', '*'], ['pay']],
    ['actions for a tool', `${HEAD}tools:\n  pay: |`, ['allow', 'require_approval'], []],
    ['keys of a rule', `${HEAD}tools:\n  pay:\n    |`, ['action', 'rate_limit', 'require', 'approval', 'arguments'], ['max']],
    ['keys of a resource rule', `${HEAD}resources:\n  "a*":\n    |`, ['action', 'rate_limit'], ['arguments', 'schema']],
    ['keys of a limit', `${HEAD}tools:\n  pay: { rate_limit: { max: 1, |`, ['window', 'per', 'on_state_error'], ['max', 'action']],
    ['what has a counter', `${HEAD}tools:\n  pay: { rate_limit: { per: |`, ['session', 'grant', 'server', 'tool'], []],
    ['arguments of the tool', `${HEAD}tools:\n  pay:\n    arguments:\n      |`, ['amount', 'content-type'], ['id']],
    ['arguments of all that a glob covers', `${HEAD}tools:\n  "get_*":\n    arguments:\n      |`, ['id'], ['amount']],
    ['keywords of a schema', `${HEAD}tools:\n  pay:\n    arguments:\n      amount: { |`, ['type', 'maximum', 'pattern'], ['action']],
    ['variables in a condition', `${HEAD}tools:\n  pay:\n    require: |`, ['args.amount', 'args["content-type"]', 'tool.risk', 'has()'], ['allow']],
    ['approvers', `${HEAD}tools:\n  pay: { approval: { approvers: [|`, ['anna@example.com'], []],
  ];
  test.each(table)('%s', (_name, text, some, none) => {
    const { labels } = at(text);
    expect(labels).toEqual(expect.arrayContaining([...some]));
    expect(labels.filter((label) => none.includes(label))).toEqual([]);
  });
});

test('help says what a key means and what a selector covers', () => {
  expect(helpAt(KNOWN, ['default'])).toContain('no rule names');
  expect(helpAt(KNOWN, ['tools', 'x', 'rate_limit'])).toContain('How many calls');
  expect(helpAt(KNOWN, ['tools', 'get_*'])).toBe('2 tools: get_user, get_team');
  expect(helpAt(KNOWN, ['tools', '@critical'])).toBe('1 tool: pay');
  expect(helpAt(KNOWN, ['tools', 'pay'])).toContain('financial, critical risk');
});

test.each([['get_*', true], ['*_user', true], ['g*t*r', true], ['get_user', true], ['@read', true], ['@low', true], ['*', true], ['get_user*user', false], ['get', false], ['@write', false], ['*z*', false], ['GET_*', false]])('the selector %s covers get_user: %s', (selector, yes) => {
  expect(matches(selector, 'get_user', 'read', 'low')).toBe(yes);
});
