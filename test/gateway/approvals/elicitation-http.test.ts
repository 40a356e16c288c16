import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HttpHarness, type Leg } from '../http-harness.ts';
import { decisionOf, policySet } from '../run-harness.ts';

const POLICY = 'version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: { wait: 20s, via: [elicitation] } }\n';
const YES = { action: 'accept', content: { approve: true } };
let gateway: HttpHarness;
let calls = 0;

beforeAll(async () => {
  gateway = await HttpHarness.start(await policySet(POLICY));
});
afterAll(() => gateway.close());

const upstreamLines = (): string[] => gateway.reached().map((entry) => String(entry['line'] ?? entry['body'] ?? ''));

describe.each<Leg>(['http', 'stdio'])('in front of an upstream over %s', (leg) => {
  /** Calls `pay` in a legacy session and answers the question that comes on the stream of the call. */
  async function askedInSession(result: unknown): Promise<{ answer: Record<string, unknown>; question: Record<string, unknown>; note: string }> {
    const session = await gateway.open(leg);
    calls += 1;
    const note = `call-${leg}-${calls}`;
    let question: Record<string, unknown> | null = null;
    const { messages } = await gateway.send({
      path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }),
      body: JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'pay', arguments: { amount: 1, note } } }),
      until: (seen) => {
        const asked = seen.find((message) => message['method'] === 'elicitation/create');
        if (asked !== undefined && question === null) {
          question = asked;
          void gateway.post(leg, { jsonrpc: '2.0', id: asked['id'], result }, { 'mcp-session-id': session }).then(({ status }) => expect(status).toBe(202));
        }
        return false;
      },
    });
    return { answer: messages.find((message) => message['id'] === 'c') ?? {}, question: question ?? {}, note };
  }

  test('[#35] a legacy client is asked on the stream of its call, and the answer goes to nobody else', async () => {
    const { answer, question, note } = await askedInSession(YES);
    expect(answer).toMatchObject({ result: { content: [{ text: 'ran pay' }] } });
    expect(upstreamLines().filter((line) => line.includes(note))).toHaveLength(1);
    expect(upstreamLines().some((line) => line.includes(String(question['id'])))).toBe(false);
  });

  test('a legacy client whose user says no has its call denied', async () => {
    const { answer, note } = await askedInSession({ action: 'decline' });
    expect(decisionOf(answer)).toMatchObject({ code: 'approval_denied' });
    expect(upstreamLines().some((line) => line.includes(note))).toBe(false);
  });

  test('[C5, #22] the answer in another session, or by another principal, is none', async () => {
    const session = await gateway.open(leg);
    const [own, foreign] = [await gateway.open(leg), await gateway.open(leg, true)];
    calls += 1;
    const note = `call-${leg}-${calls}`;
    let asked = false;
    const { messages } = await gateway.send({
      path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }),
      body: JSON.stringify({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'pay', arguments: { amount: 1, note } } }),
      until: (seen) => {
        const question = seen.find((message) => message['method'] === 'elicitation/create');
        if (question !== undefined && !asked) {
          asked = true;
          const yes = { jsonrpc: '2.0', id: question['id'], result: YES };
          void Promise.all([gateway.post(leg, yes, { 'mcp-session-id': own }), gateway.post(leg, yes, { 'mcp-session-id': foreign }, true)])
            .then(() => gateway.post(leg, { jsonrpc: '2.0', id: question['id'], result: { action: 'decline' } }, { 'mcp-session-id': session }));
        }
        return false;
      },
    });
    expect(decisionOf(messages.find((message) => message['id'] === 'c') ?? {})).toMatchObject({ code: 'approval_denied' });
    expect(upstreamLines().some((line) => line.includes(note))).toBe(false);
  });

  test('[M6, M7] a modern client is asked by the answer to its call, and its retry runs once', async () => {
    calls += 1;
    const note = `call-${leg}-${calls}`;
    const call = { name: 'pay', arguments: { amount: 1, note }, _meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } } };
    const first = await gateway.modern(leg, 'tools/call', call);
    expect(first.status).toBe(200);
    const input = first.messages[0]?.['result'] as { resultType: string; inputRequests: Record<string, unknown>; requestState: string };
    expect(input.resultType).toBe('input_required');
    const [key = ''] = Object.keys(input.inputRequests);
    const retry = { ...call, requestState: input.requestState, inputResponses: { [key]: YES } };
    expect((await gateway.modern(leg, 'tools/call', retry)).messages[0]).toMatchObject({ result: { content: [{ text: 'ran pay' }] } });
    expect((await gateway.modern(leg, 'tools/call', retry)).messages[0]).toMatchObject({ result: { resultType: 'input_required' } });
    const lines = upstreamLines().filter((line) => line.includes(note));
    expect(lines).toHaveLength(1);
    expect(lines[0]).not.toMatch(/requestState|inputResponses|policylayer|pla1/);
  });

  test('a client that cannot be asked is told that nobody can approve', async () => {
    expect(decisionOf((await gateway.modern(leg, 'tools/call', { name: 'pay', arguments: {} })).messages[0] ?? {})).toMatchObject({ code: 'policy_error' });
  });
});
