import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpLink, type HttpLinkOptions } from '../../src/upstream/http-link.ts';
import { httpServer, json, type Listening, readBody } from './http-servers.ts';
import { eventually } from './processes.ts';
import { call, message, rawMessage, Recorder } from './recorder.ts';

interface Seen {
  readonly method: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Method of the JSON-RPC message, or what kind of thing it is. */
  readonly rpc: string;
}

type Answer = (seen: Seen, response: ServerResponse, count: number) => void;

const links: HttpLink[] = [];
const servers: Listening[] = [];

afterEach(async () => {
  for (const link of links.splice(0)) await link.close();
  for (const server of servers.splice(0)) await server.close();
});

interface Json {
  readonly id?: number | string;
  readonly method?: string;
}

/** A server that notes every request and answers by rules: `METHOD rpc` or `METHOD` -> answer. */
async function upstream(rules: Record<string, Answer>): Promise<{ readonly url: URL; readonly seen: Seen[]; readonly kinds: () => string[] }> {
  const seen: Seen[] = [];
  const counts = new Map<string, number>();
  const server = await httpServer((request, response) => void readBody(request).then((body) => {
    const parsed = body === '' ? null : (JSON.parse(body) as Json);
    const entry: Seen = { method: request.method ?? '', headers: request.headers, body, rpc: parsed === null ? '' : (parsed.method ?? 'response') };
    seen.push(entry);
    const kind = `${entry.method} ${entry.rpc}`.trim();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const rule = rules[kind] ?? rules[entry.method] ?? ((_seen: Seen, res: ServerResponse): void => void res.writeHead(entry.method === 'POST' ? 202 : 405).end());
    rule(entry, response, counts.get(kind) ?? 0);
  }));
  servers.push(server);
  return { url: server.url, seen, kinds: () => seen.map((entry) => `${entry.method} ${entry.rpc}`.trim()) };
}

function open(url: URL, options: HttpLinkOptions = {}, headers: Record<string, string> = {}): { link: HttpLink; heard: Recorder } {
  const heard = new Recorder();
  const link = new HttpLink({ url, headers }, heard, { closeGraceMs: 0, ...options });
  links.push(link);
  return { link, heard };
}

const idOf = (seen: Seen): number | string => (JSON.parse(seen.body) as Json).id ?? 0;
const answer = (seen: Seen, response: ServerResponse, value: unknown = {}): void => json(response, { jsonrpc: '2.0', id: idOf(seen), result: value });

function sse(response: ServerResponse): ServerResponse {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  response.flushHeaders();
  return response;
}

const event = (value: unknown, id?: string): string => `${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(value)}\n\n`;
const result = (id: number | string, value: unknown = {}): unknown => ({ jsonrpc: '2.0', id, result: value });
const note = (method: string, params: unknown = {}): unknown => ({ jsonrpc: '2.0', method, params });

const VERSION = '2025-11-25';
const INITIALIZE = '{"jsonrpc":"2.0","id":"init", "method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"t","version":"1.0"}}}';
const INITIALIZED = '{"jsonrpc":"2.0","method":"notifications/initialized" }';

/** Rules of a well-behaved legacy server with sessions s1, s2, ... */
function legacy(more: Record<string, Answer> = {}): Record<string, Answer> {
  return {
    'POST initialize': (seen, response, count) =>
      json(response, result(idOf(seen), { protocolVersion: VERSION, capabilities: {}, serverInfo: { name: 'u', version: '1' } }), 200, { 'Mcp-Session-Id': `s${count}` }),
    'POST tools/call': (seen, response) => answer(seen, response, { content: [] }),
    ...more,
  };
}

async function initialize(link: HttpLink, heard: Recorder): Promise<void> {
  link.send(rawMessage(INITIALIZE));
  await heard.response('s:init');
  link.send(rawMessage(INITIALIZED));
}

const modernMeta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} };
const modern = (id: number, method: string, params: Record<string, unknown> = {}): ReturnType<typeof message> =>
  message({ jsonrpc: '2.0', id, method, params: { ...params, _meta: modernMeta } });

describe('a legacy session', () => {
  it('is kept: session id and version on everything after initialize, bytes as given, operator\'s headers only', async () => {
    const server = await upstream(legacy());
    const { link, heard } = open(server.url, {}, { Authorization: 'Bearer own', Accept: 'text/html', 'Mcp-Session-Id': 'forged', 'X-Team': 'a' });
    await initialize(link, heard);
    const text = '{"id":1,"jsonrpc":"2.0","method":"tools/call","params":{"name":"x","arguments":{"n":1.0}}}';
    link.send(rawMessage(text));
    expect((await heard.response('n:1')).requestKey).toBe('n:1');
    await eventually('GET was tried', () => server.kinds().includes('GET'));
    await link.close();
    expect(server.kinds().sort()).toEqual(['DELETE', 'GET', 'POST initialize', 'POST notifications/initialized', 'POST tools/call']);
    const [first, second] = server.seen;
    expect(first).toMatchObject({ body: INITIALIZE, headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', authorization: 'Bearer own', 'x-team': 'a' } });
    expect(first?.headers['mcp-session-id']).toBeUndefined();
    expect(first?.headers['mcp-protocol-version']).toBeUndefined();
    expect(second?.body).toBe(INITIALIZED);
    for (const entry of server.seen.slice(1)) expect(entry.headers).toMatchObject({ 'mcp-session-id': 's1', 'mcp-protocol-version': VERSION, authorization: 'Bearer own' });
    expect(server.seen.find((entry) => entry.rpc === 'tools/call')?.body).toBe(text);
    expect(server.seen.find((entry) => entry.method === 'GET')?.headers.accept).toBe('text/event-stream');
    expect(heard.end).toEqual({ failure: null });
    expect(heard.dropped).toEqual([]);
  });

  it('is opened in order, although every message is a connection of its own', async () => {
    const finished: string[] = [];
    const slowly = (ms: number, answerIt: Answer): Answer => (seen, response, count) => void sleep(ms).then(() => {
      finished.push(seen.rpc);
      answerIt(seen, response, count);
    });
    const rules = legacy();
    const server = await upstream({
      ...rules,
      'POST initialize': slowly(80, rules['POST initialize'] as Answer),
      'POST notifications/initialized': slowly(80, (_seen, response) => void response.writeHead(202).end()),
      'POST tools/call': slowly(0, rules['POST tools/call'] as Answer),
    });
    const { link, heard } = open(server.url);
    link.send(rawMessage(INITIALIZE));
    link.send(rawMessage(INITIALIZED));
    link.send(call(1, 'x'));
    await heard.response('n:1');
    expect(finished).toEqual(['initialize', 'notifications/initialized', 'tools/call']);
  });

  it('works without a session id', async () => {
    const server = await upstream(legacy({ 'POST initialize': (seen, response) => answer(seen, response, { protocolVersion: VERSION }) }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await heard.response('n:1');
    await link.close();
    expect(server.seen.some((entry) => entry.method === 'DELETE' || entry.headers['mcp-session-id'] !== undefined)).toBe(false);
    expect(server.seen.at(-1)?.headers['mcp-protocol-version']).toBe(VERSION);
  });

  it('never sends back a session id that could not be a header', async () => {
    const server = await upstream(legacy({
      'POST initialize': (seen, response) => json(response, result(idOf(seen), { protocolVersion: VERSION }), 200, { 'Mcp-Session-Id': 'a b\u00e9' }),
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await heard.response('n:1');
    expect(server.seen.at(-1)?.headers['mcp-session-id']).toBeUndefined();
  });

  it('carries requests of the server on the call\'s stream, and the client\'s answers', async () => {
    const streams: ServerResponse[] = [];
    const server = await upstream(legacy({
      'POST tools/call': (_seen, response) => {
        streams.push(sse(response));
        response.write(': hello\n\nid: 0\ndata:\n\n');
        response.write(event({ jsonrpc: '2.0', id: 's-1', method: 'elicitation/create', params: {} }));
      },
      'POST response': (_seen, response) => {
        response.writeHead(202).end();
        streams[0]?.write(event(note('notifications/progress', { progressToken: 1, progress: 1 })));
        streams[0]?.end(event(result(1, { done: true })));
      },
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await eventually('the server asked', () => heard.messages.some((entry) => entry.message.kind === 'request'));
    link.send(message({ jsonrpc: '2.0', id: 's-1', result: { action: 'decline' } }));
    expect((await heard.response('n:1')).json).toMatchObject({ result: { done: true } });
    expect(heard.messages.slice(1).map((entry) => entry.requestKey)).toEqual(['n:1', 'n:1', 'n:1']);
    expect(heard.log).toEqual(['response s:init', 'request elicitation/create', 'notification notifications/progress', 'response n:1']);
  });

  it('listens on the GET stream, and drops responses there', async () => {
    const server = await upstream(legacy({
      GET: (_seen, response) => void sse(response).write(event(note('notifications/tools/list_changed')) + event(result(77)) + event({ jsonrpc: '2.0', id: 5, method: 'ping' })),
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    await eventually('the ping of the server', () => heard.log.includes('request ping'));
    expect(heard.log.slice(1)).toEqual(['notification notifications/tools/list_changed', 'garbage unknown_response', 'request ping']);
    expect(heard.messages.at(-1)?.requestKey).toBeNull();
  });

  it('resumes the GET stream from the last event, with the pause that the server asked for', async () => {
    const server = await upstream(legacy({
      GET: (_seen, response, count) => {
        sse(response).write(`retry: 20\n\n${event(note('notifications/message', { data: count }), `e${count}é`)}`);
        if (count < 3) response.end();
      },
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    await eventually('three streams', () => heard.messages.length === 4);
    const resumed = server.seen.filter((entry) => entry.method === 'GET').map((entry) => entry.headers['last-event-id']);
    expect(resumed.map((id) => (id === undefined ? null : Buffer.from(String(id), 'latin1').toString()))).toEqual([null, 'e1é', 'e2é']);
    await link.close();
  });

  it('gives a GET stream up that only breaks', async () => {
    const server = await upstream(legacy({ GET: (_seen, response) => void sse(response).end('retry: 1\n\n') }));
    const { link, heard } = open(server.url, { limits: { maxBytes: 1_000, maxDepth: 10, maxKeys: 100 } });
    await initialize(link, heard);
    await eventually('attempts', () => server.kinds().filter((kind) => kind === 'GET').length >= 6);
    await sleep(100);
    expect(server.kinds().filter((kind) => kind === 'GET').length).toBeLessThan(12);
    expect(heard.ends).toBe(0);
  });

  it('resumes a call whose stream broke after a numbered event', async () => {
    const server = await upstream(legacy({
      'POST tools/call': (_seen, response) => {
        sse(response).write(`retry: 20\nid: a1\ndata:\n\n${event(note('notifications/progress', { progressToken: 1, progress: 1 }), 'a2')}`);
        setTimeout(() => response.destroy(), 20);
      },
      GET: (seen, response, count) => {
        if (seen.headers['last-event-id'] === undefined) response.writeHead(405).end();
        else if (count < 4) sse(response).end(event(note('notifications/progress', { progressToken: 1, progress: count }), `b${count}`));
        else sse(response).end(event(result(1, { resumed: true }), 'z'));
      },
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    const done = await heard.response('n:1');
    expect(done).toMatchObject({ requestKey: 'n:1', json: { result: { resumed: true } } });
    expect(server.seen.map((entry) => entry.headers['last-event-id']).filter((id) => id !== undefined)).toEqual(['a2', 'b2', 'b3']);
    expect(server.kinds().filter((kind) => kind === 'POST tools/call').length).toBe(1);
  });

  it('does not resume a call without numbered events: it fails, once', async () => {
    const server = await upstream(legacy({
      'POST tools/call': (_seen, response) => {
        sse(response).write(event(note('notifications/progress', { progressToken: 1, progress: 1 })));
        setTimeout(() => response.destroy(), 20);
      },
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'closed', reached: true });
    await sleep(50);
    expect(server.kinds().filter((kind) => kind === 'POST tools/call').length).toBe(1);
    expect(heard.failures.length).toBe(1);
  });

  it('fails a call whose stream cannot be resumed', async () => {
    const server = await upstream(legacy({
      'POST tools/call': (_seen, response) => void sse(response).end('retry: 10\nid: 1\ndata:\n\n'),
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'closed', text: 'the upstream ended its answer without a response' });
  });
});

describe('an expired session', () => {
  /** Session ids that the server still knows. */
  const expiring = (known: Set<string>, more: Record<string, Answer> = {}): Record<string, Answer> => {
    const rules = legacy(more);
    const guarded = Object.entries(rules).map(([kind, rule]): [string, Answer] => [kind, (seen, response, count) => {
      const id = seen.headers['mcp-session-id'];
      if (kind === 'POST initialize') known.add(`s${count}`);
      else if (!known.has(String(id))) {
        json(response, { jsonrpc: '2.0', id: null, error: { code: -32001, message: 'Session not found' } }, 404);
        return;
      }
      rule(seen, response, count);
    }]);
    return Object.fromEntries(guarded);
  };

  it('is renewed with the client\'s own bytes, unseen; calls that came to a 404 are sent once more', async () => {
    const known = new Set<string>();
    const server = await upstream(expiring(known));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await heard.response('n:1');
    known.clear();
    for (let id = 2; id < 12; id += 1) link.send(call(id, 'x'));
    for (let id = 2; id < 12; id += 1) await heard.response(`n:${id}`);
    const initializes = server.seen.filter((entry) => entry.rpc === 'initialize');
    expect(initializes.map((entry) => entry.body)).toEqual([INITIALIZE, INITIALIZE]);
    expect(server.seen.filter((entry) => entry.rpc === 'notifications/initialized').map((entry) => entry.headers['mcp-session-id'])).toEqual(['s1', 's2']);
    expect(heard.log.filter((entry) => entry === 'response s:init').length).toBe(1);
    expect(heard.failures).toEqual([]);
    expect(heard.log.length).toBe(12);
    await eventually('the new session listens', () => server.seen.some((entry) => entry.method === 'GET' && entry.headers['mcp-session-id'] === 's2'));
  });

  it('is not renewed when the client has only just opened it', async () => {
    const server = await upstream(expiring({ add: () => undefined, has: () => false } as unknown as Set<string>));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'session_expired', status: 404, reached: true });
    expect(server.seen.filter((entry) => entry.rpc === 'initialize').length).toBe(1);
  });

  it('is renewed only once per call', async () => {
    const known = new Set<string>();
    const server = await upstream(expiring(known));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await heard.response('n:1');
    known.add = (): Set<string> => known;
    known.clear();
    link.send(call(2, 'x'));
    expect(await heard.failure('n:2')).toMatchObject({ kind: 'session_expired', reached: true });
    expect(server.seen.filter((entry) => entry.rpc === 'initialize').length).toBe(2);
  });

  it('is not accepted in another protocol version', async () => {
    const known = new Set<string>();
    const rules = expiring(known);
    const server = await upstream({
      ...rules,
      'POST initialize': (seen, response, count) => {
        if (count === 1) rules['POST initialize']?.(seen, response, count);
        else json(response, result(idOf(seen), { protocolVersion: '2024-11-05' }), 200, { 'Mcp-Session-Id': `s${count}` });
      },
    });
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await heard.response('n:1');
    known.clear();
    link.send(call(2, 'x'));
    expect((await heard.failure('n:2')).text).toMatch(/could not be renewed: the upstream chose another protocol version/);
  });

  it('a 404 that answers the call itself is an answer when the session cannot be the reason', async () => {
    const server = await upstream(legacy({
      'POST initialize': (seen, response) => answer(seen, response, { protocolVersion: VERSION }),
      'POST no/such': (seen, response) => json(response, { jsonrpc: '2.0', id: idOf(seen), error: { code: -32601, message: 'no' } }, 404),
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(message({ jsonrpc: '2.0', id: 1, method: 'no/such' }));
    expect((await heard.response('n:1')).json).toMatchObject({ error: { code: -32601 } });
  });
});

describe('modern requests', () => {
  it('carry version, method, name and parameters in headers; no session', async () => {
    const server = await upstream({ POST: (seen, response) => json(response, result(idOf(seen)), 200, { 'Mcp-Session-Id': 'ignored' }) });
    const { link, heard } = open(server.url, { paramHeaders: () => ({ 'Mcp-Param-Region': 'eu' }) });
    const table: [string, Record<string, unknown>, string | undefined][] = [
      ['tools/call', { name: 'echo' }, 'echo'],
      ['prompts/get', { name: 'naïve ☃' }, `=?base64?${Buffer.from('naïve ☃').toString('base64')}?=`],
      ['resources/read', { uri: 'file:///a b\r\nX-Evil: 1' }, `=?base64?${Buffer.from('file:///a b\r\nX-Evil: 1').toString('base64')}?=`],
      ['tasks/get', { taskId: '=?base64?eA==?=' }, `=?base64?${Buffer.from('=?base64?eA==?=').toString('base64')}?=`],
      ['tools/list', {}, undefined],
    ];
    for (const [index, [method, params]] of table.entries()) {
      link.send(modern(index, method, params));
      await heard.response(`n:${index}`);
    }
    await link.close();
    expect(server.seen.map((entry) => entry.headers['mcp-method'])).toEqual(table.map(([method]) => method));
    expect(server.seen.map((entry) => entry.headers['mcp-name'])).toEqual(table.map(([, , name]) => name));
    for (const entry of server.seen) {
      expect(entry.headers).toMatchObject({ 'mcp-protocol-version': '2026-07-28', 'mcp-param-region': 'eu' });
      expect(entry.headers['mcp-session-id']).toBeUndefined();
      expect(entry.headers['x-evil']).toBeUndefined();
    }
    expect(server.kinds().every((kind) => kind.startsWith('POST'))).toBe(true);
  });

  it('that the client cancels end by their stream being closed, and nothing more is delivered', async () => {
    let closed = 0;
    const server = await upstream({
      POST: (_seen, response) => {
        sse(response).write(event(note('notifications/progress', { progressToken: 1, progress: 1 })));
        response.on('close', () => { closed += 1; });
      },
    });
    const { link, heard } = open(server.url);
    link.send(modern(1, 'tools/call', { name: 'x' }));
    link.send(modern(2, 'tools/call', { name: 'x' }));
    await eventually('both run', () => heard.messages.length === 2);
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }));
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 404 } }));
    link.abort('n:2');
    await eventually('both streams are closed', () => closed === 2);
    expect(server.kinds()).toEqual(['POST tools/call', 'POST tools/call']);
    expect(heard.failures).toEqual([]);
  });

  it('that were not sent yet are never sent once given up', async () => {
    const server = await upstream({});
    const { link, heard } = open(server.url);
    link.send(modern(1, 'tools/call', { name: 'x' }));
    link.abort('n:1');
    link.send(modern(2, 'tools/call', { name: 'x' }));
    await heard.failure('n:2');
    expect(server.seen.length).toBe(1);
  });

  it('a stream that ends without a response is a failure and is not resumed', async () => {
    const server = await upstream({ POST: (_seen, response) => void sse(response).end('id: 1\ndata:\n\n') });
    const { link, heard } = open(server.url);
    link.send(modern(1, 'tools/call', { name: 'x' }));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'closed', reached: true });
    expect(server.kinds()).toEqual(['POST tools/call']);
  });

  it('a subscription is a stream without time limit, several at once, ended by close', async () => {
    const server = await upstream({
      POST: (seen, response) => void sse(response).write(event(note('notifications/subscriptions/acknowledged', { _meta: { 'io.modelcontextprotocol/subscriptionId': idOf(seen) } }))),
    });
    const { link, heard } = open(server.url, { firstByteTimeoutMs: 50 });
    link.send(modern(1, 'subscriptions/listen', { notifications: {} }));
    link.send(modern(2, 'subscriptions/listen', { notifications: {} }));
    await eventually('both acknowledged', () => heard.messages.length === 2);
    await sleep(120);
    expect(heard.failures).toEqual([]);
    await link.close();
    expect(heard.failures.map((entry) => entry.requestKey).sort()).toEqual(['n:1', 'n:2']);
    expect(heard.log.at(-1)).toBe('closed');
  });

  it('requests of a modern server are dropped', async () => {
    const server = await upstream({ POST: (seen, response) => void sse(response).end(event({ jsonrpc: '2.0', id: 9, method: 'sampling/createMessage', params: {} }) + event(result(idOf(seen)))) });
    const { link, heard } = open(server.url);
    link.send(modern(1, 'tools/call', { name: 'x' }));
    await heard.response('n:1');
    expect(heard.log).toEqual(['garbage server_request', 'response n:1']);
  });
});

describe('answers that are wrong', () => {
  const table: [string, Answer, Record<string, unknown>][] = [
    ['200 with HTML', (_s, r) => void r.writeHead(200, { 'content-type': 'text/html' }).end('<html>'), { kind: 'bad_response', text: 'the upstream answered with text/html instead of JSON or an event stream' }],
    ['200 without a type', (s, r) => void r.writeHead(200).end(JSON.stringify(result(idOf(s)))), { kind: 'bad_response' }],
    ['JSON in UTF-16', (_s, r) => void r.writeHead(200, { 'content-type': 'application/json; charset=utf-16le' }).end('{}'), { kind: 'bad_response' }],
    ['not JSON', (_s, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0",'), { kind: 'bad_response' }],
    ['duplicate keys', (_s, r) => void r.writeHead(200, { 'content-type': 'application/json' }).end('{"jsonrpc":"2.0","id":1,"result":{},"result":{"x":1}}'), { kind: 'bad_response' }],
    ['another id', (_s, r) => json(r, result(2)), { kind: 'bad_response' }],
    ['an id of another type', (_s, r) => json(r, result('1')), { kind: 'bad_response' }],
    ['a batch', (_s, r) => json(r, [result(1)]), { kind: 'bad_response' }],
    ['a request instead of a response', (_s, r) => json(r, { jsonrpc: '2.0', id: 1, method: 'ping' }), { kind: 'bad_response' }],
    ['JSON in an event stream', (s, r) => void sse(r).end(JSON.stringify(result(idOf(s)))), { kind: 'closed' }],
    ['202 for a request', (_s, r) => void r.writeHead(202).end(), { kind: 'bad_response', status: 202 }],
    ['gzip', (s, r) => void r.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(gzipSync(JSON.stringify(result(idOf(s))))), { kind: 'bad_response' }],
    ['a body over the bound', (s, r) => answer(s, r, 'x'.repeat(30_000)), { kind: 'bad_response' }],
    ['an event over the bound', (s, r) => void sse(r).end(event(result(idOf(s), 'x'.repeat(30_000)))), { kind: 'bad_response' }],
    ['500 with text', (_s, r) => void r.writeHead(500, { 'content-type': 'text/plain' }).end('at secret.js:1'), { kind: 'http_status', status: 500, text: 'the upstream answered with HTTP 500 Internal Server Error' }],
    ['401', (_s, r) => void r.writeHead(401).end(), { kind: 'http_status', status: 401 }],
    ['a redirect', (_s, r) => void r.writeHead(307, { location: '/' }).end(), { kind: 'http_status', status: 307 }],
    ['a half body', (_s, r) => { r.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' }).write('{"jsonrpc"'); setTimeout(() => r.destroy(), 20); }, { kind: 'closed' }],
    ['no answer at all', (_s, r) => void r.destroy(), { kind: 'closed' }],
  ];

  it.each(table)('%s fails that request only, once, and says so', async (_name, rule, expected) => {
    const server = await upstream({ 'POST tools/call': rule, 'POST ping': (seen, response) => answer(seen, response) });
    const { link, heard } = open(server.url, { limits: { maxBytes: 20_000, maxDepth: 20, maxKeys: 100 } });
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ ...expected, reached: true });
    link.send(message({ jsonrpc: '2.0', id: 2, method: 'ping' }));
    await heard.response('n:2');
    expect(heard.messages.length).toBe(1);
    expect(heard.failures.length).toBe(1);
    expect(server.kinds()).toEqual(['POST tools/call', 'POST ping']);
  });

  it('an error with a status is the answer when it names the request, or no request at all', async () => {
    const server = await upstream({
      'POST a': (seen, response) => json(response, { jsonrpc: '2.0', id: idOf(seen), error: { code: -32020, message: 'HeaderMismatch', data: { big: 12345678901234 } } }, 400),
      'POST b': (_seen, response) => json(response, { jsonrpc: '2.0', error: { code: -32000, message: 'Bad Request: Server not initialized' }, id: null }, 400),
      'POST c': (_seen, response) => json(response, { jsonrpc: '2.0', error: { code: -32600, message: 'no id' } }, 400),
      'POST d': (_seen, response) => json(response, { jsonrpc: '2.0', id: 'other', error: { code: -32600, message: 'foreign' } }, 400),
    });
    const { link, heard } = open(server.url);
    for (const [id, method] of ['a', 'b', 'c', 'd'].entries()) link.send(message({ jsonrpc: '2.0', id, method }));
    expect((await heard.response('n:0')).text).toContain('"big":12345678901234');
    expect((await heard.response('n:1')).text).toBe('{"jsonrpc":"2.0","error":{"code":-32000,"message":"Bad Request: Server not initialized"},"id":1}');
    expect((await heard.response('n:2')).json).toMatchObject({ id: 2, error: { code: -32600 } });
    expect(await heard.failure('n:3')).toMatchObject({ kind: 'http_status', status: 400 });
  });

  it('two answers on one stream: the second is dropped', async () => {
    const server = await upstream({ POST: (seen, response) => void sse(response).end(event(result(idOf(seen), 1)) + event(result(idOf(seen), 2)) + event(result('x')) + 'event: endpoint\ndata: /x\n\ndata: {"a":1,"a":2}\n\n') });
    const { link, heard } = open(server.url);
    link.send(call(1, 'x'));
    await eventually('all was read', () => heard.log.length === 5);
    expect(heard.log).toEqual(['response n:1', 'garbage unknown_response', 'garbage unknown_response', 'garbage unknown_event', 'garbage duplicate_key']);
  });

  it('a server that never answers is waited for, unless a limit for the first byte is set', async () => {
    const server = await upstream({ 'POST tools/call': () => undefined });
    const { link, heard } = open(server.url, { firstByteTimeoutMs: 100 });
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'timeout', reached: true });
    await eventually('a legacy server is told', () => server.kinds().includes('POST notifications/cancelled'));
    const patient = open(server.url);
    patient.link.send(call(1, 'x'));
    await sleep(300);
    expect(patient.heard.log).toEqual([]);
  });

  it('a server that is not there', async () => {
    const gone = await httpServer(() => undefined);
    await gone.close();
    const { link, heard } = open(gone.url);
    link.send(call(1, 'x'));
    expect(await heard.failure('n:1')).toMatchObject({ kind: 'unreachable', reached: false });
    link.send(message({ jsonrpc: '2.0', method: 'notifications/roots/list_changed' }));
    await eventually('the notification is reported as not accepted', () => heard.dropped.length === 1);
    expect(heard.dropped[0]?.code).toBe('not_accepted');
  });
});

describe('cancelling in a legacy session', () => {
  it('abort tells the server and delivers nothing more; a late answer to the client\'s own cancellation is delivered', async () => {
    const streams = new Map<number | string, ServerResponse>();
    const server = await upstream(legacy({
      'POST tools/call': (seen, response) => void streams.set(idOf(seen), sse(response)),
      'POST notifications/cancelled': (seen, response) => {
        response.writeHead(202).end();
        const { requestId } = (JSON.parse(seen.body) as { params: { requestId: number } }).params;
        streams.get(requestId)?.end(event(result(requestId, 'late')));
      },
    }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    link.send(call(2, 'x'));
    await eventually('both run', () => streams.size === 2);
    link.abort('n:1');
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2 } }));
    await heard.response('n:2');
    await eventually('both were cancelled', () => server.kinds().filter((kind) => kind === 'POST notifications/cancelled').length === 2);
    expect(heard.log).toEqual(['response s:init', 'response n:2']);
  });

  it('a call that was not sent yet is dropped without a word', async () => {
    const server = await upstream(legacy({ 'POST notifications/initialized': (_seen, response) => void sleep(100).then(() => response.writeHead(202).end()) }));
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(call(1, 'x'));
    link.send(call(2, 'x'));
    link.send(call(3, 'x'));
    link.send(message({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } }));
    link.abort('n:2');
    await heard.response('n:3');
    expect(server.kinds().filter((kind) => kind.startsWith('POST tools') || kind.endsWith('cancelled'))).toEqual(['POST tools/call']);
  });
});

describe('ending and flow', () => {
  it('waits for calls that still run, then ends the session', async () => {
    const server = await upstream(legacy({ 'POST tools/call': (seen, response) => void sleep(150).then(() => answer(seen, response)) }));
    const { link, heard } = open(server.url, { closeGraceMs: 5_000 });
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await link.close();
    expect(heard.log).toEqual(['response s:init', 'response n:1', 'closed']);
    expect(server.kinds().at(-1)).toBe('DELETE');
    link.send(call(2, 'x'));
    expect(await heard.failure('n:2')).toMatchObject({ kind: 'closed', reached: false });
  });

  it('what does not end within the grace is failed before the end is reported', async () => {
    const server = await upstream(legacy({ 'POST tools/call': () => undefined }));
    const { link, heard } = open(server.url, { closeGraceMs: 50 });
    await initialize(link, heard);
    link.send(call(1, 'x'));
    await eventually('it runs', () => server.kinds().includes('POST tools/call'));
    await link.close();
    expect(heard.log).toEqual(['response s:init', 'failed n:1', 'closed']);
    expect(heard.failures[0]?.failure.reached).toBe(true);
  });

  it('a new initialize of the client ends the session before', async () => {
    const server = await upstream(legacy());
    const { link, heard } = open(server.url);
    await initialize(link, heard);
    link.send(rawMessage(INITIALIZE.replace('"init"', '"again"')));
    await heard.response('s:again');
    link.send(rawMessage(INITIALIZED));
    link.send(call(1, 'x'));
    await heard.response('n:1');
    await eventually('the old one is deleted', () => server.seen.some((entry) => entry.method === 'DELETE'));
    expect(server.seen.find((entry) => entry.method === 'DELETE')?.headers['mcp-session-id']).toBe('s1');
    expect(server.seen.find((entry) => entry.rpc === 'tools/call')?.headers['mcp-session-id']).toBe('s2');
  });

  it('pause stops reading from the upstream until resume', async () => {
    let written = 0;
    const line = event(note('notifications/message', { data: 'x'.repeat(10_000) }));
    const server = await upstream({
      POST: (seen, response) => {
        sse(response);
        const more = (): void => {
          while (written < 5_000) {
            written += 1;
            if (!response.write(line)) { response.once('drain', more); return; }
          }
          response.end(event(result(idOf(seen))));
        };
        more();
      },
    });
    const { link, heard } = open(server.url);
    heard.onMessage = (): void => { if (heard.messages.length === 1) link.pause(); };
    link.send(call(1, 'x'));
    await eventually('it began', () => heard.messages.length > 0);
    await sleep(300);
    const before = heard.messages.length;
    await sleep(200);
    expect(heard.messages.length).toBe(before);
    expect(written).toBeLessThan(5_000);
    link.resume();
    await heard.response('n:1');
    expect(heard.messages.length).toBe(5_001);
  });

  it('asks the caller to wait while megabytes wait for a connection, and drains', async () => {
    const server = await upstream({ POST: (seen, response) => answer(seen, response) });
    const { link, heard } = open(server.url);
    let id = 0;
    while (link.send(call(id, 'x', 'y'.repeat(1_000_000)))) id += 1;
    expect(id).toBeLessThan(20);
    await eventually('drained', () => heard.drains === 1);
    for (let done = 0; done <= id; done += 1) await heard.response(`n:${done}`);
  });
});
