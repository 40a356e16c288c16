import { expect, test } from 'vitest';
import { ANSWER_KEPT_MS, IN_PROGRESS_MS } from '../../src/state/registry/answers.ts';
import type { LinkRecord, SessionRecord } from '../../src/state/registry/types.ts';
import { forEachEngine, one } from './contract/engine.ts';
import { member, put, sha } from './registry-builders.ts';

const HOUR_US = 3_600_000_000;

forEachEngine('registry, sessions, links and answers', (engine) => {
  const inHours = (nowMs: number, hours: number) => new Date(nowMs + hours * 3_600_000).toISOString();
  const session = (nowMs: number, over: Partial<SessionRecord> = {}): SessionRecord => ({ hash: sha('s'), member: 'm1', createdAt: inHours(nowMs, 0), lastUsedAt: inHours(nowMs, 0), expiresAt: inHours(nowMs, 1), userAgent: 'Fire\u0000fox', ...over });
  const link = (nowMs: number, over: Partial<LinkRecord> = {}): LinkRecord => ({ hash: sha('l'), purpose: 'setup', member: null, expiresAt: inHours(nowMs, 1), ...over });

  test('a session is there until it ends, is closed, or its member is removed', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    await registry.apply([put('member', 'm1', member())], []);
    await registry.openSession(session(clock.wallMs()));
    for (const n of [1, 2, 3]) await registry.openSession(session(clock.wallMs(), { hash: sha(`s${n}`), expiresAt: inHours(clock.wallMs(), 5) }));
    expect(await registry.session(sha('s'))).toEqual(session(clock.wallMs()));
    await registry.touchSession(sha('s1'), inHours(clock.wallMs(), 0.5));
    expect((await registry.session(sha('s1')))?.lastUsedAt).toBe(inHours(clock.wallMs(), 0.5));
    clock.pass(HOUR_US);
    expect(await registry.session(sha('s'))).toBeNull();
    expect((await registry.sessionsOf('m1')).map(({ hash }) => hash).toSorted()).toEqual([sha('s1'), sha('s2'), sha('s3')].toSorted());
    expect(await registry.closeSessions({ hash: sha('s1') })).toBe(1);
    expect(await registry.closeSessions({ hash: sha('s1') })).toBe(0);
    expect(await registry.closeSessions({ member: 'm1', except: sha('s2') })).toBe(2);
    expect((await registry.sessionsOf('m1')).map(({ hash }) => hash)).toEqual([sha('s2')]);
    await registry.apply([{ op: 'delete', kind: 'member', name: 'm1' }], []);
    expect(await registry.session(sha('s2'))).toBeNull();
    await state.close();
  });

  test('a link is used once, by one of two processes, and not when it is late', async () => {
    const { state, clock, again } = await one(engine);
    const other = await again();
    await state.registry.addLink(link(clock.wallMs()));
    expect(await other.registry.link(sha('l'))).toEqual(link(clock.wallMs()));
    expect(await state.registry.link(sha('wrong'))).toBeNull();
    const taken = await Promise.all([state, other, state, other].map(async (one) => one.registry.useLink(sha('l'))));
    expect(taken.filter((one) => one !== null)).toEqual([link(clock.wallMs())]);
    expect(await state.registry.link(sha('l'))).toBeNull();
    await state.registry.addLink(link(clock.wallMs(), { hash: sha('late') }));
    clock.pass(HOUR_US);
    expect(await state.registry.link(sha('late'))).toBeNull();
    expect(await state.registry.useLink(sha('late'))).toBeNull();
    await state.close();
    await other.close();
  });

  test('links are removed by purpose and member, and with their member', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    const all = [['a', 'setup', null], ['b', 'invite', 'm1'], ['c', 'reset', 'm1'], ['d', 'invite', 'm2']] as const;
    for (const [hash, purpose, of] of all) await registry.addLink(link(clock.wallMs(), { hash: sha(hash), purpose, member: of }));
    expect(await registry.removeLinks('invite', null)).toBe(0);
    expect(await registry.removeLinks('invite', 'm1')).toBe(1);
    await registry.apply([put('member', 'm1', member()), { op: 'delete', kind: 'member', name: 'm1' }], []);
    const left = await Promise.all(all.map(async ([hash]) => ((await registry.link(sha(hash))) === null ? '' : hash)));
    expect(left.join('')).toBe('ad');
    await state.close();
  });

  test('a request with a key is done once; the same key with another body is told apart', async () => {
    const { state, clock, again } = await one(engine);
    const other = await again();
    const { registry } = state;
    expect(await registry.beginRepeatable('k', 'd')).toBeNull();
    expect(await other.registry.beginRepeatable('k', 'd')).toEqual({ kind: 'in_progress' });
    expect(await other.registry.beginRepeatable('k', 'other')).toEqual({ kind: 'other_body' });
    const answer = { key: 'k', digest: 'd', status: 201, headers: { etag: '"1"' }, body: '{"a":"\u0000"}' };
    await registry.endRepeatable(answer);
    // An answer is given once; a second one never takes its place.
    await registry.endRepeatable({ ...answer, status: 500 });
    await registry.endRepeatable({ key: 'k', failed: true });
    expect(await other.registry.beginRepeatable('k', 'd')).toEqual({ kind: 'answer', answer });
    expect(await other.registry.beginRepeatable('k', 'other')).toEqual({ kind: 'other_body' });
    clock.pass(ANSWER_KEPT_MS * 1000);
    expect(await other.registry.beginRepeatable('k', 'other')).toBeNull();
    await registry.endRepeatable({ key: 'k', failed: true });
    expect(await other.registry.beginRepeatable('k', 'third')).toBeNull();
    clock.pass(IN_PROGRESS_MS * 1000);
    expect(await other.registry.beginRepeatable('k', 'fourth')).toBeNull();
    await state.close();
    await other.close();
  });

  test('tidying removes what has ended and nothing else', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    await registry.openSession(session(clock.wallMs(), { hash: sha('old') }));
    await registry.openSession(session(clock.wallMs(), { hash: sha('new'), expiresAt: inHours(clock.wallMs(), 99) }));
    await registry.addLink(link(clock.wallMs(), { hash: sha('old') }));
    await registry.addLink(link(clock.wallMs(), { hash: sha('new'), expiresAt: inHours(clock.wallMs(), 99) }));
    await registry.beginRepeatable('k', 'd');
    clock.pass(2 * HOUR_US);
    await registry.tidy();
    // Closing tells how many rows there were.
    expect(await registry.closeSessions({ hash: sha('old') })).toBe(0);
    expect(await registry.closeSessions({ hash: sha('new') })).toBe(1);
    expect(await registry.removeLinks('setup', null)).toBe(1);
    await state.close();
  });
});
