import { monitorEventLoopDelay } from 'node:perf_hooks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrantConfig } from '../../../src/gateway/config-types.ts';
import { combine, loadPolicy } from '../../../src/policy/index.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import type { JournalEntry, State } from '../../../src/state/types.ts';
import { World } from '../harness.ts';
import { scanned, serverOf, TICKETS } from './support.ts';

let world: World;
let writer: State;
let ids = 0;

const OLD = 'version: "1"\ndefault: allow\n';

beforeAll(async () => {
  const loaded = await loadPolicy(OLD, { name: 'desk' });
  if (!loaded.ok) throw new Error('the policy');
  const grant = (label: string, names: readonly string[]): GrantConfig => ({ label, server: 'tickets', tags: ['night'], policyNames: names, policies: combine([loaded.policy]), tokenSha256: Buffer.alloc(32, label) });
  world = await World.start({ servers: new Map([['tickets', serverOf('tickets')], ['other', serverOf('other')]]), grants: [grant('agent', ['desk']), grant('stranger', [])], policies: new Map([['desk', { policy: loaded.policy, text: OLD }]]) });
  await scanned(world, 'tickets', TICKETS);
  // A gateway that keeps what calls say: the world's own state keeps names only.
  writer = await openState({ path: databasePath(world.directory), logArguments: true });
  for (let index = 0; index < 20; index += 1) row({ name: 'get_ticket' });
  row({ name: 'run_script', args: '{"amount":700}', id: 'expensive' });
  row({ name: 'run_script', args: '{"amount":5}' });
  row({ name: 'delete_ticket', grant: 'stranger' });
  row({ name: 'delete_ticket' });
  row({ name: 'get_ticket', server: 'other', grant: 'agent' });
  row({ name: null, method: 'tools/list' });
  await writer.flush();
});
afterAll(async () => {
  await writer.close();
  await world.stop();
});

function row({ name, args = '{}', grant = 'agent', server = 'tickets', method = 'tools/call', id }: { name: string | null; args?: string; grant?: string; server?: string; method?: string; id?: string }): void {
  const entry: JournalEntry = {
    id: id ?? `row-${(ids += 1)}`, server, grant, session: 's', transport: 'http', protocol: '2025-11-25', method, name, requestId: '1', outcome: 'ok', code: null, rule: '/default', policy: 'desk@00000000', reason: null,
    retryAfterMs: null, observed: null, argKeys: Object.keys(JSON.parse(args) as object), argHash: 'x', argValues: args, upstreamStatus: null, latencyMs: 1,
  };
  void writer.append(entry);
}

const NEXT = 'version: "1"\ndefault: allow\ntools:\n  get_ticket: { rate_limit: 5/hour }\n  run_script: { require: args.amount <= 500 }\n  delete_ticket: require_approval\n';

describe('recorded calls', () => {
  test('simulate: what would come out otherwise, by tool, with limits counted anew, and what was not replayed', async () => {
    const admin = await world.as('admin');
    const before = world.state.figures;
    const { status, body } = await admin.post('/policy-tools/simulate', { policy: 'desk', text: NEXT, server: 'tickets' });
    expect(status).toBe(200);
    expect(body).toMatchObject({ calls: 23, complete: true, summary: { same: 6, newlyDenied: 16, newlyAllowed: 0, needsApproval: 1, unknown: 0 }, skipped: { not_a_call: 1, other_policy: 1 } });
    expect(body.changed.map((one: { tool: string; after: string; count: number }) => [one.tool, one.after, one.count])).toEqual([['get_ticket', 'rate_limited', 15], ['delete_ticket', 'approval_pending', 1], ['run_script', 'condition_failed', 1]]);
    expect(world.state.figures).toBe(before);
    // A policy that nobody has yet is looked at with every grant's calls.
    const fresh = await admin.post('/policy-tools/simulate', { policy: 'brand-new', text: 'version: "1"\ndefault: deny\n', server: 'tickets', limit: 10 });
    expect(fresh.body).toMatchObject({ calls: 9, complete: false, summary: { newlyDenied: 9 } });
  });

  test('who may not see arguments is told nothing that depends on them', async () => {
    const viewer = await world.as('viewer');
    const { body } = await viewer.post('/policy-tools/simulate', { policy: 'desk', text: NEXT, server: 'tickets' });
    expect(body.summary).toMatchObject({ unknown: 2, newlyDenied: 15 });
    const explained = await viewer.post('/policy-tools/explain', { texts: [NEXT], server: 'tickets', journalId: 'expensive' });
    expect(explained.body).toMatchObject({ argumentsKnown: false });
    expect(explained.body.steps).toContainEqual(expect.objectContaining({ rule: '/tools/run_script/require', outcome: 'unknown' }));
    expect(JSON.stringify(explained.body)).not.toContain('700');
  });

  test('calls of servers that one may not see are not replayed', async () => {
    const other = await world.as({ serverRoles: { other: 'policy_manager' } });
    const { body } = await other.post('/policy-tools/simulate', { policy: 'brand-new', text: 'version: "1"\ndefault: deny\n' });
    expect(body.calls).toBe(1);
    expect((await other.post('/policy-tools/explain', { texts: [NEXT], server: 'other', journalId: 'expensive' })).status).toBe(404);
  });

  test('explain: a recorded call against a text, and against the policies of a grant', async () => {
    const admin = await world.as('admin');
    expect((await admin.post('/policy-tools/explain', { texts: [NEXT], server: 'tickets', journalId: 'expensive' })).body).toMatchObject({ decision: 'deny', code: 'condition_failed', argumentsKnown: true });
    expect((await admin.post('/policy-tools/explain', { server: 'tickets', grant: 'agent', journalId: 'expensive' })).body).toMatchObject({ decision: 'allow', rule: '/default' });
    expect((await admin.post('/policy-tools/explain', { policies: ['desk'], server: 'tickets', journalId: 'expensive' })).body.steps).toEqual([expect.objectContaining({ rule: '/default', line: 2, outcome: 'decides' })]);
    expect((await admin.post('/policy-tools/explain', { policies: ['missing'], server: 'tickets', call: { name: 'x' } })).status).toBe(404);
    expect((await admin.post('/policy-tools/explain', { server: 'tickets', grant: 'agent', journalId: 'nothing' })).status).toBe(404);
  });

  test('nothing is counted and nothing is recorded', async () => {
    const admin = await world.as('admin');
    const rows = (await world.state.query({})).length;
    await admin.post('/policy-tools/simulate', { policy: 'desk', text: NEXT, server: 'tickets' });
    await admin.post('/policy-tools/decide', { text: NEXT, server: 'tickets' });
    await admin.post('/policy-tools/explain', { texts: [NEXT], server: 'tickets', call: { name: 'get_ticket' } });
    await world.state.flush();
    expect((await world.state.query({})).length).toBe(rows);
  });

  test('a long replay and a large server leave the event loop to others', async () => {
    const many = Array.from({ length: 1_500 }, (_, index) => ({ ...TICKETS[index % TICKETS.length], name: `tool_${index}`, description: 'x'.repeat(300) }));
    await scanned(world, 'other', many);
    for (let index = 0; index < 4_000; index += 1) row({ name: `tool_${index % 1_500}`, server: 'other' });
    await writer.flush();
    const admin = await world.as('admin');
    await admin.post('/policy-tools/decide', { text: 'version: "1"\ndefault: allow\n', server: 'other', tools: ['tool_1'] });
    let turns = 0;
    const timer = setInterval(() => (turns += 1), 1);
    const delay = monitorEventLoopDelay({ resolution: 5 });
    delay.enable();
    const decided = await admin.post('/policy-tools/decide', { text: 'version: "1"\ndefault: deny\ntools: { "@read": allow, "@destructive": hide }\n', server: 'other' });
    const replayed = await admin.post('/policy-tools/simulate', { policy: 'brand-new', text: 'version: "1"\ndefault: deny\n', server: 'other' });
    delay.disable();
    clearInterval(timer);
    if (process.env['SHOW_DELAY'] !== undefined) console.log('max', delay.max / 1e6, 'p99', delay.percentile(99) / 1e6, 'turns', turns);
    expect(decided.body.tools).toHaveLength(1_500);
    expect(replayed.body.calls).toBe(4_001);
    // Others had their turn many times meanwhile; how long each took depends on the machine.
    expect(turns).toBeGreaterThan(20);
  }, 60_000);
});
