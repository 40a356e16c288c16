import { z } from 'zod';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import { auditOf } from '../auth/audit-entry.ts';
import { findRows } from '../journal/find-rows.ts';

const MAX_IDS = 1_000;

const checkpoint = z.object({
  format: z.literal('policylayer-journal-checkpoint'), chain: z.string(), number: z.int(), hash: z.string(), lastSeq: z.int(), at: z.string(), key: z.string(), publicKey: z.string(), signature: z.string(),
});
const report = z.object({
  ok: z.boolean(), chain: z.string().nullable(), firstSeq: z.int(), lastSeq: z.int(), rows: z.int(), blocks: z.int(), checkpoints: z.int(), sealedThrough: z.int(), unsealed: z.int(),
  unsealedEnds: z.int(), unsigned: z.int(), redacted: z.int(), removedThrough: z.int(), lastCheckpoint: checkpoint.nullable(), publicKey: z.string().nullable().describe('PEM; of the newest key'),
  keys: z.array(z.object({ id: z.string(), publicKey: z.string(), block: z.int(), vouched: z.boolean() })),
  problems: z.array(z.object({ code: z.string(), block: z.int().nullable(), seq: z.int().nullable(), message: z.string() })).describe('at most 100'), problemCount: z.int(),
});

export const journalChainRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/journal/checkpoints', id: 'listCheckpoints', tag: 'journal', permission: 'read', scope: () => ANYWHERE, summary: 'Signed checkpoints, newest first, to be kept elsewhere',
    query: z.strictObject(pageQuery), reply: pageOf(checkpoint),
    handle: ({ query }, { state }) => {
      const before = readCursor('checkpoints', query.cursor, 'number');
      const rows = state.chain.checkpoints({ limit: query.limit + 1, ...(before === undefined ? {} : { before }) });
      return { body: cutPage('checkpoints', rows, query.limit, ({ number }) => number) };
    },
  }),
  defineRoute({
    method: 'post', path: '/journal/verify', id: 'verifyJournal', tag: 'journal', permission: 'read', scope: () => null, summary: 'Checks the whole journal against its chain; one check at a time',
    reply: report,
    handle: async ({ signal }, { state }) => {
      const found = await state.chain.verify({}, signal);
      return { body: { ...found, problems: found.problems.map((one) => ({ ...one })), keys: found.keys.map((one) => ({ ...one })), lastCheckpoint: found.lastCheckpoint === null ? null : { ...found.lastCheckpoint }, publicKey: found.keys.at(-1)?.publicKey ?? null } };
    },
  }),
  defineRoute({
    method: 'post', path: '/journal/redact', id: 'redactJournal', tag: 'journal', permission: 'settings.write', scope: () => null,
    summary: 'Erases the arguments (names, hash, values) of rows for ever. The chain keeps who did it and why, and still verifies',
    body: z.strictObject({
      ids: z.array(z.string().regex(/^[A-Za-z0-9_.:-]{1,128}$/, 'the number or the id of a row is expected')).min(1).max(MAX_IDS).optional(),
      before: z.iso.datetime({ offset: true }).optional().describe('every row that was written before'),
      reason: z.string().trim().min(1).max(500),
    }).refine(({ ids, before }) => (ids === undefined) !== (before === undefined), { error: 'either `ids` or `before` is expected' }),
    reply: z.object({ redacted: z.int().describe('how many rows had arguments') }),
    handle: async (call, { state, registry }) => {
      const { ids, before, reason } = call.body;
      let what: { readonly seqs: readonly number[] } | { readonly before: Date } = { before: new Date(before ?? 0) };
      if (ids !== undefined) {
        const { rows, missing } = await findRows(state, [...new Set(ids)], call.signal);
        if (missing.length > 0) throw new ApiProblem('invalid_request', 'some of these rows do not exist; nothing was redacted', { problems: missing.map((id) => ({ pointer: `/ids/${ids.indexOf(id)}`, message: 'there is no such row' })) });
        what = { seqs: rows.map(({ seq }) => seq) };
      }
      const redacted = await state.chain.redact(what, call.caller.email, reason);
      const which = ids === undefined ? `rows before ${before ?? ''}` : `${ids.length} named rows`;
      await registry.addAudit(auditOf(call, { action: 'journal.redact', kind: 'journal', name: 'journal', summary: `Erased the arguments of ${redacted} rows (${which}): ${reason}`, after: { redacted, reason } }));
      return { body: { redacted } };
    },
  }),
];
