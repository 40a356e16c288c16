import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { decisionOf, policySet, type StdioHarness, type StdioHarnessOptions } from '../run-harness.ts';
import { executed, withApprovals, type Approver } from './approver.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const policy = (approval: string, more = ''): string => `version: "1"\ndefault: allow\ntools:\n  "pay": { action: require_approval, approval: ${approval}${more} }\n  "wipe": { action: require_approval, approval: ${approval} }\n`;
const HELD = policy('{ wait: 30s }');
const NOT_HELD = policy('{ wait: 0s }');

async function start(text: string, options: StdioHarnessOptions = {}): Promise<{ client: StdioHarness; approver: Approver }> {
  const started = await withApprovals(text, options);
  closing.push(started.close);
  await started.client.initialize();
  return started;
}

const codeOf = (answer: Record<string, unknown>): unknown => decisionOf(answer)?.['code'] ?? 'allowed';

describe('an approval', () => {
  test('lets the held call through when somebody in another process approves it, exactly once, and every step has a row', async () => {
    const { client, approver } = await start(HELD);
    const answer = client.call('pay', { amount: 10 });
    const [request] = await approver.pending();
    expect(request).toMatchObject({ name: 'pay', argumentsText: '{"amount":10}', rule: '/tools/pay', grant: 'test', method: 'tools/call', needed: 1 });
    expect(executed(client)).toEqual([]);
    await approver.decide('approve', request?.id);
    expect(await answer).toMatchObject({ result: { content: [{ text: 'ran pay' }] } });
    expect(executed(client)).toEqual(['pay {"amount":10}']);
    const [used] = await approver.list('used');
    const rows = await client.rows();
    const entry = rows.find((row) => row.id === used?.usedBy);
    expect(entry).toMatchObject({ outcome: 'ok', name: 'pay', reason: `approval ${used?.id ?? ''}` });
    expect(rows.some((row) => row.code === 'approval_requested' && row.reason === `approval ${used?.id ?? ''}`)).toBe(true);
    expect(JSON.stringify(rows)).not.toContain('"amount":10');
  });

  test('[#33] that was given later lets the identical call through once, and no other', async () => {
    const { client, approver } = await start(NOT_HELD);
    const refused = await client.call('pay', { amount: 10, to: 'a' });
    expect(decisionOf(refused)).toMatchObject({ code: 'approval_pending', rule: '/tools/pay', retryAfterMs: null, approval: { id: expect.any(String), url: null, expiresAt: expect.any(String) } });
    const id = (decisionOf(refused)?.['approval'] as { id?: string } | undefined)?.id;
    await approver.decide('approve', id);

    expect(codeOf(await client.call('pay', { amount: 9999, to: 'a' }))).toBe('approval_pending');
    expect(codeOf(await client.call('pay', { amount: '10', to: 'a' }))).toBe('approval_pending');
    expect(codeOf(await client.call('wipe', { amount: 10, to: 'a' }))).toBe('approval_pending');
    expect(codeOf(await client.request('tools/call', { name: 'pay', arguments: { amount: 10, to: 'a' }, _meta: { extra: 1 } }))).toBe('approval_pending');
    expect(codeOf(await client.request('tools/call', { name: 'pay', arguments: { amount: 10, to: 'a' }, task: { ttl: 1 } }))).toBe('approval_pending');
    expect(executed(client)).toEqual([]);

    // Another order of the members, another spelling of the number: the same value by RFC 8785, so the same call.
    const same = client.next((message) => message['id'] === 'same');
    client.raw('{"jsonrpc":"2.0","id":"same","method":"tools/call","params":{"arguments":{"to":"a","amount":1e1},"name":"pay"}}\n');
    expect(codeOf(await same)).toBe('allowed');
    expect(codeOf(await client.call('pay', { amount: 10, to: 'a' }))).toBe('approval_pending');
    expect(executed(client)).toHaveLength(1);
    expect(client.reached().at(-1)).toContain('"amount":1e1');
  });

  test('[#33, #36] is used by one of many identical calls at once', async () => {
    const { client, approver } = await start(NOT_HELD);
    await client.call('pay', { amount: 1 });
    await approver.decide('approve');
    const codes = (await Promise.all(Array.from({ length: 8 }, () => client.call('pay', { amount: 1 })))).map(codeOf);
    expect(codes.filter((code) => code === 'allowed')).toHaveLength(1);
    expect(codes.filter((code) => code === 'approval_pending')).toHaveLength(7);
    expect(executed(client)).toHaveLength(1);
    expect(await approver.list('pending')).toHaveLength(1);
  });

  test('[#33] is used by one of many identical calls that are held for it', async () => {
    const { client, approver } = await start(policy('{ wait: 3s }'));
    const answers = Array.from({ length: 4 }, () => client.call('pay', { amount: 1 }));
    await approver.decide('approve');
    const codes = (await Promise.all(answers)).map(codeOf);
    expect(codes.filter((code) => code === 'allowed')).toHaveLength(1);
    expect(codes.filter((code) => code === 'approval_pending')).toHaveLength(3);
    expect(executed(client)).toHaveLength(1);
  });

  test('[#33, #47] holds neither for another definition of the tool nor for another policy', async () => {
    const { client, approver } = await start(NOT_HELD);
    await client.call('pay', { amount: 1 });
    await approver.decide('approve');
    await client.call('change');
    expect(codeOf(await client.call('pay', { amount: 1 }))).toBe('approval_pending');

    await approver.decide('approve');
    client.swap(await policySet(policy('{ wait: 0s }', ', reason: edited')));
    expect(codeOf(await client.call('pay', { amount: 1 }))).toBe('approval_pending');
    expect(executed(client)).toEqual([]);
  });

  test('[#33] survives a restart, and is not one for another principal', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'policylayer-approvals-'));
    closing.push(() => {
      rmSync(directory, { recursive: true, force: true });
      return Promise.resolve();
    });
    const first = await withApprovals(NOT_HELD, { directory });
    await first.client.initialize();
    await first.client.call('pay', { amount: 1 });
    await first.approver.decide('approve');
    await first.close();

    const other = await start(NOT_HELD, { directory, label: 'other' });
    expect(codeOf(await other.client.call('pay', { amount: 1 }))).toBe('approval_pending');
    const again = await start(NOT_HELD, { directory });
    expect(codeOf(await again.client.call('pay', { amount: 1 }))).toBe('allowed');
    expect(codeOf(await again.client.call('pay', { amount: 1 }))).toBe('approval_pending');
  });

  test('is refused before anybody is asked where the call cannot be shown exactly [J13, #42]', async () => {
    const { client, approver } = await start(NOT_HELD);
    const answer = client.next((message) => message['id'] === 'big');
    client.raw('{"jsonrpc":"2.0","id":"big","method":"tools/call","params":{"name":"pay","arguments":{"amount":9007199254740993}}}\n');
    expect(codeOf(await answer)).toBe('invalid_arguments');
    expect(await approver.list()).toEqual([]);
  });
});

describe('the four answers of a call that is not approved are different, and recorded', () => {
  test('pending, denied with the comment of the approver, and denied again for the identical call', async () => {
    const { client, approver } = await start(HELD);
    const answer = client.call('pay', { amount: 1 });
    await approver.decide('deny', undefined, 'alice', 'not on a Friday');
    const denied = await answer;
    expect(decisionOf(denied)).toMatchObject({ code: 'approval_denied' });
    expect(JSON.stringify(denied)).toContain('not on a Friday');
    expect(JSON.stringify(denied)).not.toContain('alice');
    expect(codeOf(await client.call('pay', { amount: 1 }))).toBe('approval_denied');
    expect((await client.rows()).filter((row) => row.code === 'approval_denied' && row.method === 'tools/call')).toHaveLength(2);
  });

  test('nobody who could approve is a policy error, and opens no request', async () => {
    const { client, approver } = await start(policy('{ via: [dashboard, elicitation] }'), { capabilities: {} });
    const answer = await client.call('pay');
    expect(decisionOf(answer)).toMatchObject({ code: 'policy_error', approval: null });
    expect(JSON.stringify(answer)).toContain('no approver is configured');
    expect(await approver.list()).toEqual([]);
  });

  test('what is not a tool is refused with the error of its own', async () => {
    const { client, approver } = await start('version: "1"\ndefault: allow\nprompts:\n  greet: { action: require_approval, approval: { wait: 0s } }\nresources:\n  "file:///a": { action: require_approval, approval: { wait: 0s } }\n');
    expect(await client.request('prompts/get', { name: 'greet' })).toMatchObject({ error: { code: -31409, data: { 'policylayer/decision': { code: 'approval_pending' } } } });
    expect(await client.request('resources/read', { uri: 'file:///a' })).toMatchObject({ error: { code: -31409 } });
    expect(await client.request('completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'a', value: '' } })).toMatchObject({ error: { code: -31403 } });
    const [first] = await approver.list('pending');
    await approver.decide('approve', first?.id);
    expect(await client.request('resources/read', { uri: 'file:///a' })).toMatchObject({ result: { contents: [] } });
  });
});

describe('a held call', () => {
  test('[N2, #54] that the client cancels is never forwarded, also when it is approved afterwards', async () => {
    const { client, approver } = await start(HELD);
    client.raw('{"jsonrpc":"2.0","id":"held","method":"tools/call","params":{"name":"pay","arguments":{"amount":1}}}\n');
    const [request] = await approver.pending();
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"other"}}\n');
    client.raw('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"held"}}\n');
    await client.call('safe');
    await approver.decide('approve', request?.id);
    await new Promise((resolve) => setTimeout(resolve, 600));
    expect(executed(client)).toEqual([]);
    expect(client.received.some((line) => line.includes('"id":"held"'))).toBe(false);
    expect(client.reached().some((line) => line.includes('notifications/cancelled'))).toBe(false);
    expect((await client.rows()).find((row) => row.outcome === 'cancelled')).toMatchObject({ name: 'pay', requestId: '"held"' });
    expect(await approver.list('approved')).toHaveLength(1);
  });

  test('[T8] delays no other message', async () => {
    const { client, approver } = await start(HELD);
    const answer = client.call('pay', { amount: 1 });
    await approver.pending();
    expect(await client.call('safe')).toMatchObject({ result: { content: [{ text: 'ran safe' }] } });
    expect(await client.request('tools/list')).toMatchObject({ result: { tools: expect.any(Array) } });
    await approver.decide('approve');
    expect(codeOf(await answer)).toBe('allowed');
  });

  test('[N2] is not executed when the client has closed its end, which is told where it stands, and does not keep the process', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'policylayer-approvals-'));
    const { client, approver } = await withApprovals(HELD, { directory });
    await client.initialize();
    client.raw('{"jsonrpc":"2.0","id":"held","method":"tools/call","params":{"name":"pay","arguments":{"amount":1}}}\n');
    const [request] = await approver.pending();
    const told = client.next((message) => message['id'] === 'held');
    await client.close();
    expect(codeOf(await told)).toBe('approval_pending');
    await approver.decide('approve', request?.id);
    expect(executed(client)).toEqual([]);
    await approver.close();
    rmSync(directory, { recursive: true, force: true });
  });

  test('[B8] runs under the policy of the moment: what was edited while it waited counts', async () => {
    const { client, approver } = await start(HELD);
    const answer = client.call('pay', { amount: 1 });
    await approver.pending();
    client.swap(await policySet('version: "1"\ndefault: allow\ntools:\n  pay: deny\n'));
    await approver.decide('approve');
    expect(codeOf(await answer)).toBe('denied');
    expect(executed(client)).toEqual([]);
  });

  test('takes its limit when it runs, not while it waits', async () => {
    const { client, approver } = await start(policy('{ wait: 0s }', ', rate_limit: { max: 1, window: 1h }'));
    await client.call('pay', { amount: 1 });
    await client.call('pay', { amount: 2 });
    for (const { id } of await approver.pending(2)) await approver.decide('approve', id);
    expect(codeOf(await client.call('pay', { amount: 1 }))).toBe('allowed');
    expect(codeOf(await client.call('pay', { amount: 2 }))).toBe('rate_limited');
    // The refused call has not used its approval.
    expect(await approver.list('approved')).toHaveLength(1);
  });
});
