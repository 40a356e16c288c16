import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runTestFile, type CaseResult } from '../../src/cli/author/run-tests.ts';
import { readTestFile, type EarlierCall, type TestCase, type TestFile } from '../../src/cli/author/test-file.ts';
import { loadTestPolicies } from '../../src/cli/author/test-policies.ts';
import { formatDiagnostic } from '../../src/policy/index.ts';
import { TableGateway, type WireAnswer, type WireCall } from './table-gateway.ts';

// The decision tables of test/policy/tables once more, through a gateway, over HTTP, with the official client, in front of a stdio
// server: the same cases must come out as they do in process.
const FOLDER = join(import.meta.dirname, '../policy/tables');
const FILES = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.test.yaml')).sort();

const carried = { cases: 0, skipped: new Map<string, number>() };

/** Why a case cannot be put on the wire by a client; null when it can. */
function obstacle(one: TestCase): string | null {
  const calls: readonly (TestCase | EarlierCall)[] = [...one.before, one];
  if (calls.some(({ caller }) => caller.user !== null)) return 'has claims of a token, and no front verifies tokens yet';
  if (calls.some(({ caller }) => caller.session === null)) return 'has no session';
  if (one.kind === 'tool' && one.name === 'ses' && /session/.test(one.title) && one.before.length === 0 && one.caller.grant === 'g') return 'names the id of its session, which a client does not choose';
  if (one.before.some(({ undo }) => undo === 'all')) return 'needs an upstream that was never reached';
  if (one.before.some((earlier) => earlier.server !== one.server && earlier.caller.grant === one.caller.grant)) return 'has one grant on two servers';
  if (one.before.some((earlier) => earlier.caller.grant === one.caller.grant && earlier.caller.tags.join() !== one.caller.tags.join())) return 'has one grant with two sets of tags';
  return null;
}

/** A `tools/list` result with everything that the cases of a file call, or the one that the file names. */
function toolsOf(file: TestFile): string {
  if (file.definitions !== null) return readFileSync(file.definitions, 'utf8');
  const names = new Set(file.cases.flatMap((one) => [...one.before, one]).filter(({ kind }) => kind === 'tool').map(({ name }) => name));
  return JSON.stringify({ tools: [...names].map((name) => ({ name, inputSchema: { type: 'object' } })) });
}

function wireCall(call: TestCase | EarlierCall, atMs: number): WireCall {
  const outcome = !('undo' in call) || call.undo === 'nothing' ? 'ok' : 'tool_error';
  return { kind: call.kind, name: call.name, args: call.args, toolClass: call.toolClass, server: call.server, caller: call.caller, approved: call.approved, atMs, outcome };
}

/** The outcome in the words of the tables, from the answer and from the journal. */
function outcomeOf(answer: WireAnswer): Record<string, unknown> {
  const observed = answer.rows.flatMap((row) => (row.observed === null ? [] : [row.observed]));
  if (answer.asked !== null && answer.refusal !== null && answer.refusal.code.startsWith('approval_')) {
    return { code: 'approval_pending', rule: answer.asked.rule, policy: answer.asked.policyId, retryAfterMs: null, wouldPass: null, observed };
  }
  if (answer.refusal !== null) {
    const { code, rule, policy, retryAfterMs, wouldPass } = answer.refusal;
    return { code, rule, policy, retryAfterMs, wouldPass: wouldPass ?? null, observed };
  }
  const row = answer.rows.find((one) => one.observed === null || one.outcome !== 'forwarded') ?? answer.rows[0];
  if (answer.error !== null) return { code: row?.code === 'unknown_tool' ? 'unknown' : (row?.code ?? null), rule: row?.rule ?? null, policy: row?.policy ?? null, retryAfterMs: null, wouldPass: null, observed };
  return { code: null, observed };
}

function expected(found: CaseResult['found']): Record<string, unknown> {
  const observed = found.observed.map((one) => one.observed);
  // An answer that lets a call through says nothing of rules, and nothing is undecided about a call that does not exist.
  if (found.code === null) return { code: null, observed };
  const { code, rule, policy, retryAfterMs, wouldPass } = found;
  return { code, rule, policy, retryAfterMs, wouldPass, observed };
}

const prepared = await Promise.all(FILES.map(async (name) => {
  const path = join(FOLDER, name);
  const read = await readTestFile(readFileSync(path, 'utf8'), path);
  if (!read.ok) throw new Error(read.errors.map(formatDiagnostic).join('\n'));
  return { name, path, file: read.file };
}));

describe('the decision tables over the wire', () => {
  beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
  afterAll(() => void vi.useRealTimers());

  describe.each(prepared)('$name', ({ path, file }) => {
    const shared = new Map<string, Promise<TableGateway>>();
    let results: ReturnType<typeof runTestFile> | null = null;
    const policies = loadTestPolicies(file.policies, path);
    policies.catch(() => undefined);
    afterAll(async () => {
      for (const gateway of shared.values()) await (await gateway).close();
    });

    async function gatewayFor(one: TestCase, alone: boolean): Promise<TableGateway> {
      const loaded = await policies;
      if (!loaded.ok) throw new Error(loaded.errors.map(formatDiagnostic).join('\n'));
      const from = one.at - Math.max(0, ...one.before.map(({ agoMs }) => agoMs));
      const start = (): Promise<TableGateway> => TableGateway.start(loaded.set, toolsOf(file), [...one.before, one], from);
      if (alone) return start();
      const key = JSON.stringify([one.server, one.caller.grant, one.caller.tags]);
      const open = shared.get(key) ?? start();
      shared.set(key, open);
      return open;
    }

    it.each(file.cases.map((one) => [one.title, one] as const))('%s', async (title, one) => {
      const why = obstacle(one);
      if (why !== null) {
        carried.skipped.set(why, (carried.skipped.get(why) ?? 0) + 1);
        return;
      }
      results ??= runTestFile(path);
      const inProcess = (await results).cases.find((result) => result.title === title);
      if (inProcess === undefined) throw new Error('the case did not run in process');
      const { found } = inProcess;
      // What counts or waits needs a state of its own.
      const alone = one.before.length > 0 || one.approved || /^(approval|rate|budget)/.test(found.code ?? '') || found.observed.length > 0 || /rate_limit|budget|approval/.test(JSON.stringify(file.policies));
      const gateway = await gatewayFor(one, alone);
      try {
        for (const earlier of one.before) for (let time = 0; time < earlier.times; time += 1) await gateway.call(wireCall(earlier, one.at - earlier.agoMs));
        const answer = await gateway.call(wireCall(one, one.at));
        expect(outcomeOf(answer)).toEqual(expected(found));
        if (found.code !== null && found.code !== 'approval_pending' && found.reason !== null && answer.refusal !== null) expect(answer.text).toContain(found.reason.replaceAll('\n', ' '));
        carried.cases += 1;
      } finally {
        if (alone) await gateway.close();
      }
    });
  });

  it('carries at least 700 cases, and says which it cannot', () => {
    const skipped = [...carried.skipped].map(([why, count]) => `  ${count} ${why}\n`).join('');
    process.stdout.write(`decision tables: ${carried.cases} cases over the wire; not carried:\n${skipped}`);
    expect(carried.cases).toBeGreaterThanOrEqual(700);
  });
});
