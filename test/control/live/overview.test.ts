import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { JournalOverview } from '../../../src/control/live/journal-overview.ts';
import { databasePath, openState } from '../../../src/state/open.ts';
import { World } from '../harness.ts';
import { admit, ask, entry } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.stop());

describe('GET /overview', () => {
  test('counts calls by how they ended, rules that refused, and tools that ran; later ends move a call', async () => {
    const id = await admit(world.state);
    const failing = await admit(world.state, { name: 'export_tickets' });
    await world.state.append(entry({ outcome: 'refused', code: 'denied', rule: '/tools/close_ticket', name: 'close_ticket' }));
    await world.state.append(entry({ server: 'payroll', outcome: 'refused', code: 'rate_limited', rule: '/tools/pay', policy: 'pay@2', name: 'pay' }));
    await world.state.append(entry({ outcome: 'forwarded', observed: 'would_rate_limit' }));
    await world.state.append(entry({ outcome: 'refused', code: 'approval_requested' }));
    await ask(world.state);
    const viewer = await world.as('viewer');
    const first = (await viewer.get('/overview')).body;
    expect(first).toMatchObject({ complete: true, approvalsWaiting: 1, unreadMessages: 0, calls: { last24h: { admitted: 2, refused: 2, failed: 0, pendingApprovals: 1 } } });
    expect(first.series).toHaveLength(288);
    expect(first.topRules).toEqual([{ policy: 'p@1', rule: '/tools/close_ticket', count: 1, codes: { denied: 1 } }, { policy: 'pay@2', rule: '/tools/pay', count: 1, codes: { rate_limited: 1 } }]);
    expect(first.topTools).toEqual([{ server: 'tickets', name: 'export_tickets', count: 1 }, { server: 'tickets', name: 'read_ticket', count: 1 }]);
    world.state.settle(id, { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    world.state.settle(failing, { outcome: 'upstream_failed', upstreamStatus: 'exited', latencyMs: 1, undo: 'nothing' });
    await world.state.flush();
    await expect.poll(async () => (await viewer.get('/overview')).body.calls.last24h, { timeout: 6_000, interval: 500 }).toEqual({ admitted: 2, refused: 2, failed: 1, pendingApprovals: 1 });
  });

  test('shows nothing of servers that one may not see, and what runs only to those who see all', async () => {
    const { body } = await (await world.as({ serverRoles: { payroll: 'viewer' } })).get('/overview');
    expect(body).toMatchObject({ approvalsWaiting: 0, calls: { last24h: { admitted: 0, refused: 1, failed: 0, pendingApprovals: 0 } }, topTools: [], gateway: { sessions: null, children: null, inFlight: null } });
    expect(JSON.stringify(body)).not.toContain('tickets');
  });

  test('messages are for those who run the organisation, and are read once', async () => {
    await world.state.messages.add({ name: 'V', email: 'v@example.org', page: '/', text: 'hello' });
    const admin = await world.as('admin');
    expect((await admin.get('/overview')).body.unreadMessages).toBe(1);
    expect((await (await world.as('viewer')).get('/overview')).body.unreadMessages).toBe(0);
    expect((await (await world.as('viewer')).get('/inbox')).status).toBe(403);
    const [message] = (await admin.get('/inbox')).body.items;
    expect((await admin.post(`/inbox/${message.id}/read`)).status).toBe(204);
    expect((await admin.post('/inbox/999/read')).status).toBe(404);
    expect((await admin.get('/overview')).body.unreadMessages).toBe(0);
  });

  test('held definitions are listed for those who see the server', async () => {
    world.state.pins.learn('tickets', [{ name: 'read_ticket', hash: 'a'.repeat(64), text: '{}', standing: 'pinned', why: [] }], []);
    world.state.pins.learn('tickets', [{ name: 'read_ticket', hash: 'b'.repeat(64), text: '{}', standing: 'held', why: ['it can delete now'] }], []);
    expect((await (await world.as('viewer')).get('/held')).body.items).toMatchObject([{ server: 'tickets', name: 'read_ticket', hash: 'b'.repeat(64), why: ['it can delete now'] }]);
    expect((await (await world.as({ serverRoles: { payroll: 'viewer' } })).get('/held')).body.items).toEqual([]);
  });

  test('figures of the database are for those who run it', async () => {
    expect((await (await world.as('admin')).get('/ops')).body).toMatchObject({ lastSeq: expect.any(Number), databaseBytes: expect.any(Number), watching: 0 });
    expect((await (await world.as('viewer')).get('/ops')).status).toBe(403);
  });
});

test('however rows are written and settled in between, the figures are those of the journal', async () => {
  const state = await openState({ path: databasePath(`${world.directory}-overview`), flood: { burst: 1_000_000 } as never });
  const outcomes = ['ok', 'upstream_failed', 'refused'] as const;
  let clock = Date.now();
  const overview = new JournalOverview(() => state.figures, () => clock);
  const expected = { admitted: 0, refused: 0, failed: 0, pendingApprovals: 0 };
  const open: string[] = [];
  await fc.assert(fc.asyncProperty(fc.array(fc.tuple(fc.constantFrom(...outcomes), fc.boolean()), { maxLength: 30 }), async (steps) => {
    for (const [outcome, later] of steps) {
      if (outcome === 'refused') {
        state.append(entry({ outcome, code: 'denied', requestId: String(Math.random()) }));
        expected.refused += 1;
      } else {
        const id = await admit(state);
        expected.admitted += 1;
        if (outcome === 'upstream_failed' && !later) {
          state.settle(id, { outcome, upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
          expected.failed += 1;
        } else if (later) open.push(id);
      }
    }
    await overview.update();
    for (const id of open.splice(0)) {
      state.settle(id, { outcome: 'upstream_failed', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
      expected.failed += 1;
    }
    state.flush();
    clock += 2_001;
    await overview.update();
    expect(overview.read('all').last24h).toEqual(expected);
    expect(overview.read(new Set(['tickets'])).last24h).toEqual(expected);
  }), { numRuns: 25 });
  state.close();
});
