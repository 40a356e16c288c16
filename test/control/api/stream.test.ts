import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineRoute, type Route } from '../../../src/control/api/route.ts';
import { World, type Client } from '../harness.ts';

const PIECE = 'x'.repeat(64 * 1024);
let made = 0;
let ended = 0;

async function* endless(pause: number): AsyncGenerator<string> {
  try {
    for (;;) {
      made++;
      yield PIECE;
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  } finally {
    ended++;
  }
}

const streams: readonly Route[] = [
  defineRoute({ method: 'get', path: '/fast', id: 'fast', summary: 'as fast as it is read', tag: 'test', permission: 'self', raw: 'text/plain', reply: z.string(), handle: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, stream: endless(0) }) }),
  defineRoute({ method: 'get', path: '/slow', id: 'slow', summary: 'a piece now and then', tag: 'test', permission: 'self', raw: 'text/plain', reply: z.string(), handle: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, stream: endless(100) }) }),
  defineRoute({
    method: 'get', path: '/broken', id: 'broken', summary: 'fails half way', tag: 'test', permission: 'self', raw: 'text/plain', reply: z.string(),
    handle: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, stream: (async function* (): AsyncGenerator<string> { yield 'half'; throw new Error('a secret reason'); })() }),
  }),
];

let world: World;
let viewer: Client;
beforeAll(async () => {
  world = await World.start({ routes: streams });
  viewer = await world.as('viewer');
});
afterAll(() => world.stop());

/** A client that asks and then reads nothing. */
async function lazyReader(path: string): Promise<Socket> {
  const { port } = new URL(world.url);
  const socket = connect(Number(port), '127.0.0.1');
  await once(socket, 'connect');
  socket.pause();
  socket.write(`GET /api/v1${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncookie: policylayer_session=${viewer.secret}\r\n\r\n`);
  return socket;
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('a stream', () => {
  it('is made no faster than its reader takes it, and ends with him', async () => {
    made = 0;
    ended = 0;
    const socket = await lazyReader('/fast');
    // Full buffers on both sides, then nothing more is made.
    let before = -1;
    await until(() => {
      const still = made > 0 && made === before;
      before = made;
      return still;
    });
    expect(made * PIECE.length).toBeLessThan(64 * 1024 * 1024);
    socket.destroy();
    await until(() => ended === 1);
  });

  it('of a client that leaves while nothing is sent ends too', async () => {
    ended = 0;
    const stop = new AbortController();
    const response = await viewer.raw('/slow', { signal: stop.signal });
    await response.body?.getReader().read();
    stop.abort();
    await until(() => ended === 1);
  });

  it('is not begun for HEAD', async () => {
    made = 0;
    const answer = await viewer.send('HEAD', '/fast');
    expect([answer.status, answer.text, made]).toEqual([200, '', 0]);
  });

  it('ends when its reader may not read it any more', async () => {
    ended = 0;
    const guest = await world.as({ role: 'viewer', name: 'guest' });
    const reader = (await guest.raw('/slow')).body?.getReader();
    await reader?.read();
    await world.registry.closeSessions({ member: guest.member?.name ?? '' });
    for (;;) if ((await reader?.read())?.done === true) break;
    await until(() => ended === 1);
  }, 30_000);

  it('that fails half way breaks off, and tells why in the log alone', async () => {
    const response = await viewer.raw('/broken');
    await expect(response.text()).rejects.toThrow('terminated');
    await until(() => world.lines.some((line) => line.includes('a secret reason')));
  });
});
