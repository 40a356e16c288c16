import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { simulate, type SimulateOptions } from '../../../src/cli/commands/simulate.ts';
import { Captured, expectGolden, expectToFit, files } from './capture.ts';
import { entryOf, START, writeJournal, type Row } from './journal.ts';

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

function temporary(): string {
  const directory = mkdtempSync(join(tmpdir(), 'simulate-'));
  directories.push(directory);
  return directory;
}

interface Report {
  readonly calls: number;
  readonly changes: Record<string, number>;
  readonly notReplayed: Record<string, number>;
  readonly limitsCounted: boolean;
  readonly names: readonly { readonly name: string; readonly otherwise: number; readonly observed: number; readonly rules: readonly { readonly change: string; readonly code: string | null; readonly rule: string | null; readonly missing: string | null; readonly calls: number; readonly examples: readonly { readonly id: string; readonly was: string; readonly now: string }[] }[] }[];
}

async function run(policy: string, options: SimulateOptions): Promise<{ status: number; out: string; err: string }> {
  const path = policy.includes('\n') ? join(temporary(), 'new.policy.yaml') : policy;
  if (path !== policy) writeFileSync(path, policy);
  const [stdout, stderr] = [new Captured(), new Captured()];
  const status = await simulate([path], options, { stdout: stdout.stream, stderr: stderr.stream });
  return { status, out: stdout.text, err: stderr.text };
}

/** Replays rows against a policy. */
async function replay(rows: readonly Row[], policy: string, options: SimulateOptions = {}): Promise<Report> {
  const data = temporary();
  await writeJournal(data, rows);
  const { out, err } = await run(policy, { data, json: true, ...options });
  expect(err).toBe('');
  return JSON.parse(out) as Report;
}

const rules = (text: string): string => `version: "1"\ndefault: deny\ntools:\n${text}\n`;
const changes = (report: Report): Record<string, number> => Object.fromEntries(Object.entries(report.changes).filter(([, amount]) => amount > 0));

const TRAFFIC: readonly Row[] = [
  ...Array.from({ length: 6 }, (_, index): Row => ({ at: index * 10, name: 'create_charge', args: { amount: 90 + index, currency: 'eur' } })),
  { at: 61, name: 'create_charge', args: { amount: 900, currency: 'eur' } },
  { at: 62, name: 'create_charge', args: { amount: 5, currency: 'eur' }, keysOnly: true },
  { at: 63, name: 'refund_charge', args: { id: 'ch_1' } },
  { at: 64, name: 'get_charge', args: { id: 'ch_1' }, code: 'default_denied', rule: '/default' },
  { at: 65, name: 'export_all', code: 'denied' },
  { at: 66, name: 'delete_customer', args: { id: 'cus_1' }, observed: 'would_deny' },
  { at: 67, name: 'file:///invoices/1.pdf', method: 'resources/read' },
  { at: 68, name: 'no_such_tool', code: 'unknown_tool', rule: null },
  { at: 69, name: '', method: 'tools/list', outcome: 'rejected', code: 'invalid_params', rule: null },
  { at: 70, name: 'x', code: 'suppressed', reason: '12 more like this' },
];

describe('simulate', () => {
  it('tells people per tool and rule what would change, with rows to look at', async () => {
    const data = temporary();
    await writeJournal(data, TRAFFIC);
    const config = join(data, 'gateway.yaml');
    writeFileSync(config, 'grants: [{ label: support, tags: [payments] }]\n');
    const { status, out, err } = await run(join(files, 'stripe.policy.yaml'), { data, config });
    expect(err).toBe('');
    expectGolden('simulate', out.replace(/@[0-9a-f]{8}/g, '@00000000'));
    expectToFit(out);
    expect(status).toBe(0);
  });

  it('--fail-on-change gives status 1 when a call would come out otherwise, and 0 when none would', async () => {
    const data = temporary();
    await writeJournal(data, [{ at: 0, name: 'a' }]);
    expect((await run(rules('  a: allow'), { data, failOnChange: true })).status).toBe(0);
    expect((await run(rules('  a: deny'), { data, failOnChange: true })).status).toBe(1);
    expect((await run(rules('  a: deny'), { data })).status).toBe(0);
  });

  const pairs: readonly [title: string, row: Row, rule: string, change: string, code: string | null][] = [
    ['allowed and allowed', { at: 0, name: 'a' }, 'a: allow', 'same', null],
    ['allowed, then denied', { at: 0, name: 'a' }, 'a: deny', 'newly_refused', 'denied'],
    ['allowed, then hidden', { at: 0, name: 'a' }, 'a: hide', 'newly_refused', 'hidden'],
    ['allowed, then to be approved', { at: 0, name: 'a' }, 'a: require_approval', 'needs_approval', 'approval_pending'],
    ['allowed because it was approved, and to be approved', { at: 0, name: 'a', reason: 'approval Zm9v_-1' }, 'a: require_approval', 'same', null],
    ['allowed by an observed rule, then denied', { at: 0, name: 'a', observed: 'would_deny' }, 'a: deny', 'newly_refused', 'denied'],
    ['an upstream that failed was allowed', { at: 0, name: 'a', outcome: 'upstream_failed' }, 'a: deny', 'newly_refused', 'denied'],
    ['denied, then allowed', { at: 0, name: 'a', code: 'denied' }, 'a: allow', 'newly_allowed', null],
    ['denied and denied', { at: 0, name: 'a', code: 'denied' }, 'a: deny', 'same', null],
    ['denied, then to be approved', { at: 0, name: 'a', code: 'denied' }, 'a: require_approval', 'needs_approval', 'approval_pending'],
    ['hidden, then allowed', { at: 0, name: 'a', code: 'hidden' }, 'a: allow', 'newly_allowed', null],
    ['going on with its approval, and to be approved', { at: 0, name: 'a', reason: 'goes on with the approval that it has used' }, 'a: require_approval', 'same', null],
    ['waiting for an approval, and to be approved', { at: 0, name: 'a', code: 'approval_pending' }, 'a: require_approval', 'same', null],
    ['waiting for an approval, then allowed', { at: 0, name: 'a', code: 'approval_pending' }, 'a: allow', 'newly_allowed', null],
    ['an approval that was denied, then denied by rule', { at: 0, name: 'a', code: 'approval_denied' }, 'a: deny', 'newly_refused', 'denied'],
    ['rate limited, then without a limit', { at: 0, name: 'a', code: 'rate_limited' }, 'a: allow', 'newly_allowed', null],
  ];
  it.each(pairs)('%s', async (_title, row, rule, change, code) => {
    const report = await replay([row], rules(`  ${rule}`));
    expect(changes(report)).toEqual({ [change]: 1 });
    if (change !== 'same') expect(report.names[0]?.rules[0]).toMatchObject({ change, code, rule: '/tools/a', calls: 1, examples: [{ id: 'row-1', was: row.code ?? 'allow', now: code ?? 'allow' }] });
  });

  it('a call that is refused before and now for another reason is told', async () => {
    const report = await replay([{ at: 0, name: 'a', code: 'rate_limited' }], rules('  a: deny'));
    expect(report.names[0]).toMatchObject({ otherwise: 1 });
  });

  it('an observed candidate changes nothing, and tells what it would refuse', async () => {
    const report = await replay([{ at: 0, name: 'a' }], rules('  a: { action: deny, mode: observe }\n  "*": allow'));
    expect(changes(report)).toEqual({ same: 1 });
    expect(report.names[0]).toMatchObject({ observed: 1 });
  });

  describe('limits', () => {
    const every = (seconds: number, amount: number, row: Partial<Row> = {}): Row[] => Array.from({ length: amount }, (_, index) => ({ at: index * seconds, name: 'a', ...row }));

    it('are counted anew at the recorded times', async () => {
      expect(changes(await replay(every(10, 12), rules('  a: { rate_limit: { max: 3, window: 60 } }')))).toEqual({ same: 6, newly_refused: 6 });
      expect(changes(await replay(every(30, 12), rules('  a: { rate_limit: { max: 3, window: 60 } }')))).toEqual({ same: 12 });
    });

    it('are counted per session and grant as they were recorded', async () => {
      const mixed = every(1, 6).map((row, index): Row => ({ ...row, session: `s-${index % 2}`, grant: `g-${index % 3}` }));
      expect(changes(await replay(mixed, rules('  a: { rate_limit: { max: 1, window: 60, per: session } }')))).toEqual({ same: 6 });
      expect(changes(await replay(mixed, rules('  a: { rate_limit: { max: 1, window: 60, per: grant } }')))).toEqual({ same: 3, newly_refused: 3 });
    });

    it('do not count calls that the candidate refuses, and count those that it newly allows', async () => {
      const refused = every(1, 4, { code: 'denied' });
      expect(changes(await replay(refused, rules('  a: { rate_limit: { max: 3, window: 60 } }')))).toEqual({ newly_allowed: 3, same: 1 });
    });

    it('add up budgets exactly, and give back what the upstream did not do', async () => {
      const budget = rules('  a: { budget: { sum: args.amount, max: 0.3, window: 60 } }');
      expect(changes(await replay(every(1, 3, { args: { amount: 0.1 } }), budget))).toEqual({ same: 3 });
      expect(changes(await replay(every(1, 4, { args: { amount: 0.1 } }), budget))).toEqual({ same: 3, newly_refused: 1 });
      expect(changes(await replay(every(1, 4, { args: { amount: 0.1 }, outcome: 'tool_error' }), budget))).toEqual({ same: 4 });
      expect(changes(await replay(every(1, 4, { args: { amount: 0.1 }, upstreamStatus: 'input_required' }), budget))).toEqual({ same: 4 });
      expect(changes(await replay(every(1, 4, { args: { amount: 0.1 }, outcome: 'upstream_failed', upstreamStatus: 'exited' }), budget))).toEqual({ same: 3, newly_refused: 1 });
    });

    it('say that they began to count with the first replayed call, and nothing of the sort without limits', async () => {
      expect((await replay(every(1, 1), rules('  a: { rate_limit: 3/minute }'))).limitsCounted).toBe(true);
      expect((await replay(every(1, 1), rules('  a: allow'))).limitsCounted).toBe(false);
    });
  });

  describe('what was not recorded', () => {
    const unrecorded: Row = { at: 0, name: 'a', args: { amount: 5 }, keysOnly: true };
    const missing = (report: Report): (string | null)[] => report.names.flatMap((name) => name.rules.map((rule) => rule.missing));

    it('leaves a decision open that hangs on it, and no other', async () => {
      expect(missing(await replay([unrecorded], rules('  a: { require: args.amount < 3.0 }')))).toEqual(['arguments']);
      expect(missing(await replay([unrecorded], rules('  a: { arguments: { amount: { type: number, maximum: 3 } } }')))).toEqual(['arguments']);
      expect(missing(await replay([unrecorded], rules('  a: { budget: { sum: args.amount, max: 9, window: 60 } }')))).toEqual(['arguments']);
      expect(changes(await replay([unrecorded], rules('  a: { action: deny, require: args.amount < 3.0 }')))).toEqual({ newly_refused: 1 });
      const sure = await replay([unrecorded], rules("  a: { require: [args.amount < 3.0, \"'x' in grant.tags\"] }"));
      expect(sure.names[0]?.rules).toMatchObject([{ change: 'newly_refused', code: 'condition_failed', rule: '/tools/a/require/1' }]);
      expect(changes(await replay([unrecorded], rules("  a: { require: \"now < timestamp('2027-01-01T00:00:00Z')\" }")))).toEqual({ same: 1 });
      expect(changes(await replay([unrecorded], rules('  a: { rate_limit: 1/minute }')))).toEqual({ same: 1 });
    });

    it('is not what a call without arguments, or with none in its map, leaves open', async () => {
      expect(changes(await replay([{ at: 0, name: 'a' }, { at: 1, name: 'a', args: {}, keysOnly: true }], rules('  a: { require: has(args.amount) }')))).toEqual({ newly_refused: 2 });
    });

    it('is what values that were cut are', async () => {
      const long = { text: 'x'.repeat(80_000) };
      expect(missing(await replay([{ at: 0, name: 'a', args: long }], rules('  a: { require: size(args.text) > 5 }')))).toEqual(['arguments']);
    });

    it('is who signed in and what the client says of itself', async () => {
      expect(missing(await replay([{ at: 0, name: 'a' }], rules("  a: { deny_if: \"user.sub == 'eve'\" }")))).toEqual(['caller']);
      expect(missing(await replay([{ at: 0, name: 'a' }], rules("  a: { require: \"client.name == 'cursor'\" }")))).toEqual(['caller']);
    });

    it('is a name that was too long: the row is not replayed, and counted', async () => {
      const report = await replay([{ at: 0, name: `${'n'.repeat(512)}… (600 characters)` }, { at: 1, name: 'm'.repeat(2000) }], rules('  "*": allow'));
      expect(report).toMatchObject({ calls: 0, notReplayed: { name_cut: 2 } });
    });
  });

  it('rows that no policy judged are counted and not replayed', async () => {
    const report = await replay([
      { at: 0, name: 'a', code: 'unknown_tool', rule: null },
      { at: 1, name: 'a', code: 'state_unavailable' },
      { at: 2, name: 'a', outcome: 'cancelled', rule: null },
      { at: 3, name: 'a', outcome: 'dropped', code: 'garbage', rule: null },
      { at: 4, name: 'a', method: 'completion/complete' },
      { at: 5, name: 'a', outcome: 'forwarded', observed: 'would_rate_limit' },
      { at: 6, name: 'a', outcome: 'cancelled' },
      { at: 7, name: 'a', code: 'approval_requested' },
    ], rules('  a: allow'));
    expect(report.notReplayed).toEqual({ no_such_target: 1, outage: 1, not_judged: 2, not_a_call: 3 });
    expect(report.calls).toBe(1);
  });

  it('tags of grants come from the configuration, whose secrets need not be there', async () => {
    const data = temporary();
    await writeJournal(data, [{ at: 0, name: 'a', grant: 'support' }, { at: 1, name: 'a', grant: 'other' }]);
    const config = join(data, 'gateway.yaml');
    writeFileSync(config, 'servers: {}\ngrants:\n  - { label: support, server: stripe, tags: [payments], token: "${NOT_SET_ANYWHERE}" }\n');
    const { out } = await run(rules("  a: { require: \"'payments' in grant.tags\" }"), { data, config, json: true });
    expect(changes(JSON.parse(out) as Report)).toEqual({ same: 1, newly_refused: 1 });
  });

  it('definitions say what conditions ask of a tool', async () => {
    const policy = rules("  delete_customer: { deny_if: tool.annotations.destructiveHint }");
    expect(changes(await replay([{ at: 0, name: 'delete_customer', args: { id: 'x' } }], policy, { definitions: join(files, 'tools.json') }))).toEqual({ newly_refused: 1 });
  });

  it('--server, --grant, --since and --until choose the rows', async () => {
    const rows: Row[] = [{ at: 0, name: 'a', server: 'x' }, { at: 100, name: 'a', grant: 'g' }, { at: 200, name: 'a' }];
    const moment = (seconds: number): string => new Date(START + seconds * 1000).toISOString();
    const calls = async (options: SimulateOptions): Promise<number> => (await replay(rows, rules('  a: allow'), options)).calls;
    expect(await calls({ server: 'x' })).toBe(1);
    expect(await calls({ grant: 'g' })).toBe(1);
    expect(await calls({ since: moment(50) })).toBe(2);
    expect(await calls({ until: moment(200) })).toBe(2);
    expect(await calls({ since: moment(50), until: moment(150) })).toBe(1);
  });

  it('calls of several servers are told: a policy is meant for one', async () => {
    const data = temporary();
    await writeJournal(data, [{ at: 0, name: 'a', server: 'x' }, { at: 1, name: 'a', server: 'y' }]);
    expect((await run(rules('  a: allow'), { data })).out).toContain('These are calls of 2 servers');
    expect((await run(rules('  a: allow'), { data, server: 'x' })).out).not.toContain('servers');
  });

  it('a journal longer than a page is replayed whole, in order', async () => {
    const rows = Array.from({ length: 4501 }, (_, index): Row => ({ at: index, name: 'a' }));
    const report = await replay(rows, rules('  a: { rate_limit: { max: 1, window: 1 } }'));
    expect(report.calls).toBe(4501);
    // Calls exactly one window apart: the second of each pair still meets the first.
    expect(changes(report)).toEqual({ same: 2251, newly_refused: 2250 });
  });

  describe('--journal', () => {
    const line = (row: Row, seq: number): string => JSON.stringify({ ...entryOf(row, `row-${seq}`), seq, at: new Date(START + row.at * 1000).toISOString() });
    const file = (text: string): string => {
      const path = join(temporary(), 'journal.jsonl');
      writeFileSync(path, text);
      return path;
    };

    it('replays what `logs --json` printed as the database itself, a row that came twice once', async () => {
      const rows = TRAFFIC.map((row, index) => line(row, index + 1));
      const { out } = await run(join(files, 'stripe.policy.yaml'), { journal: file(`${[...rows, rows[0]].join('\n')}\n\n`), json: true });
      const other = JSON.parse(out) as Report;
      const direct = await replay(TRAFFIC, join(files, 'stripe.policy.yaml'));
      expect(other).toEqual(direct);
    });

    const broken: readonly [title: string, text: string, message: RegExp][] = [
      ['no JSON', '{"seq":1', /journal\.jsonl:1 is no row of a journal/],
      ['another object', '{"a":1}', /has no seq, id, server and outcome/],
      ['a time that is none', '{"seq":1,"id":"a","server":"s","outcome":"ok","at":"soon"}', /`at` is not a time/],
      ['a name that is no text', '{"seq":1,"id":"a","server":"s","outcome":"ok","at":"2026-11-20T12:00:00Z","name":{}}', /`name` is not text/],
      ['keys that are no list', '{"seq":1,"id":"a","server":"s","outcome":"ok","at":"2026-11-20T12:00:00Z","argKeys":"x"}', /`argKeys` is not a list/],
    ];
    it.each(broken)('%s is named by its line', async (_title, text, message) => {
      await expect(run(rules('  a: allow'), { journal: file(`${text}\n`) })).rejects.toThrow(message);
    });
  });

  it('a policy that cannot be loaded, and a journal that is not there, give status 2', async () => {
    const data = temporary();
    expect(await run('version: 1\n', { data })).toMatchObject({ status: 2, out: '', err: expect.stringContaining('error:') as string });
    expect(await run(rules('  a: allow'), { data: join(data, 'nothing') })).toMatchObject({ status: 2, out: '', err: expect.stringContaining('does not exist') as string });
  });
});
