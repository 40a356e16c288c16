import { afterEach, describe, expect, test } from 'vitest';
import { HeldCalls } from '../../../src/gateway/approvals/held-calls.ts';
import { questionParams } from '../../../src/gateway/approvals/question.ts';
import { watchOf } from '../../../src/gateway/approvals/watch.ts';
import { ToolDirectory } from '../../../src/gateway/tool-directory.ts';
import type { JsonNode } from '../../../src/wire/json-node.ts';
import { scan } from '../../../src/wire/scan.ts';
import { ConversationHarness } from '../conversation-harness.ts';

let harness: ConversationHarness;
const open: ConversationHarness[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function start(policy: string): Promise<ConversationHarness> {
  const started = await ConversationHarness.start(policy);
  open.push(started);
  return started;
}

const MODERN = '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}';
const pay = (id: number, more = ''): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"pay","arguments":{"amount":1}${more}}}`;
const policy = (approval: string): string => `version: "1"\ndefault: allow\ntools:\n  pay: { action: require_approval, approval: ${approval} }\nresources:\n  "file:///*": { action: require_approval, approval: ${approval} }\n`;

async function approveNewest(by = 'intern'): Promise<void> {
  const [record] = await harness.state.approvals({ status: ['pending'] });
  const result = await harness.state.vote(record?.id ?? '', { approver: by, way: 'cli', decision: 'approve', comment: null });
  expect(result.ok).toBe(true);
}

const two = (when: string): string => `version: "1"\ndefault: allow\ntools:\n  pay:\n    - when: ${when}\n      action: require_approval\n      approval: { wait: 0s, approvers: 1 }\n    - action: require_approval\n      approval: { wait: 0s, approvers: { needed: 2, of: [ciso, cfo] } }\n`;

describe('an approval given under a weak demand', () => {
  test('[#34] is not used under a stricter one, whatever the client calls itself', async () => {
    harness = await start(two('client.name == "trusted"'));
    const call = (id: number, name: string): string => pay(id, `,"_meta":{${MODERN},"io.modelcontextprotocol/clientInfo":{"name":"${name}","version":"1"}}`);
    expect(await harness.client(call(1, 'trusted'))).toContain('approval_pending');
    await approveNewest();
    expect(await harness.client(call(2, 'other'))).toContain('approval_pending');
    expect(await harness.client(call(3, 'trusted'))).toBe('forward');
    const records = await harness.state.approvals({});
    expect(records.map(({ needed, status }) => `${needed} ${status}`).toSorted()).toEqual(['1 used', '2 pending']);
  });

  test('is not used after the grant was given other tags', async () => {
    harness = await start(two('"!(\'prod\' in grant.tags)"'));
    await harness.initialize({});
    expect(await harness.client(pay(1))).toContain('approval_pending');
    await approveNewest();
    harness.principal.swap(harness.principal.policies, ['prod']);
    expect(await harness.client(pay(2))).toContain('approval_pending');
  });
});

describe('a legacy client that left', () => {
  test('before its call came to be held has its call withdrawn, not executed', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    const judged = harness.client(pay(1));
    harness.conversation.clientLeft([...harness.conversation.inFlight.keys()][0] ?? '');
    expect(await judged).toBe('drop cancelled');
  });

  test('[S7] from a call that is never held changes nothing', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    const judged = harness.client(pay(1).replace('"pay"', '"wipe"'));
    harness.conversation.clientLeft([...harness.conversation.inFlight.keys()][0] ?? '');
    expect(await judged).toBe('forward');
  });

  test('and came back to its stream has its call held as if it had stayed', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    const judged = harness.client(pay(1));
    const key = [...harness.conversation.inFlight.keys()][0] ?? '';
    harness.conversation.clientLeft(key);
    harness.conversation.clientReturned(key);
    await held(1);
    await approveNewest();
    expect(await judged).toBe('forward');
  });
});

/** Resolves when so many calls are held. */
async function held(count: number): Promise<void> {
  for (let round = 0; round < 400; round += 1) {
    if ([...harness.conversation.inFlight.values()].filter(({ release }) => release !== null).length >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`fewer than ${count} calls are held`);
}

describe('what an approver is shown', () => {
  test('[#33] includes all that is bound and sent besides the arguments', async () => {
    harness = await start(policy('{ wait: 0s }'));
    await harness.client(pay(1, `,"_meta":{${MODERN},"acme/force":"M","progressToken":1},"inputResponses":{"confirm":{"action":"accept"}},"requestState":"S","other":[1.50],"task":{"ttl":5}`));
    const [record] = await harness.state.approvals({});
    expect(JSON.parse(record?.alsoSent ?? 'null')).toEqual({
      task: { ttl: 5 }, meta: { 'acme/force': 'M' }, input: { inputResponses: { confirm: { action: 'accept' } }, requestState: 'S' }, other: { other: [1.5] },
    });
    expect(record?.alsoSent).toContain('1.50');
  });

  test('is null when nothing else is sent', async () => {
    harness = await start(policy('{ wait: 0s }'));
    await harness.client(pay(1, `,"_meta":{${MODERN},"progressToken":1,"traceparent":"x"}`));
    expect((await harness.state.approvals({}))[0]?.alsoSent).toBeNull();
  });

  test.each([[1000, 'approval_pending'], [1001, 'invalid_arguments']])('[#44] a URI of %i characters: %s', async (length, code) => {
    harness = await start(policy('{ wait: 0s }'));
    const uri = `file:///${'a'.repeat(length - 8)}`;
    expect(await harness.client(`{"jsonrpc":"2.0","id":2,"method":"resources/read","params":{"uri":"${uri}","_meta":{${MODERN}}}}`)).toContain(code);
  });

  test.each([
    ['short arguments', '"x"', true],
    ['arguments too long for the message', `"${'x'.repeat(5_000)}"`, false],
  ])('[#44] a form for %s', async (_what, value, offered) => {
    harness = await start(policy('{ wait: 0s, via: [cli, elicitation] }'));
    const meta = MODERN.replace('clientCapabilities":{}', 'clientCapabilities":{"elicitation":{}}');
    const answer = await harness.client(`{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"pay","arguments":{"v":${value}},"_meta":{${meta}}}}`);
    expect(answer.includes('inputRequests')).toBe(offered);
    expect(answer.includes('approval_pending')).toBe(!offered);
  });

  test('[#44] the question has strings decoded and everything invisible escaped', async () => {
    harness = await start(policy('{ wait: 0s }'));
    await harness.initialize({});
    await harness.client('{"jsonrpc":"2.0","id":4,"method":"tools/call","params":{"name":"pay","arguments":{"op":"\\u0064\\u0065lete","a":"\\u3164\\u2800"},"_meta":{"acme/force":"really"}}}');
    const [record] = await harness.state.approvals({});
    if (record === undefined) throw new Error('no approval was asked for');
    const { message } = JSON.parse(questionParams(record, 'form', null, { named: true })) as { message: string };
    expect(message).toContain('"op": "delete"');
    expect(message).toContain('"a": "\\u3164\\u2800"');
    expect(message).toContain('"acme/force": "really"');
  });
});

describe('what is held', () => {
  test('[#43] is bounded by number: the call after the 256th is told to come again', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    for (let id = 1; id <= 256; id += 1) void harness.client(pay(id));
    await held(256);
    expect(await harness.client(pay(257))).toContain('approval_pending');
    await harness.client('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}');
    void harness.client(pay(258));
    await held(256);
  });

  test('[#43] is bounded by size, and gives its room back once', () => {
    const calls = new HeldCalls();
    const giveBack = calls.take(40 * 1024 * 1024);
    expect(calls.take(24 * 1024 * 1024 + 1)).toBeNull();
    expect(calls.take(24 * 1024 * 1024)).not.toBeNull();
    giveBack?.();
    giveBack?.();
    expect(calls.take(40 * 1024 * 1024 + 1)).toBeNull();
    expect(calls.take(40 * 1024 * 1024)).not.toBeNull();
  });

  test('is nothing any more once the process has begun to end', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    watchOf(harness.state).end();
    expect(await harness.client(pay(1))).toContain('approval_pending');
  });

  test('is not asked about when it could not be held', async () => {
    harness = await start(policy('{ wait: 20s, via: [cli, elicitation] }'));
    await harness.initialize({ elicitation: {} });
    expect(harness.principal.held.take(64 * 1024 * 1024)).not.toBeNull();
    expect(await harness.client(pay(1))).toContain('approval_pending');
    expect(harness.told).toEqual([]);
  });

  test('[N3] gets no progress from an upstream that has not been sent it', async () => {
    harness = await start(policy('{ wait: 20s }'));
    await harness.initialize({});
    void harness.client(pay(1, ',"_meta":{"progressToken":5}'));
    await held(1);
    expect(harness.upstream('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":5,"progress":99,"message":"approved, go on"}}')).toBe('drop unknown_progress_token');
  });
});

describe('what an approval binds', () => {
  test.each(['related-task', 'anything'])('[#33] _meta io.modelcontextprotocol/%s', async (key) => {
    harness = await start(policy('{ wait: 0s }'));
    await harness.initialize({});
    const call = (id: number, task: string): string => pay(id, `,"_meta":{"io.modelcontextprotocol/${key}":{"taskId":"${task}"}}`);
    await harness.client(call(1, 'a'));
    await approveNewest();
    expect(await harness.client(call(2, 'b'))).toContain('approval_pending');
    expect(await harness.client(call(3, 'a'))).toBe('forward');
  });

  test('[O5] the caller behind the grant, whose cancellation reaches no one else', async () => {
    harness = await start(policy('{ wait: 0s }'));
    await harness.initialize({});
    await harness.client(pay(1), 'alice');
    await approveNewest();
    expect(await harness.client(pay(2), 'bob')).toContain('approval_pending');
    expect(await harness.client(pay(3), 'alice')).toBe('forward');
  });

  test('the whole hash of the policies', async () => {
    harness = await start(policy('{ wait: 0s }'));
    expect(harness.principal.policies.digest).toMatch(/@[0-9a-f]{64}$/);
  });
});

describe('the hash of a definition', () => {
  const list = (text: string): JsonNode => {
    const scanned = scan(Buffer.from(text), { maxBytes: 1e6, maxDepth: 64, maxKeys: 1e4 });
    if (!scanned.ok) throw new Error(scanned.message);
    return scanned.root;
  };
  const A = '{"name":"pay","description":"A"}';
  const B = '{"name":"pay","description":"B"}';

  test('[#47] covers every definition of the name', () => {
    const directory = new ToolDirectory();
    directory.learn(list(`{"tools":[${A},${B}]}`), null, 0);
    const before = directory.get('pay')?.definitionHash;
    directory.learn(list(`{"tools":[${A},{"name":"pay","description":"C"}]}`), null, 1);
    expect(directory.get('pay')?.definitionHash).not.toBe(before);
    directory.learn(list(`{"tools":[${A},${B},${A}]}`), null, 2);
    expect(directory.get('pay')?.definitionHash).toBe(before);
  });

  test('[#47] follows a later page that is read again', () => {
    const directory = new ToolDirectory();
    directory.learn(list('{"tools":[{"name":"a"}],"nextCursor":"2"}'), null, 0);
    directory.learn(list(`{"tools":[${A},{"name":"gone"}],"nextCursor":"3"}`), '"2"', 0);
    directory.learn(list('{"tools":[{"name":"z"}]}'), '"3"', 0);
    const before = directory.get('pay')?.definitionHash;
    directory.learn(list(`{"tools":[${B}]}`), '"2"', 5_000);
    expect(directory.get('pay')?.definitionHash).not.toBe(before);
    expect(['a', 'z', 'gone'].map((name) => directory.get(name) !== null)).toEqual([true, true, false]);
  });
});
