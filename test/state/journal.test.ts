import { createHmac, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { openState, openStateReader } from '../../src/state/open.ts';
import type { SqliteState } from '../../src/state/sqlite-state.ts';
import type { JournalEntry, JournalFilter, Outcome } from '../../src/state/types.ts';
import { entry, FakeMachine, forEachDriver, scope, scratch } from './support.ts';

const FULL: JournalEntry = {
  id: 'Zm9v', server: 'tickets', grant: 'support', session: 's', transport: 'stdio', protocol: '2026-07-28', method: 'tools/call',
  name: 'create', requestId: '"a"', outcome: 'refused', code: 'rate_limited', rule: '/tools/create/rate_limit', policy: 'p@7f3a',
  reason: 'too many', retryAfterMs: 1500, observed: 'would_deny', argKeys: ['amount', 'to'], argHash: 'ab', argValues: '{"amount":1}',
  upstreamStatus: '200', latencyMs: 1.25,
};

forEachDriver('journal', (driver) => {
  const path = scratch();

  async function open(options: Partial<Parameters<typeof openState>[0]> = {}): Promise<{ state: SqliteState; clock: FakeMachine; file: string }> {
    const clock = new FakeMachine();
    const file = path();
    return { state: await openState({ path: file, driver, clock, ...options }), clock, file };
  }

  test('an entry comes back as it was written, with its place and its wall-clock time', async () => {
    const { state, clock } = await open({ logArguments: true });
    clock.wall = Date.parse('2026-11-20T23:59:59.123Z');
    state.append(FULL);
    const bare = entry({ outcome: 'rejected', grant: null, session: null, protocol: null, method: null, name: null, requestId: null, rule: null, policy: null });
    state.append(bare);
    expect(state.query({})).toEqual([
      { ...FULL, seq: 1, at: '2026-11-20T23:59:59.123Z' },
      { ...bare, seq: 2, at: '2026-11-20T23:59:59.123Z' },
    ]);
    state.close();
  });

  test('argument values are dropped unless the operator asked for them', async () => {
    const { state } = await open();
    state.append(FULL);
    expect(state.query({})[0]?.argValues).toBeNull();
    state.close();
  });

  test('every string survives storage, whatever it contains', async () => {
    const { state } = await open();
    const hostile = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 40 }),
      fc.constantFrom('\u0000', 'a\u0000b', '\ud800', '\udc00x', '\u0001"x"', '\u0001', "'; DROP TABLE journal; --", '\u001b[31m\n\r', '\u202e', '\ufffd', '__proto__'),
    );
    fc.assert(
      fc.property(hostile, hostile, hostile, (name, session, key) => {
        const row = entry({ name, session, reason: name, requestId: JSON.stringify(name), argKeys: [key, name], outcome: 'ok' });
        state.append(row);
        const [found] = state.query({ name, session, order: 'desc', limit: 1 });
        expect(found).toMatchObject(row);
      }),
      { numRuns: 300 },
    );
    state.close();
  });

  test('one entry takes little room however long its texts are, and long names stay different', async () => {
    const { state } = await open({ logArguments: true });
    const huge = 'n'.repeat(3_000_000);
    const keys = Array.from({ length: 20_000 }, (_, i) => `key-${i}`);
    state.append(entry({ name: `${huge}1`, session: huge, reason: huge, requestId: huge, argKeys: keys, argValues: huge, outcome: 'ok' }));
    state.append(entry({ name: `${huge}2`, outcome: 'ok' }));
    const rows = state.query({});
    expect(JSON.stringify(rows[0]).length).toBeLessThan(90_000);
    expect(rows[0]?.argKeys?.at(-1)).toMatch(/^… \d+ more$/);
    expect(rows[0]?.name).not.toBe(rows[1]?.name);
    expect(rows[0]?.name).toMatch(/^nnn.*…\[3000001 characters, sha256 [0-9a-f]{16}\]$/);
    expect(state.query({ name: `${huge}2` })).toHaveLength(1);
    state.close();
  });

  test('a settled call has its outcome, status and latency; the first settlement counts', async () => {
    const { state } = await open();
    const [one, two, other] = [entry(), entry(), entry({ outcome: 'refused' })];
    state.append(one);
    state.admit([], scope(), two);
    state.append(other);
    state.settle(one.id, { outcome: 'tool_error', upstreamStatus: '200', latencyMs: 12.5, undo: 'nothing' });
    state.settle(two.id, { outcome: 'cancelled', upstreamStatus: null, latencyMs: 3, undo: 'nothing' });
    state.settle(other.id, { outcome: 'ok', upstreamStatus: null, latencyMs: 3, undo: 'nothing' });
    state.settle('unknown', { outcome: 'ok', upstreamStatus: null, latencyMs: 3, undo: 'nothing' });
    state.flush();
    state.settle(one.id, { outcome: 'ok', upstreamStatus: '500', latencyMs: 1, undo: 'nothing' });
    state.flush();
    expect(state.query({}).map(({ outcome, upstreamStatus, latencyMs }) => [outcome, upstreamStatus, latencyMs])).toEqual([
      ['tool_error', '200', 12.5], ['cancelled', null, 3], ['refused', null, null],
    ]);
    state.close();
  });

  test('settlements are written without being asked for, and on close', async () => {
    const { state, file } = await open();
    const rows = [entry(), entry()];
    for (const row of rows) state.append(row);
    state.settle(rows[0]?.id ?? '', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    const reader = await openStateReader({ path: file, driver });
    await expect.poll(() => reader.query({})[0]?.outcome).toBe('ok');
    state.settle(rows[1]?.id ?? '', { outcome: 'ok', upstreamStatus: null, latencyMs: 1, undo: 'nothing' });
    state.close();
    expect(reader.query({}).map(({ outcome }) => outcome)).toEqual(['ok', 'ok']);
    reader.close();
  });

  test('another process can settle a row that this one wrote', async () => {
    const { state, file, clock } = await open();
    const other = await openState({ path: file, driver, clock });
    const row = entry();
    state.append(row);
    other.settle(row.id, { outcome: 'upstream_failed', upstreamStatus: '502', latencyMs: 9, undo: 'nothing' });
    other.flush();
    expect(state.query({})[0]).toMatchObject({ outcome: 'upstream_failed', upstreamStatus: '502' });
    state.close();
    other.close();
  });

  describe('filters', () => {
    const cases: [string, JournalFilter, string[]][] = [
      ['nothing', {}, ['a', 'b', 'c', 'd']],
      ['server', { server: 'two' }, ['b', 'd']],
      ['grant', { grant: 'g2' }, ['c']],
      ['session', { session: 's9' }, ['d']],
      ['name', { name: 'send' }, ['a', 'b']],
      ['method', { method: 'prompts/get' }, ['c']],
      ['outcome', { outcome: ['refused', 'rejected'] }, ['b', 'd']],
      ['no outcome', { outcome: [] }, []],
      ['code', { code: ['denied'] }, ['b']],
      ['after', { afterSeq: 2 }, ['c', 'd']],
      ['limit', { limit: 2 }, ['a', 'b']],
      ['newest', { limit: 2, order: 'desc' }, ['d', 'c']],
      ['since', { since: new Date('2026-11-20T12:02:00Z') }, ['c', 'd']],
      ['until', { until: new Date('2026-11-20T12:02:00Z') }, ['a', 'b']],
      ['both', { since: new Date('2026-11-20T12:01:00Z'), until: new Date('2026-11-20T12:03:00Z'), server: 'two' }, ['b']],
      ['an injected condition', { server: "two' OR '1'='1" }, []],
    ];
    test.each(cases)('%s', async (_name, filter, expected) => {
      const { state, clock } = await open();
      const rows: [string, Partial<JournalEntry>][] = [
        ['a', { server: 'one', outcome: 'ok' }],
        ['b', { server: 'two', outcome: 'refused', code: 'denied' }],
        ['c', { server: 'one', grant: 'g2', name: 'p', method: 'prompts/get', outcome: 'ok' }],
        ['d', { server: 'two', session: 's9', name: null, outcome: 'rejected', code: 'duplicate_key' }],
      ];
      for (const [id, over] of rows) {
        state.append(entry({ id, ...over }));
        clock.pass(60_000_000);
      }
      expect(state.query(filter).map(({ id }) => id)).toEqual(expected);
      state.close();
    });

    test('since finds its rows in a long journal and after the wall clock was set back', async () => {
      const { state, clock } = await open();
      for (let i = 0; i < 500; i += 1) {
        state.append(entry({ id: `${i}`, outcome: 'ok' }));
        clock.pass(3_600_000_000);
        if (i === 480) clock.wall -= 3_600_000;
      }
      const since = new Date(clock.wall - 25 * 3_600_000);
      const expected = state.query({}).filter(({ at }) => new Date(at) >= since).map(({ id }) => id);
      expect(expected.length).toBeGreaterThan(20);
      expect(state.query({ since }).map(({ id }) => id)).toEqual(expected);
      state.close();
    });
  });

  test('the digest is keyed per database, stable across restarts, and covers the exact bytes', async () => {
    const { state, file, clock } = await open();
    const bytes = randomBytes(100);
    const digest = state.digest(bytes);
    expect(digest).toMatch(/^[0-9a-f]{64}$/);
    expect(state.digest(Buffer.concat([bytes, Buffer.from(' ')]))).not.toBe(digest);
    expect(createHmac('sha256', '').update(bytes).digest('hex')).not.toBe(digest);
    state.close();
    const again = await openState({ path: file, driver, clock });
    expect(again.digest(bytes)).toBe(digest);
    again.close();
    const { state: other } = await open();
    expect(other.digest(bytes)).not.toBe(digest);
    other.close();
  });

  describe('flood', () => {
    const reject = (over: Partial<JournalEntry> = {}): JournalEntry => entry({ outcome: 'rejected', code: 'duplicate_key', ...over });

    test('beyond the bound one row tells how many there were, from the first one on', async () => {
      const { state, clock, file } = await open({ flood: { rejected: 5 } });
      for (let i = 0; i < 105; i += 1) state.append(reject());
      state.flush();
      const reader = await openStateReader({ path: file, driver });
      const told = (): (string | null)[] => reader.query({ code: ['suppressed'] }).map(({ reason }) => reason);
      expect(reader.query({ code: ['duplicate_key'] })).toHaveLength(5);
      expect(told()).toEqual(['100 more like this within a minute: rejected duplicate_key']);
      for (let i = 0; i < 11; i += 1) state.append(reject());
      clock.pass(60_000_000);
      state.append(reject());
      state.flush();
      expect(told()).toEqual(['111 more like this within a minute: rejected duplicate_key']);
      expect(reader.query({ code: ['duplicate_key'] })).toHaveLength(6);
      reader.close();
      state.close();
    });

    test('another code, grant or outcome has a bound of its own', async () => {
      const { state } = await open({ flood: { rejected: 2 } });
      for (let i = 0; i < 10; i += 1) {
        for (const over of [{}, { grant: 'other' }, { grant: null }, { code: 'bad_utf8' }, { outcome: 'dropped' as const }]) state.append(reject(over));
      }
      expect(state.query({})).toHaveLength(10);
      state.close();
    });

    test('closing writes what a flood left out', async () => {
      const { state, file } = await open({ flood: { rejected: 2, refused: 3 } });
      const count: Partial<Record<Outcome, number>> = {};
      for (let i = 0; i < 10; i += 1) {
        for (const outcome of ['rejected', 'dropped', 'refused', 'ok'] as const) state.append(entry({ outcome, code: 'x' }));
        state.admit([], scope(), entry());
      }
      state.close();
      const reader = await openStateReader({ path: file, driver });
      for (const { outcome, code } of reader.query({})) if (code !== 'suppressed') count[outcome] = (count[outcome] ?? 0) + 1;
      expect(count).toEqual({ rejected: 2, dropped: 2, refused: 3, ok: 10, forwarded: 10 });
      const told = reader.query({ code: ['suppressed'] }).map(({ outcome, reason }) => `${outcome}: ${reason}`);
      expect(told.toSorted()).toEqual([
        'dropped: 8 more like this within a minute: dropped x',
        'refused: 7 more like this within a minute: refused x',
        'rejected: 8 more like this within a minute: rejected x',
      ]);
      reader.close();
    });

    test('a flood of ever new codes shares a bound instead of growing the memory', async () => {
      const { state } = await open({ flood: { rejected: 1 } });
      for (let i = 0; i < 6000; i += 1) state.append(reject({ code: `code-${i}` }));
      state.flush();
      const rows = state.query({});
      expect(rows.length).toBeLessThanOrEqual(4096 + 2);
      const left = rows.filter(({ code }) => code === 'suppressed').reduce((sum, { reason }) => sum + Number.parseInt(reason ?? '', 10), 0);
      expect(left + rows.filter(({ code }) => code !== 'suppressed').length).toBe(6000);
      state.close();
    });
  });
});
