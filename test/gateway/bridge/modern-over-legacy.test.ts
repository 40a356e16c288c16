import { afterEach, describe, expect, test } from 'vitest';
import { rawMessage } from '../../upstream/recorder.ts';
import { BridgeClient, CAPABILITIES, envelope, errorOf, resultOf, textOf, until, type Fixture, type Json } from './harness.ts';

let client: BridgeClient | null = null;
afterEach(async () => {
  await client?.link.close();
  client = null;
});

async function open(fixture: Fixture = 'legacy-server', options = {}): Promise<BridgeClient> {
  client = await BridgeClient.open(fixture, options);
  return client;
}

const SUBSCRIPTION = 'io.modelcontextprotocol/subscriptionId';

describe('a modern client in front of a legacy server', () => {
  test('server/discover says what initialize said, in the words of the new revision', async () => {
    const result = resultOf(await (await open()).modern('server/discover'));
    expect(result).toEqual({
      resultType: 'complete', supportedVersions: ['2026-07-28'], instructions: 'Old but gold.', ttlMs: 0, cacheScope: 'private',
      capabilities: { tools: { listChanged: true }, prompts: { listChanged: true }, resources: { subscribe: true, listChanged: true }, logging: {}, completions: {} },
      _meta: { 'io.modelcontextprotocol/serverInfo': { name: 'legacy-only', version: '1.2.3' } },
    });
  });

  test('a connection may begin with any request, and the session declares what the client declares', async () => {
    const session = textOf(await (await open()).tool('session')) as Json;
    expect(session['client']).toEqual({ name: 'tester', version: '9' });
    expect(session['capabilities']).toEqual({ elicitation: { form: {}, url: {} }, sampling: {}, roots: {} });
  });

  test('lists and reads carry what makes them cacheable results, and every result its type', async () => {
    const bridge = await open();
    const tools = resultOf(await bridge.modern('tools/list'));
    expect(tools).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
    expect(JSON.stringify(tools)).not.toContain('execution');
    for (const [method, params] of [['prompts/list', {}], ['resources/list', {}], ['resources/read', { uri: 'test://watched' }]] as const) {
      expect(resultOf(await bridge.modern(method, params))).toMatchObject({ resultType: 'complete', ttlMs: 0, cacheScope: 'private' });
    }
    for (const [method, params] of [['tools/call', { name: 'echo', arguments: {} }], ['prompts/get', { name: 'greet' }], ['completion/complete', { ref: { type: 'ref/prompt', name: 'greet' }, argument: { name: 'x', value: '' } }]] as const) {
      const result = resultOf(await bridge.modern(method, params));
      expect(result).toMatchObject({ resultType: 'complete' });
      expect(result).not.toHaveProperty('ttlMs');
    }
    expect(resultOf(await bridge.tool('fail'))).toMatchObject({ isError: true, resultType: 'complete' });
  });

  test('a missing resource has the error code of the new revision, other errors keep theirs', async () => {
    const bridge = await open();
    expect(errorOf(await bridge.modern('resources/read', { uri: 'test://none' }))).toMatchObject({ code: -32602, data: { uri: 'test://none' } });
    expect(errorOf(await bridge.modern('tools/call', { name: 'none' }))).toMatchObject({ code: -32602 });
    expect(errorOf(await bridge.modern('no/such'))).toMatchObject({ code: -32601 });
  });

  test('a reserved error number of a legacy server does not look like a mistake of the client', async () => {
    const answer = await (await open('raw-server legacy')).modern('odd/error');
    expect(errorOf(answer)).toMatchObject({ code: -32603, message: 'odd' });
  });

  test('numbers, order and unknown members survive in both directions', async () => {
    const bridge = await open('raw-server legacy');
    const meta = JSON.stringify(envelope(CAPABILITIES, { traceparent: '00-1', progressToken: 'mine' })).slice(1, -1);
    bridge.link.send(rawMessage(`{"jsonrpc":"2.0", "id":"x" ,"method":"tools/call","params":{"name":"t","_meta":{${meta}},"arguments":{"n":9007199254740993,"f":1.0,"e":1e400,"10":1,"9":2},"x-new":-0}}`));
    const { text } = await bridge.seen.response('s:x');
    expect(text).toContain('"_meta":{"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2},"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2');
    const line = (JSON.parse(text) as { result: { line: string } }).result.line;
    expect(line).toMatch(/^\{"jsonrpc":"2\.0", "id":\d+ ,"method":"tools\/call","params":\{"name":"t","_meta":\{"traceparent":"00-1","progressToken":\d+\},"arguments":\{"n":9007199254740993,"f":1\.0,"e":1e400,"10":1,"9":2\},"x-new":-0\}\}$/);
    const discovered = bridge.link.send(rawMessage(`{"jsonrpc":"2.0","id":"d","method":"server/discover","params":{"_meta":{${meta}}}}`));
    expect(discovered).toBe(true);
    expect((await bridge.seen.response('s:d')).text).toContain('"x-odd":{"big":9007199254740993,"exact":1.0,"huge":1e400,"z":1,"a":2}');
  });

  test('progress comes with the token of the client, and not at all without one', async () => {
    const bridge = await open();
    await bridge.tool('progress', {}, {}, { progressToken: 'mine' });
    expect(bridge.others('notifications/progress').map(({ params }) => params)).toEqual([{ progressToken: 'mine', progress: 1, total: 2 }, { progressToken: 'mine', progress: 2, total: 2 }]);
    await bridge.tool('progress');
    expect(bridge.others('notifications/progress')).toHaveLength(2);
  });

  test('log messages come only for a request that asked for them, at its level', async () => {
    const bridge = await open();
    await bridge.tool('log');
    expect(bridge.others('notifications/message')).toEqual([]);
    await bridge.tool('log', {}, {}, { 'io.modelcontextprotocol/logLevel': 'warning' });
    expect(bridge.others('notifications/message').map(({ params }) => (params as Json)['level'])).toEqual(['warning']);
    await bridge.tool('log', {}, {}, { 'io.modelcontextprotocol/logLevel': 'debug' });
    expect(bridge.others('notifications/message').map(({ params }) => (params as Json)['level'])).toEqual(['warning', 'debug', 'warning']);
  });

  test('a cancelled call is cancelled at the server, and nothing answers it', async () => {
    const bridge = await open();
    await bridge.tool('echo');
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', _meta: envelope() } });
    bridge.notify('notifications/cancelled', { requestId: 'slow' });
    await bridge.seen.failure('s:slow');
    await until('the server heard of it', async () => (textOf(await bridge.tool('session')) as Json)['cancelled'] === 1);
    expect(bridge.seen.log).not.toContain('response s:slow');
  });

  test('an abandoned call is cancelled at the server too', async () => {
    const bridge = await open();
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', _meta: envelope() } });
    await bridge.tool('echo');
    bridge.link.abort('s:slow');
    await until('the server heard of it', async () => (textOf(await bridge.tool('session')) as Json)['cancelled'] === 1);
  });

  describe('questions of the server', () => {
    const who = (answer: Json, text: string): Json => {
      const result = resultOf(answer);
      expect(result['resultType']).toBe('input_required');
      const requests = result['inputRequests'] as Record<string, Json>;
      const [[key, request] = ['', {}]] = Object.entries(requests);
      expect(request).toMatchObject({ method: 'elicitation/create', params: { message: text } });
      return { key, state: result['requestState'] };
    };
    const accept = (asked: Json, name: string): Json => ({ inputResponses: { [asked['key'] as string]: { action: 'accept', content: { name } } }, requestState: asked['state'] });

    test('become an InputRequiredResult, and the retry continues the very call', async () => {
      const bridge = await open();
      const asked = who(await bridge.tool('ask', { message: 'Who goes there?' }), 'Who goes there?');
      const answer = await bridge.tool('ask', { message: 'Who goes there?' }, accept(asked, 'Ada'));
      expect(resultOf(answer)['resultType']).toBe('complete');
      expect(textOf(answer)).toEqual({ action: 'accept', content: { name: 'Ada' } });
    });

    test('may follow one another in one call', async () => {
      const bridge = await open();
      const first = who(await bridge.tool('ask_twice'), 'First?');
      const second = who(await bridge.tool('ask_twice', {}, accept(first, 'Ada')), 'Second?');
      expect(textOf(await bridge.tool('ask_twice', {}, accept(second, 'Bob')))).toEqual([{ action: 'accept', content: { name: 'Ada' } }, { action: 'accept', content: { name: 'Bob' } }]);
    });

    test('that come together are all answered, in however many rounds', async () => {
      const bridge = await open();
      let answer = await bridge.tool('ask_both');
      for (let round = 0; round < 4 && resultOf(answer)['resultType'] === 'input_required'; round += 1) {
        const { inputRequests, requestState } = resultOf(answer) as { inputRequests: Record<string, { params: { message: string } }>; requestState: string };
        const inputResponses = Object.fromEntries(Object.entries(inputRequests).map(([key, { params }]) => [key, { action: 'accept', content: { name: params.message } }]));
        answer = await bridge.tool('ask_both', {}, { inputResponses, requestState });
      }
      expect(textOf(answer)).toEqual([{ action: 'accept', content: { name: 'Left?' } }, { action: 'accept', content: { name: 'Right?' } }]);
    });

    test('reach prompts as well', async () => {
      const bridge = await open();
      const asked = who(await bridge.modern('prompts/get', { name: 'other' }), 'Whom?');
      expect(JSON.stringify(resultOf(await bridge.modern('prompts/get', { name: 'other', ...accept(asked, 'Ada') })))).toContain('Hello, Ada');
    });

    test('about a model and about roots are carried the same way', async () => {
      const bridge = await open();
      const sampling = resultOf(await bridge.tool('sample')) as { inputRequests: Record<string, Json>; requestState: string };
      const [[key, request] = ['', {}]] = Object.entries(sampling.inputRequests);
      expect(request).toMatchObject({ method: 'sampling/createMessage', params: { maxTokens: 9 } });
      const said = { role: 'assistant', content: { type: 'text', text: 'Paris' }, model: 'm' };
      expect(textOf(await bridge.tool('sample', {}, { inputResponses: { [key]: said }, requestState: sampling.requestState }))).toMatchObject(said);
      const roots = resultOf(await bridge.tool('roots')) as { inputRequests: Record<string, Json>; requestState: string };
      const [name = ''] = Object.keys(roots.inputRequests);
      expect(roots.inputRequests[name]).toEqual({ method: 'roots/list' });
      expect(textOf(await bridge.tool('roots', {}, { inputResponses: { [name]: { roots: [{ uri: 'file:///a' }] } }, requestState: roots.requestState }))).toEqual({ roots: [{ uri: 'file:///a' }] });
    });

    test('are not put to a client that did not declare that it answers them', async () => {
      const bridge = await open();
      const answer = await bridge.modern('tools/call', { name: 'ask_anyway', arguments: {} }, { sampling: {} });
      expect(textOf(answer)).toContain('refused -32601');
    });

    test('hold the call once: a state is used up by its first retry', async () => {
      const bridge = await open();
      const asked = who(await bridge.tool('ask'), 'Who?');
      await bridge.tool('ask', {}, accept(asked, 'Ada'));
      expect(errorOf(await bridge.tool('ask', {}, accept(asked, 'Eve')))).toMatchObject({ code: -32602 });
    });

    test.each([
      ['other arguments', 'ask', { message: 'Other?' }],
      ['another tool', 'ask_twice', {}],
    ])('a state is worth nothing for %s, and stays good for its own call', async (_what, name, args) => {
      const bridge = await open();
      const asked = who(await bridge.tool('ask'), 'Who?');
      expect(errorOf(await bridge.tool(name, args, accept(asked, 'Eve')))).toMatchObject({ code: -32602 });
      expect(textOf(await bridge.tool('ask', {}, accept(asked, 'Ada')))).toEqual({ action: 'accept', content: { name: 'Ada' } });
    });

    test.each([
      ['changed', (state: string) => `${state.slice(0, -2)}${state.endsWith('AA') ? 'BB' : 'AA'}`],
      ['cut', (state: string) => state.slice(0, 20)],
      ['invented', () => 'plb1.AAAA'],
      ['foreign', () => 'anything'],
    ])('a state that was %s is refused', async (_how, change) => {
      const bridge = await open();
      const asked = who(await bridge.tool('ask'), 'Who?');
      expect(errorOf(await bridge.tool('ask', {}, accept({ ...asked, state: change(asked['state'] as string) }, 'Eve')))).toMatchObject({ code: -32602 });
    });

    test('answers without a state make a new call', async () => {
      const bridge = await open();
      who(await bridge.tool('ask', {}, { inputResponses: { 'ask-1': { action: 'accept', content: { name: 'Eve' } } } }), 'Who?');
    });

    test('a retry that answers nothing is asked again', async () => {
      const bridge = await open();
      const asked = who(await bridge.tool('ask'), 'Who?');
      const again = who(await bridge.tool('ask', {}, { inputResponses: {}, requestState: asked['state'] }), 'Who?');
      expect(textOf(await bridge.tool('ask', {}, accept(again, 'Ada')))).toEqual({ action: 'accept', content: { name: 'Ada' } });
    });

    test('that nobody answers end with their call at the server', async () => {
      const bridge = await open('legacy-server', { holdMs: 300 });
      const asked = who(await bridge.tool('ask_anyway'), 'Unasked?');
      await until('the server gave the call up', async () => (textOf(await bridge.tool('session')) as Json)['refusals'] === 1);
      expect(errorOf(await bridge.tool('ask_anyway', {}, accept(asked, 'late')))).toMatchObject({ code: -32602 });
    });

    test('a URL that must be opened first is asked for, and the retry is a new call', async () => {
      const bridge = await open();
      const result = resultOf(await bridge.tool('open_url')) as { inputRequests: Record<string, Json>; requestState: string };
      expect(Object.values(result.inputRequests)).toEqual([{ method: 'elicitation/create', params: { mode: 'url', message: 'Sign in', url: 'https://example.com/sign-in' } }]);
      const again = await bridge.tool('open_url', {}, { inputResponses: { 'url-1': { action: 'accept' } }, requestState: result.requestState });
      expect(resultOf(again)['resultType']).toBe('input_required');
      expect(errorOf(await bridge.modern('tools/call', { name: 'open_url', arguments: {} }, { elicitation: { form: {} } }))).toMatchObject({ code: -32021, data: { requiredCapabilities: { elicitation: { url: {} } } } });
    });
  });

  describe('subscriptions/listen', () => {
    test('acknowledges what the server can announce, stamps every change, and unsubscribes at its end', async () => {
      const bridge = await open();
      const notifications = { toolsListChanged: true, resourceSubscriptions: ['test://watched', 'test://refused'] };
      bridge.send({ jsonrpc: '2.0', id: 'sub', method: 'subscriptions/listen', params: { notifications, _meta: envelope() } });
      const [ack] = await bridge.other('notifications/subscriptions/acknowledged');
      expect(ack?.['params']).toEqual({ notifications: { toolsListChanged: true, resourceSubscriptions: ['test://watched'] }, _meta: { [SUBSCRIPTION]: 'sub' } });
      expect((textOf(await bridge.tool('session')) as Json)['subscribed']).toEqual(['test://watched']);
      await bridge.tool('change');
      expect(bridge.others('notifications/tools/list_changed').map(({ params }) => params)).toEqual([{ _meta: { [SUBSCRIPTION]: 'sub' } }]);
      expect(bridge.others('notifications/resources/updated').map(({ params }) => params)).toEqual([{ uri: 'test://watched', _meta: { [SUBSCRIPTION]: 'sub' } }]);
      expect(bridge.others('notifications/prompts/list_changed')).toEqual([]);
      bridge.notify('notifications/cancelled', { requestId: 'sub' });
      await until('the subscription has ended', async () => ((textOf(await bridge.tool('session')) as Json)['subscribed'] as unknown[]).length === 0);
      await bridge.tool('change');
      expect(bridge.others('notifications/tools/list_changed')).toHaveLength(1);
    });

    test('of two streams on one resource, the first to end does not end the other', async () => {
      const bridge = await open();
      for (const id of ['one', 'two']) bridge.send({ jsonrpc: '2.0', id, method: 'subscriptions/listen', params: { notifications: { resourceSubscriptions: ['test://watched'] }, _meta: envelope() } });
      await bridge.other('notifications/subscriptions/acknowledged', 2);
      bridge.link.abort('s:one');
      await bridge.tool('change');
      expect(bridge.others('notifications/resources/updated').map(({ params }) => ((params as Json)['_meta'] as Json)[SUBSCRIPTION])).toEqual(['two']);
    });

    test('without a filter is refused', async () => {
      expect(errorOf(await (await open()).modern('subscriptions/listen'))).toMatchObject({ code: -32602 });
    });
  });

  test.each([
    ['tasks/get', { taskId: 't' }, -32601, 'Tasks'],
    ['tasks/update', { taskId: 't' }, -32601, 'Tasks'],
    ['tools/call', { name: 'echo', task: { ttl: 1 } }, -32602, 'task'],
    ['ping', {}, -32601, '2026-07-28'],
    ['logging/setLevel', { level: 'debug' }, -32601, '2026-07-28'],
    ['resources/subscribe', { uri: 'test://watched' }, -32601, '2026-07-28'],
    ['initialize', {}, -32601, '2026-07-28'],
  ])('%s %j is refused with a reason', async (method, params, code, reason) => {
    const bridge = await open();
    await bridge.tool('echo');
    const error = errorOf(await bridge.modern(method, params));
    expect(error.code).toBe(code);
    expect(error.message).toContain(reason);
  });

  test('a request without version or capabilities is refused', async () => {
    const bridge = await open();
    await bridge.tool('echo');
    expect(errorOf(await bridge.ask('tools/list', {}))).toMatchObject({ code: -32602 });
    expect(errorOf(await bridge.ask('tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } }))).toMatchObject({ code: -32602 });
  });

  test('other capabilities get a session of their own', async () => {
    const bridge = await open();
    const first = textOf(await bridge.tool('session')) as Json;
    const same = textOf(await bridge.tool('session')) as Json;
    const other = textOf(await bridge.modern('tools/call', { name: 'session', arguments: {} }, { sampling: {} })) as Json;
    expect(same['pid']).toBe(first['pid']);
    expect(other['pid']).not.toBe(first['pid']);
    expect(other['capabilities']).toEqual({ sampling: {} });
  });

  test('a server that dies takes its calls and the connection with it, in that order', async () => {
    const bridge = await open();
    bridge.send({ jsonrpc: '2.0', id: 'slow', method: 'tools/call', params: { name: 'slow', _meta: envelope() } });
    await bridge.tool('echo');
    bridge.send({ jsonrpc: '2.0', id: 'crash', method: 'tools/call', params: { name: 'crash', _meta: envelope() } });
    expect(await bridge.seen.failure('s:slow')).toMatchObject({ kind: 'exited' });
    expect(await bridge.seen.ended()).toMatchObject({ kind: 'exited' });
    expect(bridge.seen.log.slice(-3).toSorted()).toEqual(['closed', 'failed s:crash', 'failed s:slow']);
    expect(bridge.seen.log.at(-1)).toBe('closed');
    expect(bridge.seen.ends).toBe(1);
  });

  test('a server that ends over the question for its era gets a second life', async () => {
    expect(resultOf(await (await open('raw-server fragile')).modern('server/discover'))).toMatchObject({ supportedVersions: ['2026-07-28'] });
  });

  test('a server that is silent about its era is taken for a legacy one', async () => {
    expect(resultOf(await (await open('raw-server silent', { probeMs: 300 })).modern('server/discover'))).toMatchObject({ supportedVersions: ['2026-07-28'] });
  });
});
