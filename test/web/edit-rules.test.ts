import { parse } from 'yaml';
import { describe, expect, test } from 'vitest';
import type { RuleChange } from '../../web/src/policy-builder/yaml/edit-rules.ts';
import { editRules, ruleOf, setDocumentKey } from '../../web/src/policy-builder/yaml/edit-rules.ts';

const POLICY = `# The first line
version: "1"
default: deny            # what no rule names

tools:
  "get_*": allow         # reading

  # money
  create_charge:
    rate_limit: { max: 10,   window: 60 }   # slowly
    # at most 500
    require: args.amount <= 500
  drop: { action: deny, reason: "No." }   # never
  list:
    - { when: args.a == 1, action: deny }
    - allow
client:
  sampling: deny
`;

function edited(changes: readonly RuleChange[], text = POLICY): string {
  const result = editRules(text, changes);
  if (!result.ok) throw new Error(result.problem);
  return result.text;
}

/** Lines that are in one text only. */
function changed(text: string, before = POLICY): { gone: string[]; come: string[] } {
  const was = before.split('\n');
  const is = text.split('\n');
  return { gone: was.filter((line) => !is.includes(line)), come: is.filter((line) => !was.includes(line)) };
}

describe('a rule is changed where it stands, and nothing else', () => {
  const table: readonly [string, readonly RuleChange[], string[], string[]][] = [
    ['a word becomes another; its comment stays', [{ selector: 'get_*', set: { action: 'deny' } }], ['  "get_*": allow         # reading'], ['  "get_*": deny         # reading']],
    ['a word becomes a map', [{ selector: 'get_*', set: { rate_limit: '10/minute' } }], ['  "get_*": allow         # reading'], ['  "get_*": { action: allow, rate_limit: 10/minute }         # reading']],
    ['an action comes first in a block', [{ selector: 'create_charge', set: { action: 'require_approval' } }], [], ['    action: require_approval']],
    ['a key of a block goes, with its line', [{ selector: 'create_charge', set: { rate_limit: undefined } }], ['    rate_limit: { max: 10,   window: 60 }   # slowly'], []],
    ['a key of a block has another value', [{ selector: 'create_charge', set: { rate_limit: '5/hour' } }], ['    rate_limit: { max: 10,   window: 60 }   # slowly'], ['    rate_limit: 5/hour   # slowly']],
    ['the same value stays as it is written', [{ selector: 'create_charge', set: { rate_limit: { window: 60, max: 10 } } }], [], []],
    ['a key of a flow map', [{ selector: 'drop', set: { action: 'hide' } }], ['  drop: { action: deny, reason: "No." }   # never'], ['  drop: { action: hide, reason: "No." }   # never']],
    ['a key of a flow map goes', [{ selector: 'drop', set: { reason: undefined } }], ['  drop: { action: deny, reason: "No." }   # never'], ['  drop: deny   # never']],
    ['a key comes to a flow map', [{ selector: 'drop', set: { mode: 'observe' } }], ['  drop: { action: deny, reason: "No." }   # never'], ['  drop: { action: deny, reason: "No.", mode: observe }   # never']],
    ['a new selector comes last', [{ selector: 'new_tool', set: { action: 'allow' } }], [], ['  new_tool: allow']],
    ['a class needs quotes', [{ selector: '@destructive', set: { action: 'require_approval' } }], [], ['  "@destructive": require_approval']],
    ['a selector goes', [{ selector: 'drop', remove: true }], ['  drop: { action: deny, reason: "No." }   # never'], []],
    ['a block goes', [{ selector: 'create_charge', remove: true }], ['  create_charge:', '    rate_limit: { max: 10,   window: 60 }   # slowly', '    # at most 500', '    require: args.amount <= 500'], []],
    ['one rule of a list', [{ selector: 'list', index: 0, set: { reason: 'no' } }], ['    - { when: args.a == 1, action: deny }'], ['    - { when: args.a == 1, action: deny, reason: no }']],
  ];
  test.each(table)('%s', (_name, changes, gone, come) => {
    expect(changed(edited(changes))).toEqual({ gone, come });
  });

  test('many at once keep their order, and the rest its bytes', () => {
    const names = Array.from({ length: 500 }, (_, index) => `tool_${index}`);
    const text = edited(names.map((selector) => ({ selector, set: { action: 'require_approval' } })));
    expect(changed(text)).toEqual({ gone: [], come: names.map((name) => `  ${name}: require_approval`) });
    const back = edited(names.map((selector) => ({ selector, remove: true })), text);
    expect(back).toBe(POLICY);
  });
});

test('a long rule is written on several lines', () => {
  const rule = { action: 'require_approval', reason: 'Somebody of the billing team has to look at every refund that an agent makes', arguments: { amount: { type: 'number', maximum: 500 }, currency: { enum: ['EUR', 'USD'] } } };
  const text = edited([{ selector: 'refund', rule }]);
  expect(text).toContain('  refund:\n    action: require_approval\n    reason: Somebody');
  expect(parse(text).tools.refund).toEqual(rule);
});

describe('where there is no rule yet', () => {
  test.each(['version: "1"\ndefault: deny\n', 'version: "1"\ndefault: deny\ntools:\n', 'version: "1"\ndefault: deny\ntools: {}\n', 'version: "1"\ndefault: deny', '', '{"version":"1","default":"deny"}', '{"version":"1","default":"deny","tools":{}}'])('%j', (text) => {
    const after = edited([{ selector: 'a', set: { action: 'allow' } }, { selector: 'b*', set: { rate_limit: { max: 1, window: '1m' } } }], text);
    expect(parse(after)).toEqual({ version: '1', default: 'deny', tools: { a: 'allow', 'b*': { rate_limit: { max: 1, window: '1m' } } } });
    if (text.startsWith('{')) expect(JSON.parse(after)).toEqual(parse(after));
  });
});

test('the last selector may go', () => {
  const text = edited([{ selector: 'a', remove: true }], 'version: "1"\ndefault: deny\ntools:\n  a: allow\n');
  expect(parse(text)).toEqual({ version: '1', default: 'deny', tools: {} });
});

test('a comment inside a rule that becomes a word is kept', () => {
  const text = edited([{ selector: 'a', set: { rate_limit: undefined } }], 'version: "1"\ndefault: deny\ntools:\n  a:\n    # at first slowly\n    rate_limit: 1/minute\n    action: allow\n');
  expect(parse(text).tools).toEqual({ a: 'allow' });
  expect(editRules('version: "1"\ntools: [', [{ selector: 'a', remove: true }]).ok).toBe(false);
});

test('hostile names are names', () => {
  for (const name of ['a: b', '# x', '- y', '"', "'", '{', '*', '&a', '!t', 'true', '1', 'null', 'ü', 'a\nb', '__proto__', 'x'.repeat(300)]) {
    const text = edited([{ selector: name, set: { action: 'deny' } }]);
    expect(ruleOf(text, name)).toBe('deny');
    expect(ruleOf(text, 'drop')).toEqual({ action: 'deny', reason: 'No.' });
  }
});

test('a list of rules is not overwritten by a move', () => {
  expect(editRules(POLICY, [{ selector: 'list', set: { action: 'deny' } }])).toEqual({ ok: false, problem: expect.stringContaining('list of rules') });
});

test('the default is a word of the document', () => {
  const text = setDocumentKey(POLICY, 'default', 'hide');
  expect(changed(text.ok ? text.text : '')).toEqual({ gone: ['default: deny            # what no rule names'], come: ['default: hide            # what no rule names'] });
});
