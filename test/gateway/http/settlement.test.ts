import { afterEach, describe, expect, test } from 'vitest';
import type { ApprovalRecord } from '../../../src/state/types.ts';
import { databasePath, visitState } from '../../../src/state/open.ts';
import { HttpHarness, type Answer } from '../http-harness.ts';
import { policySet } from '../run-harness.ts';
import { ScriptedUpstream } from '../scripted-upstream.ts';
import { decide, staffed } from './approver.ts';

let gateway: HttpHarness | null = null;
let upstream: ScriptedUpstream | null = null;
afterEach(async () => {
  await gateway?.close();
  await upstream?.close();
  gateway = null;
  upstream = null;
});

/** With `elicitation` the client is asked on the stream of its call, which begins that stream before the upstream answers. */
const policy = (begun: boolean): string => `version: "1"
default: allow
tools:
  safe: { action: require_approval, approval: { wait: 20s, via: [dashboard${begun ? ', elicitation' : ''}] } }
  danger: { budget: { sum: args.amount, max: 10, window: 1h, per: grant } }
`;

async function start(status: number | 'none', begun: boolean): Promise<{ harness: HttpHarness; session: string }> {
  upstream = await ScriptedUpstream.start((_request, response) => {
    if (status === 'none') response.destroy();
    else response.writeHead(status, { 'content-type': 'text/html', 'x-own': 'kept' }).end('<h1>done, perhaps</h1>');
  });
  gateway = await HttpHarness.start(await policySet(policy(begun)), { url: upstream.url });
  await staffed(gateway);
  return { harness: gateway, session: await gateway.open('http') };
}

const call = (harness: HttpHarness, session: string, name: string, id = 7): Promise<Answer> => harness.post('http', { jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: { amount: 10 } } }, { 'mcp-session-id': session });

async function approvals(harness: HttpHarness): Promise<readonly ApprovalRecord['status'][]> {
  await harness.rows();
  const state = await visitState({ path: databasePath(harness.directory) });
  try {
    return state.approvals({}).map((record) => record.status);
  } finally {
    state.close();
  }
}

/** Answers of the upstream to our own credentials are not for the client. */
const OURS = new Set([401, 403, 407]);

describe('an upstream that answers on the level of HTTP only may have done the work, so nothing is given back', () => {
  const STATUSES = [400, 401, 403, 404, 407, 429, 500, 502, 503, 504, 302, 204];
  test.each(STATUSES.flatMap((status) => [[status, true], [status, false]] as const))('[#33] HTTP %i, the stream begun before: %s: the approval is used', async (status, begun) => {
    const { harness, session } = await start(status, begun);
    const held = call(harness, session, 'safe');
    await decide(harness, 'token');
    const answer = await held;
    expect(answer.headers['content-type']?.startsWith('text/event-stream')).toBe(begun);
    expect(await approvals(harness)).toEqual(['used']);
    expect(upstream?.of('tools/call')).toHaveLength(1);
  });

  test.each(STATUSES)('HTTP %i: the budget is spent', async (status) => {
    const { harness, session } = await start(status, false);
    await call(harness, session, 'danger');
    await harness.rows();
    // 404 has ended the session, and the budget is the grant's.
    const next = status === 404 ? await harness.open('http') : session;
    expect((await call(harness, next, 'danger', 8)).text).toContain('budget_exceeded');
    expect(upstream?.of('tools/call')).toHaveLength(1);
  });

  test.each(STATUSES.filter((status) => status >= 300 && !OURS.has(status)))('[T4] HTTP %i passes with its body when nothing was begun', async (status) => {
    const { harness, session } = await start(status, false);
    const answer = await call(harness, session, 'danger');
    expect([answer.status, answer.text, answer.headers['x-own']]).toEqual([status, '<h1>done, perhaps</h1>', 'kept']);
  });

  test('a connection that is closed without an answer: the approval is used, the budget spent', async () => {
    const { harness, session } = await start('none', false);
    const held = call(harness, session, 'safe');
    await decide(harness, 'token');
    await held;
    expect(await approvals(harness)).toEqual(['used']);
    await call(harness, session, 'danger');
    await harness.rows();
    expect((await call(harness, session, 'danger', 8)).text).toContain('budget_exceeded');
  });
});

test.each([true, false])('an upstream that is gone never saw the call: approval and budget are given back, the stream begun before: %s', async (begun) => {
  const { harness, session } = await start(500, begun);
  // The list of tools is known then, so that the next calls are the first to find nobody.
  await harness.request('http', session, 'tools/list', {});
  await upstream?.close();
  // A stream that is begun anew meanwhile may have been accepted by the system: of a call on such a connection nobody can tell.
  await new Promise((resolve) => setTimeout(resolve, 250));
  const held = call(harness, session, 'safe');
  await decide(harness, 'token');
  expect((await held).text).toContain('Upstream failed');
  expect(await approvals(harness)).toEqual(['approved']);
  for (const id of [8, 9, 10]) {
    expect((await call(harness, session, 'danger', id)).text).toContain('Upstream failed');
    await harness.rows();
  }
});
