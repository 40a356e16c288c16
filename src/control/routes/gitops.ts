import { z } from 'zod';
import { defineRoute, type Route } from '../api/route.ts';
import { auditOf } from '../auth/audit-entry.ts';
import { save } from '../config/save.ts';
import { changeReply, gitopsDocument, MAX_DOCUMENT_BODY } from '../gitops/document.ts';
import { exportDocument } from '../gitops/export-document.ts';
import { planDocument } from '../gitops/plan.ts';

const WORDS = { create: 'made', update: 'changed', delete: 'removed' } as const;

export const gitopsRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/export', id: 'exportRegistry', summary: 'Everything that the registry owns as one document, without secrets', tag: 'gitops', permission: 'servers.write', scope: () => null,
    reply: z.object({ version: z.literal('1'), servers: z.record(z.string(), z.unknown()), policies: z.record(z.string(), z.unknown()), grants: z.record(z.string(), z.unknown()) }),
    handle: async (_call, services) => ({ body: (await exportDocument(services.registry)) as { version: '1'; servers: Record<string, unknown>; policies: Record<string, unknown>; grants: Record<string, unknown> } }),
  }),
  defineRoute({
    method: 'post', path: '/apply', id: 'applyDocument', summary: 'Make the registry as a document says: all of it or nothing', tag: 'gitops', permission: 'servers.write', scope: () => null, maxBody: MAX_DOCUMENT_BODY,
    query: z.strictObject({ dryRun: z.enum(['true', 'false', '']).optional() }),
    body: z.strictObject({ document: gitopsDocument, prune: z.boolean().default(false) }),
    reply: z.object({ changes: z.array(changeReply), applied: z.boolean(), tokens: z.record(z.string(), z.string()).describe('tokens of new grants, told once') }),
    handle: async (call, services) => {
      const { document, prune } = call.body;
      const dry = call.query.dryRun === 'true' || call.query.dryRun === '';
      const plan = await planDocument(document, prune, { id: call.caller.id, name: call.caller.name }, services);
      const changes = [...plan.changes];
      if (dry || changes.length === 0) return { body: { changes, applied: false, tokens: {} } };
      const audit = changes.map(({ op, kind, name, fields }) => auditOf(call, { action: `${kind}.apply`, kind, name, summary: `${WORDS[op]} the ${kind} ${name} by a document`, after: fields.length === 0 ? null : { fields } }));
      await save(services, plan.writes, audit, { what: 'registry', guarded: false });
      for (const { op, kind, name } of changes) if (op === 'delete' && kind === 'server') services.state.pins.forget(name, null, call.caller.name);
      return { body: { changes, applied: true, tokens: plan.tokens } };
    },
  }),
];
