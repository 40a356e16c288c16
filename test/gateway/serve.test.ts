import { afterEach, describe, expect, test } from 'vitest';
import { HttpHarness, type Leg } from './http-harness.ts';
import { SseClient } from './sse-client.ts';
import { decisionOf, policySet } from './run-harness.ts';

let harness: HttpHarness | null = null;
afterEach(async () => {
  await harness?.close();
  harness = null;
});

const RULES = `version: "1"
default: allow
tools:
  danger: { action: deny, reason: Images reach the production registry through CI only }
  secret: hide
  pay: { rate_limit: { max: 2, window: 1 } }
`;

async function start(text = RULES, options = {}): Promise<HttpHarness> {
  harness = await HttpHarness.start(await policySet(text), options);
  return harness;
}

const call = (name: string, args: unknown = {}) => ({ name, arguments: args });

describe.each<Leg>(['http', 'stdio'])('a policy holds over HTTP in front of a %s upstream', (leg) => {
  test('legacy: allowed, refused with reason and code, limited, hidden', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    expect(await gateway.request(leg, session, 'tools/call', call('safe'))).toMatchObject({ result: { content: [{ text: 'ran safe' }] } });
    const denied = await gateway.request(leg, session, 'tools/call', call('danger'));
    expect(denied).toMatchObject({ result: { isError: true, content: [{ text: '[POLICY DENIED] Images reach the production registry through CI only (rule /tools/danger)' }] } });
    expect(decisionOf(denied)).toMatchObject({ code: 'denied', rule: '/tools/danger' });
    const list = await gateway.request(leg, session, 'tools/list', {});
    expect(JSON.stringify(list)).not.toContain('secret');
    const hidden = await gateway.request(leg, session, 'tools/call', call('secret'));
    const absent = await gateway.request(leg, session, 'tools/call', call('sesame'));
    expect(hidden['error']).toMatchObject({ code: -32602, message: 'Unknown tool: secret' });
    expect(absent['error']).toMatchObject({ code: -32602, message: 'Unknown tool: sesame' });
    for (let count = 0; count < 2; count += 1) expect(decisionOf(await gateway.request(leg, session, 'tools/call', call('pay')))).toBeNull();
    const limited = decisionOf(await gateway.request(leg, session, 'tools/call', call('pay')));
    expect(limited).toMatchObject({ code: 'rate_limited', retryAfterMs: expect.any(Number) });
    await new Promise((resolve) => setTimeout(resolve, limited?.['retryAfterMs'] as number));
    expect(decisionOf(await gateway.request(leg, session, 'tools/call', call('pay')))).toBeNull();
    expect(gateway.callsReached()).toEqual(['safe', 'pay', 'pay', 'pay']);
  });

  test('[L5, V5] modern: allowed, refused with resultType, hidden, and the filtered list is private', async () => {
    const gateway = await start();
    expect((await gateway.modern(leg, 'tools/call', call('safe'))).messages).toMatchObject([{ result: { content: [{ text: 'ran safe' }] } }]);
    const denied = await gateway.modern(leg, 'tools/call', call('danger'));
    expect(denied.messages).toMatchObject([{ result: { resultType: 'complete', isError: true } }]);
    const list = await gateway.modern(leg, 'tools/list');
    expect(list.messages).toMatchObject([{ result: { cacheScope: 'private', ttlMs: 60_000 } }]);
    expect(list.text).not.toContain('secret');
    expect((await gateway.modern(leg, 'tools/call', call('secret'))).messages).toMatchObject([{ error: { code: -32602 } }]);
    expect(gateway.callsReached()).toEqual(['safe']);
  });

  test('[H5, H6, #14] modern: headers that contradict the body are refused with 400 and -32020', async () => {
    const gateway = await start();
    const wrong = [{ 'mcp-name': 'safe' }, { 'mcp-method': 'tools/list' }, { 'mcp-protocol-version': '2025-11-25' }, { 'mcp-name': '=?base64?c2FmZQ==?=' }, { 'mcp-name': '=?base64?c2FmZQ?=' }, { 'mcp-name': '=?BASE64?ZGFuZ2Vy?=' }];
    for (const headers of wrong) {
      const answer = await gateway.modern(leg, 'tools/call', call('danger'), headers);
      expect([answer.status, answer.messages[0]?.['error']]).toMatchObject([400, { code: -32020 }]);
    }
    expect(gateway.callsReached()).toEqual([]);
    expect((await gateway.modern(leg, 'tools/call', call('safe'), { 'mcp-name': '=?base64?c2FmZQ==?=' })).status).toBe(200);
  });

  test('[S1, #25, #26] a session belongs to the grant that opened it', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    const stolen = await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'mcp-session-id': session }, true);
    const forged = await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'tools/list' }, { 'mcp-session-id': 'forged' });
    expect([stolen.status, forged.status]).toEqual([404, 404]);
    expect(stolen.text).toBe(forged.text);
    const stream = await gateway.send({ method: 'GET', path: `/mcp/${leg}`, headers: { ...gateway.headers(leg, { 'mcp-session-id': session }, true) } });
    expect(stream.status).toBe(404);
  });

  test('[#50] a token for another server, a forged one and none at all are refused alike, and nothing is forwarded', async () => {
    const gateway = await start();
    const before = gateway.reached().length;
    for (const authorization of ['', 'Bearer plg_forged', `Bearer ${gateway.token(leg === 'http' ? 'stdio' : 'http')}`, 'Basic eDp5']) {
      const answer = await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'ping' }, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toContain('Bearer');
    }
    expect(gateway.reached().length).toBe(before);
    expect((await gateway.rows()).filter((row) => row.outcome === 'rejected').length).toBe(4);
  });

  test('[J1, J2, J3, J4, J5, J6, #1, #2, #3, #10, #21, #24] bodies that two parsers could read differently are refused, and the session goes on', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    const bodies = [
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","n\\u0061me":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/list","method":"tools/call","params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"},"params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","Name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"METHOD":"tools/call","method":"tools/list","params":{"name":"danger"}}',
      '[{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}]',
      '{"jsonrpc":"2.0","id":1,"method":"tools/list"}{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"},"result":{}}',
      '{"jsonrpc":"2.0","id":null,"method":"tools/call","params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","method":"tools/call","params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","id":1.5,"method":"tools/call","params":{"name":"danger"}}',
      '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":["danger"]}',
      '\uFEFF{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}',
      Buffer.from([...Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger","x":"'), 0xff, ...Buffer.from('"}}')]),
      Buffer.from('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"danger"}}', 'utf16le'),
    ];
    for (const body of bodies) expect((await gateway.post(leg, body, { 'mcp-session-id': session })).status).toBe(400);
    expect(gateway.callsReached()).toEqual([]);
    expect(await gateway.request(leg, session, 'tools/call', call('safe'))).toMatchObject({ result: {} });
    expect((await gateway.rows()).filter((row) => row.outcome === 'rejected')).toHaveLength(bodies.length);
  });

  test('[H3, H4, J8, #11, #12] wrong content types, encodings and sizes are refused before the body is read', async () => {
    const gateway = await start();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: call('danger') });
    const cases: [Record<string, string>, number][] = [
      [{ 'content-type': 'text/plain' }, 415], [{ 'content-type': 'application/json, text/plain' }, 415], [{ 'content-type': 'application/json; charset=utf-16le' }, 415],
      [{ 'content-encoding': 'gzip' }, 415], [{ accept: 'application/json' }, 406], [{ 'content-length': String(64 * 1024 * 1024) }, 413],
    ];
    for (const [headers, status] of cases) expect((await gateway.post(leg, headers['content-length'] === undefined ? body : '', headers)).status).toBe(status);
    expect(gateway.callsReached()).toEqual([]);
  });

  test('[X1, #19] a foreign Host or Origin is refused on every route', async () => {
    const gateway = await start();
    const { port } = gateway.gateway.address;
    for (const headers of [{ host: 'evil.example.com' }, { host: `127.0.0.1:${port + 1}` }, { origin: 'https://evil.example.com' }, { origin: 'null' }]) {
      for (const method of ['POST', 'GET', 'DELETE', 'OPTIONS']) {
        const answer = await gateway.send({ method, path: `/mcp/${leg}`, headers: { ...gateway.headers(leg), ...headers } });
        expect([method, headers, answer.status]).toEqual([method, headers, 403]);
      }
    }
    expect((await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25', capabilities: {} } }, { origin: `http://localhost:${port}`, host: `localhost:${port}` })).status).toBe(200);
  });

  test('[H2, #18] repeated security headers are refused', async () => {
    const gateway = await start();
    const answer = await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': ['a', 'b'] });
    expect(answer.status).toBe(400);
  });

  test('[S6] progress and logging arrive on the stream of their call', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    const answer = await gateway.post(leg, { jsonrpc: '2.0', id: 9, method: 'tools/call', params: { ...call('progress'), _meta: { progressToken: 'p' } } }, { 'mcp-session-id': session });
    expect(answer.messages.map((message) => message['method'] ?? 'answer')).toEqual(['notifications/progress', 'notifications/progress', 'notifications/progress', 'answer']);
  });

  test('a second answer and an answer that nobody asked for are dropped', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    const twice = await gateway.post(leg, { jsonrpc: '2.0', id: 9, method: 'tools/call', params: call('twice') }, { 'mcp-session-id': session });
    expect(twice.messages).toHaveLength(1);
    const stray = await gateway.post(leg, { jsonrpc: '2.0', id: 10, method: 'tools/call', params: call('stray') }, { 'mcp-session-id': session });
    expect(stray.messages).toMatchObject([{ id: 10 }]);
  });

  test('the question of an upstream reaches the client, and its answer the upstream', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    let asked = false;
    const answer = await gateway.send({
      path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }), body: JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: call('ask') }),
      until: (messages) => {
        const question = messages.find((message) => message['method'] === 'elicitation/create');
        if (question !== undefined && !asked) {
          asked = true;
          void gateway.post(leg, { jsonrpc: '2.0', id: question['id'], result: { action: 'accept' } }, { 'mcp-session-id': session });
        }
        return false;
      },
    });
    expect(JSON.stringify(answer.messages.at(-1))).toContain('accept');
  });

  test('the deprecated HTTP+SSE transport shows answers, refusals and filtered lists', async () => {
    const gateway = await start();
    const client = await SseClient.open(gateway, leg);
    client.post({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } } });
    expect(await client.answer(1)).toMatchObject({ result: { protocolVersion: '2024-11-05' } });
    client.post({ jsonrpc: '2.0', method: 'notifications/initialized' });
    client.post({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: call('safe') });
    expect(await client.answer(2)).toMatchObject({ result: { content: [{ text: 'ran safe' }] } });
    client.post({ jsonrpc: '2.0', id: 3, method: 'tools/call', params: call('danger') });
    expect(decisionOf(await client.answer(3))).toMatchObject({ code: 'denied' });
    client.post({ jsonrpc: '2.0', id: 4, method: 'tools/list' });
    expect(JSON.stringify(await client.answer(4))).not.toContain('secret');
    client.close();
    expect(gateway.callsReached()).toEqual(['safe']);
  });

  test('a policy edit is told on the open stream and holds from the next call on', async () => {
    const gateway = await start('version: "1"\ndefault: allow\n');
    const session = await gateway.open(leg);
    expect(decisionOf(await gateway.request(leg, session, 'tools/call', call('danger')))).toBeNull();
    const told = gateway.send({ method: 'GET', path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }), until: (messages) => messages.some((message) => message['method'] === 'notifications/tools/list_changed') });
    await new Promise((resolve) => setTimeout(resolve, 200));
    await gateway.reload(await policySet(RULES));
    expect((await told).messages.some((message) => message['method'] === 'notifications/tools/list_changed')).toBe(true);
    expect(decisionOf(await gateway.request(leg, session, 'tools/call', call('danger')))).toMatchObject({ code: 'denied' });
  });

  test('DELETE ends a session, and its child process', async () => {
    const gateway = await start();
    const session = await gateway.open(leg);
    expect(gateway.gateway.stats().sessions).toBe(1);
    expect((await gateway.send({ method: 'DELETE', path: `/mcp/${leg}`, headers: gateway.headers(leg, { 'mcp-session-id': session }) })).status).toBe(200);
    expect((await gateway.post(leg, { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': session })).status).toBe(404);
    await expect.poll(() => gateway.gateway.stats(), { timeout: 6_000 }).toEqual({ sessions: 0, children: 0, inFlight: 0, streams: 0 });
  });
});
