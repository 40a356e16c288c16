import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Route } from '../../../src/control/api/route.ts';
import { routes } from '../../../src/control/routes/index.ts';
import type { Change } from '../../../src/state/registry/types.ts';
import { ask, entry } from '../live/support.ts';
import { World, type Answer, type Client } from '../harness.ts';
import { CALLERS, TABLE, type About, type CallerName, type Row } from './table.ts';

/** Names of the servers, chosen so that the second is found wherever it is told. */
const NAMES: Readonly<Record<About, string>> = { own: 'own', other: 'zebra', all: 'all' };
const REACHED = 299;

/** A world with the same things of two servers, and all callers. */
class Matrix {
  readonly world: World;
  readonly approvals: Record<string, string> = {};
  readonly callers = new Map<CallerName, Client>();

  constructor(world: World) {
    this.world = world;
  }

  static async start(own?: readonly Route[]): Promise<Matrix> {
    const matrix = new Matrix(await World.start(own === undefined ? {} : { routes: own }));
    await matrix.#fill();
    return matrix;
  }

  async #fill(): Promise<void> {
    const { world } = this;
    const admin = await world.member('admin');
    const changes: Change[] = [];
    for (const name of ['own', 'zebra']) {
      changes.push({ op: 'put', kind: 'server', name, value: { kind: 'command', command: [process.execPath, '-e', ''], cwd: null, env: {}, description: null, isolation: 'session', bridge: false, trustedAnnotations: false, drift: 'hold', enabled: true } });
      changes.push({ op: 'put', kind: 'grant', name: `${name}-grant`, value: { server: name, tags: [], policies: [`${name}-policy`], tokenSha256: null, tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'somebody' } });
    }
    for (const name of ['own', 'zebra', 'all']) {
      changes.push({ op: 'put', kind: 'policy', name: `${name}-policy`, value: { server: name === 'all' ? null : name, description: null, draft: null, published: null } });
      changes.push({ op: 'publish', policy: `${name}-policy`, text: `version: 1\nname: ${name}-policy\ndefault: deny\n`, stage: 'enforce', comment: null, author: admin.name });
    }
    const result = await world.registry.apply(changes, []);
    if (!result.ok) throw new Error(`the things were refused: ${result.why} at ${result.index}`);
    for (const server of ['own', 'zebra']) {
      this.approvals[server] = await ask(world.state, { server, grant: `${server}-grant`, name: `${server}-tool` });
      await world.state.append(entry({ server, grant: `${server}-grant`, name: `${server}-tool`, outcome: 'refused', code: 'denied', policy: `${server}-policy@1` }));
    }
    await world.state.flush();
    await world.services.refresh();
    for (const name of CALLERS) this.callers.set(name, await this.#caller(name));
  }

  async #caller(name: CallerName): Promise<Client> {
    const { world } = this;
    if (name === 'nobody') return world.as('nobody');
    if (name === 'token') return world.token('admin', { role: 'viewer' });
    if (name === 'disabled') {
      const client = await world.as({ role: 'admin', name: 'disabled' });
      const { member } = client;
      if (member !== null) await world.registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, disabled: true } }], []);
      return client;
    }
    if (name.startsWith('own ')) return world.as({ serverRoles: { own: name.slice(4) as 'viewer' } });
    return world.as(name as 'viewer');
  }

  async ask(row: Row, about: About, caller: CallerName): Promise<Answer> {
    const route = routeOf(row.id);
    const name = NAMES[about];
    const approval = this.approvals[name] ?? 'none';
    const path = row.path.replaceAll('{name}', name).replaceAll('{approval}', approval);
    const body: unknown = row.body === undefined ? undefined : JSON.parse(JSON.stringify(row.body).replaceAll('"$server"', about === 'all' ? 'null' : JSON.stringify(name)));
    const client = this.callers.get(caller);
    if (client === undefined) throw new Error(`no caller ${caller}`);
    const response = await client.raw(path, { method: route.method.toUpperCase(), body, headers: route.needsIfMatch === true ? { 'if-match': '*' } : {}, signal: AbortSignal.timeout(15_000) });
    if (response.headers.get('content-type')?.startsWith('text/event-stream') === true) {
      await response.body?.cancel();
      return { status: response.status, headers: response.headers, text: '', body: null };
    }
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: text.startsWith('{') && response.headers.get('content-type')?.includes('json') === true && !text.includes('\n{') ? JSON.parse(text) : null };
  }
}

function routeOf(id: string): Route {
  const route = routes.find((one) => one.id === id);
  if (route === undefined) throw new Error(`there is no route ${id}; take its row out of the table`);
  return route;
}

interface Case {
  readonly row: Row;
  readonly about: About;
  readonly caller: CallerName;
  readonly expected: string;
}

const CASES: readonly Case[] = TABLE.flatMap((row) => Object.entries(row.expected).flatMap(([about, expectation]) => {
  const signs = expectation.replaceAll(' ', '');
  return CALLERS.map((caller, index) => ({ row, about: about as About, caller, expected: signs[index] ?? '?' }));
}));

async function* reached(): AsyncGenerator<string> {
  yield 'reached';
}

describe('who may do what', () => {
  it('is said for every route, and for every caller', () => {
    expect(TABLE.map(({ id }) => id).sort()).toEqual(routes.map(({ id }) => id).sort());
    for (const { row, expected } of CASES) expect(expected, row.id).toMatch(/^[+134]$/);
    for (const { expected } of TABLE) for (const text of Object.values(expected)) expect(text).toHaveLength(15);
  });

  // Everything is real but the handlers, which would change what the next row needs: they only say that they were reached.
  describe('before a handler', () => {
    let matrix: Matrix;
    beforeAll(async () => {
      matrix = await Matrix.start(routes.map((route) => ({ ...route, raw: 'text/plain', handle: () => ({ status: REACHED, headers: {}, stream: reached() }) })));
    });
    afterAll(() => matrix.world.stop());

    it.each(TABLE.map((row) => [row.id, row] as const))('%s', async (id, row) => {
      for (const one of CASES.filter((found) => found.row.id === id)) {
        const { status, text } = await matrix.ask(row, one.about, one.caller);
        const found = status === REACHED ? '+' : status === 401 ? '1' : status === 403 ? '3' : status === 404 ? '4' : `${status} ${text}`;
        expect(found, `${one.caller}, ${one.about}`).toBe(one.expected);
      }
    });
  });

  describe('with the real handlers', () => {
    let matrix: Matrix;
    beforeAll(async () => {
      matrix = await Matrix.start();
    });
    afterAll(() => matrix.world.stop());

    it('a refused request changes nothing and is the same refusal', async () => {
      const { registry } = matrix.world;
      const before = [await registry.revision(), (await registry.audit({ limit: 1 }))[0]?.seq, (await registry.list('member', { limit: 1_000 })).length, (await registry.list('token', { limit: 1_000 })).length];
      for (const { row, about, caller, expected } of CASES.filter((one) => one.expected !== '+')) {
        const answer = await matrix.ask(row, about, caller);
        expect(`${answer.status}`, `${row.id}, ${caller}, ${about}: ${answer.text}`).toBe({ 1: '401', 3: '403', 4: '404' }[expected]);
      }
      expect([await registry.revision(), (await registry.audit({ limit: 1 }))[0]?.seq, (await registry.list('member', { limit: 1_000 })).length, (await registry.list('token', { limit: 1_000 })).length]).toEqual(before);
      for (const id of Object.values(matrix.approvals)) expect((await matrix.world.state.approval(id))?.status).toBe('pending');
    }, 60_000);

    it.each(TABLE.filter(({ filtered }) => filtered === true).map((row) => [row.id, row] as const))('%s shows members of one server nothing of another', async (_id, row) => {
      for (const caller of ['own viewer', 'own approver', 'own policy_manager', 'own admin'] as const) {
        const answer = await matrix.ask(row, 'all', caller);
        expect(answer.status, answer.text).toBe(200);
        expect(answer.text).not.toContain('zebra');
      }
      expect((await matrix.ask(row, 'all', 'viewer')).status).toBe(200);
    });

    it('a row of the journal of another server is not found', async () => {
      const admin = matrix.callers.get('admin');
      const rows = (await admin?.get('/journal'))?.body.items as { seq: number; server: string }[];
      const seq = rows.find(({ server }) => server === 'zebra')?.seq ?? 0;
      expect((await admin?.get(`/journal/${seq}`))?.status).toBe(200);
      for (const caller of ['own viewer', 'own admin'] as const) expect((await matrix.callers.get(caller)?.get(`/journal/${seq}`))?.status).toBe(404);
    });

    it('a policy is not moved by whoever has no right where it comes from or where it goes to', async () => {
      const manager = matrix.callers.get('own policy_manager');
      for (const server of ['zebra', null]) {
        const answer = await manager?.put('/policies/own-policy', { draft: null, server }, { 'if-match': '*' });
        expect([403, 404], answer?.text).toContain(answer?.status);
      }
      expect((await matrix.world.registry.get('policy', 'own-policy'))?.value.server).toBe('own');
    });

    it('a role for one server gives nothing of the organisation, whatever name the server has', async () => {
      const tricky = await matrix.world.as({ serverRoles: Object.fromEntries(['constructor', '*', ''].map((name) => [name, 'admin' as const])) });
      for (const path of ['/members', '/settings', '/audit', '/servers/own', '/servers/zebra']) expect([403, 404], path).toContain((await tricky.get(path)).status);
      expect((await tricky.get('/servers')).text).not.toMatch(/own|zebra/);
    });
  });
});
