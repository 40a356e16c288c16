import { z } from 'zod';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { defineRoute, type Route } from '../api/route.ts';

const entry = z.object({
  seq: z.int(), at: z.string(), actor: z.string().describe('id of a member, `system` or `gateway.yaml`'), actorName: z.string(), via: z.enum(['session', 'token', 'cli', 'system']), action: z.string(), kind: z.string(), name: z.string(),
  summary: z.string(), before: z.unknown(), after: z.unknown(), requestId: z.string().nullable(), address: z.string().nullable(),
});
const word = z.string().min(1).max(200).optional();

export const auditRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/audit', id: 'listAudit', summary: 'Who changed what, newest first', tag: 'audit', permission: 'audit.read',
    query: z.strictObject({ ...pageQuery, actor: word, action: word, kind: word, name: word }), reply: pageOf(entry),
    handle: async ({ query }, { registry }) => {
      const { cursor, limit, ...filter } = query;
      const before = readCursor('audit', cursor, 'number');
      const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
      const rows = await registry.audit({ ...given, ...(before === undefined ? {} : { before }), limit: limit + 1 });
      const page = cutPage('audit', rows, limit, ({ seq }) => seq);
      return { body: page };
    },
  }),
];
