import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { World, type Answer, type Client } from '../harness.ts';

const DENY = 'version: "1"\ndefault: deny\n';
let world: World;
let admin: Client;
beforeAll(async () => {
  world = await World.start({ owned: { servers: ['filed'] } });
  admin = await world.token('admin');
});
afterAll(() => world.stop());

const command = [process.execPath, 'examples/demo/server.mjs'];
const document = (more: object = {}) => ({
  version: '1',
  servers: { demo: { kind: 'command', command, env: { KEY: { secret: 'correct horse battery' } } }, constructor: { kind: 'http', url: 'https://api.example.com/mcp' } },
  policies: { p: { text: DENY, stage: 'enforce' }, q: { text: 'not a policy', stage: 'draft', server: 'demo' } },
  grants: { 'agent one': { server: 'demo', policies: ['p'], token: 'plg_a-token-of-the-operator' } },
  ...more,
});
const apply = (body: object, query = ''): Promise<Answer> => admin.post(`/apply${query}`, body);
const all = async () => {
  const { revision: _revision, ...rest } = await world.registry.snapshot();
  return JSON.stringify([rest, await world.registry.policyVersions('p')]);
};

beforeEach(async () => {
  expect((await apply({ document: { version: '1' }, prune: true })).status).toBe(200);
});

test('a document is applied whole, twice the same, and comes back from the export without its secrets', async () => {
  const planned = await apply({ document: document() }, '?dryRun');
  expect(planned.body).toMatchObject({ applied: false, tokens: {} });
  expect(planned.body.changes.map(({ op, kind, name }: Record<string, string>) => `${op} ${kind} ${name}`)).toEqual(['create server demo', 'create server constructor', 'create policy p', 'create policy q', 'create grant agent one']);
  expect(await world.registry.list('server')).toEqual([]);
  const applied = await apply({ document: document() });
  expect(applied.body).toEqual({ ...planned.body, applied: true });
  expect(world.services.config().servers.has('demo')).toBe(true);
  expect(world.services.effective().policies.has('p')).toBe(true);

  const before = await all();
  const again = await apply({ document: document() });
  expect(again.body).toEqual({ changes: [], applied: false, tokens: {} });
  expect(await all()).toBe(before);

  const exported = await admin.get('/export');
  for (const secret of ['correct horse', 'plg_a-token', 'tokenSha256']) expect(exported.text).not.toContain(secret);
  expect(exported.body.servers.demo.env).toEqual({ KEY: { secret: true } });
  const same = await apply({ document: exported.body, prune: true });
  expect(same.body).toEqual({ changes: [], applied: false, tokens: {} });
});

test('only what differs is changed, and said by field; a secret that differs is one, without being told', async () => {
  await apply({ document: document() });
  const next = document({
    servers: { demo: { kind: 'command', command, env: { KEY: { secret: 'another' } }, drift: 'warn' }, constructor: { kind: 'http', url: 'https://api.example.com/mcp' } },
    policies: { p: { text: DENY, stage: 'observe' }, q: { text: 'not a policy', stage: 'draft', server: 'demo' } },
    grants: { 'agent one': { server: 'demo', policies: ['p'], tags: ['ci'], token: 'plg_another-token-of-his' } },
  });
  const answer = await apply({ document: next });
  expect(answer.body.changes).toEqual([
    { op: 'update', kind: 'server', name: 'demo', fields: ['drift', 'env/KEY'] },
    { op: 'update', kind: 'policy', name: 'p', fields: ['stage'] },
    { op: 'update', kind: 'grant', name: 'agent one', fields: expect.arrayContaining(['tags', 'token']) },
  ]);
  expect(answer.text).not.toContain('another');
  expect((await world.registry.policyVersions('p')).slice(0, 2).map(({ stage }) => stage)).toEqual(['observe', 'enforce']);
  expect(await world.registry.get('server', 'constructor')).toMatchObject({ value: { url: 'https://api.example.com/mcp' } });
});

test('what a document does not name stays, unless it is to be pruned', async () => {
  await apply({ document: document() });
  const less = { version: '1', servers: { demo: document().servers.demo }, policies: { p: document().policies.p } };
  expect((await apply({ document: less })).body.changes).toEqual([]);
  const pruned = await apply({ document: less, prune: true });
  expect(pruned.body.changes.map(({ op, kind, name }: Record<string, string>) => `${op} ${kind} ${name}`).toSorted()).toEqual(['delete grant agent one', 'delete policy q', 'delete server constructor']);
  expect(world.services.config().grants).toEqual([]);
  await apply({ document: { version: '1' }, prune: true });
  expect(await world.registry.secretNames('')).toEqual([]);
});

test('a token that nobody gave is made and told once', async () => {
  const grants = { made: { server: 'demo', policies: ['p'] } };
  const first = await apply({ document: document({ grants }) });
  expect(first.body.tokens.made).toMatch(/^plg_[A-Za-z0-9_-]{43}$/);
  expect((await apply({ document: document({ grants }) })).body.tokens).toEqual({});
});

test('with one mistake nothing is changed, and every mistake is told', async () => {
  const before = await all();
  const wrong = await apply({
    document: document({
      servers: { demo: { kind: 'command', command }, filed: { kind: 'command', command }, bad: { kind: 'http', url: 'ftp://x' } },
      grants: { a: { server: 'nowhere', policies: ['missing'] }, b: { server: 'demo', policies: ['q'], token: false } },
    }),
  });
  expect(wrong.status).toBe(400);
  const pointers = wrong.body.problems.map(({ pointer }: { pointer: string }) => pointer);
  expect(pointers.toSorted()).toEqual(['/document/grants/a/policies/0', '/document/grants/a/server', '/document/grants/b/token', '/document/servers/bad/url', '/document/servers/filed']);
  expect(await all()).toBe(before);
  const broken = await apply({ document: document({ policies: { p: { text: 'version: "1"\ndefault: maybe\n' } } }) });
  expect([broken.status, broken.body.code, broken.body.problems[0]?.pointer]).toEqual([422, 'invalid_policy', '/document/policies/p/text']);
  const shape = await apply({ document: { version: '2', servers: { 'Bad Name': {} }, more: 1 } });
  expect(shape.status).toBe(400);
  expect(shape.body.problems.length).toBeGreaterThanOrEqual(3);
  const inside = await apply({ document: document({ servers: { demo: { kind: 'http', url: 'http://169.254.169.254/' } } }) });
  expect([400, 422]).toContain(inside.status);
  expect(await all()).toBe(before);
});

test('a secret that is not stored cannot be kept, and one of another server is not handed over', async () => {
  const kept = (command_: string[]) => document({ servers: { demo: { kind: 'command', command: command_, env: { KEY: { secret: true } } } }, grants: {}, policies: {} });
  expect((await apply({ document: kept(command) })).body.problems[0].pointer).toBe('/document/servers/demo/env/KEY');
  await apply({ document: document() });
  expect((await apply({ document: kept(['sh', '-c', 'env']) })).body.problems[0].pointer).toBe('/document/servers/demo/env/KEY');
});

test('a revoked grant does not come back by a document, and a grant never moves to another server', async () => {
  await apply({ document: document() });
  const moved = await apply({ document: document({ grants: { 'agent one': { server: 'constructor', policies: ['p'] } } }) });
  expect(moved.body.problems[0].pointer).toBe('/document/grants/agent one/server');
  await admin.post('/grants/agent%20one/revoke');
  expect((await apply({ document: document() })).body.problems[0].pointer).toBe('/document/grants/agent one');
  expect((await admin.get('/export')).body.grants).toEqual({});
  await world.registry.apply([{ op: 'delete', kind: 'grant', name: 'agent one' }], []);
});

test('only who may change everything may apply or export', async () => {
  for (const who of ['viewer', 'approver', 'policy_manager'] as const) {
    const client = await world.as(who);
    expect((await client.post('/apply', { document: document() })).status).toBe(403);
    expect((await client.get('/export')).status).toBe(403);
  }
  const limited = await world.token('admin', { role: 'viewer' });
  expect((await limited.post('/apply?dryRun', { document: document() })).status).toBe(403);
});
