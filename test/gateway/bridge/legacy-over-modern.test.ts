import { afterEach, describe, expect, test } from 'vitest';
import { rawMessage } from '../../upstream/recorder.ts';
import { BridgeClient, CAPABILITIES, errorOf, resultOf, textOf, until, type Fixture, type Json } from './harness.ts';

let client: BridgeClient | null = null;
afterEach(async () => {
  await client?.link.close();
  client = null;
});

async function open(fixture: Fixture = 'modern-server', options = {}): Promise<BridgeClient> {
  client = await BridgeClient.open(fixture, options);
  return client;
}

async function session(version = '2025-11-25', capabilities: Json = CAPABILITIES): Promise<BridgeClient> {
  const bridge = await open();
  await bridge.initialize(version, capabilities);
  return bridge;
}

const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1);

const call = (bridge: BridgeClient, name: string, args: Json = {}, meta: Json = {}): Promise<Json> => bridge.ask('tools/call', { name, arguments: args, ...(Object.keys(meta).length === 0 ? {} : { _meta: meta }) });

describe('a legacy client in front of a modern server', () => {
  test('initialize says what server/discover said, in the words of the old revision', async () => {
    const bridge = await open();
    expect(resultOf(await bridge.initialize())).toEqual({
      protocolVersion: '2025-11-25', instructions: 'New.', serverInfo: { name: 'modern-only', version: '2.0.0' },
      capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true }, logging: {}, completions: {}, extensions: { 'com.example/other': {} } },
    });
    expect(errorOf(await bridge.initialize())).toMatchObject({ code: -32600 });
  });

  test.each([['2025-06-18', '2025-06-18'], ['2024-11-05', '2024-11-05'], ['1999-01-01', '2025-11-25']])('a client that asks for %s gets %s', async (asked, given) => {
    expect(resultOf(await (await open()).initialize(asked))['protocolVersion']).toBe(given);
  });

  test('every request carries the version and what the session declared', async () => {
    const bridge = await session('2025-11-25', { ...CAPABILITIES, tasks: { list: {} }, extensions: { 'io.modelcontextprotocol/tasks': {}, 'com.example/x': {} } });
    const { envelope } = textOf(await call(bridge, 'envelope', {}, { 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/logLevel': 'debug' })) as { envelope: Json };
    expect(envelope).toEqual({
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 'tester', version: '9' },
      'io.modelcontextprotocol/clientCapabilities': { ...CAPABILITIES, extensions: { 'com.example/x': {} } },
    });
  });

  test('every method of the session is served', async () => {
    const bridge = await session();
    expect(resultOf(await bridge.ask('ping'))).toEqual({});
    expect(textOf(await call(bridge, 'echo', { a: 1 }))).toEqual({ a: 1 });
    expect(resultOf(await call(bridge, 'fail'))).toMatchObject({ isError: true });
    expect(resultOf(await bridge.ask('prompts/list'))).toMatchObject({ prompts: [{ name: 'greet' }] });
    expect(resultOf(await bridge.ask('prompts/get', { name: 'greet' }))).toHaveProperty('messages');
    expect(resultOf(await bridge.ask('resources/list', {}))).toHaveProperty('resources');
    expect(resultOf(await bridge.ask('resources/read', { uri: 'test://watched' }))).toMatchObject({ contents: [{ text: 'content' }] });
    expect(resultOf(await bridge.ask('completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'x', value: '' } }))).toMatchObject({ completion: { values: ['a', 'b'] } });
  });

  test('a missing resource has the error code of the old revision, other errors keep theirs', async () => {
    const bridge = await session();
    expect(errorOf(await bridge.ask('resources/read', { uri: 'test://none' }))).toMatchObject({ code: -32002, data: { uri: 'test://none' } });
    expect(errorOf(await bridge.ask('resources/read', { uri: 'test://bad' }))).toMatchObject({ code: -32602 });
    expect(errorOf(await call(bridge, 'none'))).toMatchObject({ code: -32602 });
    expect(errorOf(await bridge.ask('no/such'))).toMatchObject({ code: -32601 });
  });

  test('an error number that only the new revision knows becomes an internal error', async () => {
    const bridge = await open('raw-server modern');
    await bridge.initialize();
    expect(errorOf(await bridge.ask('odd/error'))).toMatchObject({ code: -32603, message: 'odd' });
  });

  test('numbers, order and unknown members survive in both directions', async () => {
    const bridge = await open('raw-server modern');
    bridge.link.send(rawMessage('{"jsonrpc":"2.0","id":"i","method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{"x":9007199254740993},"clientInfo":{"name":"c","version":"1"}}}'));
    expect((await bridge.seen.response('s:i')).text).toContain('"x-odd":{"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2}');
    bridge.link.send(rawMessage('{"jsonrpc":"2.0", "id":"x" ,"method":"tools/call","params":{"name":"t","_meta":{"traceparent":"00-1"},"arguments":{"n":9007199254740993,"f":1.0,"e":1e400,"10":1,"9":2},"x-new":-0}}'));
    const { text } = await bridge.seen.response('s:x');
    expect(text).toContain('"_meta":{"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2},"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2');
    expect((JSON.parse(text) as { result: { line: string } }).result.line).toBe('{"jsonrpc":"2.0", "id":"x" ,"method":"tools/call","params":{"name":"t","_meta":{"traceparent":"00-1",'
      + '"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{"x":9007199254740993},"io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"}},'
      + '"arguments":{"n":9007199254740993,"f":1.0,"e":1e400,"10":1,"9":2},"x-new":-0}}');
  });

  test('structured content that is no object stays readable as text, and its schema is withheld', async () => {
    const bridge = await session();
    const { tools } = resultOf(await bridge.ask('tools/list')) as { tools: Json[] };
    expect(tools.find(({ name }) => name === 'number')).not.toHaveProperty('outputSchema');
    expect(tools.find(({ name }) => name === 'shaped')).toHaveProperty('outputSchema');
    const number = resultOf(await call(bridge, 'number'));
    expect(number).not.toHaveProperty('structuredContent');
    expect(number['content']).toEqual([{ type: 'text', text: '42' }]);
    const list = resultOf(await call(bridge, 'list'));
    expect(list).not.toHaveProperty('structuredContent');
    expect((list['content'] as Json[]).map(({ type }) => type)).toEqual(['image', 'text']);
  });

  test('progress comes with the token of the client', async () => {
    const bridge = await session();
    await call(bridge, 'progress', {}, { progressToken: 7 });
    expect(bridge.others('notifications/progress').map(({ params }) => params)).toEqual([{ progressToken: 7, progress: 1, total: 2 }, { progressToken: 7, progress: 2, total: 2 }]);
  });

  test('logging/setLevel holds for every later request', async () => {
    const bridge = await session();
    await call(bridge, 'log');
    expect(bridge.others('notifications/message')).toEqual([]);
    expect(resultOf(await bridge.ask('logging/setLevel', { level: 'warning' }))).toEqual({});
    await call(bridge, 'log');
    expect(bridge.others('notifications/message').map(({ params }) => (params as Json)['level'])).toEqual(['warning']);
    expect(errorOf(await bridge.ask('logging/setLevel', { level: 'loud' }))).toMatchObject({ code: -32602 });
  });

  test('a cancelled call is cancelled at the server, and nothing answers it', async () => {
    const bridge = await session();
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow' } });
    await call(bridge, 'echo');
    bridge.notify('notifications/cancelled', { requestId: 'slow' });
    await bridge.seen.failure('s:slow');
    await until('the server heard of it', async () => (textOf(await call(bridge, 'counts')) as Json)['cancelled'] === 1);
    expect(bridge.seen.log).not.toContain('response s:slow');
  });

  describe('input that a call requires', () => {
    test('is asked of the client on the stream of the call, and the retry brings back the exact state', async () => {
      const bridge = await session();
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'ask', arguments: {} } });
      const [question] = await bridge.other('elicitation/create');
      expect(question).toMatchObject({ params: { message: 'Who?' } });
      expect(bridge.seen.messages.find(({ message }) => message.kind === 'request')?.requestKey).toBe('s:c');
      bridge.send({ jsonrpc: '2.0', id: question?.['id'], result: { action: 'accept', content: { name: 'Ada' } } });
      expect(textOf(await bridge.answer('c'))).toMatchObject({ action: 'accept', content: { name: 'Ada' } });
    });

    test('of three kinds at once is collected before the call goes on', async () => {
      const bridge = await session();
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'ask_many' } });
      const [who] = await bridge.other('elicitation/create');
      const [model] = await bridge.other('sampling/createMessage');
      const [where] = await bridge.other('roots/list');
      const said = { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
      bridge.send({ jsonrpc: '2.0', id: where?.['id'], result: { roots: [{ uri: 'file:///a' }] } });
      bridge.send({ jsonrpc: '2.0', id: model?.['id'], result: said });
      bridge.send({ jsonrpc: '2.0', id: who?.['id'], result: { action: 'accept', content: { name: 'Ada' } } });
      expect(textOf(await bridge.answer('c'))).toEqual({ name: 'Ada', model: said, where: { roots: [{ uri: 'file:///a' }] } });
    });

    test('that the client refuses ends the call and withdraws its other questions', async () => {
      const bridge = await session();
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'ask_many' } });
      const [model] = await bridge.other('sampling/createMessage');
      await bridge.other('roots/list');
      bridge.send({ jsonrpc: '2.0', id: model?.['id'], error: { code: -1, message: 'User rejected sampling request' } });
      expect(errorOf(await bridge.answer('c'))).toMatchObject({ code: -32603, message: expect.stringContaining('User rejected sampling request') as string });
      const withdrawn = bridge.others('notifications/cancelled').map(({ params }) => (params as Json)['requestId']).toSorted(byText);
      expect(withdrawn).toEqual([...bridge.others('elicitation/create'), ...bridge.others('roots/list')].map(({ id }) => id).toSorted(byText));
    });

    test('is withdrawn when the client cancels the call', async () => {
      const bridge = await session();
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'ask' } });
      const [question] = await bridge.other('elicitation/create');
      bridge.notify('notifications/cancelled', { requestId: 'c' });
      const [withdrawn] = await bridge.other('notifications/cancelled');
      expect((withdrawn?.['params'] as Json | undefined)?.['requestId']).toBe(question?.['id']);
      bridge.send({ jsonrpc: '2.0', id: question?.['id'], result: { action: 'cancel' } });
      expect(textOf(await call(bridge, 'echo', { still: 'here' }))).toEqual({ still: 'here' });
    });

    test('is not asked of a client that did not declare it', async () => {
      const bridge = await session('2025-11-25', { elicitation: {} });
      // The server itself may notice first; either way the client is told and not asked.
      expect((await call(bridge, 'ask_many'))['error']).toBeDefined();
      expect(bridge.others('sampling/createMessage')).toEqual([]);
    });

    test('is asked a bounded number of times', async () => {
      const bridge = await session();
      bridge.seen.onMessage = (message) => {
        if (message.kind === 'request') queueMicrotask(() => bridge.send({ jsonrpc: '2.0', id: message.id, result: { action: 'decline' } }));
      };
      expect(errorOf(await call(bridge, 'ask_for_ever')).message).toContain('32 times');
    });

    test('an id that is used again right after its cancellation means the new call', async () => {
      const bridge = await session();
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'slow' } });
      bridge.notify('notifications/cancelled', { requestId: 'c' });
      bridge.send({ jsonrpc: '2.0', id: 'c', method: 'tools/call', params: { name: 'echo', arguments: { a: 1 } } });
      expect(textOf(await bridge.answer('c'))).toEqual({ a: 1 });
      expect(bridge.seen.failures).toEqual([]);
    });

    test('may be none at all: the call comes back with its state', async () => {
      expect(textOf(await call(await session(), 'state_once'))).toMatch(/^came back as "policylayer-/);
    });
  });

  describe('subscriptions', () => {
    test('list changes reach the session from notifications/initialized on', async () => {
      const bridge = await session();
      await until('a change arrives', async () => {
        await call(bridge, 'change');
        return bridge.others('notifications/tools/list_changed').length > 0;
      });
      expect(bridge.others('notifications/tools/list_changed')[0]).toEqual({ jsonrpc: '2.0', method: 'notifications/tools/list_changed', params: {} });
      expect(bridge.others('notifications/resources/updated')).toEqual([]);
    });

    test('resources/subscribe brings updates of that resource until resources/unsubscribe', async () => {
      const bridge = await session();
      expect(resultOf(await bridge.ask('resources/subscribe', { uri: 'test://watched' }))).toEqual({});
      await call(bridge, 'change');
      expect(bridge.others('notifications/resources/updated').map(({ params }) => params)).toEqual([{ uri: 'test://watched' }]);
      expect(resultOf(await bridge.ask('resources/subscribe', { uri: 'test://other' }))).toEqual({});
      expect(resultOf(await bridge.ask('resources/unsubscribe', { uri: 'test://watched' }))).toEqual({});
      await until('only the other one is left', async () => {
        const before = bridge.others('notifications/resources/updated').length;
        await call(bridge, 'change');
        const after = bridge.others('notifications/resources/updated').slice(before);
        return after.length === 1 && (after[0]?.['params'] as Json | undefined)?.['uri'] === 'test://other';
      });
    });
  });

  test.each([
    ['tasks/list', {}, -32601, 'Tasks'],
    ['tasks/get', { taskId: 't' }, -32601, 'Tasks'],
    ['tools/call', { name: 'echo', task: { ttl: 1 } }, -32602, 'task'],
  ])('%s %j is refused with a reason', async (method, params, code, reason) => {
    const error = errorOf(await (await session()).ask(method, params));
    expect(error.code).toBe(code);
    expect(error.message).toContain(reason);
  });

  test('a server that dies takes its calls and the connection with it, in that order', async () => {
    const bridge = await session();
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow' } });
    await call(bridge, 'echo');
    bridge.send({ jsonrpc: '2.0', id: 'crash', method: 'tools/call', params: { name: 'crash' } });
    expect(await bridge.seen.failure('s:slow')).toMatchObject({ kind: 'exited' });
    expect(await bridge.seen.ended()).toMatchObject({ kind: 'exited' });
    expect(bridge.seen.log.at(-1)).toBe('closed');
    expect(bridge.seen.ends).toBe(1);
  });
});
