import { expect, test, vi } from 'vitest';
import { openDriver } from '../../src/state/driver.ts';
import { JournalStore } from '../../src/state/journal-store.ts';
import { openState } from '../../src/state/open.ts';
import type { JournalSearchFilter } from '../../src/state/types.ts';
import { walked } from './chain-support.ts';
import { entry, forEachDriver, scratch } from './support.ts';

// Each looks at a whole journal, or starts processes, many times.
vi.setConfig({ testTimeout: 240_000 });

const ROWS = 30_000;

forEachDriver('looking for rows', (driver) => {
  const path = scratch();

  async function longJournal(): Promise<string> {
    const file = path();
    (await openState({ path: file, driver })).close();
    const database = await openDriver(file, driver);
    const now = Date.now();
    database.exec(`WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
      INSERT INTO journal (seq, id, at, clock, server, transport, outcome, name, policy, reason)
      SELECT i, 'id-' || i, ${now} - (${ROWS} - i) * 60000, ${now * 1000} + i, CASE i % 2 WHEN 0 THEN 'a' ELSE 'b' END, 'http', 'ok', 'tool-' || (i % 9000), 'p@' || (i % 3), 'Why ' || i FROM n`);
    database.close();
    return file;
  }

  test('pages of rare rows in a long journal, in both orders, miss none and repeat none, wherever a slice ends', async () => {
    const state = await openState({ path: await longJournal(), driver });
    const matches = Array.from({ length: ROWS }, (_, index) => index + 1).filter((seq) => seq % 9000 === 17);
    for (const order of ['asc', 'desc'] as const) {
      for (const limit of [1, 2, 3, 10]) {
        const found: number[] = [];
        let place: Pick<JournalSearchFilter, 'afterSeq' | 'beforeSeq'> | null = {};
        while (place !== null) {
          const { rows, next } = await state.search({ name: 'tool-17', order, limit, ...place });
          found.push(...rows.map(({ seq }) => seq));
          place = next === null ? null : order === 'asc' ? { afterSeq: next } : { beforeSeq: next };
        }
        expect(found).toEqual(order === 'asc' ? matches : matches.toReversed());
      }
    }
    expect((await state.search({ ids: ['id-29999', 'id-3', 'id-0'] })).rows.map(({ seq }) => seq)).toEqual([29_999, 3]);
    expect((await state.search({ text: 'WHY 2345', limit: 100 })).rows.map(({ seq }) => seq)).toEqual([...Array.from({ length: 10 }, (_, i) => 23_459 - i), 2345]);
    expect((await state.search({ policy: 'p', servers: ['a'], limit: 1 })).rows).toMatchObject([{ seq: ROWS }]);
    expect((await state.search({ policy: 'p@1', servers: [], limit: 1 })).rows).toEqual([]);
    state.close();
  });

  test('a span of time is the rows of that time', async () => {
    const state = await openState({ path: await longJournal(), driver });
    const [first, last] = [9_000, 9_010];
    const times = new Map(state.query({ afterSeq: first - 1, limit: 20 }).map(({ seq, at }) => [seq, new Date(at)]));
    const [since, until] = [times.get(first), times.get(last)];
    if (since === undefined || until === undefined) throw new Error('the rows are not there');
    expect((await state.search({ since, until, order: 'asc', limit: 100 })).rows.map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, i) => first + i));
    state.close();
  });

  test('nobody who waits ends the search', async () => {
    const state = await openState({ path: await longJournal(), driver });
    const gone = new AbortController();
    const search = state.search({ name: 'nothing' }, gone.signal);
    gone.abort();
    await expect(search).rejects.toThrow(/nobody waits/);
    state.close();
  });

  test('a flood that could not be told for long is told in another row: the first may be sealed for good', async () => {
    const file = path();
    const state = await openState({ path: file, driver });
    state.append(entry({ outcome: 'ok' }));
    state.flush();
    const database = await openDriver(file, driver);
    const journal = new JournalStore(database, false);
    const flood = { entry: entry({ outcome: 'refused', code: 'denied' }), count: 2, seq: null, changed: true, from: 0 };
    const now = Date.now();
    const first = journal.tell(flood, now, now * 1000);
    state.flush();
    expect(journal.tell({ ...flood, count: 3, seq: first }, now, now * 1000 + 1)).toBe(first);
    expect(walked(database)).toMatchObject({ ok: true, unsealedEnds: 1 });
    expect(journal.tell({ ...flood, count: 4, seq: first }, now, (now + 200_000) * 1000)).toBe(first + 1);
    state.flush();
    expect(walked(database)).toMatchObject({ ok: true, unsealed: 0, unsealedEnds: 0 });
    database.close();
    state.close();
  });
});
