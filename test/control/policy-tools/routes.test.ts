import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { World } from '../harness.ts';
import { startWorld, TICKETS } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const POLICY = `version: "1"
# Nothing that nobody named.
default: deny
tools:
  get_ticket: allow
  "list_*":
    rate_limit: 10/minute
  create_ticket:
    require: args.id != ""
  delete_ticket: require_approval
  refund_payment: hide
`;

describe('policy tools', () => {
  test('check: diagnostics with their places, and what only the tools of the server can tell', async () => {
    const viewer = await world.as('viewer');
    const good = await viewer.post('/policy-tools/check', { text: POLICY });
    expect(good.status).toBe(200);
    expect(good.body.summary).toMatchObject({ ok: true, errors: 0, rules: 5, tools: null });
    const against = await viewer.post('/policy-tools/check', { text: `${POLICY}  no_such_tool: deny\n`, server: 'tickets' });
    expect(against.body.summary.tools).toBe(TICKETS.length);
    expect(against.body.diagnostics).toContainEqual(expect.objectContaining({ severity: 'warning', line: 12, pointer: '/tools/no_such_tool' }));
    const bad = await viewer.post('/policy-tools/check', { text: 'version: "1"\ndefault: dent\ntols: {}\n' });
    expect(bad.status).toBe(200);
    expect(bad.body.summary).toMatchObject({ ok: false, errors: 2 });
    expect(bad.body.diagnostics[0]).toMatchObject({ severity: 'error', line: 2, column: 10, endLine: 2, pointer: '/default' });
  });

  test('decide: the column of every known tool, with the rule, its line, guards and class', async () => {
    const viewer = await world.as('viewer');
    const { status, body } = await viewer.post('/policy-tools/decide', { text: POLICY, server: 'tickets' });
    expect(status).toBe(200);
    const by = Object.fromEntries((body.tools as { name: string }[]).map((tool) => [tool.name, tool]));
    expect(Object.keys(by)).toEqual(TICKETS.map(({ name }) => name));
    expect(by['get_ticket']).toMatchObject({ column: 'allow', rule: '/tools/get_ticket', line: 5, guards: [], class: { category: 'read' } });
    expect(by['list_tickets']).toMatchObject({ column: 'rate_limit', rule: '/tools/list_*', line: 6, guards: [{ kind: 'rate_limit', rule: '/tools/list_*' }] });
    expect(by['create_ticket']).toMatchObject({ column: 'allow', guards: [{ kind: 'require', rule: '/tools/create_ticket' }] });
    expect(by['delete_ticket']).toMatchObject({ column: 'require_approval', class: { category: 'destructive' } });
    expect(by['refund_payment']).toMatchObject({ column: 'hide', class: { category: 'financial' } });
    expect(by['run_script']).toMatchObject({ column: 'deny', rule: '/default', line: 3 });
    const some = await viewer.post('/policy-tools/decide', { text: 'version: "1"\ndefault: allow\nmode: observe\ntools: { "@destructive": deny }\n', server: 'tickets', tools: ['delete_ticket', 'get_ticket', 'unheard_of'] });
    expect(some.body.tools.map((tool: { name: string; column: string; observes: boolean }) => [tool.name, tool.column, tool.observes])).toEqual([['delete_ticket', 'deny', true], ['get_ticket', 'allow', true], ['unheard_of', 'deny', true]]);
  });

  test('a text with errors is refused with every diagnostic, and nothing is decided', async () => {
    const viewer = await world.as('viewer');
    for (const [path, body] of [['decide', { text: 'version: 2', server: 'tickets' }], ['place', { text: 'version: 2', tool: 'x', column: 'deny' }], ['explain', { texts: ['version: 2'], server: 'tickets', call: { name: 'x' } }], ['simulate', { policy: 'p', text: 'version: 2' }]] as const) {
      const answer = await viewer.post(`/policy-tools/${path}`, body);
      expect([path, answer.status, answer.body.code]).toEqual([path, 422, 'invalid_policy']);
      expect(answer.body.problems[0]).toMatchObject({ line: 1, message: expect.any(String) });
    }
  });

  test('explain: which rules are about a call, with lines, and what would pass', async () => {
    const viewer = await world.as('viewer');
    const text = `${POLICY}  run_script:\n    require: args.amount <= 500\n`;
    const refused = await viewer.post('/policy-tools/explain', { texts: [text], server: 'tickets', call: { name: 'run_script', arguments: { amount: 700 } } });
    expect(refused.status).toBe(200);
    expect(refused.body).toMatchObject({ decision: 'deny', code: 'condition_failed', rule: '/tools/run_script/require', wouldPass: expect.stringContaining('500'), argumentsKnown: true });
    expect(refused.body.steps).toContainEqual(expect.objectContaining({ outcome: 'refuses', line: 13, text: expect.stringContaining('args.amount <= 500') }));
    const passes = await viewer.post('/policy-tools/explain', { texts: [text], server: 'tickets', call: { name: 'run_script', arguments: { amount: 5 } } });
    expect(passes.body).toMatchObject({ decision: 'allow', code: null, reasons: [], wouldPass: null });
    const unknown = await viewer.post('/policy-tools/explain', { texts: [text], server: 'tickets', call: { name: 'drop_table' } });
    expect(unknown.body).toMatchObject({ decision: 'unknown', code: 'unknown', steps: [] });
    const strictest = await viewer.post('/policy-tools/explain', { texts: ['version: "1"\ndefault: allow\n', 'version: "1"\ndefault: hide\n'], server: 'tickets', call: { name: 'get_ticket' } });
    expect(strictest.body).toMatchObject({ decision: 'hide', code: 'hidden', rule: '/default' });
  });

  test('requests that ask for nothing, or for two things, are refused with what to do', async () => {
    const viewer = await world.as('viewer');
    for (const body of [
      { texts: [POLICY], server: 'tickets' },
      { texts: [POLICY], server: 'tickets', call: { name: 'x' }, journalId: 'y' },
      { texts: [POLICY], policies: ['p'], server: 'tickets', call: { name: 'x' } },
      { server: 'tickets', call: { name: 'x' } },
      { texts: [POLICY], server: 'tickets', call: { name: 'x', surprise: 1 } },
    ]) {
      const answer = await viewer.post('/policy-tools/explain', body);
      expect([answer.status, answer.body.code]).toEqual([400, 'invalid_request']);
    }
    expect((await viewer.post('/policy-tools/place', { text: POLICY, column: 'deny' })).status).toBe(400);
    expect((await viewer.post('/policy-tools/place', { text: POLICY, tool: 'x', column: 'deny', guard: { rateLimit: '1/minute' } })).status).toBe(400);
    expect((await viewer.post('/policy-tools/check', { text: 'x'.repeat(100_000) })).status).toBe(400);
  });

  test('who may not see a server learns nothing of its tools, nor that it exists', async () => {
    const other = await world.as({ serverRoles: { other: 'policy_manager' } });
    for (const server of ['tickets', 'nowhere']) {
      for (const [path, body] of [['check', { text: POLICY, server }], ['decide', { text: POLICY, server }], ['place', { text: POLICY, server, tool: 'x', column: 'deny' }], ['explain', { texts: [POLICY], server, call: { name: 'x' } }], ['simulate', { policy: 'p', text: POLICY, server }]] as const) {
        expect((await other.post(`/policy-tools/${path}`, body)).status, `${path} ${server}`).toBe(404);
      }
    }
    expect((await other.post('/policy-tools/check', { text: POLICY })).status).toBe(200);
    expect((await other.post('/policy-tools/decide', { text: POLICY, server: 'other' })).body).toEqual({ tools: [] });
    expect((await (await world.as('nobody')).post('/policy-tools/check', { text: POLICY })).status).toBe(401);
  });

  test('the schema for editors is that of the language', async () => {
    const answer = await (await world.as('viewer')).get('/policy-tools/schema');
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ type: 'object', properties: { default: expect.anything(), tools: expect.anything() } });
  });
});
