import { z } from 'zod';
import { outcomeOf } from '../../gateway/approval-http/outcome.ts';
import type { ApprovalRecord, ApprovalStatus } from '../../state/types.ts';
import type { Caller } from '../api/caller.ts';
import { cutPage, pageOf, pageQuery, readCursor } from '../api/paging.ts';
import { ApiProblem, notFound, type ProblemCode } from '../api/problem.ts';
import { ANYWHERE, defineRoute, type Route } from '../api/route.ts';
import type { ControlServices } from '../api/services.ts';
import { approvalSummary, approvalSummarySchema } from '../live/approval-view.ts';
import { classOf } from '../live/tool-class.ts';
import { ownRequest } from '../live/own-request.ts';

const STATUSES = ['pending', 'approved', 'denied', 'expired', 'used'] as const satisfies readonly ApprovalStatus[];
const HISTORY = 10;
/** As on the approval pages: a comment is a sentence or two, not a document. */
const MAX_COMMENT = 500;

const past = z.object({ id: z.string(), status: z.enum(STATUSES), grant: z.string(), createdAt: z.string(), votes: approvalSummarySchema.shape.votes });
const detail = approvalSummarySchema.extend({
  arguments: z.string().nullable().describe('the exact text that is sent; null without the right to decide, where there is none, and some time after the decision'),
  alsoSent: z.string().nullable().describe('whatever else of the call is bound and sent, as the text of a JSON object'),
  class: z.object({ category: z.string(), risk: z.string() }).nullable(),
  history: z.array(past).describe('earlier requests for the same tool of the same server, newest first'),
  mayDecide: z.boolean(), whyNot: z.string().nullable(),
});
const idParams = z.strictObject({ id: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/, 'the id of a request is expected') });

/** Which refusal of the API a vote that does not count is. */
const REFUSALS: Readonly<Record<string, ProblemCode>> = {
  not_found: 'not_found', expired: 'conflict', not_pending: 'conflict', already_voted: 'conflict', not_an_approver: 'forbidden', requester: 'forbidden', way_not_allowed: 'forbidden',
};

export const approvalRoutes: readonly Route[] = [
  defineRoute({
    method: 'get', path: '/approvals', id: 'listApprovals', summary: 'Requests for approval, newest first, without what they send', tag: 'approvals', permission: 'read', scope: () => ANYWHERE,
    query: z.strictObject({ ...pageQuery, status: z.string().optional().describe('one or more, separated by commas').transform((text) => text?.split(',')).pipe(z.array(z.enum(STATUSES)).min(1).optional()), server: z.string().max(128).optional(), grant: z.string().max(256).optional() }),
    reply: pageOf(approvalSummarySchema),
    handle: async ({ query, caller }, { state }) => {
      const servers = caller.servers('read');
      const items: ApprovalRecord[] = [];
      let before = readCursor('approvals', query.cursor, 'string');
      // Those of servers that he may not see are passed over, a bounded number of times.
      for (let round = 0; round < 20 && items.length <= query.limit; round += 1) {
        const page = await state.approvals({
          limit: query.limit + 1, texts: false, ...(query.status === undefined ? {} : { status: query.status }), ...(query.server === undefined ? {} : { server: query.server }),
          ...(query.grant === undefined ? {} : { grant: query.grant }), ...(before === undefined ? {} : { before }),
        });
        items.push(...page.filter(({ server }) => servers === 'all' || servers.has(server)));
        before = page.at(-1)?.id;
        if (page.length <= query.limit) break;
      }
      const { items: shown, next } = cutPage('approvals', items, query.limit, ({ id }) => id);
      return { body: { items: shown.map(approvalSummary), next } };
    },
  }),
  defineRoute({
    method: 'get', path: '/approvals/{id}', id: 'getApproval', summary: 'One request with everything that an approver has to see', tag: 'approvals', permission: 'read', params: idParams, reply: detail,
    scope: ({ params }, { state }) => serverOf(params.id, state),
    handle: async ({ params, caller }, services) => {
      const record = await services.state.approval(params.id);
      if (record === null) throw notFound('request');
      return { body: await detailOf(record, caller, services) };
    },
  }),
  defineRoute({
    method: 'post', path: '/approvals/{id}/decide', id: 'decideApproval', summary: 'Approves or denies a call, under the name of who has signed in', tag: 'approvals', permission: 'approvals.decide', params: idParams,
    // A person decides. A token that lies where an agent works would let it approve its own calls.
    sessionOnly: true,
    body: z.strictObject({ decision: z.enum(['approve', 'deny']), comment: z.string().max(MAX_COMMENT).optional() }), reply: detail,
    scope: ({ params }, { state }) => serverOf(params.id, state),
    handle: async ({ params, body, caller }, services) => {
      const { state } = services;
      const record = await state.approval(params.id);
      if (record === null) throw notFound('request');
      const own = await ownRequest(record, caller, services);
      // A no harms nobody but himself.
      if (own !== null && body.decision === 'approve') throw new ApiProblem('forbidden', `you cannot approve your own request: ${own}. Somebody else has to decide`);
      const comment = body.comment?.trim() ?? '';
      const result = await state.vote(params.id, { approver: caller.email, way: 'dashboard', decision: body.decision, comment: comment === '' ? null : comment });
      if (!result.ok) {
        const outcome = outcomeOf(result, body.decision);
        throw new ApiProblem(REFUSALS[result.why] ?? 'conflict', `${outcome.title}. ${outcome.text}`);
      }
      return { body: await detailOf(result.record, caller, services) };
    },
  }),
];

async function serverOf(id: string, state: ControlServices['state']): Promise<string | undefined> {
  return (await state.approval(id))?.server;
}

async function detailOf(record: ApprovalRecord, caller: Caller, services: ControlServices): Promise<z.input<typeof detail>> {
  const decides = caller.can('approvals.decide', record.server);
  const whyNot = await whyNotOf(record, caller, services, decides);
  const earlier = await services.state.approvals({ server: record.server, name: record.name, before: record.id, limit: HISTORY, texts: false });
  return {
    ...approvalSummary(record),
    arguments: decides ? record.argumentsText : null, alsoSent: decides ? record.alsoSent : null, class: classOf(record, services),
    history: earlier.map(({ id, status, grant, createdAt, votes }) => ({ id, status, grant, createdAt, votes: votes.map((vote) => ({ ...vote })) })),
    mayDecide: whyNot === null, whyNot,
  };
}

/** Why the caller cannot approve this, for people; null when he can. The decision itself is judged again, in the store. */
async function whyNotOf(record: ApprovalRecord, caller: Caller, services: ControlServices, decides: boolean): Promise<string | null> {
  if (record.status !== 'pending') return 'it was decided already, or nobody decided in time';
  if (!decides) return 'you are no approver of this server';
  if (caller.via === 'token') return 'API tokens decide nothing; sign in';
  if (!record.via.includes('dashboard')) return `the rule leaves this to: ${record.via.join(', ')}`;
  if (record.approvers !== null && !record.approvers.includes(caller.email)) return 'the rule names others as approvers';
  if (record.votes.some(({ approver }) => approver.toLowerCase() === caller.email.toLowerCase())) return 'you have decided already';
  const own = await ownRequest(record, caller, services);
  return own === null ? null : `it is your own request: ${own}`;
}
