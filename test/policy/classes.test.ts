import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Query, ToolFacts } from '../../src/policy/index.ts';
import { callOf, combine, explain, lintAgainst, loadPolicy, readDefinitions, toolFacts } from '../../src/policy/index.ts';
import { document, query } from './language-arbitrary.ts';
import { load, setOf } from './load.ts';

const CATEGORIES = ['read', 'write', 'execute', 'destructive', 'financial'] as const;
const RISKS = ['low', 'medium', 'high', 'critical'] as const;
const RANK = { allow: 0, require_approval: 1, deny: 2, hide: 3 } as const;

function facts(category: string | null, risk: string | null, effects: readonly string[] = []): ToolFacts {
  return { title: null, annotations: null, inputSchema: null, category, risk, effects };
}

const EVERY_CLASS: readonly ToolFacts[] = [...CATEGORIES.map((category) => ({ category, effects: [category] as string[] })), { category: 'financial', effects: ['destructive', 'financial'] }]
  .flatMap(({ category, effects }) => RISKS.map((risk) => facts(category, risk, effects)));

function ask(tool: string, definition: ToolFacts | null = null): Query {
  return callOf({ tool, definition });
}

const policy = (rules: string, fallback = 'deny'): string => `version: "1"\ndefault: ${fallback}\ntools:\n${rules}\n`;

describe('the class of a tool decides', () => {
  it('only where no name and no glob does, and before `*`', async () => {
    const set = await setOf(policy('  delete_own: allow\n  "delete_tmp_*": allow\n  "@destructive": deny\n  "*": allow'));
    const gone = facts('destructive', 'critical');
    expect(set.decide(ask('delete_own', gone)).effect).toBe('allow');
    expect(set.decide(ask('delete_tmp_x', gone)).effect).toBe('allow');
    expect(set.decide(ask('delete_all', gone))).toMatchObject({ effect: 'deny', code: 'denied', rule: '/tools/@destructive' });
    expect(set.decide(ask('delete_all', facts('write', 'medium')))).toMatchObject({ effect: 'allow', rule: '/tools/*' });
  });

  it('by the strictest of the classes that match, whatever their order in the file', async () => {
    const strictness = ['allow', 'require_approval', 'deny', 'hide'] as const;
    for (const first of strictness) {
      for (const second of strictness) {
        for (const rules of [`  "@execute": ${first}\n  "@high": ${second}`, `  "@high": ${second}\n  "@execute": ${first}`]) {
          const set = await setOf(policy(rules));
          expect(set.decide(ask('run', facts('execute', 'high'))).effect).toBe(RANK[first] > RANK[second] ? first : second);
          expect(set.decide(ask('run', facts('execute', 'critical'))).effect).toBe(first);
          expect(set.decide(ask('run', facts('write', 'high'))).effect).toBe(second);
        }
      }
    }
  });

  it('with the guards of every class that matches', async () => {
    const set = await setOf(policy('  "@execute": { action: allow, rate_limit: 10/minute }\n  "@high": { action: allow, require: has(args.reason) }\n  "run_*": { action: allow, rate_limit: 100/hour }'));
    const build = facts('execute', 'high');
    expect(set.decide(callOf({ tool: 'run_x', definition: build })).code).toBe('condition_failed');
    const passing = set.decide(callOf({ tool: 'run_x', args: { reason: 'r' }, definition: build }));
    expect(passing.limits.map(({ rule }) => rule)).toEqual(['/tools/run_*/rate_limit', '/tools/@execute/rate_limit']);
  });

  it('as an equally severe effect, where a tool has both: money does not hide removal', async () => {
    const both = facts('financial', 'critical', ['read', 'destructive', 'financial']);
    for (const name of ['destructive', 'financial']) expect((await setOf(policy(`  "@${name}": deny`, 'allow'))).decide(ask('manage', both)).effect).toBe('deny');
    const only = facts('financial', 'critical', ['read', 'write', 'financial']);
    expect((await setOf(policy('  "@destructive": deny', 'allow'))).decide(ask('charge', only)).effect).toBe('allow');
    // Milder effects of a tool are no classes of it.
    expect((await setOf(policy('  "@read": deny', 'allow'))).decide(ask('charge', only)).effect).toBe('allow');
  });

  it('in `tool.category` and `tool.risk` of conditions', async () => {
    const set = await setOf(policy('  "*": { action: allow, deny_if: \'tool.category == "destructive" || tool.risk in ["high", "critical"]\' }'));
    expect(set.decide(ask('x', facts('read', 'low'))).effect).toBe('allow');
    expect(set.decide(ask('x', facts('read', 'high'))).code).toBe('condition_failed');
    expect(set.decide(ask('x', facts('destructive', 'medium'))).code).toBe('condition_failed');
  });
});

describe('a class that is not known', () => {
  it.each<[string, ToolFacts | null]>([
    ['nothing is known of the tool', null],
    ['nobody classified the tool', facts(null, null)],
    ['the classes are no classes of ours', facts('Destructive', 'CRITICAL')],
  ])('refuses what hangs on it: %s', async (_, unknown) => {
    for (const rule of ['"@destructive": deny', '"@read": allow', '"@low": { rate_limit: 5/minute }', '"@write": { action: deny, mode: observe }\n  "@read": allow']) {
      const decision = (await setOf(policy(`  ${rule}`, 'allow'))).decide(ask('x', unknown));
      expect([rule, decision.effect, decision.code]).toEqual([rule, 'deny', 'policy_error']);
      expect(decision.reason).toBe('the policy has a rule for a class of tools, and the class of this tool is not known');
    }
    for (const field of ['category', 'risk']) {
      for (const guard of [`require: tool.${field} != "x"`.replace('"x"', field === 'risk' ? '"critical"' : '"destructive"'), `deny_if: 'tool.${field} == ${field === 'risk' ? '"critical"' : '"destructive"'}'`, `require: has(tool.${field})`]) {
        expect((await setOf(policy(`  x: { action: allow, ${guard} }`))).decide(ask('x', unknown)).code).toBe('policy_error');
      }
    }
  });

  it('is only of one kind, where the other is known', async () => {
    const set = await setOf(policy('  "@destructive": deny\n  "@high": deny', 'allow'));
    expect(set.decide(ask('x', facts('destructive', null))).effect).toBe('deny');
    expect(set.decide(ask('x', facts('read', null))).code).toBe('policy_error');
    const risks = await setOf(policy('  "@high": deny', 'allow'));
    expect(risks.decide(ask('x', facts(null, 'low'))).effect).toBe('allow');
  });

  it('changes nothing where a name or a glob decides and classes add no guard', async () => {
    const set = await setOf(policy('  get_a: allow\n  "list_*": allow\n  "@destructive": deny\n  "@read": allow'));
    expect(set.decide(ask('get_a')).effect).toBe('allow');
    expect(set.decide(ask('list_b')).effect).toBe('allow');
    const guarded = await setOf(policy('  get_a: allow\n  "@high": { action: allow, rate_limit: 5/minute }'));
    expect(guarded.decide(ask('get_a')).code).toBe('policy_error');
  });

  it('hides what some class would hide: a tool does not show itself by having no class', async () => {
    const set = await setOf(policy('  "@destructive": hide\n  "@read": allow'));
    expect(set.decide(ask('x')).effect).toBe('hide');
    expect(set.visibility(ask('x'))).toBe('hide');
  });

  it('passes only what would pass with every class, with the same limits', async () => {
    await fc.assert(
      fc.asyncProperty(document, query, async (one, asked) => {
        const set = await setOf(JSON.stringify(one));
        const unknown = set.decide({ ...asked, tool: facts(null, null) });
        fc.pre(one.mode === 'enforce' && RANK[unknown.effect] < 2);
        for (const tool of EVERY_CLASS) {
          const { effect, limits } = set.decide({ ...asked, tool });
          expect([effect, limits]).toEqual([unknown.effect, unknown.limits]);
        }
      }),
      { numRuns: 400 },
    );
  });
});

describe('rules for classes', () => {
  it('never let more through when a denial is added', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom(...CATEGORIES, ...RISKS), fc.constantFrom('deny', 'hide'), query, fc.constantFrom(...EVERY_CLASS, null), async (one, name, action, asked, tool) => {
        const selector = `@${name}`;
        fc.pre(!(selector in one.tools));
        const call = { ...asked, tool };
        const [before, after] = [await setOf(JSON.stringify(one)), await setOf(JSON.stringify({ ...one, tools: { ...one.tools, [selector]: action } }))];
        const [old, now] = [before.decide(call), after.decide(call)];
        if (old.effect !== 'allow') expect(now.effect === 'allow' && one.mode === 'enforce').toBe(false);
        if (now.effect === 'allow' && one.mode === 'enforce') expect(now.limits.map(({ rule }) => rule)).toEqual(old.limits.map(({ rule }) => rule));
      }),
      { numRuns: 400 },
    );
  });

  it('give what the language says, against a reading of it that knows no tables', async () => {
    const words = fc.constantFrom<string>('allow', 'require_approval', 'deny', 'hide');
    const rules = fc.dictionary(fc.constantFrom('ab', 'a*', 'ab*', '*b', ...[...CATEGORIES, ...RISKS].map((name) => `@${name}`), '*'), words, { noNullPrototype: true });
    await fc.assert(
      fc.asyncProperty(rules, words, fc.constantFrom('ab', 'abc', 'b', 'zz'), fc.constantFrom(...EVERY_CLASS), async (tools, fallback, name, tool) => {
        const set = await setOf(JSON.stringify({ version: '1', default: fallback, tools }));
        const classes = [tool.category, tool.risk, ...(tool.effects?.length === 2 ? tool.effects : [])];
        const rankOf = (selector: string): number => {
          if (selector === '*') return 0;
          if (selector.startsWith('@')) return classes.includes(selector.slice(1)) ? 1 : -1;
          if (!selector.includes('*')) return selector === name ? 100 : -1;
          return new RegExp(`^${selector.replace('*', '.*')}$`).test(name) ? 1 + selector.length : -1;
        };
        const best = Math.max(-1, ...Object.keys(tools).map(rankOf));
        const candidates = best < 0 ? [fallback] : Object.entries(tools).filter(([selector]) => rankOf(selector) === best).map(([, action]) => action);
        const expected = ['hide', 'deny', 'require_approval', 'allow'].find((action) => candidates.includes(action));
        expect(set.decide(ask(name, tool)).effect).toBe(expected);
        expect(set.visibility(ask(name, tool))).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('are explained as they are decided, for every class', async () => {
    await fc.assert(
      fc.asyncProperty(document, query, async (one, asked) => {
        const compiled = await load(JSON.stringify(one));
        expect(explain([compiled], asked).decision).toEqual(combine([compiled]).decide(asked));
      }),
      { numRuns: 200 },
    );
  });

  it('count for all tools of the class together, and are known by their selector, whatever else is edited', async () => {
    const claims = async (text: string, name: string, tool: ToolFacts) => (await setOf(text)).decide(ask(name, tool)).limits;
    const write = facts('write', 'medium');
    const [one] = await claims(policy('  "@write": { action: allow, rate_limit: 10/minute }'), 'create_a', write);
    const [two] = await claims(policy('  "@write": { action: allow, rate_limit: 10/minute }'), 'create_b', facts('write', 'high'));
    const [edited] = await claims(policy('  "@read": allow\n  "@write": { action: allow, rate_limit: { max: 7, window: 30 } }'), 'create_a', write);
    expect(one).toMatchObject({ selector: '@write', spansTools: true, kind: 'tool' });
    const identity = (claim: typeof one) => [claim?.policy, claim?.kind, claim?.selector, claim?.spansTools, claim?.counter, claim?.per];
    expect(identity(two)).toEqual(identity(one));
    expect(identity(edited)).toEqual(identity(one));
  });

  it('tell two tools of one name apart that were listed at different times: nothing is remembered of the other', async () => {
    const set = await setOf(policy('  "@destructive": deny', 'allow'));
    for (const [tool, effect] of [[facts('read', 'low'), 'allow'], [facts('destructive', 'critical'), 'deny'], [facts('read', 'low'), 'allow'], [null, 'deny'], [facts('financial', 'critical', ['destructive', 'financial']), 'deny']] as const) {
      expect(set.decide(ask('x', tool)).effect).toBe(effect);
    }
  });

  it('are asked for only by policies that have some', async () => {
    const needs = async (rules: string): Promise<boolean> => (await setOf(policy(`  ${rules}`))).needsClasses;
    expect(await needs('"@read": allow')).toBe(true);
    expect(await needs('x: { action: allow, require: tool.risk != "critical" }')).toBe(true);
    expect(await needs('x: [{ when: \'has(args.a) && tool["category"] == "read"\', action: allow }]')).toBe(true);
    expect(await needs('x: { budget: { sum: \'tool.risk == "high" ? 2.0 : 1.0\', max: 5, window: 60 } }')).toBe(true);
    expect(await needs('x: { action: allow, require: \'tool.name == "risk"\', reason: "@high" }')).toBe(false);
  });

  it('are no rules of resources and prompts, which have no classes', async () => {
    for (const section of ['resources', 'prompts']) {
      const loaded = await loadPolicy(`version: "1"\ndefault: deny\n${section}: { "@read": allow }\n`, { name: 'p' });
      expect(loaded.ok ? [] : loaded.errors.map(({ code }) => code)).toEqual(['unknown_class']);
    }
    const set = await setOf(policy('  "@read": allow'));
    expect(set.decide(callOf({ prompt: 'p' })).code).toBe('default_denied');
    expect(set.decide(callOf({ resource: 'file:///a' })).code).toBe('default_denied');
  });
});

/** Stands for the catalogue, which this room does not know: the words of a name are its class. */
const byName = (definition: { get(key: string): { text(): string | null } | null }) => {
  const [category = '', risk = ''] = (definition.get('title')?.text() ?? '').split(' ');
  return { category, risk };
};

describe('definitions with classes', () => {
  it('give the class of the most severe of several tools of one name', () => {
    const classOf = (...titles: readonly string[]) => {
      const found = readDefinitions(titles.map((title) => ({ name: 'x', title })), byName)?.get('x');
      return [found?.category, found?.risk];
    };
    expect(classOf('read low', 'destructive critical')).toEqual(['destructive', 'critical']);
    expect(classOf('destructive critical', 'read low')).toEqual(['destructive', 'critical']);
    expect(classOf('write high', 'execute medium')).toEqual(['execute', 'high']);
    expect(classOf('read low', 'what ever')).toEqual([null, null]);
    expect(toolFacts({ name: 'x' })).toMatchObject({ category: null, risk: null });
  });

  it('are both classes, where two are equally severe', async () => {
    const found = readDefinitions([{ name: 'x', title: 'destructive critical' }, { name: 'x', title: 'financial critical' }], byName)?.get('x') ?? null;
    for (const name of ['destructive', 'financial']) expect((await setOf(policy(`  "@${name}": deny`, 'allow'))).decide(ask('x', found)).effect).toBe('deny');
  });

  const TOOLS = [{ name: 'get_a', title: 'read low' }, { name: 'pay', title: 'financial critical', annotations: { readOnlyHint: true } }, { name: 'note', title: 'write medium' }];
  async function warnings(rules: string): Promise<string[]> {
    const definitions = readDefinitions(TOOLS, byName);
    if (definitions === null) throw new Error('no definitions');
    return lintAgainst(await load(policy(rules)), definitions).map(({ code, message }) => `${code}: ${message}`);
  }

  it.each<[string, string, string[]]>([
    ['a class that no tool is of', '  "@execute": deny\n  "*": deny', ['unmatched_selector: no tool of this server is of the class `@execute`']],
    ['tools that a class covers', '  "@read": allow\n  "@high": deny\n  "@critical": deny\n  note: deny', ['unmatched_selector: no tool of this server is of the class `@high`']],
    ['tools that no class covers', '  "@read": allow\n  "@financial": deny', ['uncovered_tools: no rule names this tool, so `default: deny` decides: note']],
    ['a class whose tools all have rules', '  "@read": allow\n  get_a: deny\n  "*": deny', ['shadowed_rule: every tool that `@read` matches has a more specific rule, so this one decides nothing']],
    ['a limit per session on a critical tool, whatever its server says of it', '  pay: { rate_limit: 5/minute }\n  "*": deny', ['session_limit: this is counted per session, and `pay` has the risk class critical: a client that reconnects starts again at zero']],
    ['a limit per session on a class with a critical tool', '  "@financial": { action: allow, rate_limit: 5/minute }\n  "*": deny', ['session_limit: this is counted per session, and `pay` has the risk class critical: a client that reconnects starts again at zero']],
    ['a limit per session on tools that do not matter much', '  note: { rate_limit: 5/minute }\n  "@read": { action: allow, rate_limit: 5/minute }\n  "*": deny', []],
  ])('are what a policy is held against: %s', async (_, rules, expected) => expect(await warnings(rules)).toEqual(expected));
});
