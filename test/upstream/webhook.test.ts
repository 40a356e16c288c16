import { createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createAddressGuard } from '../../src/upstream/address-guard.ts';
import { isSigned, sign } from '../../src/upstream/signature.ts';
import { Webhook } from '../../src/upstream/webhook.ts';

const SECRET = 'a-secret-of-thirty-two-characters';
interface Delivery {
  readonly headers: IncomingMessage['headers'];
  readonly url: string;
  readonly body: Buffer;
}

/** A receiver that answers as it is told, once per delivery; the last answer is repeated. */
class Receiver {
  readonly deliveries: Delivery[] = [];
  readonly #server: Server;
  url = '';

  private constructor(answers: ((response: ServerResponse) => void)[]) {
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.deliveries.push({ headers: request.headers, url: request.url ?? '', body: Buffer.concat(chunks) });
        (answers.length > 1 ? answers.shift() : answers[0])?.(response);
      });
    });
  }

  static async start(...answers: ((response: ServerResponse) => void)[]): Promise<Receiver> {
    const receiver = new Receiver(answers);
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    receiver.url = `http://127.0.0.1:${(receiver.#server.address() as AddressInfo).port}/hook?key=k`;
    return receiver;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

const status = (code: number, headers: Record<string, string> = {}) => (response: ServerResponse): void => void response.writeHead(code, headers).end('text');
const silence = (): void => undefined;
const LATER = Date.now() + 3_600_000;

let receiver: Receiver | null = null;
let webhook: Webhook | null = null;
afterEach(async () => {
  webhook?.close();
  await receiver?.close();
  webhook = null;
  receiver = null;
});

async function open(answers: ((response: ServerResponse) => void)[], extra: { readonly timeoutMs?: number; readonly now?: () => number } = {}): Promise<{ receiver: Receiver; webhook: Webhook }> {
  receiver = await Receiver.start(...answers);
  webhook = new Webhook({ url: new URL(receiver.url), secret: SECRET, firstPauseMs: 5, ...extra });
  return { receiver, webhook };
}

describe('a webhook', () => {
  test('posts the exact body with its time and a signature over both and the direction', async () => {
    const { receiver, webhook } = await open([status(204)]);
    expect(await webhook.send(Buffer.from('{"a":"ü"}'), LATER)).toBeNull();
    const [delivery] = receiver.deliveries;
    expect([delivery?.url, delivery?.body.toString(), delivery?.headers['content-type']]).toEqual(['/hook?key=k', '{"a":"ü"}', 'application/json']);
    const timestamp = String(delivery?.headers['policylayer-timestamp']);
    const expected = createHmac('sha256', SECRET).update(`request.${timestamp}.{"a":"ü"}`).digest('hex');
    expect(delivery?.headers['policylayer-signature']).toBe(`v1=${expected}`);
    expect(Math.abs(Number(timestamp) * 1_000 - Date.now())).toBeLessThan(60_000);
  });

  test('tries again after failures that may pass, with the same delivery id and a signature of its own time', async () => {
    let now = 1_800_000_000_000;
    const { receiver, webhook } = await open([status(500), (response) => void response.destroy(), status(429), status(200)], { now: () => (now += 2_000) });
    expect(await webhook.send(Buffer.from('{}'), LATER + 1e12)).toBeNull();
    expect(receiver.deliveries).toHaveLength(4);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['policylayer-delivery'])).size).toBe(1);
    expect(new Set(receiver.deliveries.map(({ headers }) => headers['policylayer-signature'])).size).toBe(4);
  });

  test('gives up after five attempts, and says neither where nor what', async () => {
    const { receiver, webhook } = await open([status(503)]);
    expect(await webhook.send(Buffer.from('{"password":"p"}'), LATER)).toBe('it answered HTTP 503 (5 attempts)');
    expect(receiver.deliveries).toHaveLength(5);
  });

  test('does not repeat what was refused, and does not follow a redirect', async () => {
    const other = await Receiver.start(status(200));
    const { receiver, webhook } = await open([status(400), status(302, { location: other.url }), status(307, { location: other.url })]);
    expect([await webhook.send(Buffer.from('{}'), LATER), await webhook.send(Buffer.from('{}'), LATER), await webhook.send(Buffer.from('{}'), LATER)])
      .toEqual(['it answered HTTP 400', 'it answered HTTP 302', 'it answered HTTP 307']);
    expect([receiver.deliveries.length, other.deliveries.length]).toEqual([3, 0]);
    await other.close();
  });

  test('a receiver that says nothing is given up in time', async () => {
    const { receiver, webhook } = await open([silence], { timeoutMs: 20 });
    expect(await webhook.send(Buffer.from('{}'), LATER)).toBe('no answer within 20 ms (5 attempts)');
    expect(receiver.deliveries.length).toBeGreaterThan(0);
  });

  test('stops when the message is of no use any more', async () => {
    const { receiver, webhook } = await open([status(500)]);
    expect(await webhook.send(Buffer.from('{}'), Date.now() - 1)).toBe('it answered HTTP 500 (1 attempt, and the request expires)');
    expect(receiver.deliveries).toHaveLength(1);
  });

  test('takes a hundred messages at a time and not one more', async () => {
    const { webhook } = await open([silence], { timeoutMs: 50 });
    const sent = Array.from({ length: 101 }, () => webhook.send(Buffer.from('{}'), Date.now() - 1));
    expect(await sent[100]).toBe('more than 100 messages are on their way already');
    await Promise.all(sent);
  });

  test('an address that cannot be reached is a reason, not an exception', async () => {
    const closed = await Receiver.start(status(200));
    await closed.close();
    webhook = new Webhook({ url: new URL(closed.url), secret: SECRET, firstPauseMs: 1 });
    expect(await webhook.send(Buffer.from('{}'), LATER)).toMatch(/\(5 attempts\)$/);
  });
});

describe('a signed message', () => {
  const body = Buffer.from('{"decision":"approve"}');
  const at = 1_800_000_000;
  const good = sign(SECRET, 'decision', String(at), body);
  test.each<[string, string | null, string | null, Buffer, number, boolean]>([
    ['as it was sent', String(at), good, body, at * 1_000, true],
    ['almost five minutes later', String(at), good, body, (at + 299) * 1_000, true],
    ['later than that', String(at), good, body, (at + 301) * 1_000, false],
    ['from the future', String(at), good, body, (at - 301) * 1_000, false],
    ['with another body', String(at), good, Buffer.from('{"decision":"deny"}'), at * 1_000, false],
    ['with another time', String(at + 1), good, body, at * 1_000, false],
    ['under another key', String(at), sign('another-secret-of-that-length', 'decision', String(at), body), body, at * 1_000, false],
    ['cut', String(at), good.slice(0, -1), body, at * 1_000, false],
    ['without a signature', String(at), null, body, at * 1_000, false],
    ['without a time', null, good, body, at * 1_000, false],
    ['with a time that is none', '1e12', sign(SECRET, 'decision', '1e12', body), body, 1e15, false],
    ['that went the other way', String(at), sign(SECRET, 'request', String(at), body), body, at * 1_000, false],
    ['of nothing', String(at), '', body, at * 1_000, false],
  ])('%s', (_name, timestamp, signature, text, now, expected) => {
    expect(isSigned(SECRET, 'decision', timestamp, signature, text, now)).toBe(expected);
  });
});

test('[#51] a webhook with a guard reaches no address that the guard refuses, and says so', async () => {
  receiver = await Receiver.start(status(200));
  webhook = new Webhook({ url: new URL(receiver.url), secret: SECRET, firstPauseMs: 1, guard: createAddressGuard([]) });
  expect(await webhook.send(Buffer.from('{}'), LATER)).toContain('not on the public internet');
  expect(receiver.deliveries).toEqual([]);
  webhook.close();
  webhook = new Webhook({ url: new URL(receiver.url), secret: SECRET, firstPauseMs: 1, guard: createAddressGuard(['127.0.0.1']) });
  expect(await webhook.send(Buffer.from('{}'), LATER)).toBeNull();
});
