import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { EventQueue } from '../../../src/control/live/event-queue.ts';
import { liveOf } from '../../../src/control/live/live.ts';
import { World } from '../harness.ts';
import { admit, ask, entry, Listening } from './support.ts';

let world: World;
const open: Listening[] = [];
beforeEach(async () => {
  world = await World.start();
});
afterEach(async () => {
  for (const one of open.splice(0)) one.close();
  await world.stop();
});
const listen = async (...args: Parameters<typeof Listening.open>): Promise<Listening> => {
  const one = await Listening.open(...args);
  open.push(one);
  return one;
};

describe('GET /events', () => {
  test('shows a call when it is let through and again when it has ended, with its place in the journal and without values', async () => {
    const live = await listen(await world.as('viewer'));
    const id = await admit(world.state, { argValues: '{"secret":"s3cret-value"}' });
    await expect.poll(() => live.of('call').length, { timeout: 5_000 }).toBe(1);
    world.state.settle(id, { outcome: 'ok', upstreamStatus: null, latencyMs: 12, undo: 'nothing' });
    await expect.poll(() => live.of('call').length, { timeout: 5_000 }).toBe(2);
    const [first, second] = live.of('call');
    expect(first).toMatchObject({ id: '1', data: { id, seq: 1, outcome: 'forwarded', server: 'tickets', argKeys: ['id'] } });
    expect(second).toMatchObject({ id: null, data: { id, outcome: 'ok', latencyMs: 12 } });
    expect(JSON.stringify(live.events)).not.toMatch(/s3cret-value|argValues|argHash/);
  });

  test('shows the events of a server only to those who may see it, and what runs only to those who may see all', async () => {
    const mine = await listen(await world.as({ serverRoles: { tickets: 'viewer' } }));
    const all = await listen(await world.as('viewer'));
    await world.state.append(entry({ server: 'payroll', outcome: 'refused', code: 'denied', name: 'pay' }));
    await world.state.append(entry({ server: 'tickets', outcome: 'refused', code: 'denied' }));
    await ask(world.state, { server: 'payroll', name: 'pay' });
    await ask(world.state);
    await expect.poll(() => [all.of('call').length, all.of('approval').length], { timeout: 5_000 }).toEqual([2, 2]);
    await expect.poll(() => [mine.of('call').length, mine.of('approval').length], { timeout: 5_000 }).toEqual([1, 1]);
    expect(JSON.stringify(mine.events)).not.toContain('payroll');
    expect(mine.of('stats')[0]?.data).not.toHaveProperty('sessions');
    expect(all.of('stats')[0]?.data).toMatchObject({ sessions: 0, children: 0, inFlight: 0 });
  });

  test('a stream that is resumed tells every row after the last that was seen, once and in order', async () => {
    for (let index = 0; index < 30; index += 1) await world.state.append(entry({ outcome: 'refused', code: 'denied', name: `tool${index}`, requestId: String(index) }));
    const viewer = await world.as('viewer');
    const first = await listen(viewer, { 'last-event-id': '10' });
    for (let index = 30; index < 40; index += 1) await world.state.append(entry({ outcome: 'refused', code: 'denied', name: `tool${index}`, requestId: String(index) }));
    await expect.poll(() => first.of('call').map(({ data }) => data.seq), { timeout: 5_000 }).toEqual(Array.from({ length: 30 }, (_, index) => index + 11));
    expect(first.of('gap')).toEqual([]);
  });

  test('a stream that is resumed from long ago says what it leaves out', async () => {
    for (let index = 0; index < 1_100; index += 1) await world.state.append(entry({ outcome: 'ok', name: `tool${index}` }));
    const live = await listen(await world.as('viewer'), { 'last-event-id': '5' });
    await expect.poll(() => live.of('gap')[0]?.data, { timeout: 5_000 }).toEqual({ after: 5, until: 600 });
  });

  test('more rows than anybody could read are left out, and everybody is told which', async () => {
    const live = await listen(await world.as('viewer'));
    const rows = 12_000;
    for (let index = 0; index < rows; index += 100) await Promise.all(Array.from({ length: 100 }, () => admit(world.state)));
    await expect.poll(() => {
      const shown = new Set(live.of('call').filter(({ id }) => id !== null).map(({ id }) => Number(id)));
      for (const { data } of live.of('gap')) for (let seq = data.after + 1; seq <= data.until; seq += 1) shown.add(seq);
      return shown.size;
    }, { timeout: 15_000 }).toBe(rows);
    expect(live.of('dropped')).toEqual([]);
  }, 30_000);

  test('an approval is told when it is asked for, when somebody votes, and when it is decided, and never what it sends', async () => {
    const live = await listen(await world.as('admin'));
    const id = await ask(world.state, { needed: 2 });
    await expect.poll(() => live.of('approval').map(({ data }) => [data.id, data.status, data.votes.length]), { timeout: 5_000 }).toEqual([[id, 'pending', 0]]);
    await world.state.vote(id, { approver: 'a@example.com', way: 'dashboard', decision: 'approve', comment: null });
    await expect.poll(() => live.of('approval').length, { timeout: 5_000 }).toBe(2);
    await world.state.vote(id, { approver: 'b@example.com', way: 'dashboard', decision: 'approve', comment: null });
    await expect.poll(() => live.of('approval').at(-1)?.data.status, { timeout: 5_000 }).toBe('approved');
    expect(JSON.stringify(live.events)).not.toMatch(/"arguments"|alsoSent|\{\\"id\\": 7\}/);
  });

  test('nobody who has not signed in, and no number that is none, opens a stream', async () => {
    expect((await (await world.as('nobody')).get('/events')).status).toBe(401);
    expect((await (await world.as('viewer')).get('/events', { 'last-event-id': 'x' })).body).toMatchObject({ code: 'invalid_request' });
  });

  test('the store is looked at only while somebody listens', async () => {
    const { hub } = liveOf(world.services);
    const live = await listen(await world.as('viewer'));
    expect(hub.size).toBe(1);
    live.close();
    await expect.poll(() => hub.size, { timeout: 5_000 }).toBe(0);
  });

  test('ends when the session ends, or when the rights of its reader change', async () => {
    const gone = await world.as('viewer');
    const moved = await world.as({ serverRoles: { tickets: 'viewer' } });
    const staying = await listen(await world.as('admin'));
    const streams = [await listen(gone), await listen(moved)];
    await world.registry.closeSessions({ member: gone.member?.name ?? '' });
    if (moved.member === null) throw new Error('no member');
    await world.registry.apply([{ op: 'put', kind: 'member', name: moved.member.name, value: { ...moved.member.value, serverRoles: { payroll: 'viewer' } } }], []);
    await expect.poll(() => streams.map(({ ended }) => ended), { timeout: 25_000 }).toEqual([true, true]);
    expect(staying.ended).toBe(false);
  }, 40_000);

  test('ends with an event when the gateway drains', async () => {
    const live = await listen(await world.as('viewer'));
    world.control.drain();
    await expect.poll(() => [live.of('end').length, live.ended], { timeout: 5_000 }).toEqual([1, true]);
    expect((await (await world.as('viewer')).get('/events')).status).toBe(503);
  });
});

describe('the queue of one client', () => {
  const readAll = async (queue: EventQueue): Promise<string> => {
    let text = '';
    for await (const piece of queue) text += piece;
    return text;
  };

  test('a client that does not read loses its stream, is told so, and costs a bounded memory', async () => {
    const queue = new EventQueue(() => undefined);
    for (let index = 0; index < 9_000; index += 1) queue.push({ event: 'call', data: { index }, id: index });
    expect(queue.isOpen).toBe(false);
    const text = await readAll(queue);
    expect(text).toMatch(/event: dropped\n/);
    expect(text).not.toContain('event: call');
  });

  test('events that are too large to wait are not kept either', async () => {
    const queue = new EventQueue(() => undefined);
    for (let index = 0; index < 40; index += 1) queue.push({ event: 'call', data: 'x'.repeat(100_000), id: index });
    expect(queue.isOpen).toBe(false);
  });

  test('gives a sign of life where nothing happens, and tells when nobody reads any more', async () => {
    let left = 0;
    const queue = new EventQueue(() => (left += 1), 10);
    const pieces = queue[Symbol.asyncIterator]();
    expect((await pieces.next()).value).toBe('retry: 2000\n\n');
    expect((await pieces.next()).value).toBe(': alive\n\n');
    await pieces.return?.();
    expect(left).toBe(1);
    queue.push({ event: 'call', data: 1 });
    expect((await pieces.next()).done).toBe(true);
  });
});
