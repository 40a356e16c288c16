import { celEnv, type CelInput as BufInput, isCelError, parse as parseBuf, plan } from '@bufbuild/cel';
import { Environment } from '@marcbachmann/cel-js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileCondition } from '../../../src/policy/cel/index.ts';
import { args, condition } from './arbitrary.ts';
import { inAWord, inputOf } from './evaluate.ts';

type Answer = boolean | 'error' | 'other';

const CEL_JS = new Environment({ unlistedVariablesAreDyn: true, homogeneousAggregateLiterals: false });
const BUF = celEnv({});

function celJs(source: string, bindings: Record<string, unknown>): Answer {
  try {
    return answer(CEL_JS.evaluate(source, bindings));
  } catch {
    return 'error';
  }
}

function bufbuild(source: string, bindings: Record<string, unknown>): Answer {
  try {
    const result = plan(BUF, parseBuf(source))(bindings as Record<string, BufInput>);
    return isCelError(result) ? 'error' : answer(result);
  } catch {
    return 'error';
  }
}

function answer(value: unknown): Answer {
  return typeof value === 'boolean' ? value : 'other';
}

/**
 * Numbers that JSON has and a double has not are read exactly here and changed there; `now` is bound in another form; to @bufbuild/cel a
 * member that is null is not there.
 */
const comparable = fc.tuple(condition, args).filter(([source, call]) => !source.includes('now') && !/9007199254740993|1e400/.test(call) && !(/has\(| in args/.test(source) && call.includes('null')));

describe('other implementations of CEL', () => {
  const counted = { ours: 0, same: 0 };

  it('give what we give: a value of ours is the value of each that has one', () => {
    fc.assert(
      fc.property(comparable, ([source, call]) => {
        const made = compileCondition(source);
        if (!made.ok) return;
        const outcome = made.condition.evaluate(inputOf({ args: call }));
        const bindings = { args: JSON.parse(call) as unknown, user: { sub: 'u1' }, grant: { label: 'support' } };
        const others = [celJs(source, bindings), bufbuild(source, bindings)];
        if (outcome.kind !== 'value') return;
        counted.ours += 1;
        if (others.includes(outcome.value)) counted.same += 1;
        expect([source, call, outcome.value, others]).toEqual([source, call, outcome.value, others.map((other) => (other === 'error' ? 'error' : outcome.value))]);
      }),
      { numRuns: 1000 },
    );
    // Nearly always at least one of them has a value where we have one.
    expect(counted.same / counted.ours).toBeGreaterThan(0.9);
    expect(counted.ours).toBeGreaterThan(120);
  });

  it('agree with each other only on what we give too, or refuse on purpose', () => {
    fc.assert(
      fc.property(comparable, ([source, call]) => {
        const made = compileCondition(source);
        if (!made.ok) return;
        const bindings = { args: JSON.parse(call) as unknown, user: { sub: 'u1' }, grant: { label: 'support' } };
        const [one, other] = [celJs(source, bindings), bufbuild(source, bindings)];
        if (one === 'error' || one === 'other' || one !== other) return;
        const ours = inAWord(made.condition.evaluate(inputOf({ args: call })));
        if (ours !== String(one)) expect([source, call, one, ours, stricter(source)]).toEqual([source, call, one, ours, true]);
      }),
      { numRuns: 1000 },
    );
  });
});

/** Where this language is stricter: a result that is no finite number is an error, and so is has() of a member of what is no object. */
function stricter(source: string): boolean {
  return /[/*+-]|1e300|double|int|has\(args\.\w+\.|"gone" in args\.m/.test(source);
}
