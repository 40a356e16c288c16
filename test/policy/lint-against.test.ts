import { describe, expect, it } from 'vitest';
import { callOf, formatDiagnostic, lintAgainst } from '../../src/policy/index.ts';
import { load } from './load.ts';

const TOOLS = [
  { name: 'pay', inputSchema: { type: 'object', properties: { amount: { type: 'number' }, note: { type: 'string' }, card: { type: 'object', properties: { number: { type: 'string' } } } }, required: ['amount'] } },
  { name: 'get_a', annotations: { readOnlyHint: true }, inputSchema: { type: 'object', properties: {} } },
  { name: 'loose', inputSchema: { type: 'object' } },
];

async function found(rules: string): Promise<string[]> {
  const policy = await load(`version: "1"\ndefault: deny\ntools:\n  ${rules}\n  loose: deny\n`);
  const list = callOf({ tool: 'x', args: { tools: TOOLS } }).args?.get('tools')?.elements() ?? [];
  return lintAgainst(policy, list).filter((warning) => warning.code !== 'uncovered_tools').map((warning) => `${warning.code} ${warning.line}:${warning.column} ${warning.help ?? ''}`.trimEnd());
}

describe('a policy held against the tools of a server', () => {
  it.each<[string, string, string[]]>([
    ['a tool that does not exist', 'paj: deny', ['unknown_tool 4:3 did you mean `pay`?']],
    ['a pattern that matches nothing', '"zz_*": deny', ['unmatched_selector 4:3 correct or remove it']],
    ['an argument that does not exist', 'pay: { arguments: { amout: { type: number } } }', ['unknown_argument 4:23 did you mean `amount`?']],
    ['an inner argument that does not exist', 'pay: { arguments: { card.nummer: { type: string } } }', ['unknown_argument 4:23 did you mean `number`?']],
    ['a constraint on an argument that a call may leave out', 'pay: { arguments: { amount: { type: number }, card.number: { type: string } } }', ['optional_argument 4:49 if that is not meant, add `require: has(args.card.number)`']],
    ['a constraint on an argument that the rule demands', 'pay: { arguments: { note: { type: string }, card.number: { type: string } }, require: has(args.note) && has(args.card.number) }', []],
    ['a constraint around an argument that the rule demands', 'pay: { arguments: { card: { type: object } }, require: has(args.card.number) }', []],
    ['a constraint inside an argument that the rule demands', 'pay: { arguments: { card.number: { type: string } }, require: has(args.card) }', ['optional_argument 4:23 if that is not meant, add `require: has(args.card.number)`']],
    ['a constraint on an argument that a condition reads', 'pay: { arguments: { note: { type: string } }, require: args.note != "x" }', []],
    ['a constraint on an argument that a condition allows to be missing', `pay: { arguments: { note: { type: string } }, require: '!has(args.note) || args.note != "x"' }`, ['optional_argument 4:23 if that is not meant, add `require: has(args.note)`']],
    ['an argument that is forbidden', 'pay: { arguments: { note: false } }', []],
    ['a constraint of a tool that is denied', 'pay: { action: deny, arguments: { note: { type: string } } }', []],
    ['any argument of a tool that takes any', '"l*": { arguments: { any: { type: string } } }', []],
    ['a denial over an optional argument', 'pay: { action: allow, deny_if: args.note == "x" }', ['optional_argument 4:34 if that is not meant, add `require: has(args.note)`']],
    ['a denial over a required argument', 'pay: { action: allow, deny_if: args.amount > 5.0 }', []],
    ['a pattern whose tools all have rules', '"get_*": allow\n  get_a: deny', ['shadowed_rule 4:3 remove it, or keep it for tools that are still to come']],
    ['a limit per session on a tool that writes', 'pay: { rate_limit: 5/minute }', ['session_limit 4:22 count it for the whole grant: `per: grant`']],
    ['a limit per session on a tool that reads', 'get_a: { rate_limit: 5/minute }', []],
    ['a comparison that the type of the argument forbids', 'pay: { require: args.note > 5.0 }', ['no_such_overload 4:19']],
  ])('%s', async (_, rules, expected) => expect((await found(rules)).map((text, index) => (expected[index]?.startsWith('no_such_overload') === true ? text.replace(/^\S+ (\d+:\d+).*$/, 'no_such_overload $1') : text))).toEqual(expected));

  it('names the tools that no rule names', async () => {
    const policy = await load('version: "1"\ndefault: deny\ntools: { pay: deny }\n');
    const list = callOf({ tool: 'x', args: { tools: TOOLS } }).args?.get('tools')?.elements() ?? [];
    const text = lintAgainst(policy, list).map(formatDiagnostic).join('\n');
    expect(text).toContain('no rule names these 2 tools, so `default: deny` decides: get_a, loose');
  });
});
