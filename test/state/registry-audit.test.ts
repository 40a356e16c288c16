import { expect, test } from 'vitest';
import { openDriver } from '../../src/state/driver.ts';
import { openChainReader, openState, visitState } from '../../src/state/open.ts';
import { StateUnavailable } from '../../src/state/types.ts';
import { forEachEngine, one } from './contract/engine.ts';
import { audit, put, server } from './registry-builders.ts';
import { FakeMachine, forEachDriver, scratch } from './support.ts';

forEachEngine('registry, audit', (engine) => {
  test('entries come back newest first, filtered and in pages, as they were written', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    const odd = audit({ actorName: 'nul\u0000 \ud800', summary: '\u0001', before: { a: [null, '\u0000'] }, after: null, requestId: null, address: null });
    await registry.apply([put('server', 'demo', server())], [odd, audit({ action: 'server.scan' })]);
    await registry.addAudit(audit({ actor: 'm2', kind: 'session', name: 'm2', action: 'session.sign_in' }));
    const all = await registry.audit();
    expect(all.map(({ seq }) => seq)).toEqual([3, 2, 1]);
    expect(all[2]).toEqual({ ...odd, seq: 1, at: new Date(clock.wallMs()).toISOString() });
    const seqs = async (filter: Parameters<typeof registry.audit>[0]) => (await registry.audit(filter)).map(({ seq }) => seq);
    expect(await seqs({ limit: 1 })).toEqual([3]);
    expect(await seqs({ before: 3 })).toEqual([2, 1]);
    expect(await seqs({ actor: 'm2' })).toEqual([3]);
    expect(await seqs({ kind: 'server', name: 'demo', action: 'server.scan' })).toEqual([2]);
    await state.close();
  });

  test('a text that is too long is cut, and says so', async () => {
    const { state } = await one(engine);
    await state.registry.addAudit(audit({ summary: 'x'.repeat(1_000_000), after: 'y'.repeat(1_000_000) }));
    const [entry] = await state.registry.audit();
    expect(entry?.summary).toBe(`${'x'.repeat(2000)}…`);
    expect(entry?.after).toEqual({ cut: '1000002 characters' });
    expect(await state.registry.checkAudit()).toMatchObject({ ok: true, rows: 1 });
    await state.close();
  });
});

forEachDriver('registry, chain of the audit', (driver) => {
  const path = scratch();
  const tampering = [
    ['a changed text', "UPDATE registry_audit SET summary = 'harmless' WHERE seq = 2", 2],
    ['a changed time', "UPDATE registry_audit SET at = '2020-01-01T00:00:00.000Z' WHERE seq = 3", 3],
    ['a text moved to another column', "UPDATE registry_audit SET before = after, after = NULL WHERE seq = 2", 2],
    ['a removed row', 'DELETE FROM registry_audit WHERE seq = 2', 2],
    ['a removed first row', 'DELETE FROM registry_audit WHERE seq = 1', 1],
    ['a removed last row', 'DELETE FROM registry_audit WHERE seq = 4', 4],
    ['all rows removed', 'DELETE FROM registry_audit', 1],
    ['two rows that changed places', 'UPDATE registry_audit SET seq = 9 WHERE seq = 2; UPDATE registry_audit SET seq = 2 WHERE seq = 3; UPDATE registry_audit SET seq = 3 WHERE seq = 9', 2],
    ['an invented row', "INSERT INTO registry_audit SELECT 5, at, actor, actor_name, via, action, kind, name, summary, before, after, request_id, address, hash FROM registry_audit WHERE seq = 4", 5],
  ] as const;
  test.each(tampering)('%s is found', async (_what, sql, seq) => {
    const file = path();
    const state = await openState({ path: file, driver, clock: new FakeMachine() });
    for (let n = 0; n < 4; n++) state.registry.addAudit(audit({ name: `n${n}` }));
    expect(state.registry.checkAudit()).toMatchObject({ ok: true, rows: 4, head: { seq: 4 }, problem: null });
    const database = await openDriver(file, driver);
    database.exec(sql);
    database.close();
    expect(state.registry.checkAudit()).toMatchObject({ ok: false, problem: { seq } });
    // What `policylayer verify` asks, beside the gateway.
    const reader = await openChainReader({ path: file, driver });
    expect(reader.checkAudit()).toEqual(state.registry.checkAudit());
    reader.close();
    state.close();
  });

  test('a visitor reads and changes the registry of a gateway that runs', async () => {
    const file = path();
    const state = await openState({ path: file, driver, clock: new FakeMachine() });
    const visitor = await visitState({ path: file, driver });
    expect(visitor.registry.apply([put('server', 'demo', server(), null)], [audit()])).toMatchObject({ ok: true });
    expect(state.registry.get('server', 'demo')?.version).toBe(1);
    expect(state.registry.revision()).toBe(1);
    visitor.close();
    expect(() => visitor.registry.revision()).toThrow(StateUnavailable);
    state.close();
  });
});
