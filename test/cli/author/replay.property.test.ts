import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judgeCall, type CallToJudge } from '../../../src/control/policy-tools/judge-call.ts';
import { jsonOfText } from '../../../src/control/policy-tools/json-text.ts';
import type { Judged } from '../../../src/control/policy-tools/judged.ts';
import { recordedCall } from '../../../src/control/policy-tools/replay/recorded-call.ts';
import { replayCall } from '../../../src/control/policy-tools/replay/replay.ts';
import { Tally } from '../../../src/control/policy-tools/replay/tally.ts';
import { TemporaryState } from '../../../src/control/policy-tools/temporary-state.ts';
import { VirtualClock } from '../../../src/control/policy-tools/virtual-clock.ts';
import { combine, type CompiledPolicy } from '../../../src/policy/index.ts';
import type { JournalRow } from '../../../src/state/types.ts';
import { JsonNode } from '../../../src/wire/json-node.ts';
import { load } from '../../policy/load.ts';
import { entryOf, START, type Row } from './journal.ts';

const POLICIES = [
  'version: "1"\ndefault: deny\ntools:\n  a: { rate_limit: { max: 2, window: 20 } }\n  "b*": require_approval\n',
  'version: "1"\ndefault: allow\ntools:\n  a: { require: args.n < 5.0, budget: { sum: args.n, max: 9, window: 30, per: grant } }\n  b: { deny_if: [has(args.s), args.n > 3.0] }\n',
  'version: "1"\ndefault: hide\ntools:\n  a:\n    - { when: args.n > 2.0, action: deny }\n    - { when: "args.s == \'x\'", rate_limit: 1/minute }\n    - { action: allow, arguments: { n: { type: integer, minimum: 1 } }, additional: false }\n  "*": { action: allow, require: "session.id != \'s-1\'" }\n',
  'version: "1"\ndefault: deny\nmode: observe\ntools:\n  a: { rate_limit: 1/minute }\n  b: hide\n',
  'version: "1"\ndefault: allow\ntools:\n  b: { mode: observe, action: deny }\n  "*": { require: "now < timestamp(\'2026-11-20T12:00:30Z\') || args.n < 4.0" }\n',
];

interface Call {
  readonly gap: number;
  readonly name: string;
  readonly args: object | null;
  readonly session: string;
  readonly grant: string;
  readonly failed: boolean;
  readonly approved: boolean;
}

const calls: fc.Arbitrary<readonly Call[]> = fc.array(fc.record({
  gap: fc.integer({ min: 0, max: 25 }),
  name: fc.constantFrom('a', 'b', 'c'),
  args: fc.oneof(fc.constant(null), fc.constant({}), fc.record({ n: fc.constantFrom(0, 0.1, 1, 3, 4, 7, 'x'), s: fc.constantFrom('x', 'y') }, { requiredKeys: [] })),
  session: fc.constantFrom('s-1', 's-2'),
  grant: fc.constantFrom('g-1', 'g-2'),
  failed: fc.boolean(),
  approved: fc.boolean(),
}), { minLength: 1, maxLength: 12 });

function node(value: object | null): JsonNode | null {
  const parsed = value === null ? null : jsonOfText(JSON.stringify(value));
  return parsed instanceof JsonNode ? parsed : null;
}

/** The row that the gateway writes when a call came out like that. */
function rowOf(call: Call, at: number, judged: Judged, keysOnly: boolean, seq: number): JournalRow {
  const refused = judged.effect !== 'allow';
  const facts: Row = {
    at: 0, name: call.name, session: call.session, grant: call.grant, server: 'srv', rule: judged.rule, keysOnly,
    ...(call.args === null ? {} : { args: call.args }),
    ...(refused ? { code: judged.code ?? 'denied' } : { outcome: call.failed ? 'tool_error' : 'ok' }),
    ...(!refused && call.approved ? { reason: 'approval abc' } : {}),
  };
  return { ...entryOf(facts, `row-${seq}`), seq, at: new Date(at).toISOString() };
}

/** Judges calls as the gateway would, one after the other, and returns their rows. */
async function record(policy: CompiledPolicy, made: readonly Call[], keysOnly: boolean): Promise<JournalRow[]> {
  const temporary = new TemporaryState(new VirtualClock(START));
  const rows: JournalRow[] = [];
  try {
    let at = START;
    for (const call of made) {
      at += call.gap * 1000;
      const judge: CallToJudge = {
        kind: 'tool', name: call.name, args: node(call.args), toolClass: null, server: 'srv', at, approved: call.approved, undo: call.failed ? 'budgets' : 'nothing',
        caller: { grant: call.grant, tags: [], session: call.session, user: null, client: { name: null, version: null } },
      };
      const judged = await judgeCall(combine([policy]), judge, null, temporary);
      rows.push(rowOf(call, at, judged, keysOnly, rows.length + 1));
    }
    return rows;
  } finally {
    await temporary.close();
  }
}

async function replayed(policy: CompiledPolicy, rows: readonly JournalRow[]): Promise<{ tally: Tally; now: string[] }> {
  const temporary = new TemporaryState(new VirtualClock(START));
  const tally = new Tally();
  const now: string[] = [];
  try {
    for (const row of rows) {
      const call = recordedCall(row);
      if (typeof call === 'string') throw new Error(call);
      const result = await replayCall([policy], call, { tags: new Map(), tools: null }, temporary);
      tally.add(call, result);
      now.push(result.now);
    }
    return { tally, now };
  } finally {
    await temporary.close();
  }
}

const RUNS = { numRuns: 25 };

describe('a replay', () => {
  it('against the very policy under which the calls were recorded changes nothing', async () => {
    for (const text of POLICIES) {
      const policy = await load(text);
      await fc.assert(fc.asyncProperty(calls, async (made) => {
        const { tally } = await replayed(policy, await record(policy, made, false));
        expect(tally.total('same')).toBe(made.length);
      }), RUNS);
    }
  });

  it('never guesses: without the values of arguments it says the same, or that it cannot be told', async () => {
    const stateless = await Promise.all(POLICIES.map((text) => load(text.replace(/, budget: \{[^}]*\}/, '').replace(/rate_limit: (\{[^}]*\}|[^ ,}]*)/, 'deny_if: args.n > 5.0'))));
    for (const recorded of stateless) {
      for (const candidate of stateless) {
        await fc.assert(fc.asyncProperty(calls, async (made) => {
          const whole = await replayed(candidate, await record(recorded, made, false));
          const partial = await replayed(candidate, await record(recorded, made, true));
          for (const [index, now] of partial.now.entries()) if (now !== 'unknown') expect(now).toBe(whole.now[index]);
        }), RUNS);
      }
    }
  });
});

describe('a tally', () => {
  it('keeps a bounded number of names, however many a client makes up, and loses no call', () => {
    const tally = new Tally();
    const judged: Judged = { effect: 'deny', code: 'denied', rule: '/resources/*', policy: 'p@1', reason: null, wouldPass: null, retryAfterMs: null, observed: [] };
    for (let index = 0; index < 60_000; index += 1) {
      const row = recordedCall({ ...entryOf({ at: 0, name: `file:///${index}`, method: 'resources/read' }, `row-${index}`), seq: index, at: '2026-11-20T12:00:00Z' });
      if (typeof row === 'string') throw new Error(row);
      tally.add(row, { now: 'refused', judged });
    }
    const names = tally.names();
    expect(names.length).toBe(50_001);
    expect(names[0]).toMatchObject({ name: '(further names)', calls: 10_000 });
    expect(tally.total('newly_refused')).toBe(60_000);
  });
});
