import { describe, expect, it } from 'vitest';
import { readyRules } from '../../src/catalogue/starter/index.ts';
import { decide, defined, facts, loaded } from './support.ts';

const CLONE = defined({ name: 'CloneContainerToECR', description: '', inputSchema: { type: 'object', properties: {} } }, 'awslabs.amazon-mq-mcp-server');

describe('the ready rules of CloneContainerToECR', () => {
  const rules = new Map(readyRules(CLONE).map((rule) => [rule.kind, rule]));

  it('begin with the recommended one: a limit and checked arguments, as for a tool that starts something', async () => {
    expect([...rules.keys()][0]).toBe('recommended');
    const { set, warnings } = await loaded(rules.get('recommended')?.yaml ?? '');
    expect(warnings).toEqual([]);
    const decision = decide(set, CLONE);
    expect(decision.effect).toBe('allow');
    expect(decision.limits).toMatchObject([{ max: 10, windowMs: 60_000 }]);
    expect(decide(set, CLONE, {}).effect).toBe('allow');
  });

  const promised: readonly [kind: 'allow' | 'rate_limit' | 'approval' | 'deny' | 'hide', effect: string][] = [
    ['allow', 'allow'],
    ['deny', 'deny'],
    ['rate_limit', 'allow'],
    ['approval', 'require_approval'],
    ['hide', 'hide'],
  ];

  it.each(promised)('hold %s, which says what it says', async (kind, effect) => {
    const rule = rules.get(kind);
    if (rule === undefined) throw new Error(`no rule ${kind}`);
    const { set, selectors, lint } = await loaded(rule.yaml);
    expect(selectors).toEqual(['CloneContainerToECR']);
    const decision = decide(set, CLONE);
    expect(decision.effect).toBe(effect);
    expect(decision.limits.length > 0).toBe(kind === 'rate_limit');
    expect(decide(set, { name: 'another_tool' }).code).toBe('default_denied');
    expect(lint([CLONE.definition])).toEqual([]);
    expect(rule.title).not.toBe('');
    expect(rule.why).toMatch(/\.$/);
  });
});

describe('ready rules', () => {
  const recommended: readonly [title: string, tool: Parameters<typeof facts>[1], effect: string][] = [
    ['a read', {}, 'allow'],
    ['a write', { category: 'write', risk: 'medium' }, 'allow'],
    ['an execution', { category: 'execute', risk: 'high' }, 'allow'],
    ['free-form code', { category: 'execute', risk: 'critical', signals: ['free_form_code'] }, 'require_approval'],
    ['permissions', { category: 'write', risk: 'high', signals: ['permissions'] }, 'require_approval'],
    ['removal', { category: 'destructive', risk: 'critical' }, 'require_approval'],
    ['removal that can be undone', { category: 'destructive', risk: 'high', signals: ['reversible'] }, 'require_approval'],
    ['money', { category: 'financial', risk: 'critical' }, 'require_approval'],
    ['secrets', { category: 'read', risk: 'medium', signals: ['secrets'] }, 'hide'],
    ['a hostile definition', { findings: ['hidden_characters'] }, 'hide'],
  ];

  it.each(recommended)('recommend for %s what the class deserves', async (_title, classification, effect) => {
    const tool = facts('x', { ...classification, findings: [...(classification?.findings ?? []), 'missing_schema'] });
    const [first, ...rest] = readyRules(tool);
    const { set } = await loaded(first?.yaml ?? '');
    expect(decide(set, tool).effect).toBe(effect);
    if (effect === 'allow') expect(decide(set, tool).limits).not.toEqual([]);
    for (const rule of rest) expect(rule.yaml).not.toBe(first?.yaml);
  });

  it('promise checked arguments only where something is checked', () => {
    const execute = { category: 'execute', risk: 'high' } as const;
    const title = (tool: Parameters<typeof readyRules>[0]): string => readyRules(tool)[0]?.title ?? '';
    expect(title(facts('x', execute))).toContain('arguments checked');
    expect(title({ ...facts('x', execute), schemaUsable: false })).not.toContain('checked');
    expect(title(facts('x', { ...execute, findings: ['missing_schema'] }))).not.toContain('checked');
    expect(title(facts('x', { ...execute, findings: ['missing_schema'] }, [{ name: 'job_id', type: 'string', required: true }]))).toContain('arguments checked');
    for (const rule of readyRules(facts('x', { ...execute, findings: ['missing_schema'] }))) expect(rule.kind).not.toBe('validate');
  });

  it('never allow what cannot be named exactly', async () => {
    for (const name of ['delete_*', '@read', '**', '*', '', '\ud800', 'x'.repeat(2000)]) {
      for (const rule of readyRules(facts(name))) {
        const { set } = await loaded(rule.yaml);
        for (const called of [name, 'delete_all', 'x@read', 'y'].filter((each) => each !== '\ud800')) expect(decide(set, { name: called }).effect, `${name} ${rule.kind}`).not.toBe('allow');
      }
    }
  });
});
