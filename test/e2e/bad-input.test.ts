import { existsSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JournalRow } from '../../src/state/types.ts';
import { RawClient, textOf, type RawMessage } from './raw-client.ts';
import { fixture, journal, program, until, World, type Gateway } from './world.ts';

const world = new World();
const oracle = fixture('oracle-server.mjs');
const log = world.path('oracle.log');
const policy = world.write('allow.yaml', 'version: "1"\ndefault: allow\n');
const runData = world.path('run-data');
const serveData = world.path('serve-data');

const runClient = (label: string, command: readonly string[] = [process.execPath, oracle, '--stdio', '--log', log]): RawClient =>
  new RawClient(world.start([program, 'run', '--policy', policy, '--data', runData, '--label', label, '--server', 'oracle', '--', ...command]));

/** Waits for a row of this caller that looks like this. */
const rowOf = (data: string, grant: string | null, expected: Partial<JournalRow>): Promise<JournalRow[]> =>
  until(`a row ${JSON.stringify(expected)} of ${grant}`, () => journal(data), (rows) => rows.some((row) => (grant === null || row.grant === grant) && Object.entries(expected).every(([key, value]) => row[key as keyof JournalRow] === value)));

/** A client that calls all the time and must never notice anything. */
class Bystander {
  readonly #call: () => Promise<string>;
  readonly answers = new Map<string, number>();
  #on = true;
  readonly #running: Promise<void>;

  constructor(call: () => Promise<string>) {
    this.#call = call;
    this.#running = this.#loop();
  }

  async #loop(): Promise<void> {
    while (this.#on) {
      const answer = await this.#call();
      this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
      await new Promise((done) => setTimeout(done, 20));
    }
  }

  async stop(): Promise<string[]> {
    this.#on = false;
    await this.#running;
    return [...this.answers.keys()];
  }
}

const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const call = (args: string, id = 7): string => `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"name":"safe","arguments":${args}}}`;

/** [what, bytes, JSON-RPC code, slug in the journal, HTTP status] */
const MALFORMED: readonly (readonly [what: string, bytes: string | Buffer, rpcCode: number, slug: string, status: number])[] = [
  ['JSON that ends early', '{"jsonrpc":"2.0","id":7,"method":"ping"', -32700, 'syntax', 400],
  ['no JSON at all', 'hello', -32700, 'syntax', 400],
  ['a comment', '{"jsonrpc":"2.0","id":7,"method":"ping"/* x */}', -32700, 'syntax', 400],
  ['two values', '{"jsonrpc":"2.0","id":7,"method":"ping"} {}', -32700, 'trailing_bytes', 400],
  ['bytes that are not UTF-8', Buffer.concat([Buffer.from('{"jsonrpc":"2.0","id":7,"method":"ping","x":"'), Buffer.from([0xff]), Buffer.from('"}')]), -32700, 'invalid_utf8', 400],
  ['a byte order mark', '\ufeff{"jsonrpc":"2.0","id":7,"method":"ping"}', -32700, 'byte_order_mark', 400],
  ['an array', `[${call('{}')}]`, -32600, 'batch', 400],
  ['another version of JSON-RPC', '{"jsonrpc":"1.0","id":7,"method":"ping"}', -32600, 'invalid_jsonrpc', 400],
  ['an id that is null', '{"jsonrpc":"2.0","id":null,"method":"ping"}', -32600, 'invalid_id', 400],
  ['an id with a fraction', '{"jsonrpc":"2.0","id":7.5,"method":"ping"}', -32600, 'invalid_id', 400],
  ['params that are an array', '{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}', -32600, 'invalid_params', 400],
  ['a request that is an answer as well', '{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}', -32600, 'ambiguous_message', 400],
  ['a duplicate key', '{"jsonrpc":"2.0","id":7,"method":"ping","m\\u0065thod":"tools/call"}', -32600, 'duplicate_key', 400],
  ['a key that differs by case', '{"jsonrpc":"2.0","id":7,"method":"ping","Method":"tools/call"}', -32600, 'confusable_key', 400],
  ['too much nesting', call(`{"a":${nested(64)}}`), -32600, 'too_deep', 400],
  ['too many members', call(`{"a":[${Array(20_001).fill('{"b":1}').join(',')}]}`), -32600, 'too_many_keys', 400],
  ['more than four megabytes', call(`{"a":"${'x'.repeat(4 * 1024 * 1024)}"}`), -32600, 'too_large', 413],
];

describe('run', () => {
  let victim: RawClient;
  let other: RawClient;
  let bystander: Bystander;

  beforeAll(async () => {
    victim = runClient('victim');
    other = runClient('bystander');
    await Promise.all([victim.initialize(), other.initialize()]);
    bystander = new Bystander(async () => textOf(await other.call('safe')));
  }, 30_000);

  afterAll(async () => {
    expect(await bystander.stop()).toEqual(['ran safe']);
    expect(await Promise.all([victim.end(), other.end()])).toEqual([0, 0]);
  }, 30_000);

  it.each(MALFORMED)('%s is answered with an error and recorded, and the next call passes', async (_what, bytes, rpcCode, slug) => {
    const answer = victim.next((message) => message.error !== undefined);
    victim.write(Buffer.concat([Buffer.from(bytes), Buffer.from('\n')]));
    expect((await answer)?.error?.code).toBe(rpcCode);
    await rowOf(runData, 'victim', { outcome: 'rejected', code: slug });
    expect(textOf(await victim.call('safe'))).toBe('ran safe');
  });

  it('a call without an id is dropped and recorded', async () => {
    victim.write('{"jsonrpc":"2.0","method":"tools/call","params":{"name":"danger"}}\n');
    await rowOf(runData, 'victim', { outcome: 'rejected', code: 'request_without_id', method: 'tools/call' });
    expect(textOf(await victim.call('safe'))).toBe('ran safe');
    expect(readFileSync(log, 'utf8')).not.toContain('danger');
  });

  it('a server that answers twice, or what nobody asked, is heard once', async () => {
    expect(textOf(await victim.call('twice'))).toBe('first');
    expect(textOf(await victim.call('stray'))).toBe('stray done');
    expect(textOf(await victim.call('safe'))).toBe('ran safe');
    const rows = await until('both rows', () => journal(runData), (all) => all.filter(({ grant, outcome }) => grant === 'victim' && outcome === 'dropped').length >= 2);
    expect(rows.filter(({ grant, outcome }) => grant === 'victim' && outcome === 'dropped').map(({ code }) => code)).toEqual(['unknown_response', 'unknown_response']);
    expect(victim.messages.filter(({ id }) => id === 424_242)).toEqual([]);
  });

  it('a server that never answers holds up nobody, and its call ends when the client cancels', async () => {
    victim.write('{"jsonrpc":"2.0","id":"mute","method":"tools/call","params":{"name":"mute"}}\n');
    expect(textOf(await victim.call('safe'))).toBe('ran safe');
    victim.write('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"mute"}}\n');
    expect(textOf(await victim.call('safe'))).toBe('ran safe');
    expect(await victim.end()).toBe(0);
    await rowOf(runData, 'victim', { name: 'mute', outcome: 'cancelled' });
    victim = runClient('victim');
    await victim.initialize();
  });

  it('a server that dies in the middle of a call: an error for the call, a row, and the status of the server', async () => {
    const client = runClient('crash');
    await client.initialize();
    const answer = await client.call('crash');
    expect(answer?.error).toMatchObject({ code: -32603, message: 'Upstream failed: server exited with code 3' });
    expect(await client.end()).toBe(3);
    await rowOf(runData, 'crash', { name: 'crash', outcome: 'upstream_failed' });
  });

  it('a server that cannot start: an error for the first request, a row, and status 1', async () => {
    const client = runClient('no-start', ['/nonexistent/policylayer-test-server']);
    const answer = await client.initialize();
    expect(answer?.error?.code).toBe(-32603);
    expect(answer?.error?.message).toMatch(/^Upstream failed: command `policylayer-test-server` not found/);
    expect(await client.end()).toBe(1);
    await rowOf(runData, 'no-start', { method: 'initialize', outcome: 'upstream_failed', code: 'cannot_start' });
  });
});

interface HttpAnswer {
  readonly status: number;
  readonly session: string;
  readonly message: RawMessage | null;
}

describe('serve', () => {
  let gateway: Gateway;
  let bystanders: Bystander[] = [];
  const sessions = new Map<string, string>();
  const SERVERS = ['stdio', 'http', 'gone', 'missing', 'crash'] as const;
  const token = (server: string): string => `plg_bad-input-token-${server}`;

  function send(server: string, body: string | Buffer, headers: Readonly<Record<string, string>> = {}, method = 'POST', leaveAfterMs: number | null = null): Promise<HttpAnswer> {
    return new Promise((resolve, reject) => {
      const url = new URL(`/mcp/${server}`, gateway.url);
      const all = Object.entries({ authorization: `Bearer ${token(server)}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }).filter(([, value]) => value !== '');
      const outgoing = httpRequest({ host: url.hostname, port: url.port, path: url.pathname, method, headers: Object.fromEntries(all), agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', (error) => (leaveAfterMs === null ? reject(error) : resolve({ status: 0, session: '', message: null })));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const json = text.startsWith('{') ? text : text.split('\n').filter((line) => line.startsWith('data:') && line.includes('{')).at(-1)?.slice(5);
          resolve({ status: response.statusCode ?? 0, session: String(response.headers['mcp-session-id'] ?? ''), message: json === undefined ? null : (JSON.parse(json) as RawMessage) });
        });
      });
      outgoing.on('error', (error) => (leaveAfterMs === null ? reject(error) : resolve({ status: 0, session: '', message: null })));
      if (leaveAfterMs !== null) setTimeout(() => outgoing.destroy(), leaveAfterMs);
      outgoing.end(body);
    });
  }

  async function open(server: string): Promise<string> {
    const { session } = await send(server, '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}');
    await send(server, '{"jsonrpc":"2.0","method":"notifications/initialized"}', { 'mcp-session-id': session });
    return session;
  }

  let ids = 100;
  /** Every call has an id of its own: a late answer to an id that is used again could not be told from the right one. */
  const callIn = (server: string, session: string, name: string): Promise<HttpAnswer> => send(server, `{"jsonrpc":"2.0","id":${ids++},"method":"tools/call","params":{"name":"${name}"}}`, { 'mcp-session-id': session });
  const sessionOf = (server: string): string => sessions.get(server) ?? '';

  beforeAll(async () => {
    const url = await world.httpServer(oracle, ['--http', '0', '--log', log]);
    const crash = await world.httpServer(oracle, ['--http', '0', '--log', log]);
    gateway = await world.serve(JSON.stringify({
      listen: '127.0.0.1:0', policies: { allow: policy },
      servers: { stdio: { command: [process.execPath, oracle, '--stdio', '--log', log] }, http: { url }, crash: { url: crash }, gone: { url: 'http://127.0.0.1:9/mcp' }, missing: { command: ['/nonexistent/policylayer-test-server'] } },
      grants: SERVERS.map((server) => ({ label: server, server, policies: ['allow'], token: token(server) })),
    }), serveData);
    for (const server of ['stdio', 'http']) sessions.set(server, await open(server));
    const own = await Promise.all(['stdio', 'http'].map(async (server) => [server, await open(server)] as const));
    bystanders = own.map(([server, session]) => new Bystander(async () => textOf((await callIn(server, session, 'safe')).message)));
  }, 60_000);

  afterAll(async () => {
    expect(await Promise.all(bystanders.map((bystander) => bystander.stop()))).toEqual([['ran safe'], ['ran safe']]);
    await gateway.end();
  }, 30_000);

  const LEGS = ['stdio', 'http'] as const;

  describe.each(LEGS)('in front of %s', (server) => {
    it.each(MALFORMED)('%s is answered with an error and recorded, and the next call passes', async (_what, bytes, rpcCode, slug, status) => {
      const answer = await send(server, Buffer.from(bytes), { 'mcp-session-id': sessionOf(server) });
      expect(answer.status).toBe(status);
      if (status === 400) expect(answer.message?.error?.code).toBe(rpcCode);
      await rowOf(serveData, server, { outcome: 'rejected', code: slug });
      expect(textOf((await callIn(server, sessionOf(server), 'safe')).message)).toBe('ran safe');
    });

    const HEADS: readonly (readonly [what: string, headers: Readonly<Record<string, string>>, status: number, slug: string, known: boolean])[] = [
      ['a wrong content type', { 'content-type': 'text/plain' }, 415, 'unsupported_media_type', true],
      ['no content type', { 'content-type': '' }, 415, 'unsupported_media_type', true],
      ['a compressed body', { 'content-encoding': 'gzip' }, 415, 'unsupported_encoding', true],
      ['an Accept without event streams', { accept: 'application/json' }, 406, 'not_acceptable', true],
      ['an unknown session', { 'mcp-session-id': 'forged-0123456789' }, 404, 'unknown_session', true],
      ['no token', { authorization: '' }, 401, 'missing_token', false],
      ['a forged token', { authorization: 'Bearer plg_forged-0123456789' }, 401, 'invalid_token', false],
      ['the token of another server', { authorization: `Bearer ${token('gone')}` }, 401, 'invalid_token', false],
      ['a token of another kind', { authorization: 'Basic cGxnOng=' }, 401, 'malformed_token', false],
      ['a foreign Host', { host: 'evil.example.com' }, 403, 'forbidden_host', false],
      ['a foreign Origin', { origin: 'https://evil.example.com' }, 403, 'forbidden_origin', false],
      ['a version of the protocol that does not exist', { 'mcp-protocol-version': '2001-01-01' }, 400, 'unsupported_version', true],
    ];

    it.each(HEADS)('%s is refused before anything reaches the server, and recorded', async (_what, headers, status, slug, known) => {
      const before = readFileSync(log, 'utf8').split('never_sent').length;
      const answer = await send(server, call('{"never_sent":1}'), { 'mcp-session-id': sessionOf(server), ...headers });
      expect(answer.status).toBe(status);
      expect(answer.message?.error?.message).toMatch(/\S/);
      await rowOf(serveData, known ? server : null, { outcome: 'rejected', code: slug });
      expect(readFileSync(log, 'utf8').split('never_sent').length).toBe(before);
      expect(textOf((await callIn(server, sessionOf(server), 'safe')).message)).toBe('ran safe');
    });

    it('the session of another grant is as unknown as one that does not exist', async () => {
      const answer = await send('crash', call('{}'), { 'mcp-session-id': sessionOf(server) });
      expect(answer.status).toBe(404);
      await rowOf(serveData, 'crash', { code: 'unknown_session' });
    });

    it('a server that answers twice, or what nobody asked, is heard once', async () => {
      expect(textOf((await callIn(server, sessionOf(server), 'twice')).message)).toBe('first');
      expect(textOf((await callIn(server, sessionOf(server), 'stray')).message)).toBe('stray done');
      const rows = await until('both rows', () => journal(serveData), (all) => all.filter(({ grant, outcome }) => grant === server && outcome === 'dropped').length >= 2);
      expect(rows.filter(({ grant, outcome }) => grant === server && outcome === 'dropped').map(({ code }) => code)).toEqual(Array(2).fill(server === 'stdio' ? 'unknown_response' : 'unknown_response_id'));
    });

    it('a server that never answers holds up nobody, and its call ends when the client cancels', async () => {
      const session = await open(server);
      const mute = send(server, '{"jsonrpc":"2.0","id":"mute","method":"tools/call","params":{"name":"mute"}}', { 'mcp-session-id': session }, 'POST', 1_000);
      await rowOf(serveData, server, { name: 'mute', outcome: 'forwarded' });
      expect(textOf((await callIn(server, session, 'safe')).message)).toBe('ran safe');
      expect((await send(server, '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"mute"}}', { 'mcp-session-id': session })).status).toBe(202);
      await mute;
      expect((await send(server, '', { 'mcp-session-id': session }, 'DELETE')).status).toBe(200);
      await rowOf(serveData, server, { name: 'mute', outcome: 'cancelled' });
    });
  });

  it('a server that dies in the middle of a call: an error for that call and a row, over stdio', async () => {
    const session = await open('stdio');
    expect((await callIn('stdio', session, 'crash')).message?.error).toMatchObject({ code: -32603, message: 'Upstream failed: server exited with code 3' });
    await rowOf(serveData, 'stdio', { name: 'crash', outcome: 'upstream_failed' });
    expect((await callIn('stdio', session, 'safe')).status).toBe(404);
  });

  it('a server that dies in the middle of a call: an error for that call and a row, over HTTP', async () => {
    const session = await open('crash');
    const answer = await callIn('crash', session, 'crash');
    expect([answer.status, answer.message?.error?.code]).toEqual([502, -32603]);
    await rowOf(serveData, 'crash', { name: 'crash', outcome: 'upstream_failed' });
  });

  it.each([['missing', 'cannot_start'], ['gone', 'unreachable']])('a server that cannot be had (%s): an error that says so, and a row', async (server, code) => {
    const answer = await send(server, '{"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"raw","version":"1"}}}');
    expect(answer.message).toMatchObject({ id: 0, error: { code: -32603, message: expect.stringMatching(/^Upstream failed: /) } });
    await rowOf(serveData, server, { method: 'initialize', outcome: 'upstream_failed', code });
  });
});

const TEN_MISTAKES = `version: "2"
mode: observ
tools:
  a: { action: alow }
  b: { rate_limit: { max: -1, window: 60 } }
  c: { rate_limit: { max: 1, window: 1.5 } }
  d: { rate_limit: { max: 1, window: 60, per: agent } }
  e: { reson: "x" }
  a: deny
clients: {}
`;

describe('a policy that cannot be used', () => {
  const started = world.path('started');
  const marker = `require('node:fs').writeFileSync(${JSON.stringify(started)}, '')`;
  const gatewayFor = (path: string): string => world.write('broken.gateway.yaml', JSON.stringify({ listen: '127.0.0.1:0', policies: { p: path }, servers: { s: { command: [process.execPath, '-e', marker] } }, grants: [{ label: 'g', server: 's', policies: ['p'], token: token16 }] }));
  const token16 = 'plg_0123456789abcdef';
  const COMMANDS: readonly (readonly [name: string, args: (path: string) => readonly string[]])[] = [
    ['run', (path) => ['run', '--policy', path, '--data', world.path('broken-data'), '--', process.execPath, '-e', marker]],
    ['serve', (path) => ['serve', '--config', gatewayFor(path), '--data', world.path('broken-data')]],
    ['check', (path) => ['check', path]],
  ];

  it.each(COMMANDS)('%s reports all ten mistakes at once, ends with status 2, and starts nothing', async (_name, args) => {
    const path = world.write('ten.yaml', TEN_MISTAKES);
    const { status, stdout, stderr } = await world.policylayer(args(path));
    const places = `${stdout}${stderr}`.split('\n').flatMap((line) => /ten\.yaml:(\d+:\d+): error: /.exec(line)?.[1] ?? []);
    expect(places).toEqual(['1:1', '1:10', '2:7', '4:16', '5:27', '6:38', '7:47', '8:8', '9:3', '10:1']);
    expect(status).toBe(2);
    expect(existsSync(started)).toBe(false);
  });

  it.each(COMMANDS.slice(0, 2))('%s does not start without the policy file', async (_name, args) => {
    const { status, stdout, stderr } = await world.policylayer(args(world.path('absent.yaml')));
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/absent\.yaml.*: error: there is no such file/);
    expect(existsSync(started)).toBe(false);
  });
});

it('no process is left', async () => {
  expect(await world.close()).toEqual([]);
}, 30_000);
