import { z } from 'zod';
import { pageOf, pageQuery, readCursor, writeCursor } from '../api/paging.ts';
import { notFound } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import { exportRows } from '../journal/export-rows.ts';
import { findRows } from '../journal/find-rows.ts';
import { rowFilter, searchFilter } from '../journal/row-filter.ts';
import { rowSchema, rowView } from '../journal/row-view.ts';

const proof = z.object({
  block: z.int().nullable().describe('the block that sealed it; null as long as none has'),
  checkpoint: z.int().nullable().describe('the first signed checkpoint after that'),
});

export const journalRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/journal', id: 'listJournal', tag: 'journal', permission: 'read', scope: () => ANYWHERE,
    summary: 'Recorded calls, newest first. Looks at so many rows for one page: it may be short, or empty, and have a next one',
    query: z.strictObject({ ...pageQuery, ...rowFilter }), reply: pageOf(rowSchema),
    handle: async ({ query, caller, signal }, { state }) => {
      const { cursor, limit, ...filter } = query;
      const list = `journal ${filter.order}`;
      const at = readCursor(list, cursor, 'number');
      const place = at === undefined ? {} : filter.order === 'asc' ? { afterSeq: at } : { beforeSeq: at };
      const { rows, next } = await state.search({ ...searchFilter(filter, caller), ...place, limit }, signal);
      const proofs = state.chain.proofs(rows.map(({ seq }) => seq));
      return { body: { items: rows.map((row) => rowView(row, proofs.get(row.seq), caller)), next: next === null ? null : writeCursor(list, next) } };
    },
  }),
  defineRoute({
    method: 'get', path: '/journal/export', id: 'exportJournal', tag: 'journal', permission: 'read', scope: () => ANYWHERE,
    summary: 'All rows of a filter as CSV or as one JSON object per line', raw: 'text/csv, application/jsonl', reply: z.string(),
    query: z.strictObject({ format: z.enum(['csv', 'jsonl']), ...rowFilter }),
    handle: ({ query, caller, signal }, { state }) => {
      const { format, ...filter } = query;
      const type = format === 'csv' ? 'text/csv; charset=utf-8; header=present' : 'application/jsonl; charset=utf-8';
      return {
        status: 200, headers: { 'content-type': type, 'content-disposition': `attachment; filename="journal.${format}"`, 'cache-control': 'no-store' },
        stream: exportRows(state, searchFilter(filter, caller), format, caller, signal),
      };
    },
  }),
  defineRoute({
    method: 'get', path: '/journal/{id}', id: 'getJournalRow', tag: 'journal', permission: 'read', scope: () => ANYWHERE, summary: 'One row, by its number or its id, with its place in the chain',
    params: z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'the number or the id of a row is expected') }), reply: rowSchema.extend({ proof }),
    handle: async ({ params, caller, signal }, { state }) => {
      const { rows: [row] } = await findRows(state, [params.id], signal);
      const servers = caller.servers('read');
      if (row === undefined || (servers !== 'all' && !servers.has(row.server))) throw notFound('row');
      const found = state.chain.proofs([row.seq]).get(row.seq);
      return { body: { ...rowView(row, found, caller), proof: { block: found?.block ?? null, checkpoint: found?.checkpoint ?? null } } };
    },
  }),
];
