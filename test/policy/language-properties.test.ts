import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompiledPolicy, Decision, PolicySet, Query } from '../../src/policy/index.ts';
import { combine, explain, fromJSON, toJSON } from '../../src/policy/index.ts';
import type { Document } from './language-arbitrary.ts';
import { document, guards, query } from './language-arbitrary.ts';
import { load } from './load.ts';

const RANK = { allow: 0, require_approval: 1, deny: 2, hide: 3 } as const;
const queries = fc.array(query, { minLength: 1, maxLength: 8 });

function loadDocument(one: object, name = 'p'): Promise<CompiledPolicy> {
  return load(JSON.stringify(one), name);
}

async function setOf(...documents: readonly Document[]): Promise<PolicySet> {
  return combine(await Promise.all(documents.map((one, index) => loadDocument(one, `p${index}`))));
}

function enforced(decision: Decision): string[] {
  return decision.limits.filter((limit) => limit.enforce).map((limit) => `${limit.policy} ${limit.rule}`);
}

function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).reverse().map(([key, inner]) => [key, reversed(inner)]));
}

describe('decisions of random documents of the whole language', () => {
  it('never let more through for one more guard', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom('a', 'a*', '@destructive', '@critical', '*'), guards, queries, async (one, selector, more, asked) => {
        const rule = one.tools[selector];
        fc.pre(rule !== undefined && !Array.isArray(rule));
        const own = rule as Record<string, unknown>;
        // A guard of the same name is replaced, which may loosen: only what is added counts.
        fc.pre(!Object.keys(more).some((key) => key in own));
        const [before, after] = [await setOf(one), await setOf({ ...one, tools: { ...one.tools, [selector]: { ...own, ...more } } })];
        for (const call of asked) {
          const [old, now] = [before.decide(call), after.decide(call)];
          expect(RANK[now.effect]).toBeGreaterThanOrEqual(RANK[old.effect]);
          if (now.effect === old.effect && RANK[now.effect] < 2) expect(enforced(now)).toEqual(expect.arrayContaining(enforced(old)));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('never let more through for a rule that is made to deny or hide', async () => {
    await fc.assert(
      fc.asyncProperty(document, fc.constantFrom('a', 'a*', '@destructive', '@critical', '*'), fc.constantFrom('deny', 'hide'), queries, async (one, selector, action, asked) => {
        fc.pre(one.mode === 'enforce');
        const [before, after] = [await setOf(one), await setOf({ ...one, tools: { ...one.tools, [selector]: { action } } })];
        for (const call of asked) {
          const old = before.decide(call);
          // What is replaced may have had guards for names that a more specific rule allows.
          if (one.tools[selector] === undefined && old.effect !== 'allow') expect(after.decide(call).effect).not.toBe('allow');
          if (selector === call.name) expect(after.decide(call).effect).toBe(action);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('never let more through for one more policy, and keep every limit', async () => {
    await fc.assert(
      fc.asyncProperty(document, document, queries, async (one, other, asked) => {
        const [before, after] = [await setOf(one), await setOf(one, other)];
        for (const call of asked) {
          const [old, now] = [before.decide(call), after.decide(call)];
          expect(RANK[now.effect]).toBeGreaterThanOrEqual(RANK[old.effect]);
          if (RANK[now.effect] < 2) expect(enforced(now)).toEqual(expect.arrayContaining(enforced(old)));
          if (old.approval !== null && now.approval !== null) {
            expect(now.approval.timeoutMs).toBeLessThanOrEqual(old.approval.timeoutMs);
            expect(old.approval.via).toEqual(expect.arrayContaining([...now.approval.via]));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('agree with the listing: what is hidden is hidden for every call, what is shown as allowed is never denied', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(document, { minLength: 1, maxLength: 2 }), queries, async (documents, asked) => {
        const set = await setOf(...documents);
        for (const call of asked) {
          const seen = set.visibility(call);
          const { effect } = set.decide(call);
          if (seen !== 'depends') expect(effect).toBe(seen);
          if (effect === 'hide') expect(set.mayHide('tool')).toBe(true);
          // The arguments, the time, the session and the client's own words change nothing.
          const { context, kind, name, tool } = call;
          const other: Query = { kind, name, tool: tool ?? null, args: null, ...(context === undefined ? {} : { context: { ...context, now: 0, session: 'other', client: { name: 'x', version: 'y' } } }) };
          expect(set.visibility(other)).toBe(seen);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('do not depend on the order of keys', async () => {
    await fc.assert(
      fc.asyncProperty(document, queries, async (one, asked) => {
        const [left, right] = [await loadDocument(one), await loadDocument(reversed(one) as object)];
        expect(right.id).toBe(left.id);
        for (const call of asked) expect(combine([right]).decide(call)).toEqual(combine([left]).decide(call));
      }),
      { numRuns: 200 },
    );
  });

  it('survive the cache', async () => {
    await fc.assert(
      fc.asyncProperty(document, queries, async (one, asked) => {
        const policy = await loadDocument(one);
        const again = await fromJSON(JSON.parse(JSON.stringify(toJSON(policy))));
        if (!again.ok) throw new Error(JSON.stringify(again.errors));
        expect(again.policy.id).toBe(policy.id);
        for (const call of asked) expect(combine([again.policy]).decide(call)).toEqual(combine([policy]).decide(call));
      }),
      { numRuns: 200 },
    );
  });

  it('are the ones that are explained', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(document, { maxLength: 2 }), queries, async (documents, asked) => {
        const policies = await Promise.all(documents.map((one, index) => loadDocument(one, `p${index}`)));
        for (const call of asked) {
          const decision = combine(policies).decide(call);
          const explanation = explain(policies, call);
          expect(explanation.decision).toEqual(decision);
          for (const { verdict, observes, readings, defaultDecides } of explanation.policies) {
            const rules = readings.flatMap((selectors) => selectors.flatMap((selector) => selector.rules));
            if (!observes && verdict.effect === 'allow') {
              for (const rule of rules) if (rule.state === 'applies' && !rule.observes) expect(rule.guards.map((guard) => guard.answer)).not.toContain('refuses');
            }
            if (verdict.rule === '/default') expect(defaultDecides).toBe(true);
            else if (!observes) expect(rules.some((rule) => verdict.rule.startsWith(rule.rule))).toBe(true);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('are refused when what they depend on is not known, and never allowed by an error', async () => {
    await fc.assert(
      fc.asyncProperty(document, queries, async (one, asked) => {
        const set = await setOf(one);
        for (const { kind, name } of asked) {
          const unknown = set.decide({ kind, name });
          const seen = set.visibility({ kind, name });
          if (unknown.effect === 'allow' && one.mode === 'enforce') expect(['allow', 'depends']).toContain(seen);
          if (seen === 'depends' && unknown.effect === 'deny') expect(unknown.code).not.toBeNull();
        }
        const failing = await setOf({ ...one, mode: 'enforce', tools: { ...one.tools, a: { action: 'allow', require: 'args.s > 3' }, b: { action: 'allow', deny_if: 'args.s > 3' } } });
        for (const call of asked) {
          if (call.name !== 'a' && call.name !== 'b') continue;
          if (call.args?.get('s')?.kind === 'string') expect(failing.decide(call).effect).not.toBe('allow');
        }
      }),
      { numRuns: 200 },
    );
  });
});
