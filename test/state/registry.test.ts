import { expect, test } from 'vitest';
import type { Registry } from '../../src/state/registry/types.ts';
import { forEachEngine, one } from './contract/engine.ts';
import { audit, grant, member, policy, put, server, sha, token } from './registry-builders.ts';

forEachEngine('registry, records', (engine) => {
  test('a record comes back as it was written, whatever characters it has, also after a restart', async () => {
    const { state, clock, again } = await one(engine);
    const odd = server({ description: 'nul\u0000 half \ud800 \u0001', env: { KEY: { kind: 'secret' }, 'ü': { kind: 'plain', value: '\udc00' } } });
    expect(await state.registry.apply([put('server', 'demo', odd, null)], [])).toEqual({ ok: true, versions: [1] });
    const at = new Date(clock.wallMs()).toISOString();
    const stored = { kind: 'server', name: 'demo', version: 1, createdAt: at, updatedAt: at, value: odd };
    expect(await state.registry.get('server', 'demo')).toEqual(stored);
    await state.close();
    const later = await again();
    expect(await later.registry.get('server', 'demo')).toEqual(stored);
    expect(await later.registry.get('policy', 'demo')).toBeNull();
    await later.close();
  });

  test('a list is in the order of names, in pages', async () => {
    const { state } = await one(engine);
    for (const name of ['b', 'a.b', 'a', 'a_b', 'c']) await state.registry.apply([put('server', name, server())], []);
    const names = async (page: { after?: string; limit?: number }) => (await state.registry.list('server', page)).map(({ name }) => name);
    expect(await names({})).toEqual(['a', 'a.b', 'a_b', 'b', 'c']);
    expect(await names({ limit: 2 })).toEqual(['a', 'a.b']);
    expect(await names({ after: 'a.b', limit: 2 })).toEqual(['a_b', 'b']);
    expect(await names({ limit: -3 })).toEqual([]);
    expect(await names({ limit: Number.NaN })).toEqual([]);
    await state.close();
  });

  test('a version grows by one with every change, and an outdated one changes nothing', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    const created = new Date(clock.wallMs()).toISOString();
    await registry.apply([put('server', 'demo', server(), null)], []);
    clock.pass(1_000_000);
    expect(await registry.apply([put('server', 'demo', server({ bridge: true }), 1)], [])).toEqual({ ok: true, versions: [2] });
    expect(await registry.apply([put('server', 'demo', server({ enabled: false }), 1)], [])).toEqual({ ok: false, index: 0, why: 'conflict', current: 2 });
    expect(await registry.apply([put('server', 'demo', server(), null)], [])).toEqual({ ok: false, index: 0, why: 'exists', current: 2 });
    expect(await registry.apply([put('server', 'other', server(), 1)], [])).toEqual({ ok: false, index: 0, why: 'not_found', current: null });
    expect(await registry.apply([{ op: 'delete', kind: 'server', name: 'demo', expect: 1 }], [])).toEqual({ ok: false, index: 0, why: 'conflict', current: 2 });
    expect(await registry.apply([{ op: 'delete', kind: 'server', name: 'other', expect: 1 }], [])).toEqual({ ok: false, index: 0, why: 'not_found', current: null });
    const stored = await registry.get('server', 'demo');
    expect(stored).toMatchObject({ version: 2, createdAt: created, updatedAt: new Date(clock.wallMs()).toISOString(), value: { bridge: true } });
    await state.close();
  });

  test('a record that was removed and made anew never has a version that somebody has seen of the old one', async () => {
    const { state } = await one(engine);
    const { registry } = state;
    await registry.apply([put('server', 'demo', server()), put('server', 'demo', server())], []);
    expect(await registry.apply([{ op: 'delete', kind: 'server', name: 'demo', expect: 2 }], [])).toEqual({ ok: true, versions: [null] });
    expect(await registry.apply([{ op: 'delete', kind: 'server', name: 'demo' }], [])).toEqual({ ok: true, versions: [null] });
    expect(await registry.apply([put('server', 'demo', server(), 2)], [])).toMatchObject({ ok: false, why: 'not_found' });
    expect(await registry.apply([put('server', 'demo', server(), null)], [])).toEqual({ ok: true, versions: [3] });
    await state.close();
  });

  test('changes happen all or not at all, with their audit', async () => {
    const { state } = await one(engine);
    const { registry } = state;
    await registry.apply([put('server', 'kept', server())], []);
    const revision = await registry.revision();
    const refused = await registry.apply(
      [put('server', 'demo', server(), null), { op: 'seal', secret: { name: 's', key: 1, sealed: Buffer.from('x') } }, { op: 'delete', kind: 'server', name: 'kept' }, put('grant', 'g', grant(), 7)],
      [audit()],
    );
    expect(refused).toEqual({ ok: false, index: 3, why: 'not_found', current: null });
    expect((await registry.list('server')).map(({ name }) => name)).toEqual(['kept']);
    expect(await registry.secret('s')).toBeNull();
    expect(await registry.audit()).toEqual([]);
    expect(await registry.revision()).toBe(revision);
    await state.close();
  });

  test('addresses, identities and tokens are unique, and find their record', async () => {
    const { state } = await one(engine);
    const { registry } = state;
    const ada = member({ email: 'ada@example.com', oidc: { issuer: 'https://id', subject: 's"1' } });
    await registry.apply([put('member', 'm1', ada), put('token', 't1', token({ tokenSha256: sha('a') })), put('grant', 'g1', grant({ tokenSha256: sha('b'), previous: { tokenSha256: sha('c'), until: '2027-01-01T00:00:00.000Z' } }))], []);
    const why = async (change: Parameters<Registry['apply']>[0][number]) => ((result) => (result.ok ? 'ok' : result.why))(await registry.apply([change], []));
    expect(await why(put('member', 'm2', member({ email: 'Ada@Example.com' })))).toBe('duplicate');
    expect(await why(put('member', 'm2', member({ email: 'b@example.com', oidc: { issuer: 'https://id', subject: 's"1' } })))).toBe('duplicate');
    for (const taken of ['a', 'b', 'c']) {
      expect(await why(put('token', 't2', token({ tokenSha256: sha(taken) })))).toBe('duplicate');
      expect(await why(put('grant', 'g2', grant({ tokenSha256: sha(taken) })))).toBe('duplicate');
    }
    expect((await registry.memberByEmail('ADA@example.com'))?.name).toBe('m1');
    expect((await registry.memberByOidc('https://id', 's"1'))?.name).toBe('m1');
    expect(await registry.memberByOidc('https://id"', 's1')).toBeNull();
    expect((await registry.tokenByHash(sha('a')))?.name).toBe('t1');
    expect(await registry.tokenByHash(sha('b'))).toBeNull();
    // Given up, an address is free again.
    expect(await why(put('member', 'm1', member({ email: 'new@example.com' })))).toBe('ok');
    expect(await registry.memberByEmail('ada@example.com')).toBeNull();
    expect(await why(put('member', 'm2', member({ email: 'ada@example.com' })))).toBe('ok');
    await registry.apply([{ op: 'delete', kind: 'member', name: 'm2' }], []);
    expect(await registry.memberByEmail('ada@example.com')).toBeNull();
    await state.close();
  });

  test('the use of a token is noted once an hour', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    await registry.apply([put('token', 't1', token())], []);
    await registry.touchToken('t1');
    expect(await registry.get('token', 't1')).toMatchObject({ version: 2, value: { lastUsedAt: '2026-11-20T12:00:00.000Z' } });
    clock.pass(59 * 60_000_000);
    await registry.touchToken('t1');
    expect((await registry.get('token', 't1'))?.version).toBe(2);
    clock.pass(2 * 60_000_000);
    await registry.touchToken('t1');
    expect(await registry.get('token', 't1')).toMatchObject({ version: 3, value: { lastUsedAt: '2026-11-20T13:00:00.000Z' } });
    await registry.touchToken('nobody');
    await state.close();
  });
});

forEachEngine('registry, policies and snapshots', (engine) => {
  test('a published text is numbered without gaps, holds, and is never changed, also when its policy goes and comes back', async () => {
    const { state, clock } = await one(engine);
    const { registry } = state;
    const publish = (text: string, expect?: number) => registry.apply([{ op: 'publish', policy: 'p', text, stage: 'observe', comment: null, author: 'ada', ...(expect === undefined ? {} : { expect }) }], []);
    expect(await publish('a')).toEqual({ ok: false, index: 0, why: 'not_found', current: null });
    await registry.apply([put('policy', 'p', policy({ draft: 'draft' }))], []);
    expect(await publish('nul\u0000 half \ud800', 1)).toEqual({ ok: true, versions: [2] });
    expect(await publish('late', 1)).toEqual({ ok: false, index: 0, why: 'conflict', current: 2 });
    await publish('c');
    expect((await registry.get('policy', 'p'))?.value).toEqual(policy({ published: { number: 2, stage: 'observe' } }));
    expect((await registry.policyVersions('p')).map(({ number, text }) => [number, text])).toEqual([[2, 'c'], [1, 'nul\u0000 half \ud800']]);
    expect(await registry.policyVersions('p', { before: 2, limit: 5 })).toHaveLength(1);
    expect(await registry.policyVersion('p', 1)).toEqual({ policy: 'p', number: 1, text: 'nul\u0000 half \ud800', stage: 'observe', author: 'ada', comment: null, at: new Date(clock.wallMs()).toISOString() });
    for (const none of [0, 3, 1.5, Number.NaN]) expect(await registry.policyVersion('p', none)).toBeNull();
    await registry.apply([{ op: 'delete', kind: 'policy', name: 'p' }, put('policy', 'p', policy())], []);
    await publish('d');
    expect((await registry.policyVersions('p')).map(({ number }) => number)).toEqual([3, 2, 1]);
    await state.close();
  });

  test('a snapshot holds the texts in force, and the revision tells another process of every change that matters', async () => {
    const { state, again } = await one(engine);
    const other = await again();
    const { registry } = state;
    await registry.apply([put('policy', 'p', policy()), put('policy', 'q', policy())], []);
    await registry.apply([{ op: 'publish', policy: 'p', text: 'one', stage: 'enforce', comment: 'first', author: 'ada' }], []);
    await registry.apply([{ op: 'publish', policy: 'p', text: 'two', stage: 'enforce', comment: null, author: 'ada' }], []);
    await registry.apply([put('server', 's', server()), put('grant', 'g', grant()), put('setting', 'x', { a: [1] }), { op: 'seal', secret: { name: 'server/s/env/KEY', key: 2, sealed: Buffer.from([0, 255]) } }], []);
    const snapshot = await other.registry.snapshot();
    expect(snapshot.policies.map(({ name, text }) => [name, text])).toEqual([['p', 'two'], ['q', null]]);
    expect(snapshot.servers.map(({ name }) => name)).toEqual(['s']);
    expect(snapshot.grants.map(({ name }) => name)).toEqual(['g']);
    expect(snapshot.settings.map(({ value }) => value)).toEqual([{ a: [1] }]);
    expect(snapshot.secrets).toEqual([{ name: 'server/s/env/KEY', key: 2, sealed: Buffer.from([0, 255]) }]);
    expect(snapshot.revision).toBe(await registry.revision());
    const before = await other.registry.revision();
    await registry.apply([put('member', 'm', member()), put('scan', 's', { at: '', status: 'ok', problem: null, result: null })], []);
    expect(await other.registry.revision()).toBe(before);
    for (const change of [{ op: 'unseal', name: 'server/s/env/KEY' }, put('upstream_auth', 's', { status: 'ready', issuer: null, resource: null, clientId: null, scopes: [], expiresAt: null, problem: null }), { op: 'delete', kind: 'grant', name: 'g' }] as const) {
      const known = await other.registry.revision();
      await registry.apply([change], []);
      expect(await other.registry.revision()).toBeGreaterThan(known);
    }
    await state.close();
    await other.close();
  });

  test('names of secrets are found by their beginning, character for character', async () => {
    const { state } = await one(engine);
    const { registry } = state;
    for (const name of ['server/a_b/env/K', 'server/axb/env/K', 'server/a_b/header/h', 'server/a_b2/env/K']) await registry.apply([{ op: 'seal', secret: { name, key: 1, sealed: Buffer.from(name) } }], []);
    expect((await registry.secretNames('server/a_b/')).map(({ name }) => name)).toEqual(['server/a_b/env/K', 'server/a_b/header/h']);
    await registry.apply([{ op: 'unseal', name: 'server/a_b/env/K' }, { op: 'unseal', name: 'not there' }], []);
    expect(await registry.secret('server/a_b/env/K')).toBeNull();
    expect((await registry.secret('server/axb/env/K'))?.sealed.toString()).toBe('server/axb/env/K');
    // Sealing anew never brings back a value that was replaced or removed meanwhile.
    const again = (name: string, replaces: string) => registry.apply([{ op: 'seal', secret: { name, key: 2, sealed: Buffer.from('anew') }, replaces: Buffer.from(replaces) }], []);
    expect(await again('server/axb/env/K', 'older')).toEqual({ ok: false, index: 0, why: 'conflict', current: null });
    expect(await again('server/a_b/env/K', 'server/a_b/env/K')).toMatchObject({ ok: false, why: 'conflict' });
    expect(await again('server/axb/env/K', 'server/axb/env/K')).toMatchObject({ ok: true });
    expect(await registry.secret('server/axb/env/K')).toEqual({ name: 'server/axb/env/K', key: 2, sealed: Buffer.from('anew') });
    await state.close();
  });
});
