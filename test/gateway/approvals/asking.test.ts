import { afterEach, describe, expect, test, vi } from 'vitest';
import type { ApprovalDesk } from '../../../src/gateway/approvals/desk.ts';
import { beat } from '../../../src/gateway/approvals/heartbeats.ts';
import { ApprovalSeal } from '../../../src/gateway/approvals/seal.ts';
import { ApprovalWatch } from '../../../src/gateway/approvals/watch.ts';
import type { Conversation } from '../../../src/gateway/conversation.ts';
import type { InFlight } from '../../../src/gateway/in-flight.ts';
import { systemClock, type ClockSource } from '../../../src/state/store-clock.ts';
import { StateUnavailable, type State } from '../../../src/state/types.ts';
import { ConversationHarness, parsed } from '../conversation-harness.ts';

let harness: ConversationHarness | null = null;
afterEach(async () => {
  vi.useRealTimers();
  await harness?.close();
  harness = null;
});

const policy = (approval: string): string => `version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: ${approval} }\n`;
const call = (id: number, more = ''): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"pay","arguments":{"amount":1}${more}}}`;
const META = ',"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"elicitation":{"url":{}}}}';

/** A process that serves pages. */
function pages(): ApprovalDesk & { readonly told: string[] } {
  const told: string[] = [];
  return { ways: new Set(['cli', 'dashboard', 'link']), urlOf: (id) => `https://gate.example.com/approvals/${id}`, created: (record) => void told.push(record.id), told };
}

describe('a client that opens pages', () => {
  const URLS = policy('{ wait: 20s, via: [dashboard, elicitation], approvers: [alice] }');

  test('is sent to the page where the approver signs in; opening it decides nothing', async () => {
    const desk = pages();
    harness = await ConversationHarness.start(URLS, undefined, desk);
    await harness.initialize({ elicitation: { url: {} } });
    const judged = harness.client(call(1));
    const question = await harness.said((message) => message['method'] === 'elicitation/create');
    const [record] = await harness.state.approvals({});
    expect(desk.told).toEqual([record?.id]);
    expect(question['params']).toMatchObject({ mode: 'url', url: `https://gate.example.com/approvals/${record?.id ?? ''}`, elicitationId: record?.id });
    expect(await harness.client(JSON.stringify({ jsonrpc: '2.0', id: question['id'], result: { action: 'accept' } }))).toBe('drop own_answer');
    expect(await harness.state.approval(record?.id ?? '')).toMatchObject({ status: 'pending', votes: [] });
    await harness.state.vote(record?.id ?? '', { approver: 'alice', way: 'dashboard', decision: 'approve', comment: null });
    expect(await judged).toBe('forward');
    expect(harness.told.at(-1)).toMatchObject({ method: 'notifications/elicitation/complete', params: { elicitationId: record?.id } });
  });

  test('of the modern era gets the address in the answer, and its retry waits for the decision', async () => {
    harness = await ConversationHarness.start(URLS, undefined, pages());
    const first = JSON.parse(await harness.client(call(1, META))) as { result: { inputRequests: Record<string, { params: unknown }>; requestState: string } };
    const [key = '', request] = Object.entries(first.result.inputRequests)[0] ?? [];
    expect(request?.params).toMatchObject({ mode: 'url', url: expect.stringContaining('https://gate.example.com/approvals/') });
    expect(JSON.stringify(request)).not.toContain('elicitationId');
    const judged = harness.client(call(2, `${META},"requestState":${JSON.stringify(first.result.requestState)},"inputResponses":{"${key}":{"action":"accept"}}`));
    const [record] = await harness.state.approvals({});
    await harness.state.vote(record?.id ?? '', { approver: 'alice', way: 'dashboard', decision: 'approve', comment: null });
    expect(await judged).toBe('forward');
  });

  test('[#34] a form is not shown where the policy names the approvers, and a yes that nobody asked for counts nothing', async () => {
    harness = await ConversationHarness.start(URLS, undefined, pages());
    await harness.initialize({ elicitation: { form: {}, url: {} } });
    const judged = harness.client(call(1));
    const question = await harness.said((message) => message['method'] === 'elicitation/create');
    expect(question['params']).toMatchObject({ mode: 'url' });
    await harness.client(JSON.stringify({ jsonrpc: '2.0', id: question['id'], result: { action: 'accept', content: { approve: true } } }));
    const [record] = await harness.state.approvals({});
    expect(record).toMatchObject({ status: 'pending', votes: [] });
    await harness.client('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    expect(await judged).toBe('drop cancelled');
  });
});

describe('the answers of a call without an approval', () => {
  test('pending names the page', async () => {
    harness = await ConversationHarness.start(policy('{ wait: 0s, timeout: 1m }'), undefined, pages());
    const pending = JSON.parse(await harness.client(call(1))) as { result: { content: { text: string }[]; _meta: Record<string, { approval: unknown }> } };
    const [record] = await harness.state.approvals({});
    expect(pending.result._meta['policylayer/decision']?.approval).toEqual({ id: record?.id, url: `https://gate.example.com/approvals/${record?.id ?? ''}`, expiresAt: record?.expiresAt });
    const id = record?.id ?? '';
    expect(pending.result.content[0]?.text).toBe(`[POLICY DENIED] \`pay\` needs an approval that has not been given yet (request ${id}, decided at https://gate.example.com/approvals/${id}, until ${record?.expiresAt ?? ''}); repeat the identical call later (rule /tools/pay)`);
  });

  test.each([['never decided', false], ['given and not used', true]])('an approval that was %s in time has expired: told once, then asked for anew', async (_what, approve) => {
    let passed = 0;
    const clock: ClockSource = { ...systemClock, wallMs: () => systemClock.wallMs() + passed, monotonicUs: () => systemClock.monotonicUs() + passed * 1_000, uptimeUs: () => null };
    harness = await ConversationHarness.start(policy('{ wait: 0s, timeout: 1m }'), undefined, pages(), clock);
    await harness.client(call(1));
    const [record] = await harness.state.approvals({});
    if (approve) await harness.state.vote(record?.id ?? '', { approver: 'alice', way: 'cli', decision: 'approve', comment: null });
    passed = 61_000;
    expect(await harness.client(call(2))).toContain('"approval_expired"');
    expect(await harness.client(call(3))).toContain('"approval_pending"');
    expect((await harness.rows()).filter((row) => row.code === 'approval_expired').length).toBeGreaterThan(0);
  });

  test('of what is no tool are errors with codes of their own', async () => {
    let passed = 0;
    const clock: ClockSource = { ...systemClock, wallMs: () => systemClock.wallMs() + passed, monotonicUs: () => systemClock.monotonicUs() + passed * 1_000, uptimeUs: () => null };
    harness = await ConversationHarness.start('version: "1"\ndefault: allow\nprompts:\n  greet: { action: require_approval, approval: { wait: 0s, timeout: 1m } }\n', undefined, pages(), clock);
    const get = (id: number): string => `{"jsonrpc":"2.0","id":${id},"method":"prompts/get","params":{"name":"greet"}}`;
    expect(JSON.parse(await harness.client(get(1)))).toMatchObject({ error: { code: -31409, data: { 'policylayer/decision': { code: 'approval_pending', approval: { id: expect.any(String) } } } } });
    passed = 61_000;
    expect(JSON.parse(await harness.client(get(2)))).toMatchObject({ error: { code: -31408, data: { 'policylayer/decision': { code: 'approval_expired' } } } });
    await harness.client(get(3));
    const [record] = await harness.state.approvals({ status: ['pending'] });
    await harness.state.vote(record?.id ?? '', { approver: 'alice', way: 'cli', decision: 'deny', comment: null });
    expect(JSON.parse(await harness.client(get(4)))).toMatchObject({ error: { code: -31403, data: { 'policylayer/decision': { code: 'approval_denied' } } } });
  });

  test('[#49] a store that cannot be reached refuses, and nobody is asked', async () => {
    const desk = pages();
    harness = await ConversationHarness.start(policy('{ wait: 1s }'), undefined, desk);
    harness.state.requestApproval = () => {
      throw new StateUnavailable('disk full');
    };
    expect(await harness.client(call(1))).toContain('"state_unavailable"');
    expect(desk.told).toEqual([]);
  });

  test('a flood of requests is refused as a rate limit, and the one that waits stays visible', async () => {
    harness = await ConversationHarness.start(policy('{ wait: 0s }'));
    const codes: string[] = [];
    for (let amount = 0; amount < 101; amount += 1) {
      codes.push(await harness.client(`{"jsonrpc":"2.0","id":${amount},"method":"tools/call","params":{"name":"pay","arguments":{"amount":${amount}}}}`));
    }
    expect(codes.slice(0, 100).every((answer) => answer.includes('approval_pending'))).toBe(true);
    const last = JSON.parse(codes[100] ?? '') as { result: { _meta: Record<string, unknown> } };
    expect(last.result._meta['policylayer/decision']).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
  });
});

describe('a call that is held', () => {
  test('[N3] says so every five seconds with the token of its client, in increasing steps, and to nobody who gave none', () => {
    vi.useFakeTimers();
    const said: string[] = [];
    const conversation = { tell: (_key: string, bytes: Buffer) => said.push(bytes.toString()) > 0 } as unknown as Conversation;
    const held = (params: string): InFlight => {
      const request = parsed(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":${params}}`);
      return { request, idKey: 'n:1', progressToken: params.includes('progressToken') ? 't' : null, beats: 0 } as unknown as InFlight;
    };
    const stop = beat(conversation, held('{"name":"pay","_meta":{"progressToken":"tok-7"}}'));
    vi.advanceTimersByTime(15_001);
    const beats = said.map((text) => (JSON.parse(text) as { params: { progressToken: string; progress: number } }).params);
    expect(beats.map(({ progressToken }) => progressToken)).toEqual(['tok-7', 'tok-7', 'tok-7']);
    expect(beats.every(({ progress }, index) => progress > (beats[index - 1]?.progress ?? 0) && progress < 1)).toBe(true);
    stop();
    beat(conversation, held('{"name":"pay"}'));
    vi.advanceTimersByTime(60_000);
    expect(said).toHaveLength(3);
  });

  test('is told that the approval is pending when the process ends', async () => {
    let asked = 0;
    const state = { approvalStatus: (ids: readonly string[]) => { asked += 1; return new Map(ids.map((id) => [id, 'pending'])); } } as unknown as State;
    const watch = new ApprovalWatch(state);
    const events: string[] = [];
    watch.on('a', (event) => events.push(`first ${event}`));
    const stop = watch.on('a', (event) => events.push(`second ${event}`));
    watch.look('a');
    watch.look('b');
    await Promise.resolve();
    expect(asked).toBe(1);
    stop();
    watch.end();
    expect(events).toEqual(['first ending']);
    expect(watch.size).toBe(0);
  });
});

describe('a seal [M7, #33]', () => {
  const state = { digest: (bytes: Uint8Array) => `${Buffer.from(bytes).toString('hex')}${'0'.repeat(64)}`.slice(-64) } as unknown as State;
  const other = { digest: (bytes: Uint8Array) => `${Buffer.from(bytes).toString('hex')}${'1'.repeat(64)}`.slice(-64) } as unknown as State;
  const ask = { approval: 'a', key: 'k', mode: 'form', expiresAt: 1_000 } as const;

  test('opens for its own call until it expires, at every process of its store, and nowhere else', () => {
    const seal = new ApprovalSeal(state);
    const text = seal.ask(ask, 'call');
    expect(seal.open(text, 'call', 999)).toMatchObject({ stage: 'ask', approval: 'a' });
    expect(new ApprovalSeal(state).open(text, 'call', 999)).toMatchObject({ approval: 'a' });
    expect(seal.open(text, 'call', 1_000)).toBeNull();
    expect(seal.open(text, 'other call', 999)).toBeNull();
    expect(new ApprovalSeal(other).open(text.replace(seal.stateMark, new ApprovalSeal(other).stateMark), 'call', 999)).toBeNull();
  });

  test('is void when any character of it is changed', () => {
    const seal = new ApprovalSeal(state);
    const text = seal.ask(ask, 'call');
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
      expect(seal.open(changed, 'call', 0), `at ${at}`).toBeNull();
    }
  });

  test('of a call that goes on works once, and only in the process that let it through', () => {
    const seal = new ApprovalSeal(state);
    const text = seal.through({ approval: 'a', upstream: '"x"', expiresAt: 1_000 }, 'call');
    expect(new ApprovalSeal(state).open(text, 'call', 0)).toBeNull();
    expect(seal.open(text, 'another call', 0)).toBeNull();
    expect(seal.open(text, 'call', 0)).toMatchObject({ stage: 'through', upstream: '"x"' });
    expect(seal.open(text, 'call', 0)).toBeNull();
  });
});
