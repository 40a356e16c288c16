import { afterEach, describe, expect, test } from 'vitest';
import { decisionOf, policySet, StdioHarness } from './run-harness.ts';

let harness: StdioHarness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

async function start(...policies: string[]): Promise<StdioHarness> {
  harness = new StdioHarness(await policySet(...policies));
  await harness.initialize();
  return harness;
}

const RULES = `version: "1"
default: allow
tools:
  danger: { action: deny, reason: Images reach the production registry through CI only }
  secret: hide
  pay: { rate_limit: { max: 2, window: 1 } }
`;

describe('a policy holds over stdio', () => {
  test('[T1, T7] an allowed call reaches the upstream as the bytes that the client sent', async () => {
    const client = await start(RULES);
    const line = '{"jsonrpc":"2.0", "id":"big","method":"tools/call","params":{"name":"echo","arguments":{"text":"é😀","n":9007199254740993,"f":1.0,"e":1e400},"x-unknown":{"b":1,"a":2}}}';
    const answer = client.next((message) => message['id'] === 'big');
    client.raw(`${line}\n`);
    expect((await answer)['result']).toMatchObject({ content: [{ text: 'é😀' }] });
    expect(client.reached()).toContain(line);
  });

  test('a denied call is refused with the reason, the code and the rule, and never reaches the upstream', async () => {
    const client = await start(RULES);
    const answer = await client.call('danger');
    expect(answer['result']).toMatchObject({ isError: true, content: [{ type: 'text', text: '[POLICY DENIED] Images reach the production registry through CI only (rule /tools/danger)' }] });
    expect(decisionOf(answer)).toMatchObject({ code: 'denied', rule: '/tools/danger', policy: expect.stringMatching(/^p0@[0-9a-f]{8}$/), retryAfterMs: null, approval: null });
    expect(client.callsReached()).toEqual([]);
    const rows = await client.rows();
    expect(rows.filter((row) => row.name === 'danger')).toMatchObject([{ outcome: 'refused', code: 'denied', rule: '/tools/danger', id: decisionOf(answer)?.['decisionId'] }]);
  });

  test('[L1] a hidden tool is absent from the list and answers like one that does not exist', async () => {
    const client = await start(RULES);
    const list = await client.request('tools/list');
    expect(JSON.stringify(list)).not.toContain('secret');
    const hidden = await client.request('tools/call', { name: 'secret', arguments: {} }, 900);
    const absent = await client.request('tools/call', { name: 'sesame', arguments: {} }, 900);
    expect(JSON.stringify(hidden).replaceAll('secret', 'sesame')).toBe(JSON.stringify(absent));
    expect(client.callsReached()).toEqual([]);
  });

  test('a call over its limit is refused with the time to wait, and admitted after it', async () => {
    const client = await start(RULES);
    expect(decisionOf(await client.call('pay'))).toBeNull();
    expect(decisionOf(await client.call('pay'))).toBeNull();
    const refused = decisionOf(await client.call('pay'));
    expect(refused).toMatchObject({ code: 'rate_limited', rule: '/tools/pay/rate_limit' });
    const wait = refused?.['retryAfterMs'] as number;
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(1_001);
    await new Promise((resolve) => setTimeout(resolve, wait));
    expect(decisionOf(await client.call('pay'))).toBeNull();
    expect(client.callsReached()).toEqual(['pay', 'pay', 'pay']);
  });

  test('observe records what would have happened and blocks nothing', async () => {
    const client = await start(RULES.replace('default: allow', 'default: allow\nmode: observe'));
    expect(decisionOf(await client.call('danger'))).toBeNull();
    expect(client.callsReached()).toEqual(['danger']);
    expect(await client.rows()).toMatchObject([{ name: 'danger', outcome: 'ok', observed: 'would_deny' }]);
  });

  test('[N4] a policy edit is told to the client and holds from the next call on', async () => {
    const client = await start('version: "1"\ndefault: allow\n');
    expect(decisionOf(await client.call('danger'))).toBeNull();
    const told = client.next((message) => message['method'] === 'notifications/tools/list_changed');
    client.swap(await policySet(RULES));
    await told;
    expect(decisionOf(await client.call('danger'))).toMatchObject({ code: 'denied' });
  });

  test('with several policies the strictest action wins and limits add up', async () => {
    const client = await start('version: "1"\ndefault: allow\ntools: { pay: { rate_limit: 1/minute } }\n', 'version: "1"\ndefault: allow\ntools: { danger: deny }\n');
    expect(decisionOf(await client.call('danger'))).toMatchObject({ code: 'denied', policy: expect.stringMatching(/^p1@/) });
    expect(decisionOf(await client.call('pay'))).toBeNull();
    expect(decisionOf(await client.call('pay'))).toMatchObject({ code: 'rate_limited', policy: expect.stringMatching(/^p0@/) });
  });
});

describe('an upstream that misbehaves', () => {
  const OPEN = 'version: "1"\ndefault: allow\n';

  test('progress, logging and elicitation pass in both directions', async () => {
    const client = await start(OPEN);
    const answer = client.request('tools/call', { name: 'progress', arguments: {}, _meta: { progressToken: 'tok' } });
    await expect(answer).resolves.toMatchObject({ result: { content: [{ text: 'progress done' }] } });
    expect(client.received.filter((line) => line.includes('notifications/progress'))).toHaveLength(3);
    const asked = client.next((message) => message['method'] === 'elicitation/create');
    const outcome = client.call('ask');
    const question = await asked;
    client.raw(`${JSON.stringify({ jsonrpc: '2.0', id: question['id'], result: { action: 'accept', content: {} } })}\n`);
    expect(JSON.stringify(await outcome)).toContain('accept');
  });

  test('[C1, C2, C4, #31] a denied elicitation is declined for the client, who never sees it', async () => {
    const client = await start(`${OPEN}client: { elicitation: deny, sampling: deny, roots: deny }\n`);
    expect(JSON.stringify(await client.call('ask'))).toContain('decline');
    expect(JSON.stringify(await client.call('ask', { method: 'sampling/createMessage', params: { messages: [] } }))).toContain('User rejected sampling request');
    expect(JSON.stringify(await client.call('ask', { method: 'roots/list', params: {} }))).toContain('roots');
    expect(client.received.some((line) => line.includes('"method"'))).toBe(false);
  });

  test('[J11, #23] a second answer and an answer that nobody asked for are dropped and recorded', async () => {
    const client = await start(OPEN);
    await client.call('twice');
    await client.call('stray');
    expect(client.received.filter((line) => line.includes('"second"'))).toEqual([]);
    expect(client.received.some((line) => line.includes('424242'))).toBe(false);
    expect((await client.rows()).filter((row) => row.outcome === 'dropped')).toHaveLength(2);
  });

  test('a server that dies in the middle of a call ends that call with an error, and the run with its exit status', async () => {
    const client = await start(OPEN);
    expect(await client.call('crash')).toMatchObject({ error: { code: -32603, message: expect.stringContaining('exited with code 3') } });
    expect(await client.exit).toBe(3);
  });

  test('[N2, #54] a client that cancels is never answered by a call that was still being judged', async () => {
    const client = await start(OPEN);
    client.raw('{"jsonrpc":"2.0","id":77,"method":"tools/call","params":{"name":"safe","arguments":{}}}\n{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":77}}\n');
    await client.request('ping');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(client.callsReached()).toEqual([]);
    expect((await client.rows()).find((row) => row.requestId === '77')).toMatchObject({ outcome: 'cancelled' });
  });
});
