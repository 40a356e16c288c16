import { connect } from 'node:net';
import { createServer } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { LOCAL_DESK } from '../../src/gateway/approvals/desk.ts';
import { DeferredState } from '../../src/gateway/deferred-state.ts';
import { Listener } from '../../src/gateway/http/listener.ts';
import { Conversation } from '../../src/gateway/conversation.ts';
import { Principal } from '../../src/gateway/principal.ts';
import { ToolDirectory } from '../../src/gateway/tool-directory.ts';
import { ToolClassifier } from '../../src/gateway/tool-classifier.ts';
import { ToolPins } from '../../src/gateway/pins/tool-pins.ts';
import { parseMessage, type Message } from '../../src/mcp/message.ts';
import type { State } from '../../src/state/types.ts';
import { CLIENT_LIMITS } from '../../src/wire/limits.ts';
import { HttpHarness } from './http-harness.ts';
import { decisionOf, policySet, StdioHarness } from './run-harness.ts';
import { answerJson, ScriptedUpstream } from './scripted-upstream.ts';

const OPEN = 'version: "1"\ndefault: allow\n';
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0).toReversed()) await one.close();
});

async function serve(policy = OPEN, url?: string): Promise<HttpHarness> {
  const gateway = await HttpHarness.start(await policySet(policy), url === undefined ? {} : { url });
  open.push(gateway);
  return gateway;
}

async function scripted(handler: Parameters<typeof ScriptedUpstream.start>[0]): Promise<ScriptedUpstream> {
  const upstream = await ScriptedUpstream.start(handler);
  open.push(upstream);
  return upstream;
}

async function run(policy = OPEN): Promise<StdioHarness> {
  const client = new StdioHarness(await policySet(policy));
  open.push(client);
  await client.initialize();
  return client;
}

const ok = (id: unknown, extra = ''): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]${extra}}}`;

function parsed(text: string): Message {
  const result = parseMessage(Buffer.from(text), CLIENT_LIMITS);
  if (!result.ok) throw new Error(result.message);
  return result.message;
}

/** Sends raw bytes and resolves with the first line of the answer. */
function statusLine(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (chunk: Buffer) => { text += chunk.toString(); socket.destroy(); });
    socket.on('close', () => resolve(text.split('\r\n', 1)[0] ?? ''));
    socket.on('error', () => undefined);
    socket.write(bytes);
  });
}

describe('order and exposure', () => {
  test('[H1] Host and Origin come before the token, the token before the path and the body', async () => {
    const gateway = await serve();
    const { port } = gateway.gateway.address;
    const head = (host: string, token: string, path: string, extra = ''): string => `POST ${path} HTTP/1.1\r\nHost: ${host}\r\n${token}${extra}Content-Length: 100000000\r\n\r\n`;
    const good = `127.0.0.1:${port}`;
    const token = `Authorization: Bearer ${gateway.token('http')}\r\n`;
    expect(await statusLine(port, head('evil.example', token, '/mcp/http'))).toContain(' 403 ');
    expect(await statusLine(port, head(good, '', '/mcp/http', 'Origin: https://evil.example\r\n'))).toContain(' 403 ');
    expect(await statusLine(port, head(good, '', '/mcp/http'))).toContain(' 401 ');
    expect(await statusLine(port, head(good, '', '/mcp/does-not-exist'))).toContain(' 401 ');
    expect(await statusLine(port, head(good, token, '/mcp/http', 'Content-Type: text/plain\r\n'))).toContain(' 415 ');
    expect(await statusLine(port, head(good, token, '/mcp/http', 'Content-Type: application/json\r\nAccept: */*\r\n'))).toContain(' 413 ');
  });

  test('[B5] a body that does not arrive in time ends with 408, a slow call does not', async () => {
    const upstream = await scripted((request, response) => setTimeout(() => answerJson(response, ok(request.message?.id)), 2_600));
    const gateway = await serve(OPEN, upstream.url);
    const session = await gateway.open('http');
    const { port } = gateway.gateway.address;
    const slow = gateway.post('http', { jsonrpc: '2.0', id: 5, method: 'tools/call', params: { name: 'safe' } }, { 'mcp-session-id': session });
    const head = `POST /mcp/http HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${gateway.token('http')}\r\nContent-Type: application/json\r\nAccept: */*\r\nContent-Length: 50\r\n\r\n{"half":`;
    expect(await statusLine(port, head)).toContain(' 408 ');
    expect((await slow).status).toBe(200);
  });

  test('[B7] an idle connection is kept longer than clients keep theirs', async () => {
    const gateway = await serve();
    const answer = await gateway.send({ method: 'GET', path: '/healthz', headers: { connection: 'keep-alive' } });
    expect(Number(/timeout=(\d+)/.exec(String(answer.headers['keep-alive']))?.[1])).toBeGreaterThanOrEqual(65);
  });

  test('[X2, O8] the listener binds the address that it was given and nothing else', async () => {
    const services = { state: null as unknown as State, ready: () => null, approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log: () => undefined };
    const listener = new Listener({ listen: { host: '127.0.0.1', port: 0 }, allowHosts: [], allowOrigins: [], services, handle: (_head, _request, response) => response.end() });
    const address = await listener.start();
    expect(address.host).toBe('127.0.0.1');
    await listener.close(0);
  });
});

describe('hosted sessions', () => {
  test('[S2] ids are random and unguessable, and an ended one is unknown', async () => {
    const gateway = await serve();
    const ids = [await gateway.open('stdio'), await gateway.open('stdio')];
    expect(new Set(ids).size).toBe(2);
    expect(ids.every((id) => /^[A-Za-z0-9_-]{43}$/.test(id))).toBe(true);
    await gateway.send({ method: 'DELETE', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': ids[0] ?? '' }) });
    expect((await gateway.post('stdio', { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': ids[0] ?? '' })).status).toBe(404);
    expect((await gateway.post('stdio', { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': ids[1] ?? '' })).status).toBe(200);
    expect((await gateway.post('stdio', { jsonrpc: '2.0', id: 1, method: 'ping' })).status).toBe(400);
  });

  test('[S4] an answer can be fetched again with its event id, until newer ones need the room', async () => {
    const gateway = await serve();
    const session = await gateway.open('stdio');
    const text = 'x'.repeat(3 * 1024 * 1024);
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const answer = await gateway.post('stdio', { jsonrpc: '2.0', id: count, method: 'tools/call', params: { name: 'echo', arguments: { text } } }, { 'mcp-session-id': session });
      ids.push(/^id: (\S+)$/m.exec(answer.text)?.[1] ?? '');
      expect(answer.messages.at(-1)).toMatchObject({ id: count, result: { content: [{ text }] } });
    }
    const resume = (id: string) => gateway.send({ method: 'GET', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': session, 'last-event-id': id }) });
    expect((await resume(ids[4] ?? '')).messages).toMatchObject([{ id: 4 }]);
    expect((await resume(ids[0] ?? '')).status).toBe(404);
    const stolen = await gateway.open('stdio', true);
    expect((await gateway.send({ method: 'GET', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': stolen, 'last-event-id': ids[4] ?? '' }, true) })).status).toBe(404);
  });

  test('[S8] every session has a child process of its own', async () => {
    const gateway = await serve();
    const [mine, theirs] = [await gateway.open('stdio'), await gateway.open('stdio', true)];
    expect(gateway.gateway.stats().children).toBe(2);
    await gateway.request('stdio', mine, 'tools/call', { name: 'crash' });
    expect(await gateway.request('stdio', theirs, 'tools/call', { name: 'safe' }, true)).toMatchObject({ result: {} });
    expect((await gateway.post('stdio', { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': mine })).status).toBe(404);
  });

  test('[N3] progress for a token that nobody uses is dropped', async () => {
    const client = await run();
    await client.request('tools/call', { name: 'progress', arguments: {} });
    expect(client.received.filter((line) => line.includes('notifications/progress'))).toEqual([]);
    expect((await client.rows()).filter((row) => row.code === 'unknown_progress_token')).toHaveLength(3);
  });

  test('[V4] a legacy session and a modern request of the same grant do not disturb each other', async () => {
    const gateway = await serve();
    const session = await gateway.open('stdio');
    const modern = await gateway.modern('stdio', 'tools/call', { name: 'safe' });
    expect(modern.messages).toMatchObject([{ result: { resultType: 'complete' } }]);
    expect(JSON.stringify(await gateway.request('stdio', session, 'tools/call', { name: 'safe' }))).not.toContain('resultType');
  });
});

describe('results', () => {
  test('[A6] structured content passes untouched, and a refusal of such a tool has none', async () => {
    const upstream = await scripted((request, response) => answerJson(response, ok(request.message?.id, ',"structuredContent":{"n":1.0,"big":12345678901234567890}')));
    upstream.tools = [{ name: 'safe', outputSchema: { type: 'object' } }, { name: 'danger', outputSchema: { type: 'object' } }];
    const gateway = await serve(`${OPEN}tools: { danger: deny }\n`, upstream.url);
    const session = await gateway.open('http');
    const allowed = await gateway.post('http', { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'safe' } }, { 'mcp-session-id': session });
    expect(allowed.text).toContain('"structuredContent":{"n":1.0,"big":12345678901234567890}');
    const denied = await gateway.post('http', { jsonrpc: '2.0', id: 2, method: 'tools/call', params: { name: 'danger' } }, { 'mcp-session-id': session });
    expect(denied.messages[0]?.['result']).toMatchObject({ isError: true });
    expect(denied.text).not.toContain('structuredContent');
  });

  test('[M8] nothing is answered from a cache: every call and every list reaches the upstream', async () => {
    const upstream = await scripted((request, response) => answerJson(response, ok(request.message?.id, ',"ttlMs":3600000,"cacheScope":"public"')));
    const gateway = await serve(OPEN, upstream.url);
    for (let count = 0; count < 3; count += 1) {
      await gateway.modern('http', 'tools/list', {});
      await gateway.modern('http', 'tools/call', { name: 'safe' });
    }
    expect([upstream.of('tools/list').length, upstream.of('tools/call').length]).toEqual([3, 3]);
  });

  test('[K3, K4] the results and the questions of a task are judged like those of a call', async () => {
    const upstream = await scripted((request, response) => {
      const id = JSON.stringify(request.message?.id);
      if (request.message?.method === 'tools/call') return answerJson(response, `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"task","taskId":"t1","status":"working"}}`);
      answerJson(response, `{"jsonrpc":"2.0","id":${id},"result":{"resultType":"complete","taskId":"t1","status":"input_required","inputRequests":{"k":{"method":"elicitation/create","params":{}}}}}`);
    });
    const gateway = await serve(`${OPEN}client: { elicitation: deny }\n`, upstream.url);
    expect((await gateway.modern('http', 'tools/call', { name: 'safe' })).messages).toMatchObject([{ result: { taskId: 't1' } }]);
    expect((await gateway.modern('http', 'tasks/get', { taskId: 't1' })).messages).toMatchObject([{ error: { code: -31403 } }]);
    const declared = { 'io.modelcontextprotocol/clientCapabilities': { extensions: { 'io.modelcontextprotocol/tasks': {} } } };
    expect((await gateway.modern('http', 'tasks/get', { taskId: 't2', _meta: declared })).messages).toMatchObject([{ error: { code: -32602 } }]);
    expect(await gateway.modern('http', 'tasks/get', { taskId: 't2' })).toMatchObject({ status: 400, messages: [{ error: { code: -32021 } }] });
    expect(upstream.of('tasks/get')).toHaveLength(1);
  });

  test('[L2, #45] a hidden item stays hidden on every page, whoever the cursor comes from', async () => {
    const upstream = await scripted((request, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"tools":[{"name":"secret"},{"name":"b"}],"nextCursor":"custom-3","cacheScope":"public","ttlMs":9e9}}`));
    const gateway = await serve(`${OPEN}tools: { secret: hide }\n`, upstream.url);
    const page = await gateway.modern('http', 'tools/list', { cursor: 'custom-of-somebody-else' });
    expect(page.messages).toMatchObject([{ result: { tools: [{ name: 'b' }], nextCursor: 'custom-3', cacheScope: 'private', ttlMs: 60_000 } }]);
  });

  test('[B4] a list that cannot be read is refused when something of it may have to be hidden', async () => {
    const upstream = await scripted((request, response) => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"tools":[{"name":["secret"]},"secret"]}}`));
    const gateway = await serve(`${OPEN}tools: { secret: hide }\n`, upstream.url);
    expect((await gateway.modern('http', 'tools/list', { cursor: 'custom' })).messages).toMatchObject([{ error: { code: -32603 } }]);
  });

  test('[#47] a tool that shows up under another name or with other hints gains nothing', async () => {
    const upstream = await scripted((request, response) => answerJson(response, ok(request.message?.id)));
    const gateway = await serve('version: "1"\ndefault: deny\ntools: { safe: allow, danger: deny }\n', upstream.url);
    const session = await gateway.open('http');
    upstream.tools = [{ name: 'safe2' }, { name: 'danger', annotations: { readOnlyHint: true } }, { name: 'danger', description: 'again' }, { name: 'safe' }];
    await gateway.request('http', session, 'tools/list', {});
    expect(decisionOf(await gateway.request('http', session, 'tools/call', { name: 'safe2' }))).toMatchObject({ code: 'default_denied' });
    expect(decisionOf(await gateway.request('http', session, 'tools/call', { name: 'danger' }))).toMatchObject({ code: 'denied' });
    expect(upstream.of('tools/call')).toEqual([]);
  });

  test('[A2, A3, #41] a hostile schema is neither fetched nor compiled, and the tool passes', async () => {
    let fetched = 0;
    const trap = createServer((_request, response) => { fetched += 1; response.end('{}'); });
    await new Promise<void>((resolve) => trap.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => trap.close(resolve)) });
    const { port } = trap.address() as { port: number };
    const deep: Record<string, unknown> = {};
    let at = deep;
    for (let depth = 0; depth < 40; depth += 1) at = (at['anyOf'] = [{}, {}] as Record<string, unknown>[])[0] as Record<string, unknown>;
    const upstream = await scripted((request, response) => answerJson(response, ok(request.message?.id)));
    upstream.tools = [{ name: 'safe', inputSchema: { type: 'object', $ref: `http://127.0.0.1:${port}/schema`, properties: { __proto__x: { pattern: '^(a+)+$' }, a: { $ref: '#' }, b: deep, 'x"];process.exit(1);//': { type: 'string', 'x-mcp-header': 'in valid' } } } }];
    const gateway = await serve(OPEN, upstream.url);
    const answer = await gateway.modern('http', 'tools/call', { name: 'safe', arguments: { a: 'a'.repeat(64) } });
    expect(answer.status).toBe(200);
    expect(fetched).toBe(0);
  });
});

describe('policies', () => {
  test('[A4, #40] a pattern of a policy costs no more than its length', async () => {
    const set = await policySet(`version: "1"\ndefault: deny\ntools: { "${'*a'.repeat(60)}*b": allow, "*${'a*'.repeat(60)}": { rate_limit: 1/s } }\n`);
    expect(set.decide({ kind: 'tool', name: 'a'.repeat(1_000) }).effect).toBe('allow');
    expect(set.decide({ kind: 'tool', name: `${'a'.repeat(1_000)}c` }).effect).toBe('allow');
    expect(set.decide({ kind: 'tool', name: 'c'.repeat(100_000) }).effect).toBe('deny');
  });

  test('[B8, #48] a call sees the policy under which it began, also in its answer', async () => {
    const answers: (() => void)[] = [];
    const upstream = await scripted((request, response) => {
      answers.push(() => answerJson(response, `{"jsonrpc":"2.0","id":${JSON.stringify(request.message?.id)},"result":{"tools":[{"name":"secret"},{"name":"b"}]}}`));
    });
    const gateway = await serve(OPEN, upstream.url);
    const list = gateway.modern('http', 'tools/list', { cursor: 'custom' });
    await expect.poll(() => answers.length).toBe(1);
    await gateway.reload(await policySet(`${OPEN}tools: { secret: hide }\n`));
    answers.shift()?.();
    expect((await list).text).toContain('secret');
    const after = gateway.modern('http', 'tools/list', { cursor: 'custom' });
    await expect.poll(() => answers.length).toBe(1);
    answers.shift()?.();
    expect((await after).text).not.toContain('secret');
  });

  test('[#32] a policy keeps every elicitation from the client, with a URL too', async () => {
    const client = await run(`${OPEN}client: { elicitation: deny }\n`);
    const answer = await client.call('ask', { method: 'elicitation/create', params: { mode: 'url', url: 'javascript:alert(1)', elicitationId: 'e', message: 'PolicyLayer asks for your password' } });
    expect(JSON.stringify(answer)).toContain('decline');
    expect(client.received.some((line) => line.includes('javascript:'))).toBe(false);
  });
});

describe('a failing store', () => {
  test('[B4, #49] refuses every governed call, and the session lives on', async () => {
    const failing = new DeferredState(() => Promise.reject(new Error('disk full')), () => undefined);
    await failing.ready();
    const lines: string[] = [];
    const sent: Message[] = [];
    const conversation = new Conversation({
      gateway: { state: failing, ready: () => failing.ready(), approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log: (line) => lines.push(line) },
      principal: new Principal('g', 's', await policySet(OPEN)), transport: 'stdio', session: 'x', stateful: true, directory: new ToolDirectory(),
      sendOwn: (message) => {
        const list = parsed(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"tools":[{"name":"safe"}]}}`);
        queueMicrotask(() => conversation.upstream(list, { on: 'link' }));
      },
    });
    const verdict = await conversation.client(parsed('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe"}}'));
    expect(verdict.do === 'answer' ? decisionOf(JSON.parse(verdict.bytes.toString())) : sent).toMatchObject({ code: 'state_unavailable' });
    expect(lines.some((line) => line.includes('disk full'))).toBe(true);
    expect(await conversation.client(parsed('{"jsonrpc":"2.0","id":2,"method":"ping"}'))).toMatchObject({ do: 'forward' });
  });
});

describe('shared children', () => {
  test('[D5, M4] modern requests of one grant share a child, with ids and tokens that cannot collide', async () => {
    const gateway = await serve();
    const body = (name: string): unknown => ({ jsonrpc: '2.0', id: 'same', method: 'tools/call', params: { name, _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, progressToken: 'same' } } });
    const headers = (name: string): Record<string, string> => ({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': name });
    const answers = await Promise.all(['slow', 'progress', 'log', 'safe'].map((name) => gateway.post('stdio', body(name), headers(name))));
    expect(answers.map((answer) => answer.messages.at(-1))).toMatchObject(['slow done', 'progress done', 'log done', 'ran safe'].map((text) => ({ id: 'same', result: { content: [{ text }] } })));
    expect(answers.map((answer) => answer.messages.length)).toEqual([1, 4, 1, 1]);
    expect(answers[1]?.messages[0]).toMatchObject({ method: 'notifications/progress', params: { progressToken: 'same' } });
    expect(gateway.gateway.stats().children).toBe(1);
  });

  test.each(['grant', 'shared'] as const)('legacy sessions with isolation %s share a child that was opened once', async (isolation) => {
    const gateway = await HttpHarness.start(await policySet(OPEN), { isolation });
    open.push(gateway);
    const sessions = [await gateway.open('stdio'), await gateway.open('stdio'), await gateway.open('stdio', true)];
    expect(gateway.gateway.stats().children).toBe(isolation === 'grant' ? 2 : 1);
    const answers = await Promise.all([gateway.request('stdio', sessions[0] ?? '', 'tools/call', { name: 'safe' }), gateway.request('stdio', sessions[1] ?? '', 'tools/call', { name: 'echo', arguments: { text: 'two' } }), gateway.request('stdio', sessions[2] ?? '', 'tools/call', { name: 'echo', arguments: { text: 'three' } }, true)]);
    expect(answers).toMatchObject([{ result: { content: [{ text: 'ran safe' }] } }, { result: { content: [{ text: 'two' }] } }, { result: { content: [{ text: 'three' }] } }]);
    const opened = gateway.reached().map((entry) => String(entry['line'])).filter((line) => line.includes('initialize'));
    expect(opened.filter((line) => line.includes('"initialize"'))).toHaveLength(isolation === 'grant' ? 2 : 1);
    await gateway.request('stdio', sessions[0] ?? '', 'tools/call', { name: 'crash' });
    expect((await gateway.post('stdio', { jsonrpc: '2.0', id: 1, method: 'ping' }, { 'mcp-session-id': sessions[1] ?? '' })).status).toBe(404);
  });

  test('[D5] a modern client that leaves cancels in the shared child, and the late answer is dropped', async () => {
    const gateway = await serve();
    const { port } = gateway.gateway.address;
    await gateway.modern('stdio', 'tools/list');
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'slow', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} } } });
    const socket = connect(port, '127.0.0.1');
    socket.write(`POST /mcp/stdio HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nAuthorization: Bearer ${gateway.token('stdio')}\r\nContent-Type: application/json\r\nAccept: */*\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: slow\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    await expect.poll(() => gateway.callsReached()).toContain('slow');
    socket.destroy();
    await expect.poll(() => gateway.reached().some((entry) => String(entry['line']).includes('notifications/cancelled'))).toBe(true);
    await expect.poll(async () => (await gateway.rows()).filter((row) => row.name === 'slow').map((row) => row.outcome)).toEqual(['cancelled']);
    await expect.poll(async () => (await gateway.rows()).some((row) => row.code === 'late_response'), { timeout: 4_000 }).toBe(true);
  });
});
