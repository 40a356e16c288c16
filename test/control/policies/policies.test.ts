import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadPolicy } from '../../../src/policy/load.ts';
import { callOf } from '../../../src/policy/call-of.ts';
import { World, type Answer, type Client } from '../harness.ts';

const DENY = 'version: "1"\ndefault: deny\n';
const ALLOW = 'version: "1"\ndefault: deny\ntools:\n  send: allow\n';
const BROKEN = 'version: "1"\ndefault: maybe\ntools:\n  send: alow\n';

let world: World;
let admin: Client;
beforeAll(async () => {
  const loaded = await loadPolicy(DENY, { name: 'own' });
  if (!loaded.ok) throw new Error('the policy of the test is broken');
  world = await World.start({ policies: new Map([['own', { policy: loaded.policy, text: DENY }]]), owned: { policies: ['own'] } });
  admin = await world.as('admin');
});
afterAll(() => world.stop());

const etag = (answer: { headers: Headers }) => ({ 'if-match': answer.headers.get('etag') ?? '' });
const grant = (label: string, policies: readonly string[], server = 'demo') => world.registry.apply([{ op: 'put', kind: 'grant', name: label, value: { server, tags: [], policies, tokenSha256: null, tokenHint: null, previous: null, oauth: { issuer: 'https://id.example.com', claims: { sub: label } }, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'x' } }], []);
const inForce = (name: string) => world.services.effective().policies.get(name);
async function begin(name: string, text?: string, more: object = {}): Promise<Answer> {
  const created = await admin.post('/policies', { name, ...(text === undefined ? {} : { text }), ...more });
  expect(created.status).toBe(201);
  return created;
}

test('draft, observe, enforce: a draft changes nothing, observing refuses nothing, enforcing does', async () => {
  const created = await begin('steps', DENY);
  expect(created.body).toMatchObject({ draft: DENY, published: null, mode: null, source: 'registry', problems: [] });
  expect(inForce('steps')).toBeUndefined();
  const observed = await admin.post('/policies/steps/publish', { stage: 'observe', comment: 'first' }, etag(created));
  expect(observed.body).toMatchObject({ draft: null, published: { number: 1, stage: 'observe', text: DENY, author: 'admin', comment: 'first' }, mode: 'observe' });
  expect(inForce('steps')?.restrictsAnything).toBe(false);
  // The same text, at the next stage.
  const enforced = await admin.post('/policies/steps/publish', { stage: 'enforce' }, etag(observed));
  expect(enforced.body).toMatchObject({ published: { number: 2, stage: 'enforce', text: DENY }, mode: 'enforce' });
  expect(inForce('steps')?.restrictsAnything).toBe(true);
  expect((await admin.post('/policies/steps/publish', { stage: 'observe' }, etag(observed))).status).toBe(412);
  expect((await admin.post('/policies/steps/publish', { stage: 'observe' })).status).toBe(428);
});

test('a draft may have errors, which come back with their places; it cannot be published', async () => {
  const created = await begin('broken', BROKEN);
  expect(created.body.problems.length).toBeGreaterThanOrEqual(2);
  expect(created.body.problems[0]).toMatchObject({ severity: 'error', line: 2, pointer: '/default' });
  const refused = await admin.post('/policies/broken/publish', { stage: 'enforce' }, etag(created));
  expect([refused.status, refused.body.code]).toEqual([422, 'invalid_policy']);
  expect(refused.body.problems).toEqual(created.body.problems);
  expect(await world.registry.policyVersions('broken')).toEqual([]);
  const repaired = await admin.put('/policies/broken', { draft: ALLOW, description: null, server: null }, etag(created));
  expect(repaired.body).toMatchObject({ problems: [], version: 2 });
  expect((await admin.put('/policies/broken', { draft: DENY, description: null, server: null }, etag(created))).status).toBe(412);
});

test('versions are kept, compared and gone back to, as new versions', async () => {
  let last = await begin('history');
  for (const text of [DENY, ALLOW]) last = await admin.post('/policies/history/publish', { text, stage: 'enforce' }, etag(last));
  const diff = await admin.get('/policies/history/diff?from=1&to=2');
  expect(diff.body.lines.filter(({ kind }: { kind: string }) => kind !== 'same')).toEqual([{ kind: 'add', text: 'tools:', to: 3 }, { kind: 'add', text: '  send: allow', to: 4 }]);
  const back = await admin.post('/policies/history/rollback', { number: 1 });
  expect(back.body.published).toMatchObject({ number: 3, text: DENY, comment: 'back to version 1' });
  const versions = await admin.get('/policies/history/versions?limit=2');
  expect(versions.body.items.map(({ number }: { number: number }) => number)).toEqual([3, 2]);
  const rest = await admin.get(`/policies/history/versions?limit=2&cursor=${versions.body.next}`);
  expect(rest.body).toMatchObject({ items: [{ number: 1 }], next: null });
  expect((await admin.get('/policies/history/versions/2')).body.text).toBe(ALLOW);
  expect((await admin.get('/policies/history/versions/9')).status).toBe(404);
  expect((await admin.get('/policies/history/diff?from=1&to=draft')).body.problems[0]).toMatchObject({ pointer: '/to' });
  expect((await admin.post('/policies/history/rollback', { number: 9 })).status).toBe(400);
  const actions = (await world.registry.audit({ kind: 'policy', name: 'history' })).map(({ action }) => action);
  expect(actions).toEqual(['policy.rollback', 'policy.publish', 'policy.publish', 'policy.create']);
});

test('a policy that a grant uses stays, and one that is removed keeps its texts', async () => {
  const created = await begin('used', DENY);
  const published = await admin.post('/policies/used/publish', { stage: 'enforce' }, etag(created));
  await grant('user of it', ['used']);
  expect((await admin.get('/policies/used')).body.usedBy).toEqual(['user of it']);
  expect((await admin.delete('/policies/used', etag(published))).status).toBe(409);
  await world.registry.apply([{ op: 'delete', kind: 'grant', name: 'user of it' }], []);
  expect((await admin.delete('/policies/used', etag(published))).status).toBe(204);
  expect((await admin.get('/policies/used')).status).toBe(404);
  expect(await world.registry.policyVersions('used')).toHaveLength(1);
});

test('a policy of gateway.yaml can be read and not changed', async () => {
  const own = await admin.get('/policies/own');
  expect(own.body).toMatchObject({ source: 'file', published: { text: DENY, stage: 'enforce' }, draft: null });
  const refused = [
    await admin.post('/policies', { name: 'own' }), await admin.put('/policies/own', { draft: DENY }, { 'if-match': '"0"' }), await admin.delete('/policies/own', { 'if-match': '"0"' }),
    await admin.post('/policies/own/publish', { stage: 'enforce', text: DENY }, { 'if-match': '"0"' }), await admin.post('/policies/own/rollback', { number: 1 }),
  ];
  expect(refused.map(({ status, body }) => [status, body.code])).toEqual(refused.map(() => [409, 'owned_by_file']));
});

test('who manages one server writes its policies, reads those for everybody, and sees no other', async () => {
  await begin('everybody', DENY);
  await begin('of-other', DENY, { server: 'other' });
  const manager = await world.as({ serverRoles: { demo: 'policy_manager' } });
  const mine = await manager.post('/policies', { name: 'of-demo', server: 'demo', text: DENY });
  expect(mine.status).toBe(201);
  expect((await manager.post('/policies', { name: 'mine-too', text: DENY })).status).toBe(403);
  expect((await manager.post('/policies', { name: 'mine-too', server: 'other', text: DENY })).status).toBe(404);
  expect((await manager.get('/policies/everybody')).status).toBe(200);
  expect((await manager.put('/policies/everybody', { draft: ALLOW }, { 'if-match': '"1"' })).status).toBe(403);
  expect((await manager.get('/policies/of-other')).status).toBe(404);
  expect((await manager.put('/policies/of-other', { draft: ALLOW, server: 'other' }, { 'if-match': '"1"' })).status).toBe(404);
  const names = (await manager.get('/policies?limit=200')).body.items.map(({ name }: { name: string }) => name);
  expect(names).toContain('everybody');
  expect(names).not.toContain('of-other');
  // Giving it away would make rules for people who never agreed.
  const moved = await manager.put('/policies/of-demo', { draft: DENY, server: null }, etag(mine));
  expect([moved.status, moved.body.code]).toEqual([403, 'forbidden']);
  const viewer = await world.as('viewer');
  expect((await viewer.post('/policies/of-demo/publish', { stage: 'enforce' }, etag(mine))).status).toBe(403);
});

test('a policy does not move to a server while a grant of another one uses it', async () => {
  const created = await begin('moving', DENY);
  await grant('elsewhere', ['moving'], 'other');
  const moved = await admin.put('/policies/moving', { draft: DENY, server: 'demo' }, etag(created));
  expect([moved.status, moved.body.code]).toEqual([409, 'conflict']);
});

test('text that is too long, or no document at all, is told like any other mistake', async () => {
  const long = await admin.post('/policies', { name: 'long', text: `${DENY}# ${'x'.repeat(1024 * 1024)}` });
  expect([long.status, long.body.problems[0].pointer]).toEqual([400, '/text']);
  const bomb = `version: "1"\na: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\n`;
  for (const [name, text] of [['bomb', bomb], ['nothing', ''], ['list', '[1]']] as const) {
    const created = await begin(name, text);
    expect(created.body.problems.length).toBeGreaterThan(0);
  }
});

test('what decides is the text in force: a call that was let through is refused after the next version', async () => {
  const created = await begin('decides', ALLOW);
  const first = await admin.post('/policies/decides/publish', { stage: 'enforce' }, etag(created));
  await world.registry.apply([{ op: 'put', kind: 'server', name: 'demo', value: { kind: 'command', description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true, command: ['node'], cwd: null, env: {} } }], []);
  await grant('caller', ['decides']);
  await world.effective.refresh();
  const policies = () => world.services.config().grants.find(({ label }) => label === 'caller')?.policies;
  expect(policies()?.decide(callOf({ tool: 'send' })).effect).toBe('allow');
  await admin.post('/policies/decides/publish', { text: DENY, stage: 'enforce' }, etag(first));
  expect(policies()?.decide(callOf({ tool: 'send' })).effect).toBe('deny');
});
