import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { HttpPool, type HttpRequest } from '../../src/upstream/http-pool.ts';
import { bearerChallenge } from '../../src/upstream/oauth/challenge.ts';
import { type AccessToken, renewalTime, TokenAuthorizer, type TokenSource } from '../../src/upstream/oauth/token-authorizer.ts';
import type { UpstreamAuthorizer, UpstreamFailure } from '../../src/upstream/types.ts';

const FAILURE: UpstreamFailure = { kind: 'unreachable', text: 'no access', status: null, reached: false };

/** A source that counts, and answers when the test says so. */
class Source implements TokenSource {
  asked: (string | null)[] = [];
  answers: ((answer: AccessToken | UpstreamFailure) => void)[] = [];

  obtain(old: string | null): Promise<AccessToken | UpstreamFailure> {
    this.asked.push(old);
    return new Promise((resolve) => this.answers.push(resolve));
  }

  needsMore(): Promise<UpstreamFailure> {
    return Promise.resolve(FAILURE);
  }

  answer(answer: AccessToken | UpstreamFailure): void {
    this.answers.shift()?.(answer);
  }
}

describe('the token of a call', () => {
  test('[O6] however many calls wait, one attempt gets the token', async () => {
    const source = new Source();
    const authorizer = new TokenAuthorizer(source, () => 0);
    const waiting = Array.from({ length: 50 }, () => Promise.resolve(authorizer.header()));
    source.answer({ value: 'a', obtainedAt: 0, expiresAt: 100_000 });
    expect(new Set(await Promise.all(waiting))).toEqual(new Set(['Bearer a']));
    expect(source.asked).toEqual([null]);
    expect(authorizer.header()).toBe('Bearer a');
  });

  test('[O6] near its end it is used while the next one is fetched; after its end it is waited for', async () => {
    let now = 0;
    const source = new Source();
    const authorizer = new TokenAuthorizer(source, () => now);
    const first = authorizer.header();
    source.answer({ value: 'a', obtainedAt: 0, expiresAt: 100_000 });
    await first;
    now = 75_000;
    expect(authorizer.header()).toBe('Bearer a');
    expect(authorizer.header()).toBe('Bearer a');
    expect(source.asked).toEqual([null, 'a']);
    now = 99_000;
    const waiting = authorizer.header();
    expect(waiting).toBeInstanceOf(Promise);
    source.answer({ value: 'b', obtainedAt: now, expiresAt: 200_000 });
    expect(await waiting).toBe('Bearer b');
    expect(source.asked).toEqual([null, 'a']);
  });

  test('a failure while the old token works is seen by nobody; after its end everybody is told, and asks again', async () => {
    let now = 0;
    const source = new Source();
    const authorizer = new TokenAuthorizer(source, () => now);
    const first = authorizer.header();
    source.answer({ value: 'a', obtainedAt: 0, expiresAt: 100_000 });
    await first;
    now = 80_000;
    expect(authorizer.header()).toBe('Bearer a');
    source.answer(FAILURE);
    await new Promise((resolve) => setImmediate(resolve));
    expect(authorizer.header()).toBe('Bearer a');
    expect(source.asked).toHaveLength(2);
    now = 86_000;
    expect(authorizer.header()).toBe('Bearer a');
    expect(source.asked).toHaveLength(3);
    source.answer(FAILURE);
    await new Promise((resolve) => setImmediate(resolve));
    now = 100_000;
    const late = authorizer.header();
    source.answer(FAILURE);
    expect(await late).toBe(FAILURE);
    now = 100_999;
    expect(await authorizer.header()).toBe(FAILURE);
    expect(source.asked).toHaveLength(4);
    now = 101_000;
    void authorizer.header();
    expect(source.asked).toEqual([null, 'a', 'a', 'a', null]);
  });

  test('[O6] a server that refuses every token has not one fetched for every call', async () => {
    let now = 1_000_000;
    const source = new Source();
    const authorizer = new TokenAuthorizer(source, () => now);
    const first = authorizer.header();
    source.answer({ value: 'a', obtainedAt: now, expiresAt: null });
    const header = await first;
    const renewed = authorizer.refused(String(header), 401, null);
    source.answer({ value: 'b', obtainedAt: now, expiresAt: null });
    expect(await renewed).toBe('Bearer b');
    expect(await authorizer.refused('Bearer a', 401, null)).toBe('Bearer b');
    for (let calls = 0; calls < 20; calls += 1) expect(await authorizer.refused('Bearer b', 401, null)).toMatchObject({ kind: 'http_status', status: 401 });
    expect(source.asked).toEqual([null, 'a']);
    now += 11_000;
    void authorizer.refused('Bearer b', 401, null);
    expect(source.asked).toEqual([null, 'a', 'b']);
  });

  test('an attempt that began before the consent was changed brings nothing back', async () => {
    const source = new Source();
    const authorizer = new TokenAuthorizer(source, () => 0);
    const old = authorizer.header();
    authorizer.forget();
    const next = authorizer.header();
    source.answer({ value: 'old', obtainedAt: 0, expiresAt: null });
    source.answer({ value: 'new', obtainedAt: 0, expiresAt: null });
    await old;
    expect(await next).toBe('Bearer new');
    expect(authorizer.header()).toBe('Bearer new');
  });

  test('the renewal is before the end, never before the middle of a long life, and differs', () => {
    fc.assert(fc.property(fc.nat(1e12), fc.integer({ min: 1, max: 1e10 }), fc.double({ min: 0, max: 1, noNaN: true }), (at, life, jitter) => {
      const when = renewalTime(at, at + life, jitter);
      expect(when).toBeLessThan(at + life);
      expect(when).toBeGreaterThanOrEqual(at + life / 4 - 1e-3);
      if (life > 600_000) expect(when).toBeLessThanOrEqual(at + life - 30_000);
    }));
  });
});

describe('a request with a token', () => {
  let close = async (): Promise<void> => undefined;
  afterEach(() => close());

  async function world(statuses: number[], challenge = 'Bearer'): Promise<{ url: URL; seen: { authorization: string | undefined; body: string }[] }> {
    const seen: { authorization: string | undefined; body: string }[] = [];
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        seen.push({ authorization: request.headers.authorization, body: Buffer.concat(chunks).toString() });
        response.writeHead(statuses.shift() ?? 200, { 'www-authenticate': challenge }).end('body');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    close = () => new Promise((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
    return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`), seen };
  }

  const REQUEST: HttpRequest = { method: 'POST', path: '/', headers: ['AUTHORIZATION', 'Bearer of-the-client', 'X-Other', 'kept'], body: Buffer.from('exact bytes'), idempotent: false };
  const send = (url: URL, authorize: UpstreamAuthorizer): Promise<{ status?: number; failure?: UpstreamFailure; body: string }> => new Promise((resolve) => {
    const pool = new HttpPool(url, { authorize });
    const answer: { status?: number; failure?: UpstreamFailure; body: string } = { body: '' };
    const done = (): void => {
      pool.close();
      resolve(answer);
    };
    pool.dispatch(REQUEST, {
      head: (status) => { answer.status = status; },
      data: (chunk) => { answer.body += chunk.toString(); return true; },
      end: done,
      error: (failure) => { answer.failure = failure; done(); },
    });
  });
  const fixed = (header: UpstreamAuthorizer['header'], refused: UpstreamAuthorizer['refused']): UpstreamAuthorizer => ({ header, refused });

  test('[O2, O6] carries the gateway\'s token in place of every other one, and its bytes unchanged', async () => {
    const { url, seen } = await world([200]);
    expect(await send(url, fixed(() => 'Bearer ours', () => Promise.reject(new Error('not asked'))))).toEqual({ status: 200, body: 'body' });
    expect(seen).toEqual([{ authorization: 'Bearer ours', body: 'exact bytes' }]);
  });

  test('[O6] a 401 is retried once with the same bytes; a second one is a failure', async () => {
    const { url, seen } = await world([401, 200, 401, 401]);
    const authorizer = fixed(() => Promise.resolve('Bearer a'), (sent) => Promise.resolve(sent === 'Bearer a' ? 'Bearer b' : 'Bearer c'));
    expect(await send(url, authorizer)).toEqual({ status: 200, body: 'body' });
    const second = await send(url, authorizer);
    expect(second.failure).toMatchObject({ kind: 'http_status', status: 401, reached: true });
    expect(seen.map(({ authorization }) => authorization)).toEqual(['Bearer a', 'Bearer b', 'Bearer a', 'Bearer b']);
    expect(new Set(seen.map(({ body }) => body))).toEqual(new Set(['exact bytes']));
  });

  test('[O6] without a token nothing is sent; a source that breaks is a refusal', async () => {
    const { url, seen } = await world([]);
    expect((await send(url, fixed(() => Promise.resolve(FAILURE), () => Promise.resolve('x')))).failure).toEqual(FAILURE);
    expect((await send(url, fixed(() => Promise.reject(new Error('secret-of-the-store')), () => Promise.resolve('x')))).failure?.text).not.toContain('secret');
    expect(seen).toEqual([]);
  });

  test('a 403 is the server\'s own answer unless it asks for scopes', async () => {
    const { url } = await world([403]);
    expect(await send(url, fixed(() => 'Bearer a', () => Promise.reject(new Error('not asked'))))).toEqual({ status: 403, body: 'body' });
    await close();
    const asking = await world([403], 'Bearer error="insufficient_scope", scope="a b"');
    const challenges: (string | null)[] = [];
    const answer = await send(asking.url, fixed(() => 'Bearer a', (_sent, status, challenge) => {
      challenges.push(`${status} ${challenge ?? ''}`);
      return Promise.resolve(FAILURE);
    }));
    expect(answer.failure).toEqual({ ...FAILURE, reached: true });
    expect(challenges).toEqual(['403 Bearer error="insufficient_scope", scope="a b"']);
  });

  test('given up before the token came, nothing is sent', async () => {
    const { url, seen } = await world([]);
    let give: (header: string) => void = () => undefined;
    const pool = new HttpPool(url, { authorize: fixed(() => new Promise((resolve) => { give = resolve; }), () => Promise.resolve('x')) });
    const exchange = pool.dispatch(REQUEST, { head: () => { throw new Error('answered'); }, data: () => true, end: () => undefined, error: () => { throw new Error('failed'); } });
    exchange.abort();
    give('Bearer a');
    await new Promise((resolve) => setTimeout(resolve, 50));
    pool.close();
    expect(seen).toEqual([]);
  });
});

describe('a challenge', () => {
  test.each([
    ['Bearer resource_metadata="https://a/b", scope="x y"', 'https://a/b', ['x', 'y'], null],
    ['bearer scope=x, error="insufficient_scope"', null, ['x'], 'insufficient_scope'],
    ['Basic realm="a, Bearer scope=no", Bearer realm="x", resource_metadata="https://a"', 'https://a', [], null],
    ['Bearer, Basic resource_metadata="https://basic"', null, [], null],
    ['Bearer resource_metadata="https://a\\"b"', 'https://a"b', [], null],
    ['Bearer scope="a a \u0007 b\\\\c d"', null, ['a', 'd'], null],
    ['Negotiate abc==, Bearer scope="x"', null, ['x'], null],
    ['', null, [], null],
  ])('%s', (text, resourceMetadata, scopes, error) => {
    expect(bearerChallenge(text)).toEqual({ resourceMetadata, scopes, error });
  });

  test('no text breaks the reader or keeps it busy', () => {
    fc.assert(fc.property(fc.string({ unit: fc.constantFrom('Bearer', ' ', ',', '=', '"', '\\', 'scope', 'a', '\u0000') }), (text) => {
      expect(bearerChallenge(text).scopes.length).toBeLessThanOrEqual(64);
    }));
    expect(bearerChallenge(`Bearer ${'a="'.repeat(2_500)}`)).toEqual({ resourceMetadata: null, scopes: [], error: null });
    expect(bearerChallenge(`Bearer scope="${'x '.repeat(100_000)}"`).scopes).toEqual([]);
  });
});
