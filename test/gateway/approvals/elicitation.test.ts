import { afterEach, describe, expect, test } from 'vitest';
import { decisionOf, type StdioHarness, type StdioHarnessOptions } from '../run-harness.ts';
import { executed, withApprovals, type Approver } from './approver.ts';

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const policy = (approval: string): string => `version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: ${approval} }\n  confirm: { action: require_approval, approval: ${approval} }\n`;
const ASKED = policy('{ wait: 20s, via: [cli, elicitation] }');

interface Started { readonly client: StdioHarness; readonly approver: Approver }

async function start(text: string, options: StdioHarnessOptions = {}, version = '2025-11-25'): Promise<Started> {
  const started = await withApprovals(text, options);
  closing.push(started.close);
  await started.client.initialize(version);
  return started;
}

const codeOf = (answer: Record<string, unknown>): unknown => decisionOf(answer)?.['code'] ?? 'allowed';
const asks = (message: Record<string, unknown>): boolean => message['method'] === 'elicitation/create';
const reply = (client: StdioHarness, id: unknown, result: unknown): void => client.raw(`${JSON.stringify({ jsonrpc: '2.0', id, result })}\n`);

describe('the user of a legacy client is asked', () => {
  test('[#35] and a yes lets the call through; question and answer are ours alone', async () => {
    const { client } = await start(ASKED);
    const question = client.next(asks);
    const answer = client.call('pay', { amount: 10, to: 'evil\u202Etxt' });
    const asked = await question;
    expect(asked['id']).toMatch(/^policylayer-[0-9a-f-]{36}$/);
    expect(asked['params']).toMatchObject({ mode: 'form', requestedSchema: { properties: { approve: { type: 'boolean' } }, required: ['approve'] } });
    expect(JSON.stringify(asked['params'])).toContain('evil\\\\u202etxt');
    reply(client, asked['id'], { action: 'accept', content: { approve: true } });
    expect(codeOf(await answer)).toBe('allowed');
    expect(client.reached().some((line) => line.includes(String(asked['id'])))).toBe(false);
    expect(executed(client)).toHaveLength(1);
    // A second answer to the same question finds nobody, least of all the upstream.
    reply(client, asked['id'], { action: 'accept', content: { approve: true } });
    expect(codeOf(await client.call('safe'))).toBe('allowed');
    expect(client.reached().some((line) => line.includes(String(asked['id'])))).toBe(false);
    expect((await client.rows()).some((row) => row.code === 'unexpected_response')).toBe(true);
  });

  test.each([
    ['declines', { action: 'decline' }],
    ['accepts without saying yes', { action: 'accept', content: {} }],
    ['accepts with a no', { action: 'accept', content: { approve: false, comment: 'no way' } }],
    ['accepts with a text for a yes', { action: 'accept', content: { approve: 'true' } }],
  ])('and one who %s has denied it, also for the identical call', async (_what, result) => {
    const { client } = await start(ASKED);
    const question = client.next(asks);
    const answer = client.call('pay', { amount: 10 });
    reply(client, (await question)['id'], result);
    expect(codeOf(await answer)).toBe('approval_denied');
    expect(codeOf(await client.call('pay', { amount: 10 }))).toBe('approval_denied');
    expect(executed(client)).toEqual([]);
  });

  test('and one who closes the question has denied this call, but is asked again', async () => {
    const { client } = await start(ASKED);
    const first = client.next(asks);
    const answer = client.call('pay', { amount: 10 });
    reply(client, (await first)['id'], { action: 'cancel' });
    expect(codeOf(await answer)).toBe('approval_denied');
    const second = client.next(asks);
    const again = client.call('pay', { amount: 10 });
    reply(client, (await second)['id'], { action: 'accept', content: { approve: true } });
    expect(codeOf(await again)).toBe('allowed');
  });

  test('and the question is taken back when somebody else decides first', async () => {
    const { client, approver } = await start(ASKED);
    const question = client.next(asks);
    const answer = client.call('pay', { amount: 10 });
    const asked = await question;
    const cancelled = client.next((message) => message['method'] === 'notifications/cancelled');
    await approver.decide('approve');
    expect((await cancelled)['params']).toMatchObject({ requestId: asked['id'] });
    expect(codeOf(await answer)).toBe('allowed');
  });

  test('without a mode in a revision that has none', async () => {
    const { client } = await start(ASKED, {}, '2025-06-18');
    const question = client.next(asks);
    const answer = client.call('pay', { amount: 10 });
    const asked = await question;
    expect(asked['params']).not.toHaveProperty('mode');
    reply(client, asked['id'], { action: 'accept', content: { approve: true } });
    expect(codeOf(await answer)).toBe('allowed');
  });

  test.each<[string, string, StdioHarnessOptions, string]>([
    ['the policy does not list the way', policy('{ wait: 1s }'), {}, '2025-11-25'],
    ['the client did not say that it can', policy('{ wait: 1s, via: [cli, elicitation] }'), { capabilities: {} }, '2025-11-25'],
    ['the client shows no forms', policy('{ wait: 1s, via: [cli, elicitation] }'), { capabilities: { elicitation: { url: {} } } }, '2025-11-25'],
    ['the revision has no such question', policy('{ wait: 1s, via: [cli, elicitation] }'), {}, '2025-03-26'],
    ['the policy names other approvers', policy('{ wait: 1s, via: [cli, elicitation], approvers: [alice] }'), {}, '2025-11-25'],
  ])('[#34] not when %s', async (_what, text, options, version) => {
    const { client } = await start(text, options, version);
    expect(codeOf(await client.call('pay', { amount: 10 }))).toBe('approval_pending');
    expect(client.received.some((line) => line.includes('elicitation/create'))).toBe(false);
  });

  test('[#34, #35] an answer to a question of the upstream is never one to ours, and the other way round', async () => {
    const { client } = await start(ASKED);
    const ours = client.next((message) => asks(message) && message['id'] !== 'ask-1');
    const confirmed = client.call('confirm');
    const first = await ours;
    reply(client, 'ask-1', { action: 'accept', content: { approve: true } });
    const theirs = client.next((message) => message['id'] === 'ask-1');
    reply(client, first['id'], { action: 'accept', content: { approve: true } });
    expect(await theirs).toMatchObject({ method: 'elicitation/create' });
    const second = client.next((message) => asks(message) && message['id'] !== 'ask-1');
    const paid = client.call('pay', { amount: 1 });
    const asked = await second;
    reply(client, 'ask-1', { action: 'accept', content: { approve: true } });
    expect(await confirmed).toMatchObject({ result: { content: [{ text: 'confirmed by {"action":"accept","content":{"approve":true}}' }] } });
    expect(executed(client)).toEqual(['confirm {}']);
    reply(client, asked['id'], { action: 'decline' });
    expect(codeOf(await paid)).toBe('approval_denied');
    expect(executed(client)).toEqual(['confirm {}']);
  });
});

interface InputRequired {
  readonly resultType: string;
  readonly inputRequests: Record<string, { readonly method: string; readonly params: Record<string, unknown> }>;
  readonly requestState: string;
}
const inputOf = (answer: Record<string, unknown>): InputRequired => answer['result'] as InputRequired;
const MODERN = policy('{ wait: 0s, via: [cli, elicitation] }');

async function modern(text = MODERN): Promise<Started> {
  const started = await withApprovals(text);
  closing.push(started.close);
  await started.client.modern('server/discover', {});
  return started;
}

const CALL = { name: 'pay', arguments: { amount: 10 } };
const yes = { action: 'accept', content: { approve: true } };

/** The first call, and what its retry has to bring. */
async function asked(client: StdioHarness, call: Record<string, unknown> = CALL): Promise<{ state: string; key: string; input: InputRequired }> {
  const input = inputOf(await client.modern('tools/call', call));
  expect(input.resultType).toBe('input_required');
  return { state: input.requestState, key: Object.keys(input.inputRequests)[0] ?? '', input };
}

describe('the user of a modern client is asked by the answer to the call', () => {
  test('[M6, M7] and the retry with a yes goes through once, without anything of ours in it', async () => {
    const { client } = await modern();
    const { state, key, input } = await asked(client);
    expect(input.inputRequests[key]).toMatchObject({ method: 'elicitation/create', params: { mode: 'form', requestedSchema: { required: ['approve'] } } });
    const retry = { ...CALL, requestState: state, inputResponses: { [key]: yes } };
    expect(codeOf(await client.modern('tools/call', retry))).toBe('allowed');
    expect(executed(client)).toHaveLength(1);
    const line = client.reached().find((each) => each.includes('"pay"')) ?? '';
    expect(line).not.toContain('requestState');
    expect(line).not.toContain('inputResponses');
    expect(line).not.toContain('policylayer');
    // The same retry again is another call, and is asked about anew.
    expect(inputOf(await client.modern('tools/call', retry)).resultType).toBe('input_required');
    expect(executed(client)).toHaveLength(1);
  });

  test.each<[string, (state: string, key: string) => Record<string, unknown>]>([
    ['other arguments', (requestState, key) => ({ name: 'pay', arguments: { amount: 9999 }, requestState, inputResponses: { [key]: yes } })],
    ['another tool', (requestState, key) => ({ name: 'confirm', arguments: { amount: 10 }, requestState, inputResponses: { [key]: yes } })],
    ['a task', (requestState, key) => ({ ...CALL, task: { ttl: 1 }, requestState, inputResponses: { [key]: yes } })],
    ['another _meta', (requestState, key) => ({ ...CALL, _meta: { more: 1 }, requestState, inputResponses: { [key]: yes } })],
    ['a changed seal', (requestState, key) => ({ ...CALL, requestState: `${requestState.slice(0, -2)}${requestState.endsWith('AA') ? 'BB' : 'AA'}`, inputResponses: { [key]: yes } })],
    ['a seal cut short', (requestState, key) => ({ ...CALL, requestState: requestState.slice(0, 40), inputResponses: { [key]: yes } })],
    ['no seal', (_state, key) => ({ ...CALL, inputResponses: { [key]: yes } })],
    ['another key', (requestState, key) => ({ ...CALL, requestState, inputResponses: { [`${key}x`]: yes } })],
    ['another key of the upstream', (requestState) => ({ ...CALL, requestState, inputResponses: { sure: yes } })],
  ])('[#33, #35, M6, M7] a retry with %s is judged like a first call', async (_what, retryOf) => {
    const { client, approver } = await modern();
    const { state, key } = await asked(client);
    const answer = await client.modern('tools/call', retryOf(state, key));
    expect(inputOf(answer)?.resultType === 'input_required' || codeOf(answer) === 'approval_pending').toBe(true);
    expect(executed(client)).toEqual([]);
    expect(await approver.list('approved')).toEqual([]);
  });

  test('[#33] a state of another principal is worth nothing', async () => {
    const { client } = await modern();
    const { state, key } = await asked(client);
    const other = await withApprovals(MODERN, { directory: client.directory, label: 'other' });
    closing.push(other.close);
    await other.client.modern('server/discover', {});
    const answer = await other.client.modern('tools/call', { ...CALL, requestState: state, inputResponses: { [key]: yes } });
    expect(inputOf(answer).resultType).toBe('input_required');
    expect(executed(client)).toEqual([]);
  });

  test('the question outlives a restart', async () => {
    const { client } = await modern();
    const { state, key } = await asked(client);
    const again = await withApprovals(MODERN, { directory: client.directory });
    closing.push(again.close);
    await again.client.modern('server/discover', {});
    expect(codeOf(await again.client.modern('tools/call', { ...CALL, requestState: state, inputResponses: { [key]: yes } }))).toBe('allowed');
  });

  test.each([['decline', 'approval_denied', 'approval_denied'], ['cancel', 'approval_denied', 'allowed']])('a %s denies the call', async (action, first, second) => {
    const { client } = await modern();
    const { state, key } = await asked(client);
    expect(codeOf(await client.modern('tools/call', { ...CALL, requestState: state, inputResponses: { [key]: { action } } }))).toBe(first);
    // `allowed` here: no refusal, but the question again.
    const again = await client.modern('tools/call', CALL);
    expect(codeOf(again)).toBe(second);
    expect(executed(client)).toEqual([]);
  });

  test('[M7] a state of the upstream is wrapped after an approval was used: the retry needs no second one, works once, and reaches the upstream as it was', async () => {
    const { client, approver } = await modern();
    const call = { name: 'confirm', arguments: {} };
    const first = await asked(client, call);
    const second = inputOf(await client.modern('tools/call', { ...call, requestState: first.state, inputResponses: { [first.key]: yes } }));
    expect(Object.keys(second.inputRequests)).toEqual(['sure']);
    expect(second.requestState).not.toContain('upstream');
    const retry = { ...call, requestState: second.requestState, inputResponses: { sure: { action: 'accept', content: {} }, [first.key]: yes } };
    expect(await client.modern('tools/call', retry)).toMatchObject({ result: { content: [{ text: 'confirmed by {"sure":{"action":"accept","content":{}}}' }] } });
    expect(await approver.list('used')).toHaveLength(1);
    // Used up: the same state again brings nothing to the upstream.
    const replayed = await client.modern('tools/call', retry);
    expect(inputOf(replayed).resultType).toBe('input_required');
    expect(Object.keys(inputOf(replayed).inputRequests)).not.toContain('sure');
    expect(executed(client)).toHaveLength(2);
  });

  test('[#33, M6] a wrapped state does not carry over to other arguments', async () => {
    const { client } = await modern();
    const call = { name: 'confirm', arguments: {} };
    const first = await asked(client, call);
    const second = inputOf(await client.modern('tools/call', { ...call, requestState: first.state, inputResponses: { [first.key]: yes } }));
    const answer = await client.modern('tools/call', { name: 'confirm', arguments: { all: true }, requestState: second.requestState, inputResponses: { sure: yes } });
    expect(Object.keys(inputOf(answer).inputRequests)).not.toContain('sure');
    expect(executed(client)).toEqual(['confirm {}']);
  });

  test('[M7, T1] without an approval the state of the upstream passes byte for byte in both directions', async () => {
    const { client } = await modern('version: "1"\ndefault: allow\n');
    const input = inputOf(await client.modern('tools/call', { name: 'confirm', arguments: {} }));
    expect(input.requestState).toBe('upstream "state"');
    const line = '{"jsonrpc":"2.0", "id":"r","method":"tools/call","params":{"name":"confirm","arguments":{}, "requestState":"upstream \\u0022state\\u0022","inputResponses":{"sure":{"action":"accept"}},"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{}}}}}';
    const answer = client.next((message) => message['id'] === 'r');
    client.raw(`${line}\n`);
    expect(codeOf(await answer)).toBe('allowed');
    expect(client.reached()).toContain(line);
  });

  test('[#35] keys and states with our marks are stripped from calls that need no approval too', async () => {
    const { client } = await modern();
    const { state, key } = await asked(client);
    await client.modern('tools/call', { name: 'safe', arguments: {}, requestState: state, inputResponses: { [key]: yes } });
    const line = client.reached().find((each) => each.includes('"safe"')) ?? '';
    expect(line).not.toContain('policylayer');
    expect(line).not.toContain('pla1.');
  });
});

describe('across the eras', () => {
  test('[M7] the state of a bridged call is wrapped after its approval was used, and found again', async () => {
    const started = await withApprovals(MODERN, { bridge: true, flags: ['--legacy'] });
    closing.push(started.close);
    const { client, approver } = started;
    await client.modern('server/discover', {});
    const call = { name: 'confirm', arguments: {} };
    const first = await asked(client, call);
    const second = inputOf(await client.modern('tools/call', { ...call, requestState: first.state, inputResponses: { [first.key]: yes } }));
    const [key = ''] = Object.keys(second.inputRequests);
    expect(key).not.toBe(first.key);
    expect(second.requestState).not.toMatch(/^plb1/);
    const retry = { ...call, requestState: second.requestState, inputResponses: { [key]: { action: 'accept', content: { fine: true } } } };
    expect(await client.modern('tools/call', retry)).toMatchObject({ result: { content: [{ text: 'confirmed by {"action":"accept","content":{"fine":true}}' }] } });
    expect(executed(client)).toEqual(['confirm {}']);
    expect(await approver.list('used')).toHaveLength(1);
  });

  test('[#35] a legacy client of a modern server is asked by a question, of which the server learns nothing', async () => {
    const started = await withApprovals(ASKED, { bridge: true });
    closing.push(started.close);
    const { client } = started;
    await client.initialize();
    const question = client.next(asks);
    const answer = client.call('pay', { amount: 3 });
    const ours = await question;
    reply(client, ours['id'], yes);
    expect(codeOf(await answer)).toBe('allowed');
    expect(client.reached().some((line) => line.includes(String(ours['id'])))).toBe(false);
    expect(executed(client)).toEqual(['pay {"amount":3}']);
  });
});
