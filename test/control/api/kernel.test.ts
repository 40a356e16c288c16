import { createHash } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { StateUnavailable } from '../../../src/state/types.ts';
import { World, type Answer, type Client } from '../harness.ts';

let world: World;
let admin: Client;
beforeAll(async () => {
  world = await World.start({ allowOrigins: ['https://mcp-app.example.com'] });
  admin = await world.as('admin');
});
afterAll(() => world.stop());

const member = (email: string): Record<string, unknown> => ({ name: 'Somebody', email, role: 'viewer', serverRoles: {} });
const count = async (): Promise<number> => (await world.registry.list('member', { limit: 1_000 })).length;

/** Every refusal is of this form, whatever it is about. */
function expectProblem(answer: Answer, status: number, code: string): void {
  expect([answer.status, answer.body?.code], answer.text).toEqual([status, code]);
  expect(answer.headers.get('content-type')).toBe('application/problem+json');
  expect(answer.body).toMatchObject({ type: 'about:blank', status, code, requestId: answer.headers.get('x-request-id') });
  expect(Object.keys(answer.body).every((key) => ['type', 'title', 'status', 'code', 'detail', 'requestId', 'problems'].includes(key))).toBe(true);
}

describe('every answer', () => {
  it.each(['/session', '/members', '/nothing', '/openapi.json'])('of %s has a request id and is for nobody else', async (path) => {
    const answer = await admin.get(path);
    expect(answer.headers.get('x-request-id')).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(Object.fromEntries(answer.headers)).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'", 'referrer-policy': 'no-referrer' });
    expect([...answer.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([]);
  });

  it('to HEAD is that of GET without its body; OPTIONS and wrong methods say what there is', async () => {
    const [get, head] = [await admin.get('/members'), await admin.send('HEAD', '/members')];
    expect([head.status, head.text, head.headers.get('content-length')]).toEqual([200, '', String(Buffer.byteLength(get.text))]);
    const options = await admin.send('OPTIONS', '/members');
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    const wrong = await admin.put('/members', {});
    expectProblem(wrong, 405, 'method_not_allowed');
    expect(wrong.headers.get('allow')).toBe('GET, HEAD, OPTIONS, POST');
    for (const method of ['TRACE', 'PROPFIND', 'QUERY']) expect(await rawStatus(method, '/api/v1/members')).toBe(405);
    expectProblem(await admin.get('/nothing/at/all'), 404, 'not_found');
  });
});

describe('a body', () => {
  it('is told everything that is wrong with it at once, by pointer', async () => {
    const answer = await admin.post('/members', { name: '', email: 'no address', role: 'king', serverRoles: { 'BAD NAME': 'viewer', ok: 7 }, extra: 1, 'a/b~c': 2 });
    expectProblem(answer, 400, 'invalid_request');
    const pointers = answer.body.problems.map(({ pointer }: { pointer: string }) => pointer);
    expect(new Set(pointers)).toEqual(new Set(['/name', '/email', '/role', '/serverRoles/BAD NAME', '/serverRoles/ok', '/extra', '/a~1b~0c']));
  });

  it.each<[string, string | Buffer]>([
    ['a duplicate key', '{"name":"a","name":"b","email":"a@example.com"}'],
    ['a duplicate key that is hidden by an escape', '{"name":"a","n\\u0061me":"b","email":"a@example.com"}'],
    ['a key that changes a prototype', '{"__proto__":{"role":"admin"},"name":"a","email":"a@example.com"}'],
    ['nesting without end', `${'['.repeat(5_000)}${']'.repeat(5_000)}`],
    ['half of a surrogate pair', '{"name":"\\ud800","email":"a@example.com"}'],
    ['U+0000', '{"name":"a\\u0000b","email":"a@example.com"}'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
    ['two values', '{} {}'],
    ['nothing', ' '],
    ['no JSON', 'name=a'],
    ['a list', '[]'],
    ['text', '"text"'],
    ['null', 'null'],
  ])('is refused and changes nothing: %s', async (_name, body) => {
    const before = await count();
    expectProblem(await admin.post('/members', body), 400, 'invalid_request');
    expect(await count()).toBe(before);
  });

  it.each([['text/plain'], ['application/x-www-form-urlencoded'], ['multipart/form-data; boundary=x'], ['application/json; charset=latin1'], ['application/jsonp'], ['']])('of the type "%s" is refused before it is read', async (type) => {
    expectProblem(await admin.post('/members', Buffer.from(JSON.stringify(member('type@example.com'))), { 'content-type': type }), 415, 'unsupported_media_type');
    expect(await world.registry.memberByEmail('type@example.com')).toBeNull();
  });

  it('that is compressed is refused', async () => {
    expectProblem(await admin.post('/members', member('gzip@example.com'), { 'content-encoding': 'gzip' }), 415, 'unsupported_media_type');
  });

  it('over the limit is refused by its announced length without being read, and by its bytes when it announces none', async () => {
    const before = await count();
    // Nothing but the head is ever sent.
    expect(await announced(10_000_000)).toMatch(/^HTTP\/1\.1 413 /);
    const chunked = await new Promise<number>((resolve) => {
      let status = 0;
      const sent = httpRequest(`${world.url}/api/v1/members`, { method: 'POST', headers: { ...ownHeaders(), 'content-type': 'application/json', 'transfer-encoding': 'chunked' } }, (response) => {
        status = response.statusCode ?? 0;
        response.resume();
      });
      sent.on('error', () => undefined).on('close', () => resolve(status));
      const write = (left: number): void => {
        if (left === 0 || sent.destroyed || status !== 0) return void sent.end();
        sent.write(' '.repeat(64 * 1024), () => write(left - 1));
      };
      write(200);
    });
    expect(chunked).toBe(413);
    expect(await count()).toBe(before);
  });

  it('that nobody asked for is refused', async () => {
    expectProblem(await admin.send('DELETE', '/members/nobody', { a: 1 }, { 'if-match': '*' }), 400, 'invalid_request');
  });

  it('of somebody who may not is not even looked at', async () => {
    const viewer = await world.as('viewer');
    expectProblem(await viewer.post('/members', 'no JSON at all'), 403, 'forbidden');
    expectProblem(await (await world.as('nobody')).post('/members', 'no JSON at all'), 401, 'unauthenticated');
  });
});

describe('a query', () => {
  it.each([['limit=0'], ['limit=201'], ['limit=1.5'], ['limit=abc'], ['limit='], ['cursor=!'], ['cursor=bm9uZQ'], [`cursor=${Buffer.from('["audit",5]').toString('base64url')}`], ['unknown=1'], ['limit=5&limit=6'], ['limit=%ff']])('is refused: %s', async (query) => {
    expectProblem(await admin.get(`/members?${query}`), 400, 'invalid_request');
  });

  it('pages through everything once, in order', async () => {
    for (let index = 0; index < 7; index++) await world.member({ role: 'viewer', name: `page ${index}` });
    const all = await count();
    const seen: string[] = [];
    for (let next: string | null = ''; next !== null; ) {
      const answer: Answer = await admin.get(`/members?limit=3${next === '' ? '' : `&cursor=${next}`}`);
      expect(answer.body.items.length).toBeLessThanOrEqual(3);
      seen.push(...answer.body.items.map(({ id }: { id: string }) => id));
      next = answer.body.next;
    }
    expect(seen).toHaveLength(all);
    expect(new Set(seen).size).toBe(all);
  });
});

describe('a version', () => {
  it('that was read guards the change: missing, stale, weak, wrong and several are refused', async () => {
    const made = await admin.post('/members', member('version@example.com'));
    const path = `/members/${made.body.member.id}`;
    expect(made.headers.get('etag')).toBe('"1"');
    expectProblem(await admin.patch(path, { name: 'x' }), 428, 'precondition_required');
    for (const stale of ['"0"', '"2"', '"99999999999999999999"', 'W/"1"', '"abc"']) expectProblem(await admin.patch(path, { name: 'x' }, { 'if-match': stale }), 412, 'precondition_failed');
    for (const wrong of ['1', '"1", "2"', '"1']) expectProblem(await admin.patch(path, { name: 'x' }, { 'if-match': wrong }), 400, 'invalid_request');
    expect((await admin.get(path)).body.name).toBe('Somebody');
    const changed = await admin.patch(path, { name: 'Else' }, { 'if-match': '"1"' });
    expect([changed.status, changed.headers.get('etag')]).toEqual([200, '"2"']);
    expect((await admin.get(path, { 'if-none-match': '"1"' })).status).toBe(200);
    const same = await admin.get(path, { 'if-none-match': 'W/"2"' });
    expect([same.status, same.text, same.headers.get('etag')]).toEqual([304, '', '"2"']);
  });
});

describe('an Idempotency-Key', () => {
  it('does a thing once, gives the first answer again, and is refused for another body', async () => {
    const before = await count();
    const first = await admin.post('/members', member('once@example.com'), { 'idempotency-key': 'key-1' });
    const again = await admin.post('/members', member('once@example.com'), { 'idempotency-key': 'key-1' });
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect([again.headers.get('idempotent-replayed'), again.headers.get('etag'), again.headers.get('location')]).toEqual(['true', first.headers.get('etag'), first.headers.get('location')]);
    expect(await count()).toBe(before + 1);
    expectProblem(await admin.post('/members', member('twice@example.com'), { 'idempotency-key': 'key-1' }), 422, 'idempotency_reused');
    // Somebody else's key of the same text is another key.
    expect((await (await world.as({ role: 'admin', name: 'other' })).post('/members', member('others@example.com'), { 'idempotency-key': 'key-1' })).status).toBe(201);
  });

  it('is free again when the request was refused, and holds for two that come at the same time', async () => {
    expectProblem(await admin.post('/members', member('no address'), { 'idempotency-key': 'key-2' }), 400, 'invalid_request');
    expectProblem(await admin.post('/members', member('once@example.com'), { 'idempotency-key': 'key-2' }), 409, 'exists');
    const both = await Promise.all([1, 2, 3].map(() => admin.post('/members', member('both@example.com'), { 'idempotency-key': 'key-2' })));
    expect(both.every(({ status }) => status === 201 || status === 409)).toBe(true);
    expect(both.filter(({ status }) => status === 201).length).toBeGreaterThan(0);
    for (const key of ['x'.repeat(129), 'with space']) expectProblem(await admin.post('/members', member('key@example.com'), { 'idempotency-key': key }), 400, 'invalid_request');
  });

  it('whose answer cannot be opened any more is refused, not done again', async () => {
    const made = await admin.post('/members', member('sealed@example.com'), { 'idempotency-key': 'key-4' });
    const { open } = world.secrets;
    world.secrets.open = () => {
      throw new Error('no such key');
    };
    try {
      expectProblem(await admin.post('/members', member('sealed@example.com'), { 'idempotency-key': 'key-4' }), 409, 'conflict');
    } finally {
      world.secrets.open = open;
    }
    expect((await admin.get(`/members/${made.body.member.id}`)).headers.get('etag')).toBe('"1"');
  });

  it('keeps what is shown once sealed in the database', async () => {
    const made = await admin.post('/tokens', { label: 'kept' }, { 'idempotency-key': 'key-3' });
    expect((await admin.post('/tokens', { label: 'kept' }, { 'idempotency-key': 'key-3' })).body.secret).toBe(made.body.secret);
    await world.state.flush();
    const { readFileSync, existsSync } = await import('node:fs');
    const file = `${world.directory}/policylayer.db`;
    for (const path of [file, `${file}-wal`]) if (existsSync(path)) expect(readFileSync(path, 'latin1')).not.toContain(made.body.secret);
  });
});

describe('a request from elsewhere', () => {
  it.each<[string, Record<string, string>]>([
    ['another site', { 'sec-fetch-site': 'cross-site' }], ['another host of the same domain', { 'sec-fetch-site': 'same-site' }],
    // The listener lets this origin in, to speak MCP.
    ['an origin that may speak MCP', { origin: 'https://mcp-app.example.com' }],
  ])('is refused for reading and for changing: %s', async (_name, headers) => {
    const before = await count();
    expectProblem(await admin.get('/members', headers), 403, 'cross_site');
    expectProblem(await admin.post('/members', member('cross@example.com'), headers), 403, 'cross_site');
    expect(await count()).toBe(before);
  });

  it('of our own page is served', async () => {
    expect((await admin.get('/members', { origin: world.url, 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  });

  it('with the token of a grant, or no token of ours, is nobody', async () => {
    const nobody = await world.as('nobody');
    for (const value of ['Bearer plg_abcdefghijklmnopqrstuvwxyzabcdefghijklmnopq', 'Bearer pla_short', `Bearer pla_${'x'.repeat(43)}`, 'Basic YTpi', 'Bearer']) expectProblem(await nobody.get('/members', { authorization: value }), 401, 'unauthenticated');
    // A cookie does not help a token that is wrong.
    expectProblem(await admin.get('/members', { authorization: `Bearer pla_${'x'.repeat(43)}` }), 401, 'unauthenticated');
    expectProblem(await nobody.get('/members', { cookie: `policylayer_session=${'x'.repeat(43)}` }), 401, 'unauthenticated');
    // Of two cookies of one name, another page may have set one.
    expectProblem(await nobody.get('/members', { cookie: `policylayer_session=${admin.secret}; policylayer_session=${'x'.repeat(43)}` }), 401, 'unauthenticated');
  });
});

describe('credentials', () => {
  it('of agents open nothing of the API, and those of members nothing of MCP [#34]', async () => {
    const token = `plg_${'g'.repeat(43)}`;
    const put = await world.registry.apply([
      { op: 'put', kind: 'server', name: 'tickets', value: { kind: 'command', command: [process.execPath, '-e', ''], cwd: null, env: {}, description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true } },
      { op: 'put', kind: 'grant', name: 'agent', value: { server: 'tickets', tags: [], policies: [], tokenSha256: createHash('sha256').update(token).digest('hex'), tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'test' } },
    ], []);
    expect(put.ok).toBe(true);
    await world.services.refresh();
    const speak = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${world.url}/mcp/tickets`, { method: 'POST', headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream', ...headers }, body: '{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}' });
    // The grant's token is right where it belongs: what it is told there is not 401.
    expect((await speak({ authorization: `Bearer ${token}` })).status).not.toBe(401);
    expectProblem(await (await world.as('nobody')).get('/servers', { authorization: `Bearer ${token}` }), 401, 'unauthenticated');
    const bot = await world.token('admin');
    expect((await bot.get('/servers')).status).toBe(200);
    expect((await speak({ authorization: `Bearer ${bot.secret}` })).status).toBe(401);
    expect((await speak({ authorization: `Bearer ${admin.secret}` })).status).toBe(401);
    expect((await speak({ cookie: `policylayer_session=${admin.secret}` })).status).toBe(401);
  });
});

describe('a failure', () => {
  it('of the database is told as such and says nothing of it; an unexpected one is logged under the request id', async () => {
    const broken = await World.start({
      services: (services) => ({ ...services, registry: new Proxy(services.registry, { get: (target, name) => (name === 'audit' ? () => { throw new StateUnavailable('disk I/O error in a secret place'); } : name === 'list' ? () => { throw new TypeError('a secret thing is undefined'); } : bound(target, name)) }) }),
    });
    try {
      const boss = await broken.as('admin');
      const down = await boss.get('/audit');
      expectProblem(down, 503, 'unavailable');
      expect(down.headers.get('retry-after')).toBe('1');
      const bug = await boss.get('/members');
      expectProblem(bug, 500, 'internal');
      expect(down.text + bug.text).not.toContain('secret');
      const id = bug.headers.get('x-request-id') ?? '';
      expect(broken.lines.some((line) => line.includes(id) && line.includes('a secret thing is undefined'))).toBe(true);
    } finally {
      await broken.stop();
    }
  });
});

function bound(target: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}

function ownHeaders(): Record<string, string> {
  return { cookie: `policylayer_session=${admin.secret}`, 'x-csrf-token': admin.csrf };
}

/** Sends only the head of a POST that announces so many bytes. */
function announced(bytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(world.url);
    const socket = connect(Number(port), '127.0.0.1', () => {
      const headers = Object.entries({ ...ownHeaders(), host: `127.0.0.1:${port}`, 'content-type': 'application/json', 'content-length': String(bytes) }).map(([name, value]) => `${name}: ${value}\r\n`).join('');
      socket.write(`POST /api/v1/members HTTP/1.1\r\n${headers}\r\n`);
    });
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('close', () => resolve(text)).on('error', reject);
  });
}

function rawStatus(method: string, path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const { port } = new URL(world.url);
    const socket = connect(Number(port), '127.0.0.1', () => socket.write(`${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\nconnection: close\r\n\r\n`));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]))).on('error', reject);
  });
}
