import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { csvCell } from '../../../src/control/journal/export-rows.ts';
import type { JournalEntry } from '../../../src/state/types.ts';
import { World, type Client } from '../harness.ts';

let world: World;
let admin: Client;
let viewer: Client;
/** Sees the server `tickets` only, without the arguments. */
let guest: Client;

/** Lines of JSON are no JSON document. */
async function textOf(client: Client, path: string): Promise<string> {
  return (await client.raw(path)).text();
}

function row(over: Partial<JournalEntry>): JournalEntry {
  return {
    id: randomBytes(16).toString('base64url'), server: 'tickets', grant: 'support', session: null, transport: 'http', protocol: '2025-11-25', method: 'tools/call', name: 'create', requestId: '1', outcome: 'ok', code: null,
    rule: '/tools/create', policy: 'support@3', reason: null, retryAfterMs: null, observed: null, argKeys: ['title'], argHash: 'ab'.repeat(32), argValues: null, upstreamStatus: null, latencyMs: 1, ...over,
  };
}

beforeAll(async () => {
  world = await World.start();
  [admin, viewer, guest] = await Promise.all([world.as('admin'), world.as('viewer'), world.as({ serverRoles: { tickets: 'viewer' } })]);
  for (let i = 0; i < 120; i += 1) {
    await world.state.append(row({ id: `call-${i}`, server: i % 3 === 0 ? 'mail' : 'tickets', name: i % 2 === 0 ? 'create' : 'list', ...(i % 10 === 0 ? { outcome: 'refused', code: 'denied', reason: `No deletions on Fridays ${i}` } : {}) }));
  }
  await world.state.append(row({ id: 'formula', name: '=HYPERLINK("http://evil")', reason: 'a "quoted", reason\nwith a line' }));
  await world.state.flush();
});
afterAll(() => world.stop());

test('rows come newest first, in pages that neither miss nor repeat one, in both orders', async () => {
  for (const order of ['desc', 'asc']) {
    const seen: number[] = [];
    let cursor: string | null = null;
    do {
      const answer = await admin.get(`/journal?limit=50&order=${order}${cursor === null ? '' : `&cursor=${cursor}`}`);
      expect(answer.status).toBe(200);
      seen.push(...(answer.body.items as { seq: number }[]).map(({ seq }) => seq));
      cursor = answer.body.next as string | null;
    } while (cursor !== null);
    const expected = Array.from({ length: 121 }, (_, i) => i + 1);
    expect(seen).toEqual(order === 'asc' ? expected : expected.reverse());
  }
});

test('filters of several kinds must all match', async () => {
  const ids = async (query: string): Promise<string[]> => ((await admin.get(`/journal?limit=200&${query}`)).body.items as { id: string }[]).map(({ id }) => id);
  expect(await ids('server=mail')).toHaveLength(40);
  expect(await ids('server=mail&name=create&outcome=refused')).toEqual(['call-90', 'call-60', 'call-30', 'call-0']);
  expect(await ids('code=denied,rate_limited')).toHaveLength(12);
  expect(await ids('policy=support')).toHaveLength(121);
  expect(await ids('policy=support@3')).toHaveLength(121);
  expect(await ids('policy=supp')).toHaveLength(0);
  expect(await ids('q=deletions%20ON%20fridays%202')).toEqual(['call-20']);
  expect(await ids(`since=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(0);
  expect(await ids(`until=${new Date(Date.now() + 60_000).toISOString()}`)).toHaveLength(121);
});

test('what makes no sense as a filter is refused, all at once', async () => {
  const answer = await admin.get('/journal?outcome=okay&since=yesterday&order=up&limit=9999&colour=red');
  expect(answer.status).toBe(400);
  expect(answer.body.code).toBe('invalid_request');
  expect(answer.body.problems.length).toBeGreaterThanOrEqual(5);
  const other = (await admin.get('/journal?limit=1&order=asc')).body.next as string;
  expect((await admin.get(`/journal?cursor=${other}`)).status).toBe(400);
});

test('whoever may see one server sees the rows of that server, in lists, exports and one by one', async () => {
  const rows = (await guest.get('/journal?limit=200')).body.items as { server: string }[];
  expect(new Set(rows.map(({ server }) => server))).toEqual(new Set(['tickets']));
  expect((await guest.get('/journal?server=mail')).body.items).toEqual([]);
  expect((await guest.get('/journal/call-1')).status).toBe(200);
  expect((await guest.get('/journal/call-0')).status).toBe(404);
  expect(await textOf(guest, '/journal/export?format=jsonl')).not.toContain('"mail"');
  expect((await guest.post('/journal/verify')).status).toBe(403);
  expect((await (await world.as('nobody')).get('/journal')).status).toBe(401);
});

test('one row is found by its number and by its id, with its place in the chain', async () => {
  const byId = await viewer.get('/journal/call-7');
  expect(byId.body).toMatchObject({ seq: 8, id: 'call-7', sealed: 'sealed', proof: { block: 2 } });
  expect((await viewer.get('/journal/8')).body).toEqual(byId.body);
  for (const none of ['999999', 'call-999', 'never']) expect((await viewer.get(`/journal/${none}`)).status).toBe(404);
});

test('a CSV export has every row of the filter and no formula', async () => {
  const answer = await admin.raw('/journal/export?format=csv&order=asc');
  expect(answer.headers.get('content-type')).toMatch(/^text\/csv/);
  expect(answer.headers.get('content-disposition')).toMatch(/^attachment/);
  const text = await answer.text();
  expect(text.split('\r\n').filter((line) => line !== '')).toHaveLength(1 + 121);
  expect(text).toContain(`"'=HYPERLINK(""http://evil"")"`);
  expect(text).toContain('"a ""quoted"", reason\nwith a line"');
  for (const bad of ['=1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\u00a0=1', '\uff1d1', '|cmd', '\r=1', '\n-2']) expect(csvCell(bad), JSON.stringify(bad)).toMatch(/^"?'/);
  expect(['plain', 'a=b', '2026-11-22T10:00:00.000Z', 12, null].map(csvCell)).toEqual(['plain', 'a=b', '2026-11-22T10:00:00.000Z', '12', '']);
});

test('a JSONL export is the rows of the list, one in a line', async () => {
  const lines = (await textOf(admin, '/journal/export?format=jsonl&outcome=refused')).split('\n').slice(0, -1).map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual((await admin.get('/journal?outcome=refused&limit=200')).body.items);
  expect((await admin.get('/journal/export?format=xml')).status).toBe(400);
});

test('arguments are erased by an admin only, whole or not at all, with a reason, an audit entry and a chain that verifies', async () => {
  for (const who of [viewer, guest, await world.as('policy_manager'), await world.as('approver')]) expect((await who.post('/journal/redact', { ids: ['call-1'], reason: 'x' })).status).toBe(403);
  for (const body of [{}, { reason: 'x' }, { ids: [], reason: 'x' }, { ids: ['call-1'], before: '2030-01-01T00:00:00Z', reason: 'x' }, { ids: ['call-1'] }, { ids: ['call-1'], reason: ' ' }, { ids: ['call-1'], reason: 'x', more: 1 }]) {
    expect((await admin.post('/journal/redact', body)).status, JSON.stringify(body)).toBe(400);
  }
  const refused = await admin.post('/journal/redact', { ids: ['call-1', 'call-gone', '77777'], reason: 'x' });
  expect(refused.body.problems.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(['/ids/1', '/ids/2']);
  expect((await admin.get('/journal/call-1')).body).toMatchObject({ argKeys: ['title'], sealed: 'sealed' });
  expect((await admin.post('/journal/redact', { ids: ['call-1', '3'], reason: 'wish of a customer' })).body).toEqual({ redacted: 2 });
  expect((await admin.get('/journal/call-1')).body).toMatchObject({ argKeys: null, argHash: null, argValues: null, sealed: 'redacted' });
  expect((await admin.get('/audit?action=journal.redact')).body.items).toMatchObject([{ kind: 'journal', after: { redacted: 2, reason: 'wish of a customer' } }]);
  expect((await admin.post('/journal/redact', { before: '2100-01-01T00:00:00+02:00', reason: 'end of the trial' })).body).toEqual({ redacted: 119 });
  const report = await admin.post('/journal/verify');
  expect(report.body).toMatchObject({ ok: true, problems: [], redacted: 121, unsealed: 0, problemCount: 0 });
});

test('checkpoints are listed to be kept elsewhere', async () => {
  world.state.chain.rotateKey();
  const { items } = (await viewer.get('/journal/checkpoints?limit=1')).body as { items: { number: number; signature: string }[] };
  expect(items).toHaveLength(1);
  expect(items[0]).toMatchObject({ format: 'policylayer-journal-checkpoint', lastSeq: 121 });
  const report = (await viewer.post('/journal/verify')).body as { lastCheckpoint: unknown; publicKey: string };
  expect(report.lastCheckpoint).toEqual(items[0]);
  expect(report.publicKey).toMatch(/^-----BEGIN PUBLIC KEY-----/);
});
