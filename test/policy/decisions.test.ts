import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { PolicySet, TargetKind, Verdict } from '../../src/policy/index.ts';
import { loadPolicy } from '../../src/policy/index.ts';
import { setOf } from './load.ts';

interface Case {
  readonly ask: string;
  readonly gets: string;
  readonly limits?: readonly string[];
  readonly would?: string;
  readonly code?: string;
}

interface Group {
  readonly about: string;
  readonly policies: readonly string[];
  readonly cases?: readonly Case[];
  readonly refused?: boolean;
}

const groups = parse(readFileSync(join(import.meta.dirname, 'decisions.yaml'), 'utf8')) as readonly Group[];

/** `tool "caf\u00e9"` or `tool name`. */
function question(text: string): { kind: TargetKind; name: string } {
  const [, kind = '', name = ''] = /^(\w+) (.*)$/s.exec(text) ?? [];
  return { kind: kind as TargetKind, name: name.startsWith('"') ? (JSON.parse(name) as string) : name };
}

function say(verdict: Verdict, several: boolean): string {
  return [verdict.effect, verdict.rule, ...(several ? [verdict.policyId.split('@')[0]] : [])].join(' ');
}

function usualCode(gets: string): string | null {
  if (gets.startsWith('allow')) return null;
  return gets.split(' ')[1] === '/default' ? 'default_denied' : 'denied';
}

describe.each(groups.filter((group) => group.cases !== undefined))('$about', (group) => {
  const several = group.policies.length > 1;
  let set: PolicySet | null = null;
  it.each(group.cases ?? [])('$ask: $gets', async ({ ask, gets, limits, would, code }) => {
    set ??= await setOf(...group.policies);
    const decision = set.decide(question(ask));
    expect(say(decision, several)).toBe(gets);
    expect(decision.code).toBe(code ?? usualCode(gets));
    expect(decision.limits.map((limit) => (limit.enforce ? limit.rule : `observed:${limit.rule}`))).toEqual(limits ?? []);
    expect(decision.wouldBe === null ? null : say(decision.wouldBe, several)).toBe(would ?? null);
    expect(set.visibility(question(ask))).toBe(decision.effect);
  });
});

describe('the tables', () => {
  it('hold at least 150 cases', () => {
    expect(groups.reduce((sum, group) => sum + (group.cases?.length ?? 0), 0)).toBeGreaterThanOrEqual(150);
  });
  it.each(groups.filter((group) => group.refused === true))('$about: refused', async (group) => {
    const [text = ''] = group.policies;
    expect((await loadPolicy(text, { name: 'p' })).ok).toBe(false);
  });
});
