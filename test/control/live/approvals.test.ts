import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GrantDefinition } from '../../../src/state/registry/types.ts';
import { World, type Client } from '../harness.ts';
import { ask } from './support.ts';

let world: World;
let approver: Client;
let viewer: Client;
beforeAll(async () => {
  world = await World.start();
  approver = await world.as({ role: 'approver', email: 'anna@example.com' });
  viewer = await world.as('viewer');
});
afterAll(() => world.stop());

const decide = (client: Client, id: string, decision: 'approve' | 'deny' = 'approve', comment?: string) => client.post(`/approvals/${id}/decide`, { decision, ...(comment === undefined ? {} : { comment }) });

async function grant(label: string, over: Partial<GrantDefinition>): Promise<void> {
  const value: GrantDefinition = { server: 'tickets', tags: [], policies: [], tokenSha256: null, tokenHint: null, previous: null, oauth: null, expiresAt: null, revokedAt: null, rotatedAt: null, createdBy: 'somebody', ...over };
  const result = await world.registry.apply([{ op: 'put', kind: 'grant', name: label, value }], []);
  if (!result.ok) throw new Error(result.why);
}

describe('approvals in the dashboard', () => {
  test('the exact text that is sent is shown to those who may decide, and to nobody else', async () => {
    const id = await ask(world.state);
    expect((await approver.get(`/approvals/${id}`)).body).toMatchObject({ id, arguments: '{"id": 7}', alsoSent: '{"meta":{"x":1}}', mayDecide: true, whyNot: null });
    expect((await viewer.get(`/approvals/${id}`)).body).toMatchObject({ id, arguments: null, alsoSent: null, mayDecide: false });
    const manager = await world.as('policy_manager');
    expect((await manager.get(`/approvals/${id}`)).body).toMatchObject({ arguments: null });
    expect((await approver.get('/approvals')).text).not.toMatch(/alsoSent|"arguments"/);
  });

  test('a decision is taken under the e-mail address of who has signed in, with the comment', async () => {
    const id = await ask(world.state);
    const answer = await decide(approver, id, 'approve', ' fine by me ');
    expect([answer.status, answer.body]).toMatchObject([200, { status: 'approved', votes: [{ approver: 'anna@example.com', way: 'dashboard', decision: 'approve', comment: 'fine by me' }] }]);
    expect((await world.state.approval(id))?.status).toBe('approved');
    expect((await decide(approver, id)).body).toMatchObject({ status: 409, code: 'conflict' });
  });

  test('whoever has no right to decide, here or on this server, decides nothing', async () => {
    const id = await ask(world.state);
    const elsewhere = await world.as({ serverRoles: { payroll: 'approver' } });
    for (const [client, status] of [[viewer, 403], [await world.as('policy_manager'), 403], [elsewhere, 404], [await world.as('nobody'), 401]] as const) expect((await decide(client, id)).status).toBe(status);
    expect((await elsewhere.get(`/approvals/${id}`)).status).toBe(404);
    expect((await elsewhere.get('/approvals')).body.items).toEqual([]);
    expect((await decide(await world.as({ serverRoles: { tickets: 'approver' } }), id)).status).toBe(200);
  });

  test('[#34] an API token decides nothing: it may lie where the agent works', async () => {
    const id = await ask(world.state);
    expect((await decide(await world.token('admin'), id)).status).toBe(403);
    expect((await world.state.approval(id))?.status).toBe('pending');
  });

  test('[#34] nobody approves what his own grant asks for: the one he made, or the one that is for him', async () => {
    const maker = await world.as({ role: 'admin', email: 'maker@example.com' });
    await grant('made-by-me', { createdBy: maker.member?.name ?? '' });
    await grant('my-address', { oauth: { issuer: 'https://id.example.com', claims: { email: 'Maker@example.com' } } });
    const member = maker.member;
    if (member === null) throw new Error('no member');
    await world.registry.apply([{ op: 'put', kind: 'member', name: member.name, value: { ...member.value, oidc: { issuer: 'https://id.example.com', subject: 'me-1' } } }], []);
    await grant('my-subject', { oauth: { issuer: 'https://id.example.com', claims: { sub: 'me-1' } } });
    await grant('other-issuer', { oauth: { issuer: 'https://other.example.com', claims: { sub: 'me-1' } } });
    for (const label of ['made-by-me', 'my-address', 'my-subject']) {
      const id = await ask(world.state, { grant: label });
      expect((await maker.get(`/approvals/${id}`)).body).toMatchObject({ mayDecide: false });
      expect((await decide(maker, id)).body).toMatchObject({ status: 403, code: 'forbidden' });
      expect((await world.state.approval(id))?.votes).toEqual([]);
      expect((await decide(approver, id)).status).toBe(200);
    }
    expect((await decide(maker, await ask(world.state, { grant: 'other-issuer' }))).status).toBe(200);
    expect((await decide(maker, await ask(world.state, { grant: 'maker@example.com' }))).status).toBe(403);
    // Taking a request back harms nobody else.
    expect((await decide(maker, await ask(world.state, { grant: 'made-by-me' }), 'deny')).body).toMatchObject({ status: 'denied' });
  });

  test('the approvers that a rule names, and the ways that it allows, hold here too', async () => {
    const named = await ask(world.state, { approvers: ['bert@example.com'] });
    expect((await decide(approver, named)).body).toMatchObject({ status: 403, code: 'forbidden' });
    expect((await decide(await world.as({ role: 'approver', email: 'bert@example.com' }), named)).status).toBe(200);
    const elsewhere = await ask(world.state, { via: ['cli'] });
    expect((await approver.get(`/approvals/${elsewhere}`)).body).toMatchObject({ mayDecide: false, whyNot: 'the rule leaves this to: cli' });
    expect((await decide(approver, elsewhere)).status).toBe(403);
  });

  test('two approvers are two people', async () => {
    const id = await ask(world.state, { needed: 2 });
    expect((await decide(approver, id)).body).toMatchObject({ status: 'pending' });
    expect((await decide(approver, id)).body).toMatchObject({ status: 409 });
    expect((await decide(await world.as({ role: 'approver', email: 'bert@example.com' }), id)).body).toMatchObject({ status: 'approved' });
  });

  test('shows earlier requests for the same tool, and what the tool does as it was pinned', async () => {
    const earlier = await ask(world.state, { name: 'delete_ticket', server: 'desk' });
    await decide(approver, earlier, 'deny', 'not this one');
    await ask(world.state, { name: 'other_tool', server: 'desk' });
    const definition = '{"description":"Deletes a ticket for ever.","inputSchema":{"type":"object"},"name":"delete_ticket"}';
    world.state.pins.learn('desk', [{ name: 'delete_ticket', hash: 'a'.repeat(64), text: definition, standing: 'pinned', why: [] }], []);
    const id = await ask(world.state, { name: 'delete_ticket', server: 'desk' });
    const { body } = await approver.get(`/approvals/${id}`);
    expect(body.history).toMatchObject([{ id: earlier, status: 'denied', votes: [{ comment: 'not this one' }] }]);
    expect(body.class).toMatchObject({ category: 'destructive' });
  });

  test('lists page through what one may see, by status and server', async () => {
    const fresh = await World.start();
    try {
      const mine: string[] = [];
      for (let index = 0; index < 12; index += 1) {
        const server = index % 3 === 0 ? 'tickets' : 'payroll';
        const id = await ask(fresh.state, { server, grant: `agent${index}` });
        if (server === 'tickets') mine.unshift(id);
      }
      const client = await fresh.as({ serverRoles: { tickets: 'viewer' } });
      const found: string[] = [];
      for (let cursor: string | null = ''; cursor !== null; ) {
        const page: { items: { id: string }[]; next: string | null } = (await client.get(`/approvals?limit=2&status=pending${cursor === '' ? '' : `&cursor=${cursor}`}`)).body;
        found.push(...page.items.map(({ id }) => id));
        cursor = page.next;
      }
      expect(found).toEqual(mine);
      expect((await client.get('/approvals?status=approved,used')).body.items).toEqual([]);
      expect((await client.get('/approvals?status=nonsense')).body).toMatchObject({ code: 'invalid_request' });
      expect((await client.get('/approvals?server=payroll')).status).toBe(200);
      expect((await client.get('/approvals?server=payroll')).body.items).toEqual([]);
    } finally {
      await fresh.stop();
    }
  });

  test('what is no decision is refused with all that is wrong, and decides nothing', async () => {
    const id = await ask(world.state);
    expect((await approver.post(`/approvals/${id}/decide`, { decision: 'yes', comment: 'x'.repeat(501), more: 1 })).body).toMatchObject({ code: 'invalid_request' });
    expect((await approver.post('/approvals/none-such/decide', { decision: 'approve' })).status).toBe(404);
    expect((await approver.post(`/approvals/${id}/decide`, { decision: 'approve' }, { 'x-csrf-token': 'wrong' })).body).toMatchObject({ code: 'cross_site' });
    expect((await world.state.approval(id))?.status).toBe('pending');
  });
});
