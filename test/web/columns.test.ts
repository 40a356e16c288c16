import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { CompiledPolicy } from '../../src/policy/compiled-policy.ts';
import { loadPolicy } from '../../src/policy/load.ts';
import { COLUMNS, guardLabels, moveTo, originOf, resetOf } from '../../web/src/policy-builder/board/columns.ts';
import { filterTools, NO_FILTER, rowsOf } from '../../web/src/policy-builder/board/filter.ts';
import { editRules, ruleOf } from '../../web/src/policy-builder/yaml/edit-rules.ts';

const START = `version: "1"
default: deny
tools:
  "get_*": allow
  "@critical": { action: require_approval, rate_limit: 3/hour }
  word: hide
  limited: { rate_limit: 5/minute }   # slow
  guarded:
    # not on weekends
    action: require_approval
    require: args.amount <= 500
    approval: { timeout: 1d }
`;

function moved(column: (typeof COLUMNS)[number], ...selectors: string[]): string {
  const { changes } = moveTo(column, selectors, (selector) => ruleOf(START, selector));
  const edited = editRules(START, changes);
  if (!edited.ok) throw new Error(edited.problem);
  return edited.text;
}

describe('a move keeps the policy loadable and what the author wrote', () => {
  const selectors = ['new_one', 'word', 'limited', 'guarded', 'get_*', '@critical', '@read', '*'];
  test.each(COLUMNS.flatMap((column) => selectors.map((selector) => [selector, column] as const)))('%s to %s', async (selector, column) => {
    const text = moved(column, selector);
    const loaded = await loadPolicy(text, { name: 'p' });
    expect(loaded.ok ? [] : loaded.errors).toEqual([]);
    expect(loaded.ok && loaded.policy).toBeInstanceOf(CompiledPolicy);
    expect(text).toContain('# slow');
    if (selector !== 'guarded') expect(text).toContain('# not on weekends');
    const rule: unknown = parse(text).tools[selector];
    const action = typeof rule === 'string' ? rule : ((rule as { action?: string }).action ?? 'allow');
    expect(action).toBe(column === 'rate_limit' ? 'allow' : column);
    if (column === 'rate_limit') expect((rule as Record<string, unknown>)['rate_limit']).toBeDefined();
    if (selector === 'guarded') expect((rule as Record<string, unknown>)['require']).toBe('args.amount <= 500');
  });

  test('all of a selection at once', () => {
    const text = moved('deny', 'a', 'word', 'limited', 'b');
    expect(parse(text).tools).toMatchObject({ a: 'deny', word: 'deny', limited: { action: 'deny', rate_limit: '5/minute' }, b: 'deny', 'get_*': 'allow' });
  });

  test('a list of rules is left alone and named', () => {
    expect(moveTo('deny', ['x', 'y'], (name) => (name === 'x' ? [{ when: 'true' }] : undefined))).toEqual({ changes: [{ selector: 'y', set: { action: 'deny' } }], refused: ['x'] });
  });

  test('a reset removes only rules that are there', () => {
    expect(resetOf(['word', 'other'], (selector) => ruleOf(START, selector))).toEqual([{ selector: 'word', remove: true }]);
  });
});

test.each([['/tools/get_*', 'get_a', 'glob', 'get_*'], ['/tools/a~1b', 'a/b', 'own', 'a/b'], ['/tools/x/0', 'x', 'own', 'x'], ['/tools/@critical', 'x', 'class', '@critical'], ['/tools/*', 'x', 'every', '*'], ['/default', 'x', 'default', 'default'], [null, 'x', 'default', 'default']])('%s decides %s: %s', (pointer, tool, kind, selector) => {
  expect(originOf(pointer, tool)).toEqual({ kind, selector });
});

test('guards are named once, however they are told', () => {
  expect(guardLabels(['rate_limit', { kind: 'require' }, { kind: 'deny_if' }, '/tools/x/budget', {}, 'unheard of'])).toEqual(['limit', 'condition', 'budget', 'unheard of']);
});

describe('search and groups', () => {
  const tool = (name: string, category: string, risk: string) => ({ name, category, risk, title: null, description: 'Sends money', column: 'allow' as const, rule: null, line: null, guards: ['limit'] });
  const tools = [tool('b', 'read', 'low'), tool('a', 'financial', 'high'), tool('c', 'financial', 'critical'), tool('d', 'unknown', 'low')];
  test('all words must be there', () => {
    const names = (search: string, categories: string[] = [], risks: string[] = []) => filterTools(tools, { search, categories, risks }).map(({ name }) => name);
    expect(names('')).toEqual(['b', 'a', 'c', 'd']);
    expect(names('MONEY @critical')).toEqual(['c']);
    expect(names('', ['financial'], ['high'])).toEqual(['a']);
    expect(names('nothing')).toEqual([]);
    expect(filterTools(tools, NO_FILTER)).toHaveLength(4);
  });
  test('the severe come first, what has no class last', () => {
    expect(rowsOf(tools, true).map((row) => (row.kind === 'group' ? `${row.name} ${row.count}` : row.tool.name))).toEqual(['financial 2', 'c', 'a', 'read 1', 'b', 'not classed 1', 'd']);
    expect(rowsOf(tools, false)).toHaveLength(4);
  });
});
