import { gzipSync } from 'node:zlib';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpExchange, HttpPool, type HttpPoolOptions, type HttpRequest } from '../../src/upstream/http-pool.ts';
import type { UpstreamFailure } from '../../src/upstream/types.ts';
import { eachRequest, httpServer, type Listening, rawServer, readBody } from './http-servers.ts';
import { eventually } from './processes.ts';

const servers: Listening[] = [];
const pools: HttpPool[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) pool.close();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(server: Promise<Listening>): Promise<Listening> {
  const listening = await server;
  servers.push(listening);
  return listening;
}

function poolFor(server: Listening, options: HttpPoolOptions = {}): HttpPool {
  const pool = new HttpPool(server.url, options);
  pools.push(pool);
  return pool;
}

interface Outcome {
  status: number;
  headers: readonly string[];
  statusMessage: string;
  body: string;
  failure: UpstreamFailure | null;
  calls: string[];
}

const get: HttpRequest = { method: 'GET', path: '/mcp', headers: [], body: null, idempotent: true };
const post = (body: string, idempotent = false): HttpRequest => ({
  method: 'POST', path: '/mcp', headers: ['content-type', 'application/json'], body: Buffer.from(body), idempotent,
});

function start(pool: HttpPool, request: HttpRequest, onData: (chunk: Buffer) => boolean = () => true): { exchange: HttpExchange; outcome: Outcome; done: Promise<Outcome> } {
  const outcome: Outcome = { status: 0, headers: [], statusMessage: '', body: '', failure: null, calls: [] };
  let finish: (outcome: Outcome) => void = () => undefined;
  const done = new Promise<Outcome>((resolve) => { finish = resolve; });
  const exchange = pool.dispatch(request, {
    head: (status, headers, statusMessage) => {
      outcome.calls.push('head');
      Object.assign(outcome, { status, headers, statusMessage });
    },
    data: (chunk) => {
      outcome.calls.push('data');
      outcome.body += chunk.toString('latin1');
      return onData(chunk);
    },
    end: () => {
      outcome.calls.push('end');
      finish(outcome);
    },
    error: (failure) => {
      outcome.calls.push('error');
      outcome.failure = failure;
      finish(outcome);
    },
  });
  return { exchange, outcome, done };
}

const fetchOnce = (pool: HttpPool, request: HttpRequest): Promise<Outcome> => start(pool, request).done;

describe('carrying requests', () => {
  it('sends method, path, headers in order and body; returns status, text, headers raw and in order', async () => {
    let seen: readonly string[] = [];
    const server = await serve(httpServer((request, response) => {
      seen = [`${request.method} ${request.url}`, ...request.rawHeaders];
      void readBody(request).then((body) => {
        response.writeHead(207, 'Odd But Fine', ['X-B', '2', 'x-a', '1', 'X-B', '3', 'Mcp-Session-Id', 's', 'Content-Type', 'text/plain']);
        response.end(`got ${body}`);
      });
    }));
    const outcome = await fetchOnce(poolFor(server), {
      ...post('{"a":1.0}'), path: '/mcp?q=%2F', headers: ['X-One', 'é', 'Content-Type', 'application/json', 'x-one', '2', 'Mcp-Param-Odd', 'v'],
    });
    expect(seen).toEqual([
      'POST /mcp?q=%2F', 'host', server.url.host, 'connection', 'keep-alive', 'accept-encoding', 'identity', 'X-One', 'é', 'Content-Type',
      'application/json', 'x-one', '2', 'Mcp-Param-Odd', 'v', 'content-length', '9',
    ]);
    expect(outcome).toMatchObject({ status: 207, statusMessage: 'Odd But Fine', body: 'got {"a":1.0}', failure: null });
    expect(outcome.headers.slice(0, 10)).toEqual(['X-B', '2', 'x-a', '1', 'X-B', '3', 'Mcp-Session-Id', 's', 'Content-Type', 'text/plain']);
  });

  it('takes hop-by-hop headers out, but lets no Connection header take Mcp ones out', async () => {
    let seen: NodeJS.Dict<string | string[]> = {};
    const server = await serve(httpServer((request, response) => {
      seen = request.headers;
      response.writeHead(200, { connection: 'x-private, mcp-session-id, keep-alive', 'x-private': '1', 'mcp-session-id': 's', 'proxy-authenticate': 'Basic', te: 'x' });
      response.end();
    }));
    const outcome = await fetchOnce(poolFor(server), {
      ...get,
      headers: ['Connection', 'x-gone, Mcp-Name', 'X-Gone', '1', 'Mcp-Name', 'n', 'Accept-Encoding', 'gzip', 'TE', 'trailers', 'Keep-Alive', 'timeout=1',
        'Transfer-Encoding', 'chunked', 'Upgrade', 'h2c', 'Proxy-Authorization', 'p', 'Expect', '100-continue', 'Host', 'evil', 'X-Kept', '1'],
    });
    expect(outcome.failure).toBeNull();
    expect(Object.keys(seen).sort()).toEqual(['accept-encoding', 'connection', 'host', 'mcp-name', 'x-kept']);
    expect(seen).toMatchObject({ host: server.url.host, 'accept-encoding': 'identity' });
    expect(outcome.headers.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase())).toEqual(['mcp-session-id', 'date']);
  });

  it('keeps the client\'s host only when told to', async () => {
    const server = await serve(httpServer((request, response) => response.end(request.headers.host)));
    const outcome = await fetchOnce(poolFor(server, { keepHost: true }), { ...get, headers: ['Host', 'public.example'] });
    expect(outcome.body).toBe('public.example');
  });

  it.each([301, 302, 307, 308])('never follows a redirect (%i)', async (status) => {
    let requests = 0;
    const server = await serve(httpServer((_request, response) => {
      requests += 1;
      response.writeHead(status, { location: '/elsewhere' }).end();
    }));
    expect((await fetchOnce(poolFor(server), get)).status).toBe(status);
    expect(requests).toBe(1);
  });

  it('skips 1xx answers and ignores trailers', async () => {
    const server = await serve(rawServer((socket) => eachRequest(socket, () => {
      socket.write('HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Mcp-Name\r\n\r\n2\r\nok\r\n0\r\nMcp-Name: evil\r\n\r\n');
    })));
    const outcome = await fetchOnce(poolFor(server), get);
    expect(outcome).toMatchObject({ status: 200, body: 'ok', calls: ['head', 'data', 'end'], headers: [] });
  });

  it('reports an impossible request after dispatch has returned', async () => {
    const server = await serve(httpServer((_request, response) => response.end()));
    const pool = poolFor(server);
    await pool.ready();
    const { outcome, done } = start(pool, { ...get, headers: ['X-Bad', 'a\nb'] });
    expect(outcome.calls).toEqual([]);
    expect((await done).failure).toMatchObject({ kind: 'unreachable', reached: false });
    expect(server.accepted()).toBe(0);
  });
});

describe('connections', () => {
  it('are used again, the most recently used first', async () => {
    const server = await serve(httpServer((request, response) => void sleep(50).then(() => response.end(String(request.socket.remotePort)))));
    const pool = poolFor(server);
    await Promise.all([fetchOnce(pool, get), fetchOnce(pool, get)]);
    const ports = [];
    for (let round = 0; round < 3; round += 1) ports.push((await fetchOnce(pool, get)).body);
    expect(new Set(ports).size).toBe(1);
    expect(server.accepted()).toBe(2);
  });

  it('are not used again when idle for longer than a second and the server gave no hint', async () => {
    const server = await serve(httpServer((_request, response) => response.end(), 0));
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    await fetchOnce(pool, get);
    expect(server.accepted()).toBe(1);
    await sleep(1_150);
    await fetchOnce(pool, get);
    expect(server.accepted()).toBe(2);
    expect(pool.connections).toBe(1);
  });

  it('are closed at once when the hint leaves no margin', async () => {
    const server = await serve(httpServer((_request, response) => response.end(), 4_000));
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    await fetchOnce(pool, get);
    expect(server.accepted()).toBe(2);
    await eventually('no connection is kept', () => pool.connections === 0 && server.open() === 0);
  });

  it('idle age counts although no timer could fire: a busy process does not send on a stale connection', async () => {
    const server = await serve(rawServer((socket) => eachRequest(socket, () => {
      socket.write('HTTP/1.1 200 OK\r\nKeep-Alive: timeout=5\r\nContent-Length: 0\r\n\r\n');
    })));
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    const until = performance.now() + 600;
    while (performance.now() < until) Math.sqrt(until);
    await fetchOnce(pool, post('{}'));
    expect(server.accepted()).toBe(2);
  });

  it('survive a server that closes idle connections under the feet of calls: every call is answered', async () => {
    const server = await serve(httpServer((request, response) => void readBody(request).then((body) => response.end(body)), 5_000));
    const pool = poolFor(server);
    const bodies = await Promise.all(Array.from({ length: 40 }, async (_, index) => {
      await sleep(index * 40);
      return (await fetchOnce(pool, post(`call ${index}`))).body;
    }));
    expect(bodies).toEqual(Array.from({ length: 40 }, (_, index) => `call ${index}`));
  });

  it('stay within the bound; what waits is served in order, what does not fit is refused', async () => {
    const order: string[] = [];
    let running = 0;
    let most = 0;
    const server = await serve(httpServer((request, response) => void readBody(request).then(async (body) => {
      running += 1;
      most = Math.max(most, running);
      order.push(body);
      await sleep(20);
      running -= 1;
      response.end(body);
    })));
    const pool = poolFor(server, { maxConnections: 2, maxWaiting: 4 });
    await pool.ready();
    const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => fetchOnce(pool, post(String(index)))));
    expect(outcomes.map((outcome) => outcome.body)).toEqual(['0', '1', '2', '3', '4', '5', '', '']);
    expect(outcomes.slice(6).every((outcome) => outcome.failure?.reached === false && /too many/.test(outcome.failure.text))).toBe(true);
    expect(most).toBe(2);
    expect(order.slice(2)).toEqual(['2', '3', '4', '5']);
  });

  it('bytes sent unasked on an idle connection are not taken for the next answer', async () => {
    const server = await serve(rawServer((socket, number) => eachRequest(socket, () => {
      socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ngood');
      if (number === 1) setImmediate(() => socket.write('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil'));
    })));
    const pool = poolFor(server);
    const bodies = [];
    for (let round = 0; round < 5; round += 1) {
      bodies.push((await fetchOnce(pool, post('{}'))).body);
      await sleep(5);
    }
    expect(bodies).toEqual(['good', 'good', 'good', 'good', 'good']);
  });
});

describe('lost connections', () => {
  const dropSecondRequest = (): Promise<Listening> => serve(rawServer((socket, number) => eachRequest(socket, (_text, count) => {
    if (number === 1 && count === 2) socket.resetAndDestroy();
    else socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
  })));

  it('a request without side effect is repeated once when a reused connection was reset before any answer', async () => {
    const server = await dropSecondRequest();
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    const outcome = await fetchOnce(pool, post('{}', true));
    expect(outcome).toMatchObject({ body: 'ok', failure: null, calls: ['head', 'data', 'end'] });
    expect(server.accepted()).toBe(2);
  });

  it('a call never is', async () => {
    const server = await dropSecondRequest();
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    const outcome = await fetchOnce(pool, post('{}', false));
    expect(outcome.failure).toMatchObject({ kind: 'closed', reached: true });
    expect(server.accepted()).toBe(1);
  });

  it('nor is anything on a fresh connection, nor a second time', async () => {
    const server = await serve(rawServer((socket, number) => eachRequest(socket, (_text, count) => {
      if (number === 1 && count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.resetAndDestroy();
    })));
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    expect((await fetchOnce(pool, get)).failure).toMatchObject({ kind: 'closed', reached: true });
    expect(server.accepted()).toBe(2);
    expect((await fetchOnce(pool, get)).failure).toMatchObject({ kind: 'closed', reached: true });
    expect(server.accepted()).toBe(3);
  });

  it.each([
    ['in the middle of a body with a length', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', 'closed'],
    ['in the middle of a chunked body', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n', 'closed'],
    ['in the middle of the head', 'HTTP/1.1 200 OK\r\nContent-', 'closed'],
  ])('a reset %s is an error, never an end', async (_name, bytes, kind) => {
    const server = await serve(rawServer((socket, number) => eachRequest(socket, (_text, count) => {
      if (number === 1 && count === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      else socket.write(bytes, () => setTimeout(() => socket.resetAndDestroy(), 20));
    })));
    const pool = poolFor(server);
    await fetchOnce(pool, get);
    const outcome = await fetchOnce(pool, get);
    expect(outcome.failure).toMatchObject({ kind, reached: true });
    expect(outcome.calls.at(-1)).toBe('error');
    expect(server.accepted()).toBe(1);
  });

  it.each([
    ['no HTTP at all', 'SSH-2.0-OpenSSH\r\n\r\n', 'bad_response'],
    ['half a status line that goes wrong', 'HTTP/1.1 2xx\r\n\r\n', 'bad_response'],
    ['two different lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nokk', 'bad_response'],
    ['length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n', 'bad_response'],
    ['a header without end', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(100_000)}`, 'bad_response'],
  ])('an answer that is wrong is refused: %s', async (_name, bytes, kind) => {
    const server = await serve(rawServer((socket) => eachRequest(socket, () => socket.write(bytes))));
    const pool = poolFor(server);
    expect((await fetchOnce(pool, get)).failure).toMatchObject({ kind, reached: true });
    await eventually('the connection is thrown away', () => pool.connections === 0);
  });

  it('an encoded answer is refused before its head is shown', async () => {
    const server = await serve(httpServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-type': 'application/json' });
      response.end(gzipSync('{}'));
    }));
    const outcome = await fetchOnce(poolFor(server), get);
    expect(outcome.failure).toMatchObject({ kind: 'bad_response', status: 200 });
    expect(outcome.failure?.text).toMatch(/content-encoding: gzip/);
    expect(outcome.calls).toEqual(['error']);
  });

  it('a refused connection is certain not to have reached the upstream', async () => {
    const server = await httpServer(() => undefined);
    await server.close();
    const outcome = await fetchOnce(poolFor(server), post('{}'));
    expect(outcome.failure).toEqual({ kind: 'unreachable', text: 'the upstream refused the connection; is it running?', status: null, reached: false });
  });

  it('an unknown host is said so', async () => {
    const pool = new HttpPool(new URL('http://no-such-host.invalid/'));
    pools.push(pool);
    expect((await fetchOnce(pool, get)).failure).toMatchObject({ kind: 'unreachable', reached: false });
  });

  it('closing the pool fails what runs and what waits', async () => {
    const server = await serve(httpServer(() => undefined));
    const pool = poolFor(server, { maxConnections: 1 });
    const running = start(pool, post('{}'));
    const waiting = start(pool, post('{}'));
    await eventually('the first is sent', () => server.accepted() === 1);
    await sleep(20);
    pool.close();
    expect((await waiting.done).failure).toMatchObject({ reached: false });
    expect((await running.done).failure).toMatchObject({ reached: true });
    expect((await fetchOnce(pool, get)).failure).toMatchObject({ reached: false });
    await eventually('no socket is left', () => server.open() === 0);
  });
});

describe('flow', () => {
  const endless = (): Promise<Listening> => serve(httpServer((_request, response) => {
    const chunk = Buffer.alloc(64 * 1024, 'x');
    const more = (): void => {
      while (response.write(chunk)) if (response.destroyed) return;
      response.once('drain', more);
    };
    more();
  }));

  it('stops reading when data returns false, and goes on with resume', async () => {
    const server = await endless();
    const { exchange, outcome } = start(poolFor(server), get, () => false);
    await eventually('first chunk', () => outcome.calls.length === 2);
    await sleep(200);
    expect(outcome.calls).toEqual(['head', 'data']);
    exchange.resume();
    await eventually('second chunk', () => outcome.calls.length === 3);
    await sleep(50);
    expect(outcome.calls.length).toBe(3);
    exchange.abort();
  });

  it('two streams that resume each other from within their callbacks do not disturb the parser', async () => {
    const server = await endless();
    const pool = poolFor(server);
    const streams: HttpExchange[] = [];
    let bytes = 0;
    for (let index = 0; index < 2; index += 1) {
      streams.push(start(pool, get, (chunk) => {
        bytes += chunk.length;
        streams[1 - index]?.resume();
        return false;
      }).exchange);
    }
    streams[0]?.resume();
    await eventually('20 MB', () => bytes > 20_000_000);
    for (const stream of streams) stream.abort();
    await eventually('both connections are closed', () => server.open() === 0);
  });

  it('an aborted exchange calls nothing any more and closes its connection, in whatever state it is', async () => {
    const server = await serve(httpServer((request, response) => {
      if (request.url === '/half') response.write('half');
    }));
    const pool = poolFor(server, { maxConnections: 2 });
    const unborn = start(pool, get);
    unborn.exchange.abort();
    const silent = start(pool, get);
    const half = start(pool, { ...get, path: '/half' });
    await eventually('half an answer', () => half.outcome.body === 'half');
    const queued = start(pool, get);
    for (const { exchange } of [silent, half, queued]) exchange.abort();
    await eventually('all connections are closed', () => server.open() === 0 && pool.connections === 0);
    expect([unborn, silent, half, queued].flatMap(({ outcome }) => outcome.calls)).toEqual(['head', 'data']);
  });

  it('an exchange may be aborted from within its own callbacks', async () => {
    const server = await serve(httpServer((_request, response) => response.end('x'.repeat(200_000))));
    const pool = poolFor(server);
    let chunks = 0;
    const running = start(pool, get, () => {
      chunks += 1;
      running.exchange.abort();
      return true;
    });
    await eventually('a chunk', () => chunks === 1);
    await sleep(50);
    expect(running.outcome.calls).toEqual(['head', 'data']);
    expect((await fetchOnce(pool, get)).body.length).toBe(200_000);
  });

  it('a stream is never cut off by a time limit of the client', async () => {
    const server = await serve(httpServer((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      setTimeout(() => response.end('late'), 2_500);
    }));
    expect(await fetchOnce(poolFor(server), get)).toMatchObject({ body: 'late', failure: null });
  });
});
