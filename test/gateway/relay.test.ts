import { connect } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpHarness } from './http-harness.ts';
import { decisionOf, policySet } from './run-harness.ts';
import { answerJson, ScriptedUpstream } from './scripted-upstream.ts';

const OPEN = 'version: "1"\ndefault: allow\n';
let gateway: HttpHarness | null = null;
let upstream: ScriptedUpstream | null = null;
afterEach(async () => {
  await gateway?.close();
  await upstream?.close();
  gateway = null;
  upstream = null;
});

async function start(handler: Parameters<typeof ScriptedUpstream.start>[0], policy = OPEN): Promise<{ gateway: HttpHarness; upstream: ScriptedUpstream }> {
  upstream = await ScriptedUpstream.start(handler);
  gateway = await HttpHarness.start(await policySet(policy), { url: upstream.url });
  return { gateway, upstream };
}

const ok = (id: unknown, extra = ''): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]${extra}}}`;
const callBody = (id: number, name = 'safe', extra = ''): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"${extra}}}`;

describe('HTTP relayed to HTTP', () => {
  test('[T1, T2, T10] body and answer are the same bytes on both sides, and nothing else is sent', async () => {
    const answer = '{ "result" : {"content":[],"structuredContent":{"big":9007199254740993,"f":1.0,"z":-0,"e":1e400,"10":1,"9":2,"u":"\\ud83d\\ude00é"}},\r\n"jsonrpc":"2.0","id":7}';
    const { gateway, upstream } = await start((_request, response) => answerJson(response, answer));
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const body = ` {"jsonrpc":"2.0","params":{"name":"safe","arguments":{"n":12345678901234567890,"f":1.0,"t":"\\u00e9"},"_meta":{"x":1}},"method":"tools/call", "id":7}\n`;
    const through = await gateway.post('http', body, { 'mcp-session-id': session });
    expect(through.text).toBe(answer);
    expect(upstream.of('tools/call')[0]?.body.toString()).toBe(body);
    expect(upstream.requests.map((request) => request.message?.method)).toEqual(['initialize', 'notifications/initialized', 'tools/list', 'tools/call']);
  });

  test('[T2] events keep their ids, retry, comments, priming and boundaries', async () => {
    const stream = `id: p-1\ndata:\n\n: comment\nretry: 500\n\nevent: message\r\nid: e2\r\ndata: {"jsonrpc":"2.0","method":"notifications/message",\r\ndata: "params":{"level":"info","data":1}}\r\n\r\nevent: custom\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\ndata:${ok(3)}\n\n`;
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const character of stream) response.write(character);
      response.end();
    });
    const session = await gateway.open('http');
    const through = await gateway.post('http', callBody(3), { 'mcp-session-id': session });
    expect(through.text).toBe(stream);
  });

  test('[T3, L2, L3] a filtered page loses the hidden items and not one byte more', async () => {
    const page = (items: string[]): string => `{"jsonrpc":"2.0","id":1,"result":{"x":1.0,"tools":[ ${items.join(' ,\n')} ],"nextCursor":"","_meta":{"a":12345678901234567890}}}`;
    const items = ['{"name":"b","k":1.0}', '{"name":"secret"}', '{"name":"a"}', '{"name":"sec\\u0072et","title":"again"}', '{"name":"c"}'];
    const { gateway } = await start((request, response) => answerJson(response, request.message?.params?.['cursor'] === 'custom-2' ? page(['{"name":"secret"}']) : page(items)), `${OPEN}tools: { secret: hide }\n`);
    const session = await gateway.open('http');
    const first = await gateway.post('http', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"custom-1"}}', { 'mcp-session-id': session });
    expect(JSON.parse(first.text)).toMatchObject({ result: { tools: [{ name: 'b' }, { name: 'a' }, { name: 'c' }], nextCursor: '' } });
    expect(first.text).toContain('"k":1.0');
    expect(first.text).toContain('"_meta":{"a":12345678901234567890}');
    const second = await gateway.post('http', '{"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"cursor":"custom-2"}}', { 'mcp-session-id': session });
    expect(JSON.parse(second.text)).toMatchObject({ result: { tools: [], nextCursor: '' } });
  });

  test('[T4, T5, T6, O2, O4] end-to-end headers pass, hop-by-hop ones and credentials do not', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id), { 'x-answer': 'kept', 'set-cookie': 'a=b', 'keep-alive': 'timeout=9' }));
    const session = await gateway.open('http');
    const through = await gateway.post('http', callBody(2), { 'mcp-session-id': session, 'x-custom': 'kept', 'mcp-param-unknown': 'kept', cookie: 'secret=1', te: 'trailers', connection: 'close, x-drop', 'x-drop': 'gone', 'accept-encoding': 'gzip' });
    expect(through.headers).toMatchObject({ 'x-answer': 'kept' });
    expect(through.headers['set-cookie']).toBeUndefined();
    const seen = upstream.of('tools/call')[0]?.headers ?? {};
    expect(seen).toMatchObject({ 'x-custom': 'kept', 'x-upstream-key': 'k', 'accept-encoding': 'identity', host: new URL(upstream.url).host, 'mcp-session-id': 'upstream-session' });
    for (const name of ['authorization', 'cookie', 'te', 'x-drop']) expect([name, seen[name]]).toEqual([name, undefined]);
    expect(upstream.requests.every((request) => !request.rawHeaders.join(' ').includes('plg_'))).toBe(true);
  });

  test('[T6, #53] an answer that was compressed all the same fails closed', async () => {
    const { gateway } = await start((request, response) => answerJson(response, ok(request.message?.id), { 'content-encoding': 'gzip' }));
    const session = await gateway.open('http');
    const through = await gateway.post('http', callBody(2), { 'mcp-session-id': session });
    expect([through.status, through.messages]).toMatchObject([502, [{ id: 2, error: { code: -32603 } }]]);
  });

  test.each([
    ['a success page that is no message', (response: import('node:http').ServerResponse) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>')],
    ['JSON that is no message', (response: import('node:http').ServerResponse) => answerJson(response, '{"hello":1}')],
    ['a message with duplicate keys', (response: import('node:http').ServerResponse) => answerJson(response, '{"jsonrpc":"2.0","id":2,"result":{"a":1,"a":2}}')],
    ['a connection that is reset', (response: import('node:http').ServerResponse) => response.destroy()],
    ['half an answer', (response: import('node:http').ServerResponse) => { response.writeHead(200, { 'content-type': 'application/json', 'content-length': '400' }); response.write('{"jsonrpc"'); setTimeout(() => response.destroy(), 20); }],
    ['the answer to another request', (response: import('node:http').ServerResponse) => answerJson(response, ok(99))],
  ])('[B6, #53] %s ends this call with an error, is never repeated, and the session goes on', async (_name, misbehave) => {
    const { gateway, upstream } = await start((request, response) => (request.message?.params?.['name'] === 'danger' ? answerJson(response, ok(request.message.id)) : misbehave(response)));
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const through = await gateway.post('http', callBody(2), { 'mcp-session-id': session });
    expect([through.status, through.messages]).toMatchObject([502, [{ id: 2, error: { code: -32603 } }]]);
    expect(upstream.of('tools/call')).toHaveLength(1);
    expect(await gateway.request('http', session, 'tools/call', { name: 'danger' })).toMatchObject({ result: {} });
    expect((await gateway.rows()).filter((row) => row.name === 'safe')).toMatchObject([{ outcome: 'upstream_failed' }]);
  });

  test('[M2] a stream that ends without the answer ends without an answer', async () => {
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(': nothing\n\n');
    });
    const session = await gateway.open('http');
    const through = await gateway.post('http', callBody(2), { 'mcp-session-id': session });
    expect([through.status, through.messages]).toEqual([200, []]);
    expect((await gateway.rows()).filter((row) => row.name === 'safe')).toMatchObject([{ outcome: 'upstream_failed' }]);
  });

  test('[#27] what hides in an event stream is judged after reassembly, or dropped', async () => {
    const forged = ok(999);
    const events = [
      `data: ${forged}\r\r`, `data: {"jsonrpc":"2.0",\rdata: "id":998,"result":{}}\r\r`, `event: endpoint\ndata: ${ok(997)}\n\n`, 'data: not json\n\n', `id: a\u0000b\ndata: {"jsonrpc":"2.0","id":996,"result":{}}\n\n`,
      `data: {"jsonrpc":"2.0","id":"q1","method":"tools/call","params":{"name":"danger"}}\n\n`, `data: ${ok(2)}\n\n`, `data: ${ok(2, ',"again":true')}\n\n`,
    ];
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(events.join(''));
    });
    const session = await gateway.open('http');
    const through = await gateway.post('http', callBody(2), { 'mcp-session-id': session });
    expect(through.messages).toEqual([JSON.parse(ok(2))]);
    expect((await gateway.rows()).filter((row) => row.outcome === 'dropped').length).toBeGreaterThanOrEqual(6);
  });

  test('[S3] the upstream saying that a session is gone passes, and we forget it', async () => {
    let gone = false;
    const { gateway, upstream } = await start((request, response) => (gone ? void response.writeHead(404).end() : answerJson(response, ok(request.message?.id))));
    const session = await gateway.open('http');
    gone = true;
    expect((await gateway.post('http', callBody(2), { 'mcp-session-id': session })).status).toBe(404);
    const before = upstream.requests.length;
    expect((await gateway.post('http', callBody(3), { 'mcp-session-id': session })).status).toBe(404);
    expect(upstream.requests.length).toBe(before);
  });

  test('[S4, #25] a stream is resumed by its own principal only, with the event id untouched', async () => {
    const { gateway, upstream } = await start((request, response) => {
      if (request.method === 'POST') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('id: s1-1\ndata:\n\n');
        setTimeout(() => response.destroy(), 30);
        return;
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(`id: s1-2\ndata: ${ok(2)}\n\n`);
    });
    const session = await gateway.open('http');
    expect((await gateway.post('http', callBody(2), { 'mcp-session-id': session })).messages).toEqual([]);
    const stolen = await gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session, 'last-event-id': 's1-1' }, true) });
    expect(stolen.status).toBe(404);
    const resumed = await gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session, 'last-event-id': 's1-1' }) });
    expect(resumed.text).toBe(`id: s1-2\ndata: ${ok(2)}\n\n`);
    expect(upstream.requests.filter((request) => request.method === 'GET').map((request) => request.headers['last-event-id'])).toEqual(['s1-1']);
    expect((await gateway.rows()).filter((row) => row.name === 'safe')).toMatchObject([{ outcome: 'ok' }]);
  });

  test('[S5] an answer on the stream for notifications is dropped', async () => {
    const { gateway } = await start((request, response) => {
      if (request.method === 'GET') {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.end(`data: ${ok(5)}\n\ndata: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":1}}\n\n`);
      }
    });
    const session = await gateway.open('http');
    void gateway.post('http', callBody(5), { 'mcp-session-id': session }).catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 150));
    const stream = await gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session }) });
    expect(stream.messages.map((message) => message['method'])).toEqual(['notifications/message']);
  });

  test('[S7] a legacy client that leaves sends no cancel upstream', async () => {
    const { gateway, upstream } = await start((_request, response) => setTimeout(() => response.end(), 500));
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const socket = connect(gateway.gateway.address.port, '127.0.0.1');
    const body = callBody(2);
    socket.write(`POST /mcp/http HTTP/1.1\r\nHost: 127.0.0.1:${gateway.gateway.address.port}\r\nAuthorization: Bearer ${gateway.token('http')}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: ${session}\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => upstream.of('tools/call').length).toBe(1);
    socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(upstream.of('notifications/cancelled')).toEqual([]);
  });

  test('[M1] a modern client that leaves closes the stream of the upstream', async () => {
    const { gateway, upstream } = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': working\n\n');
    });
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };
    await gateway.modern('http', 'tools/list');
    const body = JSON.stringify({ jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'safe', _meta: meta } });
    const socket = connect(gateway.gateway.address.port, '127.0.0.1');
    socket.write(`POST /mcp/http HTTP/1.1\r\nHost: 127.0.0.1:${gateway.gateway.address.port}\r\nAuthorization: Bearer ${gateway.token('http')}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: safe\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.destroy();
    await expect.poll(() => upstream.of('tools/call')[0]?.aborted).toBe(true);
    await expect.poll(async () => (await gateway.rows()).filter((row) => row.name === 'safe')).toMatchObject([{ outcome: 'cancelled' }]);
  });

  test('[H8, #16] legacy requests are judged by their body and lose the mirror headers', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id)), `${OPEN}tools: { danger: deny }\n`);
    const session = await gateway.open('http');
    const spoofed = await gateway.post('http', callBody(2, 'danger'), { 'mcp-session-id': session, 'mcp-name': 'safe', 'mcp-method': 'tools/list' });
    expect(decisionOf(spoofed.messages[0] ?? {})).toMatchObject({ code: 'denied' });
    await gateway.post('http', callBody(3), { 'mcp-session-id': session, 'mcp-name': 'danger', 'mcp-param-x': 'y' });
    const seen = upstream.of('tools/call').map((request) => request.headers);
    expect(seen).toHaveLength(1);
    expect(Object.keys(seen[0] ?? {}).filter((name) => /^mcp-(?:name|method|param)/.test(name))).toEqual([]);
  });

  test('[H7, #17] Mcp-Param headers that contradict the arguments are refused when the schema is known', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id)));
    upstream.tools = [{ name: 'safe', inputSchema: { type: 'object', properties: { region: { type: 'string', 'x-mcp-header': 'Region' }, n: { type: 'integer', 'x-mcp-header': 'N' } } } }];
    await gateway.modern('http', 'tools/list');
    const send = (args: unknown, headers: Record<string, string>) => gateway.modern('http', 'tools/call', { name: 'safe', arguments: args }, headers);
    for (const [args, headers] of [[{ region: 'us' }, { 'mcp-param-region': 'eu' }], [{ region: 'us' }, {}], [{ n: 42 }, { 'mcp-param-n': '43' }]] as const) {
      const answer = await send(args, headers);
      expect([answer.status, answer.messages[0]?.['error']]).toMatchObject([400, { code: -32020 }]);
    }
    expect(upstream.of('tools/call')).toEqual([]);
    expect((await send({ region: 'us', n: 42 }, { 'mcp-param-region': 'us', 'mcp-param-n': '42.0', 'mcp-param-other': 'x' })).status).toBe(200);
    expect(upstream.of('tools/call')[0]?.headers['mcp-param-other']).toBe('x');
  });

  test('[V1, #15] an upstream that negotiates a version that we do not know is refused', async () => {
    const { gateway } = await start((_request, response) => void response.end());
    const answer = await gateway.post('http', { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2099-01-01', capabilities: {} } });
    expect(answer.messages).toMatchObject([{ id: 1, error: { data: { supported: expect.arrayContaining(['2025-11-25']) } } }]);
  });

  test('[V2] server/discover keeps only the versions that we can enforce', async () => {
    const { gateway } = await start((request, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"supportedVersions":["2027-01-01","2026-07-28"],"x":1.0,"resultType":"complete"}}`));
    const answer = await gateway.modern('http', 'server/discover');
    expect(answer.text).toContain('"supportedVersions":["2026-07-28"],"x":1.0');
  });

  test('[V3] an error of the upstream to a modern request passes untouched', async () => {
    const text = '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized", "data":1.0},"id":null}';
    const { gateway } = await start((_request, response) => void response.writeHead(400, { 'content-type': 'application/json' }).end(text));
    const answer = await gateway.modern('http', 'server/discover');
    expect([answer.status, answer.text]).toEqual([400, text]);
  });

  test('[H9, H10, H12, #15] versions that are unknown or contradict the session are refused', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id)));
    const session = await gateway.open('http');
    const before = upstream.requests.length;
    const legacy = (version: string) => gateway.post('http', callBody(2), { 'mcp-session-id': session, 'mcp-protocol-version': version });
    expect((await legacy('1999-01-01')).status).toBe(400);
    expect((await legacy('2025-03-26')).status).toBe(400);
    expect((await legacy('2026-07-28')).messages).toMatchObject([{ error: { code: -32602 } }]);
    const unknown = await gateway.modern('http', 'tools/list', { _meta: { 'io.modelcontextprotocol/protocolVersion': '2099-01-01' } }, { 'mcp-protocol-version': '2099-01-01' });
    expect([unknown.status, unknown.messages[0]]).toMatchObject([400, { error: { code: -32022, data: { supported: expect.any(Array), requested: '2099-01-01' } } }]);
    const noId = await gateway.post('http', '{"jsonrpc":"2.0","id":{},"method":"ping"}', { 'mcp-session-id': session });
    expect('id' in (noId.messages[0] ?? {})).toBe(false);
    expect(upstream.requests.length).toBe(before);
    expect((await legacy('2025-11-25')).status).toBe(200);
  });

  test('[M5] input may be required only of a client that declared it, and only where the revision allows', async () => {
    const { gateway } = await start((request, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"resultType":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{}}},"requestState":"opaque 1.0"}}`), `${OPEN}client: { sampling: deny }\n`);
    const undeclared = await gateway.modern('http', 'tools/call', { name: 'safe' });
    expect(undeclared.messages).toMatchObject([{ error: { code: -32603 } }]);
    const declared = await gateway.modern('http', 'tools/call', { name: 'safe', _meta: { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } } });
    expect(declared.messages).toMatchObject([{ result: { requestState: 'opaque 1.0' } }]);
    const list = await gateway.modern('http', 'tools/list', { cursor: 'custom' });
    expect(list.messages).toMatchObject([{ error: { code: -32603 } }]);
  });

  test('[C3] a denied feature is taken out of the declared capabilities, and refused when it is asked for anyway', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"resultType":"input_required","inputRequests":{"k":{"method":"sampling/createMessage","params":{}}}}}`), `${OPEN}client: { sampling: deny }\n`);
    const answer = await gateway.modern('http', 'tools/call', { name: 'safe', _meta: { 'io.modelcontextprotocol/clientCapabilities': { sampling: {}, roots: {} } } });
    expect(answer.messages).toMatchObject([{ result: { isError: true } }]);
    const sent = upstream.of('tools/call')[0]?.message?.params?.['_meta'] as Record<string, unknown>;
    expect(sent['io.modelcontextprotocol/clientCapabilities']).toEqual({ roots: {} });
  });

  test('[M6, #35] a retry with input responses is judged like a first call', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id)), `${OPEN}tools: { danger: deny, safe: { rate_limit: 1/minute } }\n`);
    const retry = { inputResponses: { k: { action: 'accept' } }, requestState: 'forged' };
    expect(decisionOf((await gateway.modern('http', 'tools/call', { name: 'danger', ...retry })).messages[0] ?? {})).toMatchObject({ code: 'denied' });
    expect((await gateway.modern('http', 'tools/call', { name: 'safe', ...retry })).status).toBe(200);
    expect(decisionOf((await gateway.modern('http', 'tools/call', { name: 'safe', ...retry })).messages[0] ?? {})).toMatchObject({ code: 'rate_limited' });
    expect(upstream.of('tools/call').map((request) => request.message?.params?.['requestState'])).toEqual(['forged']);
  });

  test('[J9, #9] batches are split on 2025-03-26 and refused everywhere else', async () => {
    const { gateway, upstream } = await start((request, response) => answerJson(response, ok(request.message?.id)), `${OPEN}tools: { danger: deny }\n`);
    const batch = `[${callBody(11)},${callBody(12, 'danger')},{"jsonrpc":"2.0","method":"notifications/roots/list_changed"}]`;
    const late = await gateway.open('http');
    expect((await gateway.post('http', batch, { 'mcp-session-id': late })).status).toBe(400);
    expect(upstream.of('tools/call')).toEqual([]);
    upstream.sessionId = 'old';
    const old = await gateway.open('http', false, '2025-03-26');
    await gateway.request('http', old, 'tools/list', {});
    const answer = await gateway.post('http', batch, { 'mcp-session-id': old });
    const byId = new Map(answer.messages.map((message) => [message['id'], message]));
    expect(byId.get(11)).toMatchObject({ result: { content: [] } });
    expect(decisionOf(byId.get(12) ?? {})).toMatchObject({ code: 'denied' });
    expect(upstream.of('tools/call').map((request) => request.message?.params?.['name'])).toEqual(['safe']);
    for (const bad of ['[]', `[[${callBody(1)}]]`, `[${callBody(1)},{"jsonrpc":"2.0","id":5,"method":"initialize"}]`, `[${Array.from({ length: 1_001 }, (_, index) => callBody(index)).join(',')}]`]) {
      expect((await gateway.post('http', bad, { 'mcp-session-id': old })).status).toBe(400);
    }
  });

  test('[J7, #20] an id that is open is refused for the second request, and the first is unaffected', async () => {
    const { gateway } = await start((request, response) => setTimeout(() => answerJson(response, ok(request.message?.id)), 300));
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const first = gateway.post('http', callBody(7), { 'mcp-session-id': session });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await gateway.post('http', callBody(7), { 'mcp-session-id': session });
    const other = gateway.post('http', callBody(7).replace('"id":7', '"id":"7"'), { 'mcp-session-id': session });
    expect([second.status, second.messages[0]]).toMatchObject([400, { error: { code: -32600 } }]);
    expect((await first).messages).toMatchObject([{ id: 7, result: {} }]);
    expect((await other).messages).toMatchObject([{ id: '7', result: {} }]);
  });

  test('[J10, C5, #22] a response that nobody asked for never reaches the upstream', async () => {
    const { gateway, upstream } = await start((_request, response) => void response.writeHead(202).end());
    const session = await gateway.open('http');
    const before = upstream.requests.length;
    expect((await gateway.post('http', '{"jsonrpc":"2.0","id":"q1","result":{"action":"accept"}}', { 'mcp-session-id': session })).status).toBe(202);
    expect((await gateway.post('http', '{"jsonrpc":"2.0","id":"q1","result":{}}', { 'mcp-protocol-version': '2026-07-28' })).status).toBe(400);
    expect(upstream.requests.length).toBe(before);
    expect((await gateway.rows()).filter((row) => row.code === 'unexpected_response')).toHaveLength(1);
  });

  test('[H11] GET and DELETE without a known session do not reach the upstream', async () => {
    const { gateway, upstream } = await start((_request, response) => void response.writeHead(405).end());
    for (const method of ['GET', 'DELETE']) {
      expect((await gateway.send({ method, path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': 'nope' }) })).status).toBe(404);
    }
    expect(upstream.requests).toEqual([]);
    const none = await gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http') });
    expect(none.status).toBe(405);
  });

  test('[X3] no CORS header is sent, to an allowed origin either', async () => {
    const { gateway } = await start((request, response) => answerJson(response, ok(request.message?.id)));
    const answer = await gateway.post('http', { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-11-25' } }, { origin: 'https://app.example.com' });
    expect(answer.status).toBe(200);
    expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });

  test('[#13] requests that two HTTP parsers could split differently are refused', async () => {
    const { gateway, upstream } = await start((_request, response) => void response.end());
    const { port } = gateway.gateway.address;
    const head = `POST /mcp/http HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${gateway.token('http')}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\n`;
    const body = callBody(1, 'danger');
    const attacks = [
      `${head}Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${body}`, `${head}Content-Length: 4\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `${head}X-A: b\r\n folded\r\nContent-Length: ${body.length}\r\n\r\n${body}`, head.replace('POST /mcp/http', `POST http://127.0.0.1:${port}/mcp/http`) + `Content-Length: ${body.length}\r\n\r\n${body}`,
      `${head}Connection: Mcp-Name\r\nMcp-Name: danger\r\nContent-Length: ${body.length}\r\n\r\n${body}`, `${head.replaceAll('\r\n', '\n')}Content-Length: ${body.length}\n\n${body}`,
    ];
    for (const bytes of attacks) {
      const answer = await new Promise<string>((resolve) => {
        const socket = connect(port, '127.0.0.1');
        let text = '';
        socket.on('data', (chunk: Buffer) => { text += chunk.toString(); socket.end(); });
        socket.on('close', () => resolve(text));
        socket.on('error', () => undefined);
        socket.write(bytes);
      });
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    }
    expect(upstream.requests).toEqual([]);
  });

  test('[T9] a client that reads slowly stops the upstream, and gets every byte', async () => {
    const data = 'x'.repeat(64 * 1024);
    const total = 400;
    let written = 0;
    const { gateway } = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const pump = (): void => {
        while (written < total) {
          written += 1;
          if (!response.write(`data: {"jsonrpc":"2.0","method":"notifications/message","params":{"level":"info","data":"${data}"}}\n\n`)) {
            response.once('drain', pump);
            return;
          }
        }
        response.end(`data: ${ok(2)}\n\n`);
      };
      pump();
    });
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const body = callBody(2);
    const socket = connect({ port: gateway.gateway.address.port, host: '127.0.0.1' });
    socket.pause();
    socket.write(`POST /mcp/http HTTP/1.1\r\nHost: 127.0.0.1:${gateway.gateway.address.port}\r\nAuthorization: Bearer ${gateway.token('http')}\r\nContent-Type: application/json\r\nAccept: application/json, text/event-stream\r\nMcp-Session-Id: ${session}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => written).toBeGreaterThan(0);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(written).toBeLessThan(total);
    let size = 0;
    await new Promise((resolve) => {
      socket.on('data', (chunk: Buffer) => { size += chunk.length; });
      socket.on('close', resolve);
      socket.resume();
    });
    expect(size).toBeGreaterThan(total * data.length);
  });
});
