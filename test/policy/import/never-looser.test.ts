import fc from 'fast-check';
import { expect, it } from 'vitest';
import { combine } from '../../../src/policy/index.ts';
import { importPolicy } from '../../../src/policy/import/index.ts';
import { openState } from '../../../src/state/open.ts';
import { scratch } from '../../state/support.ts';
import { scanned } from '../../wire/support/scanned.ts';
import { load } from '../load.ts';
import type { OldDocument } from './old-engine.ts';
import { OldEngine } from './old-engine.ts';

const path = scratch();
const tool = fc.constantFrom('a', 'ab', 'pay', 'x-y');
const argument = fc.constantFrom('n', 's', 'l', 'o.i');
const scalar = fc.constantFrom<unknown>(0, 1, 2.5, -1, 'a', 'b', '1', 'true', true, false, null, '');
const condition = fc.oneof(
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constantFrom('eq', 'neq'), value: scalar }),
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constantFrom('in', 'not_in'), value: fc.array(scalar, { maxLength: 3 }) }),
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constantFrom('lt', 'lte', 'gt', 'gte'), value: fc.constantFrom(-1, 0, 1, 2.5) }),
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constant('regex'), value: fc.constantFrom('^a', '1', '^$') }),
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constant('contains'), value: fc.constantFrom<unknown>('a', 1, true, '1') }),
  fc.record({ path: argument.map((name) => `args.${name}`), op: fc.constant('exists'), value: fc.boolean() }),
);
const window = fc.constantFrom('minute', 'hour', 'day');
const args = fc.record({ n: fc.oneof(scalar, fc.integer({ min: -2, max: 5 })), s: scalar, l: fc.oneof(scalar, fc.array(scalar, { maxLength: 2 })), o: fc.oneof(fc.record({ i: scalar }), scalar) }, { requiredKeys: [] });
const calls = fc.array(fc.tuple(fc.oneof(tool, fc.constant('unlisted')), args), { minLength: 4, maxLength: 12 });
const head = { version: fc.constant('1'), hide: fc.uniqueArray(fc.oneof({ weight: 8, arbitrary: tool }, { weight: 1, arbitrary: fc.constant('*') }), { maxLength: 1 }) };

function oldRules(scope: string): fc.Arbitrary<unknown> {
  const counted = fc.tuple(fc.constantFrom('c', 'd'), window, fc.constantFrom<object>({}, { increment: 2 }, { increment_from: 'args.n' }), fc.constantFrom('lt', 'lte'), fc.integer({ min: 0, max: 6 }), fc.array(condition, { maxLength: 1 }));
  const rule = fc.oneof(
    { weight: 4, arbitrary: fc.array(condition, { minLength: 1, maxLength: 2 }).map((conditions) => ({ conditions })) },
    { weight: 2, arbitrary: fc.tuple(fc.integer({ min: 1, max: 4 }), window).map(([max, unit]) => ({ rate_limit: `${max}/${unit}` })) },
    { weight: 2, arbitrary: counted.map(([counter, unit, increment, op, value, more]) => ({ conditions: [{ path: `state.${scope}.${counter}`, op, value }, ...more], state: { counter, window: unit, ...increment } })) },
    { weight: 2, arbitrary: fc.array(condition, { maxLength: 1 }).map((conditions) => ({ action: 'require_approval', conditions })) },
    { weight: 1, arbitrary: fc.constant({ action: 'deny' }) },
  );
  const key = (item: object): string => ('state' in item ? `state/${(item.state as { counter: string }).counter}` : 'rate_limit' in item ? `rate/${String(item.rate_limit).split('/')[1]}` : JSON.stringify(item));
  return fc.uniqueArray(rule, { maxLength: 3, selector: key }).map((rules) => ({ rules: rules.map((item, index) => ({ name: `r${index}`, ...item })) }));
}

const entry = (names: readonly string[], of: (name: string) => fc.Arbitrary<unknown>): fc.Arbitrary<Record<string, unknown>> => fc.record(Object.fromEntries(names.map((name) => [name, of(name)])), { requiredKeys: [] });
const intercept = fc.record({ ...head, default: fc.constantFrom('allow', 'deny'), tools: fc.tuple(entry(['a', 'ab', 'pay', 'x-y'], oldRules), fc.option(oldRules('_global'), { nil: undefined, freq: 2 })).map(([own, all]) => (all === undefined ? own : { ...own, '*': all })) });
const limit = fc.record({ counter: fc.constantFrom('c', 'd', 'e'), window, max: fc.integer({ min: 0, max: 6 }), scope: fc.constantFrom('grant', 'server', 'session') });
const limits = fc.uniqueArray(fc.oneof(limit, limit.map((item) => ({ ...item, increment_from: 'args.n' }))), { maxLength: 2, selector: (item) => `${item.counter}/${item.window}` });
const hosted = fc.record({
  ...head,
  default: fc.constantFrom('allow', 'deny'),
  all_tools: fc.record({ limits }),
  tools: entry(['a', 'ab', 'pay', 'x-y'], () => fc.record({ require: fc.array(condition, { maxLength: 2 }), deny_if: fc.array(condition, { maxLength: 2 }), limits }, { requiredKeys: [] })),
});

const STRICTNESS = { allow: 0, require_approval: 1, deny: 2, hidden: 3 };

it('an imported policy lets through nothing that the old one refused, for any policy and any calls', async () => {
  const state = await openState({ path: path() });
  let run = 0;
  const count = { imported: 0, same: 0, stricter: 0 };
  try {
    await fc.assert(
      fc.asyncProperty(fc.oneof(intercept, hosted), calls, async (old, sequence) => {
        run += 1;
        const { document, errors } = await importPolicy(JSON.stringify(old));
        if (document === null) {
          expect(errors.map(({ code }) => code)).toEqual(['cannot_be_said']);
          return;
        }
        count.imported += 1;
        const set = combine([await load(document, 'imported')]);
        const engine = new OldEngine(old as OldDocument);
        for (const [name, given] of sequence) {
          const context = { server: 's', grant: { label: 'g', tags: [] }, user: null, client: { name: null, version: null }, session: 'c', now: 0 };
          const decision = set.decide({ kind: 'tool', name, args: scanned(JSON.stringify(given)), tool: null, context });
          const fits = decision.effect === 'allow' || decision.effect === 'require_approval' ? state.reserve(decision.limits, { server: `s${run}`, grant: 'g', session: 'c', name }).ok : true;
          const now = !fits ? 'deny' : decision.effect === 'hide' ? 'hidden' : decision.effect;
          const was = engine.call(name, given);
          expect(STRICTNESS[now], JSON.stringify({ old, document, name, given, was, now, rule: decision.rule })).toBeGreaterThanOrEqual(STRICTNESS[was]);
          // From here on the counters differ.
          if (now !== was) {
            count.stricter += 1;
            return;
          }
          count.same += 1;
        }
      }),
      { numRuns: 400 },
    );
  } finally {
    state.close();
  }
  expect(count.imported).toBeGreaterThan(200);
  expect(count.same).toBeGreaterThan(count.stricter * 4);
});
