import { connect, createServer as createNetServer, type AddressInfo } from 'node:net';
import { createServer, request as httpRequest } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { LOCAL_DESK } from '../../src/gateway/approvals/desk.ts';
import { Conversation } from '../../src/gateway/conversation.ts';
import { DeferredState } from '../../src/gateway/deferred-state.ts';
import { Principal } from '../../src/gateway/principal.ts';
import { PostExchange } from '../../src/gateway/http/post-exchange.ts';
import { ToolDirectory } from '../../src/gateway/tool-directory.ts';
import { ToolClassifier } from '../../src/gateway/tool-classifier.ts';
import { ToolPins } from '../../src/gateway/pins/tool-pins.ts';
import { parseMessage, type Message } from '../../src/mcp/message.ts';
import type { JournalEntry, Settlement, State } from '../../src/state/types.ts';
import type { PolicySet } from '../../src/policy/types.ts';
import { UPSTREAM_LIMITS } from '../../src/wire/limits.ts';
import { HttpHarness } from './http-harness.ts';
import { policySet } from './run-harness.ts';
import { answerJson, ScriptedUpstream } from './scripted-upstream.ts';

/** Findings of a hostile review of the enforcement core: each was a way round a guarantee before. */

const OPEN = 'version: "1"\ndefault: allow\n';
const HIDING = `${OPEN}tools: { secret: hide }\n`;
const open: { close(): Promise<unknown> }[] = [];
afterEach(async () => {
  for (const item of open.splice(0).toReversed()) await item.close();
});

function parsed(text: string): Message {
  const result = parseMessage(Buffer.from(text), UPSTREAM_LIMITS);
  if (!result.ok) throw new Error(result.message);
  return result.message;
}

/** A conversation without carriers, over a state that keeps its rows in memory. */
class Bare {
  readonly rows = new Map<string, { entry: JournalEntry; settlement: Settlement | null }>();
  readonly principal: Principal;
  readonly conversation: Conversation;

  constructor(policies: PolicySet, stateful = true) {
    this.principal = new Principal('g', 's', policies);
    this.conversation = new Conversation({
      gateway: { state: this.#state(), ready: () => null, approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log: () => undefined },
      principal: this.principal, transport: 'stdio', session: stateful ? 'x' : null, stateful, directory: new ToolDirectory(),
      sendOwn: (message) => {
        const list = parsed(`{"jsonrpc":"2.0","id":${JSON.stringify(message.id)},"result":{"tools":[{"name":"safe"},{"name":"secret"}]}}`);
        queueMicrotask(() => this.conversation.upstream(list, { on: 'link' }));
      },
    });
  }

  #state(): State {
    const append = (entry: JournalEntry): void => void this.rows.set(entry.id, { entry, settlement: null });
    return {
      append,
      admit: (_claims: unknown, _scope: unknown, entry: JournalEntry) => {
        append(entry);
        return { ok: true, observed: [] };
      },
      reserve: () => ({ ok: true, observed: [] }),
      settle: (id: string, settlement: Settlement) => {
        const row = this.rows.get(id);
        if (row !== undefined) row.settlement = settlement;
      },
      digest: () => 'digest', query: () => [], flush: () => undefined, close: () => undefined,
    } as unknown as State;
  }

  async client(text: string): Promise<string> {
    const verdict = await this.conversation.client(parsed(text));
    return verdict.do === 'answer' ? `answer ${verdict.bytes.toString()}` : verdict.do === 'drop' ? `drop ${verdict.code}` : 'forward';
  }

  upstream(text: string): string {
    const verdict = this.conversation.upstream(parsed(text), { on: 'link' });
    return verdict.do === 'deliver' ? `deliver ${verdict.bytes.toString()}` : verdict.do === 'drop' ? `drop ${verdict.code}` : verdict.do;
  }
}

const modernMeta = (extra = ''): string => `"_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}${extra}}`;
const LIST = '{"jsonrpc":"2.0","id":5,"result":{"tools":[{"name":"safe"},{"name":"secret"}]}}';
const cancel = (id: unknown): string => `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${JSON.stringify(id)}}}`;

describe('a request that the client withdrew', () => {
  test('[J7, L1] keeps its id until nothing can come for it, so that its late answer is never judged as that of another request', async () => {
    const bare = new Bare(await policySet(HIDING));
    expect(await bare.client('{"jsonrpc":"2.0","id":5,"method":"tools/list"}')).toBe('forward');
    expect(await bare.client(cancel(5))).toBe('forward');
    expect(await bare.client('{"jsonrpc":"2.0","id":5,"method":"ping"}')).toContain('still in use');
    expect(bare.upstream(LIST)).not.toContain('secret');
    expect(await bare.client('{"jsonrpc":"2.0","id":5,"method":"ping"}')).toBe('forward');
  });

  test('[N1] is cancelled once, and its late answer still passes', async () => {
    const bare = new Bare(await policySet(OPEN));
    await bare.client('{"jsonrpc":"2.0","id":5,"method":"tools/call","params":{"name":"safe"}}');
    expect(await bare.client(cancel(5))).toBe('forward');
    expect(await bare.client(cancel(5))).toBe('drop cancel_ignored');
    expect([...bare.rows.values()].map((row) => row.settlement?.outcome)).toEqual(['cancelled']);
    expect(bare.upstream('{"jsonrpc":"2.0","id":5,"result":{"content":[]}}')).toContain('deliver');
  });

  test('does not count as open: any number of cancelled requests leaves room for the next', async () => {
    const bare = new Bare(await policySet(OPEN));
    for (let id = 0; id < 10_100; id += 1) {
      await bare.client(`{"jsonrpc":"2.0","id":${id},"method":"resources/list"}`);
      await bare.client(cancel(id));
    }
    expect(await bare.client('{"jsonrpc":"2.0","id":"next","method":"ping"}')).toBe('forward');
    expect(bare.conversation.inFlight.size).toBe(1);
  });
});

describe('what a session has settled', () => {
  test('[J9, V5] the version that was negotiated is not changed by what a later request declares', async () => {
    const bare = new Bare(await policySet(OPEN));
    await bare.client('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25"}}');
    bare.upstream('{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25"}}');
    await bare.client('{"jsonrpc":"2.0","id":2,"method":"ping","params":{"_meta":{"io.modelcontextprotocol/protocolVersion":"2025-03-26"}}}');
    expect(bare.conversation.version).toBe('2025-11-25');
  });

  test('[K2] a task of somebody else is out of reach under every era, also where unknown methods pass', async () => {
    const bare = new Bare(await policySet(OPEN));
    for (const method of ['tasks/result', 'tasks/get']) {
      expect(await bare.client(`{"jsonrpc":"2.0","id":"${method}","method":"${method}","params":{"taskId":"foreign",${modernMeta()}}}`)).toContain('answer');
    }
    expect(await bare.client('{"jsonrpc":"2.0","id":1,"method":"tasks/update","params":{"taskId":"foreign"}}')).toContain('Method not found');
    expect(await bare.client(`{"jsonrpc":"2.0","id":2,"method":"tasks/list","params":{${modernMeta()}}}`)).toContain('Method not found');
    expect(await bare.client('{"jsonrpc":"2.0","id":3,"method":"tasks/list"}')).toBe('forward');
    expect(bare.upstream('{"jsonrpc":"2.0","id":3,"result":{"tasks":[{"taskId":"foreign"}]}}')).not.toContain('foreign');
  });

  test('[J6, #30] the name of a notification is no request, also where unknown methods pass', async () => {
    const bare = new Bare(await policySet(OPEN));
    expect(await bare.client('{"jsonrpc":"2.0","id":1,"method":"notifications/cancelled","params":{"requestId":7}}')).toContain('-32601');
  });

  test('[C5] requests of the upstream that were never answered make room for new ones', async () => {
    const bare = new Bare(await policySet(OPEN));
    for (let id = 0; id < 1_500; id += 1) expect(bare.upstream(`{"jsonrpc":"2.0","id":${id},"method":"ping"}`)).toContain('deliver');
    expect(bare.conversation.serverRequests.size).toBeLessThanOrEqual(1_000);
  });

  test('[M3] the end of a subscription that the upstream announces reaches the client', async () => {
    const bare = new Bare(await policySet(OPEN));
    await bare.client(`{"jsonrpc":"2.0","id":"sub","method":"subscriptions/listen","params":{"notifications":{},${modernMeta()}}}`);
    expect(bare.upstream(cancel('sub'))).toContain('deliver');
    expect(bare.conversation.inFlight.size).toBe(0);
  });

  test('[N3] progress for a token that two requests share goes to the stream it came on', async () => {
    const bare = new Bare(await policySet(OPEN));
    for (const id of [1, 2]) await bare.client(`{"jsonrpc":"2.0","id":${id},"method":"resources/list","params":{"_meta":{"progressToken":"t"}}}`);
    const verdict = bare.conversation.upstream(parsed('{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":1}}'), { on: 'request', requestKey: 'n:2' });
    expect(verdict).toMatchObject({ do: 'deliver', requestKey: 'n:2' });
  });
});

describe('what is known of the tools', () => {
  const page = (names: string[], next: string | null): Message => parsed(`{"jsonrpc":"2.0","id":1,"result":{"tools":[${names.map((name) => `{"name":"${name}"}`).join()}]${next === null ? '' : `,"nextCursor":${next}`}}}`);
  const learn = (directory: ToolDirectory, message: Message, cursor: string | null, now: number): void => {
    if (message.kind === 'response' && message.result !== null) directory.learn(message.result, cursor, now);
  };

  test('is complete only after every page was read in its order, so that no listed tool is taken for unknown', () => {
    const directory = new ToolDirectory();
    learn(directory, page(['a'], '"2"'), null, 0);
    expect(directory.isFresh(1)).toBe(false);
    learn(directory, page(['b'], null), '"2"', 0);
    expect(directory.isFresh(1)).toBe(true);
    learn(directory, page(['a'], '"2"'), null, 1);
    expect(directory.get('b') === null && directory.isFresh(2)).toBe(false);
    directory.forget();
    learn(directory, page(['b'], null), '"2"', 3);
    expect(directory.isFresh(4)).toBe(false);
    learn(directory, page(['a', 'b'], 'null'), null, 5);
    expect(directory.isFresh(6)).toBe(true);
  });
});

describe('a state that cannot be reached', () => {
  test('[B4, #49] refuses calls with arguments as well, and neither ends the process nor the session', async () => {
    const failing = new DeferredState(() => Promise.reject(new Error('disk full')), () => undefined);
    await failing.ready();
    const conversation = new Conversation({
      gateway: { state: failing, ready: () => failing.ready(), approvals: LOCAL_DESK, upstream: 'u', classifier: new ToolClassifier(), pins: new ToolPins(null), now: () => Date.now(), keepArguments: false, log: () => undefined },
      principal: new Principal('g', 's', await policySet(OPEN)), transport: 'stdio', session: 'x', stateful: true, directory: new ToolDirectory(),
      sendOwn: () => undefined,
    });
    conversation.directory.learn((parsed(LIST) as Extract<Message, { kind: 'response' }>).result as never, null, 0);
    const verdict = await conversation.client(parsed('{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"safe","arguments":{"a":1}}}'));
    expect(verdict.do === 'answer' ? verdict.bytes.toString() : verdict.do).toContain('state_unavailable');
  });
});


const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function relayed(handler: Parameters<typeof ScriptedUpstream.start>[0], policy = OPEN, sessionId: string | null = 'upstream-session'): Promise<{ gateway: HttpHarness; upstream: ScriptedUpstream }> {
  const upstream = await ScriptedUpstream.start(handler);
  upstream.sessionId = sessionId;
  open.push(upstream);
  const gateway = await HttpHarness.start(await policySet(policy), { url: upstream.url });
  open.push(gateway);
  return { gateway, upstream };
}

const ok = (id: unknown): string => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":{"content":[]}}`;
const call = (id: number, name = 'safe'): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"${name}"}}`;

describe('a listener', () => {
  test('[H1] survives a client that asks for an upgrade and resets the connection, and serves one that goes on', async () => {
    const { gateway } = await relayed((request, response) => answerJson(response, ok(request.message?.id)));
    const { port } = gateway.gateway.address;
    for (let attempt = 0; attempt < 50; attempt += 1) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => undefined);
      await new Promise((resolve) => socket.once('connect', resolve));
      socket.write(`${attempt % 2 === 0 ? 'GET /healthz' : 'CONNECT a:1'} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
      await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
    }
    await wait(50);
    expect((await gateway.send({ method: 'GET', path: '/healthz', headers: { connection: 'upgrade', upgrade: 'h2c' } })).status).toBe(200);
  });

  test('closes the connection of a client that was answered 400 and never closes its side', async () => {
    const { gateway } = await relayed(() => undefined);
    const socket = connect({ port: gateway.gateway.address.port, host: '127.0.0.1', allowHalfOpen: true });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    socket.on('error', () => undefined);
    socket.write('nonsense\r\n\r\n');
    socket.resume();
    socket.on('end', () => {
      // What is written to a socket that is gone is answered by a reset.
      setTimeout(() => socket.write('x'), 50);
      setTimeout(() => socket.write('x'), 100);
    });
    await closed;
  });
});

describe('the relay', () => {
  test('[S3] passes the 404 of a session that is gone with its JSON body, on POST and on GET', async () => {
    const gone = '{"jsonrpc":"2.0","error":{"code":-32001,"message":"Session not found"},"id":null}';
    const { gateway, upstream } = await relayed((_request, response) => void response.writeHead(404, { 'content-type': 'application/json' }).end(gone));
    let session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    expect(await gateway.post('http', call(2), { 'mcp-session-id': session })).toMatchObject({ status: 404, text: gone });
    expect((await gateway.rows()).filter((row) => row.name === 'safe')).toMatchObject([{ outcome: 'upstream_error' }]);
    session = await gateway.open('http');
    const stream = await gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session }) });
    expect(stream).toMatchObject({ status: 404 });
    expect(upstream.requests.some((request) => request.method === 'GET')).toBe(true);
    expect(gateway.gateway.stats().sessions).toBe(0);
  });

  test('[O4] never passes a 401 of the upstream to the client, with a JSON-RPC body neither', async () => {
    const { gateway } = await relayed((_request, response) => void response.writeHead(401, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","error":{"code":-32001,"message":"Unauthorized"},"id":null}'));
    const session = await gateway.open('http');
    expect((await gateway.post('http', call(2), { 'mcp-session-id': session })).status).toBe(502);
  });

  test('[T2] passes the error that an upstream gives to a notification', async () => {
    const refusal = '{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request"},"id":null}';
    const { gateway } = await relayed((_request, response) => void response.writeHead(400, { 'content-type': 'application/json' }).end(refusal));
    const session = await gateway.open('http');
    // The scripted upstream answers notifications itself; a response to its own question is refused by the handler above.
    expect(await gateway.send({ method: 'DELETE', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session }) })).toMatchObject({ status: 400, text: refusal });
  });

  test('[J7] a legacy client that leaves does not leave its call open for ever', async () => {
    for (const sessionId of ['upstream-session', null]) {
      const { gateway, upstream } = await relayed(() => undefined, OPEN, sessionId);
      const session = await gateway.open('http');
      const headers = sessionId === null ? {} : { 'mcp-session-id': session };
      await gateway.post('http', '{"jsonrpc":"2.0","id":1,"method":"tools/list"}', headers);
      const outgoing = httpRequest({ host: '127.0.0.1', port: gateway.gateway.address.port, method: 'POST', path: '/mcp/http', headers: gateway.headers('http', headers) });
      outgoing.on('error', () => undefined);
      outgoing.end(call(2));
      await expect.poll(() => upstream.of('tools/call').length).toBe(1);
      outgoing.destroy();
      await expect.poll(async () => (await gateway.rows()).filter((row) => row.name === 'safe').map((row) => row.outcome)).toEqual(['cancelled']);
      expect(gateway.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
    }
  });

  test('[C5, N1] without sessions, a question of the upstream is answered and a call is cancelled all the same', async () => {
    let held: { end(text: string): void } | null = null;
    const { gateway, upstream } = await relayed((request, response) => {
      if (request.message?.method === undefined) return void response.writeHead(202).end();
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: {"jsonrpc":"2.0","id":0,"method":"elicitation/create","params":{}}\n\n');
      held = { end: (text) => void response.end(text) };
    }, OPEN, null);
    const answered = gateway.send({ path: '/mcp/http', headers: gateway.headers('http'), body: call(7), until: () => false });
    await expect.poll(() => held).not.toBeNull();
    await gateway.post('http', '{"jsonrpc":"2.0","id":0,"result":{"action":"accept"}}');
    await gateway.post('http', '{"jsonrpc":"2.0","id":0,"result":{"action":"accept"}}');
    await gateway.post('http', '{"jsonrpc":"2.0","id":0,"result":{"action":"accept"}}', {}, true);
    await gateway.post('http', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}', {}, true);
    await gateway.post('http', '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":7}}');
    (held as unknown as { end(text: string): void }).end(`data: ${ok(7)}\n\n`);
    expect((await answered).messages.at(-1)).toMatchObject({ id: 7 });
    expect(upstream.requests.filter((request) => request.body.includes('"accept"'))).toHaveLength(1);
    expect(upstream.of('notifications/cancelled')).toHaveLength(1);
  });

  test('[S1] a modern request does not carry the session id of another principal upstream', async () => {
    const { gateway, upstream } = await relayed((request, response) => answerJson(response, ok(request.message?.id)));
    const foreign = await gateway.open('http', true);
    await gateway.modern('http', 'resources/list', {}, { 'mcp-session-id': foreign });
    expect(upstream.of('resources/list').map((request) => request.headers['mcp-session-id'])).toEqual([undefined]);
  });

  test('a server that is taken out of the configuration ends what runs on it, and the clients hear of it', async () => {
    const { gateway } = await relayed((request, response) => {
      if (request.method === 'GET') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
    });
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    const stream = gateway.send({ method: 'GET', path: '/mcp/http', headers: gateway.headers('http', { 'mcp-session-id': session }) });
    const running = gateway.post('http', call(2), { 'mcp-session-id': session });
    await expect.poll(() => gateway.gateway.stats().streams).toBeGreaterThanOrEqual(2);
    await gateway.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].filter(([name]) => name !== 'http')) }));
    expect((await stream).status).toBe(200);
    expect((await running).status).toBe(502);
    expect((await gateway.rows()).filter((row) => row.outcome === 'forwarded' && row.method === 'tools/call')).toEqual([]);
  });

  test('[N4, S1] a grant that is taken away loses its open streams, and a body that is still arriving is not judged', async () => {
    const { gateway, upstream } = await relayed((request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(`data: {"jsonrpc":"2.0","method":"notifications/subscriptions/acknowledged","params":{}}\n\n`);
      void request;
    });
    const listening = gateway.modern('http', 'subscriptions/listen', { notifications: { toolsListChanged: true } });
    await expect.poll(() => upstream.of('subscriptions/listen').length).toBe(1);
    const body = call(3);
    const late = new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port: gateway.gateway.address.port, method: 'POST', path: '/mcp/http', headers: { ...gateway.headers('http'), 'content-length': body.length } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      outgoing.on('error', reject);
      outgoing.write(body.slice(0, 10));
      setTimeout(() => outgoing.end(body.slice(10)), 300);
    });
    await wait(100);
    await gateway.reconfigure((config) => ({ ...config, grants: config.grants.filter((grant) => grant.label !== 'one-http') }));
    expect((await listening).messages).toHaveLength(1);
    expect(await late).toBe(401);
    expect(upstream.of('tools/call')).toEqual([]);
  });

  test('[T9] a session that only a long call uses is not idle', async () => {
    const { gateway } = await relayed((request, response) => void setTimeout(() => answerJson(response, ok(request.message?.id)), 1_500), OPEN);
    await gateway.reconfigure((config) => ({ ...config, limits: { ...config.limits, sessionIdleMs: 300 }, servers: new Map([...config.servers].map(([name, server]) => [name, { ...server, isolation: 'grant' as const }])) }));
    const session = await gateway.open('http');
    await gateway.request('http', session, 'tools/list', {});
    expect(await gateway.post('http', call(2), { 'mcp-session-id': session })).toMatchObject({ status: 200 });
  });

  test('a draining gateway waits for calls without a session, and not for subscriptions', async () => {
    const { gateway } = await relayed((request, response) => {
      if (request.message?.method === 'subscriptions/listen') response.writeHead(200, { 'content-type': 'text/event-stream' }).write(': open\n\n');
      else setTimeout(() => answerJson(response, ok(request.message?.id)), 300);
    });
    await gateway.modern('http', 'tools/list');
    void gateway.modern('http', 'subscriptions/listen', { notifications: {} }).catch(() => undefined);
    const running = gateway.modern('http', 'tools/call', { name: 'safe' });
    await expect.poll(() => gateway.gateway.stats()).toMatchObject({ inFlight: 1, streams: 2 });
    const closing = gateway.gateway.close(2_000);
    expect((await running).status).toBe(200);
    await closing;
  });
});

describe('a hosted session', () => {
  test('is idle when all that was open in it was cancelled and left', async () => {
    const gateway = await HttpHarness.start(await policySet(OPEN));
    open.push(gateway);
    const session = await gateway.open('stdio');
    await gateway.request('stdio', session, 'tools/list', {});
    const outgoing = httpRequest({ host: '127.0.0.1', port: gateway.gateway.address.port, method: 'POST', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': session }) });
    outgoing.on('error', () => undefined);
    outgoing.end(call(77, 'mute'));
    await expect.poll(() => gateway.callsReached()).toContain('mute');
    await gateway.post('stdio', cancel(77), { 'mcp-session-id': session });
    outgoing.destroy();
    await expect.poll(() => gateway.gateway.stats()).toMatchObject({ sessions: 1, inFlight: 0, streams: 0 });
  });

  test('[T9] goes on after a client that read slowly has left', async () => {
    let resumed = 0;
    let full = false;
    const server = createServer((_request, response) => {
      const exchange = new PostExchange(response);
      exchange.onDrain(() => { resumed += 1; });
      full = !exchange.send(Buffer.alloc(64 * 1024 * 1024, 'x'));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => server.close(resolve)) });
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await new Promise((resolve) => socket.once('readable', resolve));
    expect([full, resumed]).toEqual([true, 0]);
    socket.destroy();
    await expect.poll(() => resumed).toBeGreaterThan(0);
  });
});

describe('edge mode', () => {
  /** An edge listener at a free port in front of an upstream that takes every path for its MCP endpoint. */
  async function edge(handler: Parameters<typeof ScriptedUpstream.start>[0], policies: string): Promise<{ gateway: HttpHarness; upstream: ScriptedUpstream; send(method: string, path: string, body?: string, headers?: Record<string, string>): Promise<{ status: number; text: string }>; port: number }> {
    const upstream = await ScriptedUpstream.start(handler);
    open.push(upstream);
    const gateway = await HttpHarness.start(await policySet(policies), { url: upstream.url });
    open.push(gateway);
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    const url = new URL('/', upstream.url);
    await gateway.reconfigure((config) => ({
      ...config,
      servers: new Map([...config.servers].map(([name, server]) => [name, name === 'http' ? { ...server, upstream: { kind: 'http' as const, spec: { url, headers: {} } }, edge: { listen: { host: '127.0.0.1', port } } } : server])),
      grants: config.grants.map((grant) => (grant.label === 'two-http' ? { ...grant, tokenSha256: null } : grant)),
    }));
    const send = (method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<{ status: number; text: string }> => new Promise((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port, method, path, agent: false, headers: { host: url.host, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers } }, (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => { text += chunk.toString(); });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
    return { gateway, upstream, send, port };
  }

  const DENYING = `${OPEN}tools: { danger: deny }\n`;

  test('[O5] no path and no form of body brings a message past the policy', async () => {
    const { upstream, send } = await edge((request, response) => answerJson(response, ok(request.message?.id)), DENYING);
    const body = call(1, 'danger');
    for (const path of ['/.well-known/..', '/.well-known/a/..', '/.well-known/.', '/.well-known/../', '/.well-known/x', '/token', '/register', '/authorize', '/token?x=1']) {
      await send('POST', path, body);
      await send('POST', path, body, { 'content-type': 'application/x-www-form-urlencoded' });
      await send('POST', path, `\ufeff ${body}`, { 'content-type': 'text/plain' });
      await send('POST', path, `[${body}]`, { 'content-type': 'application/json; charset=utf-8' });
    }
    expect(upstream.of('tools/call')).toEqual([]);
    expect(upstream.requests.filter((request) => request.body.includes('danger'))).toEqual([]);
    expect(await send('POST', '/token', 'grant_type=authorization_code&code=x', { 'content-type': 'application/x-www-form-urlencoded' })).toMatchObject({ status: 200 });
    expect(await send('POST', '/register', '{"redirect_uris":["http://localhost/cb"],"client_name":"c"}')).toMatchObject({ status: 202 });
    expect(upstream.requests.map((request) => request.url)).toEqual(['/token', '/register']);
  });

  test('[O5, S1] what passes beside the endpoint carries no session, so that it opens none of its streams', async () => {
    const { upstream, send } = await edge((_request, response) => answerJson(response, '{}'), DENYING);
    await send('GET', '/.well-known/oauth-protected-resource', undefined, { 'mcp-session-id': 's', 'last-event-id': '1', 'mcp-protocol-version': '2025-11-25' });
    expect(upstream.requests[0]?.headers).toMatchObject({ 'mcp-protocol-version': '2025-11-25' });
    expect(Object.keys(upstream.requests[0]?.headers ?? {}).filter((name) => name === 'mcp-session-id' || name === 'last-event-id')).toEqual([]);
  });

  test('[B8] another grant brings its own policy, none ends the listener, and the port is taken over', async () => {
    const { gateway, upstream, send } = await edge((request, response) => answerJson(response, ok(request.message?.id)), OPEN);
    expect(await send('POST', '/', call(1, 'danger'))).toMatchObject({ status: 200 });
    const denying = await policySet(DENYING);
    await gateway.reconfigure((config) => ({ ...config, grants: config.grants.map((grant) => (grant.label === 'two-http' ? { ...grant, label: 'three-http', policies: denying } : grant)) }));
    expect((await send('POST', '/', call(2, 'danger'))).text).toContain('POLICY DENIED');
    expect(upstream.of('tools/call')).toHaveLength(1);
    await gateway.reconfigure((config) => ({ ...config, grants: config.grants.filter((grant) => grant.label !== 'three-http') }));
    await expect(send('POST', '/', call(3))).rejects.toThrow('ECONNREFUSED');
  });

  test('[B5] a body that does not arrive in time ends with 408 beside the endpoint too', async () => {
    const { port, upstream } = await edge((_request, response) => answerJson(response, '{}'), OPEN);
    const status = await new Promise<number>((resolve, reject) => {
      const outgoing = httpRequest({ host: '127.0.0.1', port, method: 'POST', path: '/token', headers: { host: new URL(upstream.url).host, 'content-type': 'application/x-www-form-urlencoded', 'content-length': 10 } }, (response) => resolve(response.statusCode ?? 0));
      outgoing.on('error', reject);
      outgoing.write('a');
    });
    expect(status).toBe(408);
  });
});

describe('a shared child', () => {
  /** A server that says that its tools have changed in the middle of every call, in the form that its era has not foreseen. */
  const CHANGING = `
    const say = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
    require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
      const { id, method, params } = JSON.parse(line);
      if (id === undefined) return;
      if (method === 'initialize') return say({ id, result: { protocolVersion: params.protocolVersion, capabilities: { tools: { listChanged: true } }, serverInfo: { name: 's', version: '1' } } });
      if (method === 'tools/list') return say({ id, result: { tools: [{ name: 'change', inputSchema: { type: 'object' } }], resultType: 'complete' } });
      say({ method: 'notifications/tools/list_changed' });
      setTimeout(() => say({ id, result: { content: [], resultType: 'complete' } }), 50);
    });`;

  async function changing(): Promise<HttpHarness> {
    const gateway = await HttpHarness.start(await policySet(OPEN), { isolation: 'grant' });
    open.push(gateway);
    const spec = { command: [process.execPath, '-e', CHANGING] as const, env: {}, cwd: null, inheritEnv: false };
    await gateway.reconfigure((config) => ({ ...config, servers: new Map([...config.servers].map(([name, server]) => [name, name === 'stdio' ? { ...server, upstream: { kind: 'command' as const, spec } } : server])) }));
    return gateway;
  }

  test('[N4] tells every session of its grant that a list has changed, also while one of them has a request open', async () => {
    const gateway = await changing();
    const [first, second] = [await gateway.open('stdio'), await gateway.open('stdio')];
    const stream = gateway.send({ method: 'GET', path: '/mcp/stdio', headers: gateway.headers('stdio', { 'mcp-session-id': second }), until: (messages) => messages.length > 0 });
    await gateway.request('stdio', first, 'tools/list', {});
    await gateway.request('stdio', first, 'tools/call', { name: 'change' });
    expect((await stream).messages).toEqual([{ jsonrpc: '2.0', method: 'notifications/tools/list_changed' }]);
  });

  test('[M3, M4] gives a modern call no notification that belongs to a subscription', async () => {
    const gateway = await changing();
    await gateway.modern('stdio', 'tools/list');
    const answer = await gateway.modern('stdio', 'tools/call', { name: 'change' });
    expect(answer.messages).toMatchObject([{ result: { content: [] } }]);
  });
});

test('a fault while judging refuses the message and nothing else', async () => {
  const policies = await policySet(OPEN);
  const broken = new Bare(new Proxy(policies, { get: (target, key) => (key === 'decide' ? (): never => { throw new Error('fault'); } : Reflect.get(target, key, target) as unknown) }));
  expect(await broken.client(call(1))).toContain('-32603');
  expect(await broken.client(call(1))).toContain('-32603');
  expect(broken.conversation.inFlight.size).toBe(0);
  expect([...broken.rows.values()].map((row) => row.entry.outcome)).toEqual(['refused', 'refused']);
});

test('[N2] a call that was cancelled while the tool list was read is recorded as cancelled', async () => {
  const bare = new Bare(await policySet(OPEN));
  const pending = bare.client(call(1));
  expect(await bare.client(cancel(1))).toBe('drop cancelled');
  expect(await pending).toBe('drop cancelled');
  expect([...bare.rows.values()].map((row) => row.entry.outcome)).toEqual(['cancelled']);
});

test.each(['text/event-stream', 'application/json'])('[B6, #53] a status line of the upstream that cannot be repeated (%s) costs its own call at most', async (type) => {
  const upstream = createNetServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      const id = /"id":("[^"]*"|\d+)/.exec(chunk.toString())?.[1] ?? 'null';
      const body = chunk.includes('tools/list') ? `{"jsonrpc":"2.0","id":${id},"result":{"tools":[{"name":"safe"}]}}` : `{"jsonrpc":"2.0","id":${id},"result":{"content":[]}}`;
      const strange = chunk.includes('tools/call');
      const text = strange && type === 'text/event-stream' ? `data: ${body}\n\n` : body;
      socket.end(`HTTP/1.1 200 ${strange ? 'O\u20acK\u0001' : 'OK'}\r\nX-Odd: caf\u00e9\r\nContent-Type: ${strange ? type : 'application/json'}\r\nContent-Length: ${text.length}\r\nConnection: close\r\n\r\n${text}`);
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => upstream.close(resolve)) });
  const gateway = await HttpHarness.start(await policySet(OPEN), { url: `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/mcp` });
  open.push(gateway);
  expect(await gateway.modern('http', 'tools/call', { name: 'safe' })).toMatchObject({ status: 200, messages: [{ result: { content: [] } }] });
  expect((await gateway.modern('http', 'tools/list')).status).toBe(200);
  expect(gateway.gateway.stats()).toMatchObject({ inFlight: 0, streams: 0 });
});
