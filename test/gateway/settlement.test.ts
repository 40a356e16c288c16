import { afterEach, describe, expect, test } from 'vitest';
import { ConversationHarness } from './conversation-harness.ts';

let harness: ConversationHarness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

const META = '"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}';
const call = (id: number, name = 'pay', modern = false): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}","arguments":{"amount":60.5}${modern ? `,${META}` : ''}}}`;
const BUDGET = 'version: "1"\ndefault: allow\ntools:\n  pay: { budget: { sum: args.amount, max: 100, window: 1h } }\n';

describe('what a call reserved of a budget', () => {
  test.each<[string, boolean, (it: ConversationHarness) => unknown, 'spent' | 'given back']>([
    ['answers with a result', false, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"result":{"content":[]}}'), 'spent'],
    ['answers with isError', false, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":true}}'), 'given back'],
    ['answers with isError that is no true', false, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"result":{"content":[],"isError":"true"}}'), 'spent'],
    ['answers with an error', false, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"error":{"code":-32000,"message":"no"}}'), 'given back'],
    ['asks for input first', true, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"result":{"resultType":"input_required","inputRequests":{},"requestState":"s"}}'), 'given back'],
    ['makes a task of it', false, (it) => it.upstream('{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t","status":"working"}}}'), 'spent'],
    ['was never reached', false, (it) => it.failed('n:1', false), 'given back'],
    ['fails after it was reached', false, (it) => it.failed('n:1', true), 'spent'],
    ['is not waited for any longer', false, (it) => it.client('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}'), 'spent'],
  ])('when the upstream %s', async (_what, modern, end, expected) => {
    harness = await ConversationHarness.start(BUDGET);
    expect(await harness.client(call(1, 'pay', modern))).toBe('forward');
    await end(harness);
    await harness.state.flush();
    expect((await harness.client(call(2, 'pay', modern))).includes('budget_exceeded')).toBe(expected === 'spent');
  });

  test('[N2] is given back when the client withdraws the call before it was forwarded', async () => {
    harness = await ConversationHarness.start(BUDGET);
    await harness.client(call(1, 'wipe'));
    const judged = harness.client(call(2));
    expect(await harness.client('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}')).toBe('drop cancelled');
    expect(await judged).toBe('drop cancelled');
    await harness.state.flush();
    expect(await harness.client(call(3))).toBe('forward');
  });

  test('a call that could never fit is told so: no time after which to try again', async () => {
    harness = await ConversationHarness.start('version: "1"\ndefault: allow\ntools:\n  pay: { budget: { sum: args.amount, max: 10, window: 1h } }\n');
    const refused = JSON.parse(await harness.client(call(1))) as { result: { content: unknown; _meta: Record<string, unknown> } };
    expect(refused.result._meta['policylayer/decision']).toMatchObject({ code: 'budget_exceeded', rule: '/tools/pay/budget', retryAfterMs: null });
    expect(refused.result.content).toEqual([{ type: 'text', text: '[POLICY DENIED] budget of 10 per 3600 s would be exceeded; an amount as large as this never fits (rule /tools/pay/budget)' }]);
  });
});

describe('an approval that was used', () => {
  const APPROVAL = 'version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: { wait: 0s } }\n';

  test.each<[string, (it: ConversationHarness) => unknown, 'unused' | 'used']>([
    ['was never reached', (it) => it.failed('n:2', false), 'unused'],
    ['fails after it was reached', (it) => it.failed('n:2', true), 'used'],
    ['answers with isError', (it) => it.upstream('{"jsonrpc":"2.0","id":2,"result":{"content":[],"isError":true}}'), 'used'],
    ['answers', (it) => it.upstream('{"jsonrpc":"2.0","id":2,"result":{"content":[]}}'), 'used'],
    ['is not waited for any longer', (it) => it.client('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":2}}'), 'used'],
  ])('when the upstream %s', async (_what, end, expected) => {
    harness = await ConversationHarness.start(APPROVAL);
    expect(await harness.client(call(1))).toContain('approval_pending');
    const [pending] = await harness.state.approvals({ status: ['pending'] });
    await harness.state.vote(pending?.id ?? '', { approver: 'alice', way: 'cli', decision: 'approve', comment: null });
    expect(await harness.client(call(2))).toBe('forward');
    await end(harness);
    await harness.state.flush();
    expect(await harness.client(call(3))).toContain(expected === 'unused' ? 'forward' : 'approval_pending');
  });
});

describe('the journal', () => {
  test('has a row for what passes without being counted: unsubscribing, completions, methods of tasks', async () => {
    harness = await ConversationHarness.start('version: "1"\ndefault: allow\ntools:\n  pay: { rate_limit: { max: 1, window: 1h } }\nresources:\n  "file:///a": { rate_limit: { max: 1, window: 1h } }\n');
    expect(await harness.client('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","task":{}}}')).toBe('forward');
    harness.upstream('{"jsonrpc":"2.0","id":1,"result":{"task":{"taskId":"t","status":"working"}}}');
    expect(await harness.client('{"jsonrpc":"2.0","id":2,"method":"tasks/result","params":{"taskId":"t"}}')).toBe('forward');
    harness.upstream('{"jsonrpc":"2.0","id":2,"result":{"content":[]}}');
    for (const id of [3, 4]) expect(await harness.client(`{"jsonrpc":"2.0","id":${id},"method":"resources/unsubscribe","params":{"uri":"file:///a"}}`)).toBe('forward');
    expect(await harness.client('{"jsonrpc":"2.0","id":5,"method":"completion/complete","params":{"ref":{"type":"ref/prompt","name":"p"},"argument":{"name":"a","value":""}}}')).toBe('forward');
    const rows = await harness.rows();
    expect(rows.map(({ method, name, outcome }) => `${method ?? ''} ${name ?? ''} ${outcome}`)).toEqual([
      'tools/call pay ok', 'tasks/result pay ok', 'resources/unsubscribe file:///a forwarded', 'resources/unsubscribe file:///a forwarded', 'completion/complete p forwarded',
    ]);
  });

  test('[U1] repeats no argument in its reasons', async () => {
    harness = await ConversationHarness.start('version: "1"\ndefault: allow\ntools:\n  pay: { arguments: { to: { enum: [home] } }, additional: false }\n');
    const secret = 'hunter2-of-the-caller';
    const answer = await harness.client(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"to":"${secret}"}}}`);
    expect(answer).toContain('invalid_arguments');
    expect(JSON.stringify((await harness.rows()).map(({ argHash: _hash, ...row }) => row))).not.toContain(secret);
  });
});

describe('a refusal', () => {
  test('says what would have passed, where the policy can tell', async () => {
    harness = await ConversationHarness.start('version: "1"\ndefault: allow\ntools:\n  pay: { require: "args.amount <= 50.0" }\n');
    const refused = JSON.parse(await harness.client(call(1))) as { result: { _meta: Record<string, unknown> } };
    expect(refused.result._meta['policylayer/decision']).toMatchObject({ code: 'condition_failed', rule: '/tools/pay/require', wouldPass: 'amount <= 50' });
  });

  test('conditions see who the client says it is, its session and its grant', async () => {
    harness = await ConversationHarness.start('version: "1"\ndefault: deny\ntools:\n  pay: { require: \'client.name == "cli" && client.version == "7" && session.id == "x" && grant.label == "g" && server.name == "s"\' }\n');
    expect(await harness.client(call(1))).toContain('policy_error');
    expect(await harness.client('{"jsonrpc":"2.0","id":2,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"cli","version":"7"}}}')).toBe('forward');
    harness.upstream('{"jsonrpc":"2.0","id":2,"result":{"protocolVersion":"2025-11-25","capabilities":{},"serverInfo":{"name":"s","version":"1"}}}');
    expect(await harness.client(call(3))).toBe('forward');
  });
});
