import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision, PolicySet, TargetKind } from '../../src/policy/index.ts';
import { combine, fromJSON, toJSON } from '../../src/policy/index.ts';
import type { RandomPolicy } from './arbitrary.ts';
import { action, name, policy, rule, selector, textOf } from './arbitrary.ts';
import { load, setOf } from './load.ts';
import { answer } from './reference.ts';

const RANK = { allow: 0, require_approval: 1, deny: 2, hide: 3 } as const;

function tool(set: PolicySet, text: string): Decision {
  return set.decide({ kind: 'tool', name: text });
}

function setFrom(...policies: readonly RandomPolicy[]): Promise<PolicySet> {
  return setOf(...policies.map(textOf));
}

describe('decisions of random policies', () => {
  it('are those of a reference that follows policy.md word by word', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(policy, { minLength: 1, maxLength: 3 }), fc.array(name, { minLength: 1, maxLength: 12 }), async (policies, names) => {
        // The same document twice counts once, which the reference does not know.
        fc.pre(new Set(policies.map(textOf)).size === policies.length);
        const set = await setFrom(...policies);
        const from = (id: string): number => (id.codePointAt(0) ?? 0) - 97;
        for (const text of names) {
          const decision = tool(set, text);
          expect({
            effect: decision.effect,
            rule: `${from(decision.policyId)} ${decision.rule}`,
            limits: decision.limits.map((limit) => `${from(limit.policy)} ${limit.selector} ${limit.enforce ? 'enforced' : 'observed'}`).sort(),
            would: decision.wouldBe === null ? null : `${decision.wouldBe.effect} ${from(decision.wouldBe.policyId)} ${decision.wouldBe.rule}`,
          }).toEqual(answer(policies, text));
        }
      }),
      { numRuns: 250 },
    );
  });

  it('do not depend on the order of rules', async () => {
    const shuffled = policy.chain((one) => fc.tuple(fc.constant(one), fc.shuffledSubarray([...one.tools], { minLength: one.tools.length })));
    await fc.assert(
      fc.asyncProperty(shuffled, fc.array(name, { maxLength: 8 }), async ([one, tools], names) => {
        const [left, right] = [await load(textOf(one)), await load(textOf({ ...one, tools }))];
        expect(right.id).toBe(left.id);
        for (const text of names) expect(tool(combine([right]), text)).toEqual(tool(combine([left]), text));
      }),
    );
  });

  it('never let more through for one more rule that denies or hides', async () => {
    await fc.assert(
      fc.asyncProperty(policy, selector, fc.constantFrom('deny' as const, 'hide' as const), fc.array(name, { maxLength: 12 }), async (one, added, word, names) => {
        fc.pre(!one.tools.some(([text]) => text === added));
        const more: RandomPolicy = { ...one, tools: [...one.tools, [added, { action: word, observe: false, max: null }]] };
        const [before, after] = [await setFrom(one), await setFrom(more)];
        for (const text of names) {
          if (tool(before, text).effect !== 'allow') expect(tool(after, text).effect).not.toBe('allow');
        }
      }),
    );
  });

  it('never let more through for one more document, and keep every limit', async () => {
    await fc.assert(
      fc.asyncProperty(policy, policy, fc.array(name, { maxLength: 12 }), async (one, other, names) => {
        const [before, after] = [await setFrom(one), await setFrom(one, other)];
        for (const text of names) {
          const [old, now] = [tool(before, text), tool(after, text)];
          expect(RANK[now.effect]).toBeGreaterThanOrEqual(RANK[old.effect]);
          if (now.effect === 'allow') expect(now.limits.map((limit) => limit.rule)).toEqual(expect.arrayContaining(old.limits.map((limit) => limit.rule)));
        }
      }),
    );
  });

  it('do not become stricter for anything that is only observed', async () => {
    await fc.assert(
      fc.asyncProperty(policy, policy, selector, rule, fc.array(name, { maxLength: 12 }), async (one, other, added, extra, names) => {
        fc.pre(!one.tools.some(([text]) => text === added));
        const plain = await setFrom(one);
        const withRule = await setFrom({ ...one, tools: [...one.tools, [added, { ...extra, observe: true }]] });
        const withDocument = await setFrom(one, { ...other, observe: true });
        const alone = await setFrom({ ...one, observe: true });
        for (const text of names) {
          const expected = tool(plain, text);
          const enforced = (decision: Decision): string[] => decision.limits.filter((limit) => limit.enforce).map((limit) => limit.rule);
          for (const observed of [tool(withRule, text), tool(withDocument, text)]) {
            expect(observed.effect).toBe(expected.effect);
            expect(enforced(observed)).toEqual(enforced(expected));
          }
          expect(tool(alone, text).effect).toBe('allow');
          expect(enforced(tool(alone, text))).toEqual([]);
        }
      }),
    );
  });

  it('agree with what a list shows and with the summaries', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(policy, { maxLength: 3 }), fc.array(name, { maxLength: 12 }), async (policies, names) => {
        const set = await setFrom(...policies);
        for (const kind of ['tool', 'prompt'] as const satisfies TargetKind[]) {
          for (const text of names) {
            const decision = set.decide({ kind, name: text });
            expect(set.visibility({ kind, name: text })).toBe(decision.effect);
            if (!set.mayHide(kind)) expect(decision.effect).not.toBe('hide');
            if (set.isOpen(kind)) expect({ ...decision, rule: '', policyId: '' }).toMatchObject({ effect: 'allow', limits: [], wouldBe: null });
            if (set.forwardsUnknown) expect([decision.effect, decision.limits.some((limit) => limit.enforce)]).toEqual(['allow', false]);
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('survive being written as plain JSON and read again', async () => {
    await fc.assert(
      fc.asyncProperty(policy, fc.array(name, { maxLength: 8 }), async (one, names) => {
        const original = await load(textOf(one));
        const again = await fromJSON(JSON.parse(JSON.stringify(toJSON(original))));
        if (!again.ok) throw new Error(JSON.stringify(again.errors));
        expect(again.policy.id).toBe(original.id);
        for (const text of names) expect(tool(combine([again.policy]), text)).toEqual(tool(combine([original]), text));
      }),
    );
  });
});

describe('hostile names', () => {
  const hostile = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.string({ unit: fc.constantFrom('\ud83d', '\udc00', '\u0000', '\u202e', '*', '/', '%', '%2e', '..', '~', '\\', 'file:', '//', '?', '#', '@', ':'), maxLength: 20 }),
    fc.constantFrom('__proto__', 'constructor', 'toString', 'hasOwnProperty', 'valueOf', '', '*', '**'),
  );

  it('get a decision, and without a rule the default', async () => {
    await fc.assert(
      fc.asyncProperty(action, fc.array(hostile, { maxLength: 20 }), async (word, names) => {
        const set = await setOf(`{ version: "1", default: ${word}, tools: { "known_*": allow }, resources: { "file:///known/*": allow } }`);
        for (const text of names) {
          if (!text.startsWith('known_')) expect(tool(set, text)).toMatchObject({ effect: word, rule: '/default' });
          const resource = set.decide({ kind: 'resource', name: text });
          if (word !== 'allow' && resource.effect === 'allow') expect(text.toLowerCase()).toMatch(/^file:/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('of enormous length are refused where a rule exists, and only there', async () => {
    const set = await setOf('{ version: "1", default: allow, tools: { "a*b": deny } }');
    expect(tool(set, `a${'x'.repeat(8190)}b`).rule).toBe('/tools/a*b');
    expect(tool(set, `a${'x'.repeat(8191)}b`)).toMatchObject({ effect: 'deny', code: 'denied', rule: '/tools' });
    expect(tool(set, 'x'.repeat(1_000_000)).effect).toBe('deny');
    expect(set.decide({ kind: 'prompt', name: 'x'.repeat(1_000_000) }).effect).toBe('allow');
  });

  it('get the same decision from a full memory as from an empty one', async () => {
    const texts = ['{ version: "1", default: deny, tools: { "a*": allow, a1: hide } }'];
    const [used, fresh] = [await setOf(...texts), await setOf(...texts)];
    for (let index = 0; index < 5000; index += 1) tool(used, `a${index}`);
    for (const text of ['a1', 'a2', 'a4999', 'b', `a${'x'.repeat(400)}`]) expect(tool(used, text)).toEqual(tool(fresh, text));
  });
});
