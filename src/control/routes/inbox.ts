import { z } from 'zod';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { notFound } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';

const message = z.object({ id: z.int(), at: z.string(), read: z.boolean(), name: z.string(), email: z.string(), page: z.string(), text: z.string() });
const held = z.object({ server: z.string(), name: z.string(), hash: z.string(), why: z.array(z.string()), firstSeen: z.string(), lastSeen: z.string() });
const MAX_HELD = 10_000;

/** What people wrote, and which definitions of tools wait for somebody. Visitors leave their addresses, so messages are for those who run the organisation. */
export const inboxRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/inbox', id: 'listMessages', summary: 'Messages that visitors of the catalogue left, newest first', tag: 'inbox', permission: 'settings.write', scope: () => null,
    query: z.strictObject({ ...pageQuery, unread: z.enum(['true', 'false']).optional() }), reply: pageOf(message),
    handle: async ({ query }, { state }) => {
      const before = readCursor('inbox', query.cursor, 'number');
      const rows = await state.messages.list({ limit: query.limit + 1, ...(before === undefined ? {} : { before }), ...(query.unread === undefined ? {} : { unread: query.unread === 'true' }) });
      return { body: cutPage('inbox', rows, query.limit, ({ id }) => id) };
    },
  }),
  defineRoute({
    method: 'post', path: '/inbox/{id}/read', id: 'markMessageRead', summary: 'Marks a message as read', tag: 'inbox', permission: 'settings.write', scope: () => null,
    params: z.strictObject({ id: z.string().regex(/^[1-9]\d{0,14}$/, 'the number of a message is expected') }), reply: z.null(),
    handle: async ({ params }, { state }) => {
      if (!(await state.messages.markRead(Number(params.id)))) throw notFound('message');
      return { status: 204, body: null };
    },
  }),
  defineRoute({
    method: 'get', path: '/held', id: 'listHeldDefinitions', summary: 'Definitions of tools that are kept back until somebody accepts them', tag: 'inbox', permission: 'read', scope: () => ANYWHERE,
    query: z.strictObject({ ...pageQuery, server: z.string().max(128).optional() }), reply: pageOf(held),
    handle: ({ query, caller }, { state }) => {
      const servers = caller.servers('read');
      const records = state.pins.list({ held: true, limit: MAX_HELD, ...(query.server === undefined ? {} : { server: query.server }) });
      const items = records.filter(({ server }) => servers === 'all' || servers.has(server)).flatMap(({ server, name, lastSeen, definitions }) => (
        definitions.filter(({ standing }) => standing === 'held').map(({ hash, why, firstSeen }) => ({ server, name, hash, why: [...why], firstSeen, lastSeen }))
      ));
      const at = ({ server, name, hash }: { readonly server: string; readonly name: string; readonly hash: string }): string => `${server}\0${name}\0${hash}`;
      items.sort((a, b) => (at(a) < at(b) ? -1 : 1));
      const after = readCursor('held', query.cursor, 'string');
      const rest = after === undefined ? items : items.filter((item) => at(item) > after);
      return { body: cutPage('held', rest.slice(0, query.limit + 1), query.limit, at) };
    },
  }),
];
