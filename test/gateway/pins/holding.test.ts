import { afterEach, describe, expect, test } from 'vitest';
import { decisionOf } from '../run-harness.ts';
import { Drifting, LIST, names, POISONED, READ, REWORDED, text, WORSE, type Tool } from './support.ts';

const worlds: Drifting[] = [];
afterEach(async () => {
  for (const world of worlds.splice(0)) await world.close();
});
function world(tools?: unknown): Drifting {
  const made = new Drifting(tools);
  worlds.push(made);
  return made;
}
const ACCEPT = 'policylayer pins accept oracle get_note';

describe('a definition that changed', () => {
  test('[L7] [T10] the first list is pinned without a word, and nothing is asked of the server that the client did not ask', async () => {
    const drifting = world();
    const client = await drifting.connect();
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
    expect(await text(client.call('get_note', { id: '1' }))).toBe('get_note ran');
    expect(drifting.log()).toEqual([{ list: null }, { list: null }, { tool: 'get_note', args: { id: '1' } }]);
    expect((await client.rows()).filter(({ method }) => method === 'tools/list')).toEqual([]);
    expect(client.lines).toEqual([]);
    expect(await drifting.operator((state) => state.pins.list().map(({ name, definitions }) => [name, definitions.length]))).toEqual([['get_note', 1], ['list_notes', 1]]);
  });

  test.each<[string, Tool, string]>([['rises in risk', WORSE, 'risk low -> critical'], ['brings instructions to the model', POISONED, 'new finding model_instructions']])('[L7] [#47] that %s is left out of lists, refused when it is called, and recorded', async (_what, changed, why) => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([changed, LIST]);
    const answer = JSON.stringify(await client.request('tools/list'));
    expect(answer).toContain('list_notes');
    expect(answer).not.toMatch(/get_note|instructions|Permanently/);
    const refusal = await client.call('get_note', { id: '1' });
    expect(decisionOf(refusal)).toMatchObject({ code: 'denied', rule: '/drift' });
    expect(await text(Promise.resolve(refusal))).toContain(`(${why}`);
    expect(await text(Promise.resolve(refusal))).toContain(`an operator accepts it with: ${ACCEPT}`);
    expect(await text(client.call('list_notes'))).toBe('list_notes ran');
    expect(drifting.calls()).toEqual(['list_notes']);
    const rows = await client.rows();
    expect(rows.filter(({ code }) => code === 'definition_held')).toMatchObject([{ method: 'tools/list', name: 'get_note', outcome: 'refused', reason: expect.stringContaining(why) }]);
    expect(rows.filter(({ method, outcome }) => method === 'tools/call' && outcome === 'refused')).toMatchObject([{ name: 'get_note', code: 'denied', rule: '/drift', reason: expect.stringContaining(ACCEPT) }]);
    expect(client.lines.join('\n')).toMatch(/^drift: tool "get_note" of oracle changed \(.*\) and is held until it is accepted; see what changed: policylayer pins show oracle get_note$/);
  });

  test('[L7] that says the same in other words passes, byte for byte, with one note for all times', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([REWORDED, LIST]);
    const direct = JSON.stringify({ tools: [REWORDED, LIST] });
    for (let times = 0; times < 3; times += 1) {
      await client.request('tools/list');
      expect(client.received.at(-1)).toContain(direct.slice(1, -1));
    }
    expect(await text(client.call('get_note', { id: '1' }))).toBe('get_note ran');
    const again = await drifting.connect();
    expect(await names(again)).toEqual(['get_note', 'list_notes']);
    expect((await client.rows()).filter(({ method }) => method === 'tools/list')).toMatchObject([{ name: 'get_note', outcome: 'ok', code: 'definition_changed' }]);
  });

  test('[L7] that embeds what the machine says at each start is never noted', async () => {
    const drifting = world();
    const client = await drifting.connect();
    for (let n = 0; n < 6; n += 1) {
      drifting.serves([{ ...READ, description: `Reads a note. ${n * 17} notes loaded from /srv/notes-${n}/db on 2026-11-2${n}, port ${4000 + n}.` }, LIST]);
      expect(await names(client)).toEqual(['get_note', 'list_notes']);
    }
    expect((await client.rows()).filter(({ method }) => method === 'tools/list')).toEqual([]);
    expect(await drifting.operator((state) => state.pins.record('oracle', 'get_note')?.definitions.length)).toBe(1);
  });

  test('[L7] is accepted by an operator: the client is told within a second, sees it and calls it', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([WORSE, LIST]);
    expect(await names(client)).toEqual(['list_notes']);
    const told = client.next((message) => message['method'] === 'notifications/tools/list_changed');
    expect(await drifting.accept('get_note')).toBe(true);
    await told;
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
    expect(await text(client.call('get_note', { id: '1' }))).toBe('get_note ran');
    expect((await client.rows()).filter(({ method }) => method === 'pins/decide')).toMatchObject([{ code: 'definition_accepted', name: 'get_note' }]);
  });

  test('[#47] flips back after it was accepted: what is less passes, what is more is held again', async () => {
    const drifting = world([WORSE, LIST]);
    const client = await drifting.connect();
    await names(client);
    drifting.serves([READ, LIST]);
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
    await drifting.operator((state) => {
      const noted = state.pins.record('oracle', 'get_note')?.definitions.find(({ standing }) => standing === 'noted');
      expect(state.pins.accept('oracle', 'get_note', noted?.hash ?? '', 'alice').ok).toBe(true);
    });
    drifting.serves([WORSE, LIST]);
    expect(await names(client)).toEqual(['list_notes']);
    expect(decisionOf(await client.call('get_note'))).toMatchObject({ code: 'denied' });
  });

  test('[#47] goes away and comes back otherwise is compared with what it was', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([LIST]);
    expect(await names(client)).toEqual(['list_notes']);
    drifting.serves([LIST, WORSE]);
    expect(await names(client)).toEqual(['list_notes']);
    drifting.serves([LIST, READ]);
    expect(await names(client)).toEqual(['list_notes', 'get_note']);
  });

  test('[#47] is refused to a client that calls without listing, also in a later process', async () => {
    const drifting = world();
    await names(await drifting.connect());
    drifting.serves([WORSE, LIST]);
    const later = await drifting.connect();
    expect(decisionOf(await later.call('get_note', { id: '1' }))).toMatchObject({ code: 'denied', rule: '/drift' });
    expect(drifting.calls()).toEqual([]);
    expect((await later.rows()).filter(({ code }) => code === 'definition_held')).toHaveLength(1);
  });

  test('[#47] [L6] a second definition of a pinned name is held with all of the name, in whatever order they come', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([READ, LIST, WORSE]);
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
    expect(decisionOf(await client.call('get_note'))).toMatchObject({ code: 'denied', rule: '/drift' });
    const fresh = world([READ, WORSE]);
    const other = await fresh.connect();
    expect(await names(other)).toEqual(['get_note']);
    expect(decisionOf(await other.call('get_note'))).toMatchObject({ code: 'denied', rule: '/drift' });
  });

  test('[#47] a new name on a known server is pinned at sight and said so; a renamed tool is a new one', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([READ, LIST, { ...LIST, name: 'safe2' }]);
    expect(await names(client)).toEqual(['get_note', 'list_notes', 'safe2']);
    expect((await client.rows()).filter(({ code }) => code === 'definition_new')).toMatchObject([{ name: 'safe2', outcome: 'ok', reason: 'pinned, new on this server: "safe2"' }]);
    drifting.serves([READ, LIST, { ...WORSE, name: 'safe2' }]);
    expect(await names(client)).toEqual(['get_note', 'list_notes']);
  });

  test('[#47] on one page of many is held there, and pages keep their cursors', async () => {
    const pages = (second: Tool) => ({ '': { tools: [LIST], nextCursor: 'two' }, two: { tools: [second], nextCursor: 'three' }, three: { tools: [{ ...LIST, name: 'last' }] } });
    const drifting = world(pages(READ));
    const client = await drifting.connect();
    for (const cursor of [undefined, 'two', 'three']) await names(client, cursor === undefined ? {} : { cursor });
    expect((await client.rows()).filter(({ method }) => method === 'tools/list')).toEqual([]);
    drifting.serves(pages(WORSE));
    expect(await names(client)).toEqual(['list_notes']);
    expect(((await client.request('tools/list', { cursor: 'two' })) as { result: unknown }).result).toMatchObject({ tools: [], nextCursor: 'three' });
    expect(await names(client, { cursor: 'three' })).toEqual(['last']);
    expect(decisionOf(await client.call('get_note'))).toMatchObject({ code: 'denied' });
  });

  test('[#47] per session: each session is judged by what it was shown', async () => {
    const drifting = world();
    const first = await drifting.connect();
    await names(first);
    drifting.serves([WORSE, LIST]);
    const third = await drifting.connect();
    expect(await names(third)).toEqual(['list_notes']);
    expect(decisionOf(await third.call('get_note'))).toMatchObject({ code: 'denied' });
    expect(await text(first.call('get_note', { id: '1' }))).toBe('get_note ran');
  });

  test('that is accepted beside what is pinned lets a server show callers different definitions', async () => {
    const drifting = world();
    const client = await drifting.connect();
    await names(client);
    drifting.serves([WORSE, LIST]);
    expect(await names(client)).toEqual(['list_notes']);
    expect(await drifting.accept('get_note', true)).toBe(true);
    for (const tool of [WORSE, READ, REWORDED]) {
      drifting.serves([tool, LIST]);
      expect(await names(client)).toEqual(['get_note', 'list_notes']);
    }
  });

  test('[L1] that is hidden by policy stays hidden: it is absent to callers, held or not', async () => {
    const policy = 'version: "1"\ndefault: allow\ntools:\n  get_note: hide\n';
    const drifting = world();
    const client = await drifting.connect({ policy });
    expect(await names(client)).toEqual(['list_notes']);
    const before = await client.request('tools/call', { name: 'get_note', arguments: {} }, 77);
    drifting.serves([WORSE, LIST]);
    expect(await names(client)).toEqual(['list_notes']);
    expect(await client.request('tools/call', { name: 'get_note', arguments: {} }, 77)).toEqual(before);
  });

  test('nobody is asked for an approval of a tool that is held', async () => {
    const drifting = world();
    const client = await drifting.connect({ policy: 'version: "1"\ndefault: allow\ntools:\n  get_note: { action: require_approval, approval: { wait: 0 } }\n' });
    await names(client);
    drifting.serves([WORSE, LIST]);
    await names(client);
    expect(decisionOf(await client.call('get_note'))).toMatchObject({ code: 'denied', rule: '/drift' });
    expect(await drifting.operator((state) => state.approvals({}))).toEqual([]);
  });

  test('in the modern era is cut out too, and the page says that it is for this caller alone', async () => {
    const page = (tool: Tool) => ({ '': { tools: [tool, LIST], ttlMs: 3_600_000, cacheScope: 'public' } });
    const drifting = world(page(READ));
    const client = await drifting.connect({ modern: true });
    const before = ((await client.modern('tools/list', {})) as { result: Record<string, unknown> }).result;
    expect(before).toMatchObject({ tools: [{ name: 'get_note' }, { name: 'list_notes' }], ttlMs: 3_600_000, cacheScope: 'public' });
    drifting.serves(page(WORSE));
    const after = ((await client.modern('tools/list', {})) as { result: Record<string, unknown> }).result;
    expect(after).toMatchObject({ tools: [{ name: 'list_notes' }], ttlMs: 60_000, cacheScope: 'private' });
    expect(decisionOf(await client.modern('tools/call', { name: 'get_note', arguments: {} }))).toMatchObject({ code: 'denied', rule: '/drift' });
  });
});

describe('modes', () => {
  test('warn: it passes, with one line on stderr and a row', async () => {
    const drifting = world();
    const client = await drifting.connect({ drift: 'warn' });
    await names(client);
    drifting.serves([WORSE, LIST]);
    for (let times = 0; times < 3; times += 1) expect(await names(client)).toEqual(['get_note', 'list_notes']);
    expect(await text(client.call('get_note', { id: '1' }))).toBe('get_note ran');
    expect(client.lines).toHaveLength(1);
    expect(client.lines[0]).toMatch(/^drift: tool "get_note" of oracle changed \(risk low -> critical; .*\) and passes; see what changed: /);
    expect((await client.rows()).filter(({ method }) => method === 'tools/list')).toMatchObject([{ code: 'definition_changed', outcome: 'ok', observed: 'would_hold' }]);
  });

  test('off: nothing is pinned, compared or written', async () => {
    const drifting = world();
    const client = await drifting.connect({ drift: 'off' });
    await names(client);
    drifting.serves([POISONED]);
    expect(await names(client)).toEqual(['get_note']);
    expect(await text(client.call('get_note', { id: '1' }))).toBe('get_note ran');
    expect(await drifting.operator((state) => state.pins.list())).toEqual([]);
  });
});
