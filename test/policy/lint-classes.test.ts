import { describe, expect, it } from 'vitest';
import { callOf, explain, lintAgainst, toolFacts } from '../../src/policy/index.ts';
import type { JsonNode } from '../../src/wire/json-node.ts';
import { load } from './load.ts';

const CLASSES: Readonly<Record<string, { category: string; risk: string }>> = {
  get_a: { category: 'read', risk: 'low' }, get_b: { category: 'read', risk: 'low' }, put_a: { category: 'write', risk: 'medium' }, run_a: { category: 'execute', risk: 'high' }, drop_a: { category: 'destructive', risk: 'critical' },
};
const classify = (tool: JsonNode): { category: string; risk: string } => CLASSES[tool.get('name')?.text() ?? ''] ?? { category: 'read', risk: 'low' };

function listed(tools: readonly object[]): readonly JsonNode[] {
  return callOf({ tool: 'x', args: { tools } }).args?.get('tools')?.elements() ?? [];
}

async function said(rules: string, names: readonly string[], options: { readonly classes?: boolean; readonly head?: string } = {}): Promise<string[]> {
  const policy = await load(`version: "1"\ndefault: deny\n${options.head ?? ''}tools:\n  ${rules}\n`);
  const tools = listed(names.map((name) => ({ name, inputSchema: { type: 'object', properties: { a: { type: 'string' }, 'b c': { type: 'string' }, d: { type: 'object', properties: { e: {}, 'f g': {} } }, list: { type: 'array', items: { type: 'object', properties: { k: {} } } } } } })));
  return lintAgainst(policy, tools, options.classes === false ? undefined : classify).map(({ code, pointer, message, help }) => `${code} ${pointer}: ${message} (${help ?? '-'})`);
}

describe('rules about classes, held against the tools of a server', () => {
  it.each<[string, string, readonly string[], readonly string[]]>([
    ['a class that some tool has', '"@read": allow', ['get_a'], []],
    ['a class that no tool has', '"@financial": deny\n  "*": allow', ['get_a'], ['unmatched_selector /tools/@financial: no tool of this server is of the class `@financial` (keep it for tools that are still to come, or remove it)']],
    ['a class that no tool has, with a list of rules', '"@critical": [{ when: args.a == "x", action: deny }]\n  "*": allow', ['get_a'], ['unmatched_selector /tools/@critical: no tool of this server is of the class `@critical` (keep it for tools that are still to come, or remove it)']],
    ['no tools at all', '"@financial": deny\n  "zz*": deny\n  pay: deny', [], []],
    ['a class whose tools all have rules of their own', '"@read": allow\n  get_a: deny', ['get_a'], ['shadowed_rule /tools/@read: every tool that `@read` matches has a more specific rule, so this one decides nothing (remove it, or keep it for tools that are still to come)']],
    ['a class one of whose tools has no rule of its own', '"@read": allow\n  get_a: deny', ['get_a', 'get_b'], []],
    ['a class with a guard of its own still counts', '"@read": { action: allow, require: args.a == "x" }\n  get_a: deny', ['get_a'], []],
    ['a class under a rule that only observes', '"@read": allow\n  get_a: { action: deny, mode: observe }', ['get_a'], []],
    ['a class under rules of which one always holds', '"@read": allow\n  get_a: [{ when: args.a == "x", action: deny }, { action: allow }]', ['get_a'], ['shadowed_rule /tools/@read: every tool that `@read` matches has a more specific rule, so this one decides nothing (remove it, or keep it for tools that are still to come)']],
    ['a class under rules that hold sometimes', '"@read": allow\n  get_a: [{ when: args.a == "x", action: deny }]', ['get_a'], []],
    ['`*` under a class', '"*": deny\n  "@read": allow', ['get_a'], ['shadowed_rule /tools/*: every tool that `*` matches has a more specific rule, so this one decides nothing (remove it, or keep it for tools that are still to come)']],
    ['a class under a glob', '"@read": deny\n  "get_*": allow', ['get_a'], ['shadowed_rule /tools/@read: every tool that `@read` matches has a more specific rule, so this one decides nothing (remove it, or keep it for tools that are still to come)']],
    ['two classes of one rank', '"@read": deny\n  "@low": allow', ['get_a'], []],
    ['a glob under a longer one', '"get_*": deny\n  "get_a*": allow', ['get_a'], ['shadowed_rule /tools/get_*: every tool that `get_*` matches has a more specific rule, so this one decides nothing (remove it, or keep it for tools that are still to come)']],
    ['a session limit on a tool of high risk', 'run_a: { rate_limit: 5/minute }', ['run_a'], ['session_limit /tools/run_a/rate_limit: this is counted per session, and `run_a` has the risk class high: a client that reconnects starts again at zero (count it for the whole grant: `per: grant`)']],
    ['a session limit on a tool of critical risk', 'drop_a: { rate_limit: [5/minute, { max: 9, window: 60, per: grant }] }', ['drop_a'], ['session_limit /tools/drop_a/rate_limit/0: this is counted per session, and `drop_a` has the risk class critical: a client that reconnects starts again at zero (count it for the whole grant: `per: grant`)']],
    ['a session limit on tools of which one is of high risk', '"*": { rate_limit: 5/minute }', ['get_a', 'run_a'], ['session_limit /tools/*/rate_limit: this is counted per session, and `run_a` has the risk class high: a client that reconnects starts again at zero (count it for the whole grant: `per: grant`)']],
    ['a session limit on a tool of medium risk', 'put_a: { rate_limit: 5/minute }', ['put_a'], []],
  ])('%s', async (_, rules, names, expected) => expect(await said(rules, names)).toEqual(expected));

  it('of tools that nobody classified nothing is said about class rules', async () => {
    expect(await said('"@financial": deny\n  "*": deny', ['get_a'], { classes: false })).toEqual([]);
    expect(await said('run_a: { rate_limit: 5/minute }', ['run_a'], { classes: false })).toEqual(['session_limit /tools/run_a/rate_limit: this is counted per session, and `run_a` may change something: a client that reconnects starts again at zero (count it for the whole grant: `per: grant`)']);
  });

  it('nor of tools of which only some are classified', async () => {
    const policy = await load('version: "1"\ndefault: deny\ntools: { "@financial": deny, "*": deny }\n');
    const all = new Map([['get_a', toolFacts({ name: 'get_a' }, classify)], ['x', toolFacts({ name: 'x' })]]);
    expect(lintAgainst(policy, all)).toEqual([]);
    expect(lintAgainst(policy, new Map([...all].slice(0, 1))).map(({ code }) => code)).toEqual(['unmatched_selector']);
  });

  it('ten tools without a rule are named, and the rest is counted', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
    expect(await said('pay: deny', ['pay', ...names.slice(0, 1)])).toEqual(['uncovered_tools /default: no rule names this tool, so `default: deny` decides: t0 (-)']);
    expect(await said('pay: deny', ['pay', ...names.slice(0, 10)])).toEqual([`uncovered_tools /default: no rule names these 10 tools, so \`default: deny\` decides: ${names.slice(0, 10).join(', ')} (-)`]);
    expect(await said('pay: deny', ['pay', ...names])).toEqual([`uncovered_tools /default: no rule names these 12 tools, so \`default: deny\` decides: ${names.slice(0, 10).join(', ')} and 2 more (-)`]);
  });

  it.each<[string, string]>([
    ['arguments: { a: { type: string } }', 'if that is not meant, add `require: has(args.a)`'], ['arguments: { "b c": { type: string } }', 'if that is not meant, demand it with `require`'], ['arguments: { d.e: { type: string } }', 'if that is not meant, add `require: has(args.d.e)`'],
    ['arguments: { "d.f g": { type: string } }', 'if that is not meant, demand it with `require`'], ['arguments: { a: { type: string } }, require: "has(args.a) || has(args.d)"', 'if that is not meant, add `require: has(args.a)`'],
    ['arguments: { a: { type: string } }, require: "has(args.d) ? has(args.a) : true"', 'if that is not meant, add `require: has(args.a)`'], ['arguments: { d.e: { type: string } }, require: has(args.a)', 'if that is not meant, add `require: has(args.d.e)`'],
  ])('what is to be written so that the argument must be there: %s', async (rule, help) => {
    const found = (await said(`get_a: { ${rule} }`, ['get_a'])).filter((text) => text.startsWith('optional_argument'));
    expect(found).toEqual([expect.stringContaining(`(${help})`)]);
  });

  it.each(['arguments: { "list[].k": { type: string } }', 'arguments: { a: { type: string } }, require: "has( args.a ) && has(args.d)"'])('nothing is missing where elements are meant, or the argument is demanded: %s', async (rule) => {
    expect((await said(`get_a: { ${rule} }`, ['get_a'])).filter((text) => text.startsWith('optional_argument'))).toEqual([]);
  });
});

describe('which of several rules decides, in words', () => {
  const decides = async (rules: string, args: object, head = ''): Promise<string[]> => {
    const policy = await load(`version: "1"\ndefault: deny\n${head}tools:\n  ${rules}\n`);
    const { policies } = explain([policy], callOf({ tool: 'run_a', args, definition: toolFacts({ name: 'run_a' }, classify) }));
    return policies.flatMap(({ readings, defaultDecides }) => [...readings.flatMap((selectors) => selectors.flatMap(({ rules: own }) => own.filter((rule) => rule.decides).map(({ rule }) => rule))), ...(defaultDecides ? ['default'] : [])]);
  };

  it.each<[string, string, object, string[]]>([
    ['of two classes the stricter', '"@execute": allow\n  "@high": deny', {}, ['/tools/@high']],
    ['of two classes the stricter, whatever their order', '"@high": deny\n  "@execute": allow', {}, ['/tools/@high']],
    ['of two that are alike one', '"@high": deny\n  "@execute": deny', {}, ['/tools/@execute']],
    ['a class whose condition does not hold is none', '"@high": [{ when: args.a == "x", action: deny }]\n  "@execute": allow', { a: 'y' }, ['/tools/@execute']],
    ['a class whose condition holds', '"@high": [{ when: args.a == "x", action: deny }]\n  "@execute": allow', { a: 'x' }, ['/tools/@high/0']],
    ['a class whose condition cannot be answered refuses', '"@high": [{ when: "args.a / args.b > 1.0", action: allow }]\n  "@execute": require_approval', { a: 1, b: 'x' }, ['/tools/@high/0']],
    ['a more specific rule before a stricter one', 'run_a: allow\n  "@high": deny', {}, ['/tools/run_a']],
    ['a rule that only observes decides nothing', 'run_a: { action: deny, mode: observe }\n  "@high": allow', {}, ['/tools/@high']],
    ['nobody: the default', '"@low": allow', {}, ['default']],
  ])('%s', async (_, rules, args, expected) => expect(await decides(rules, args)).toEqual(expected));

  it('a policy that only observes is told by what it would do', async () => {
    expect(await decides('run_a: { action: deny, mode: observe }\n  "@high": allow', {}, 'mode: observe\n')).toEqual(['/tools/run_a']);
  });
});
