import { z } from 'zod';
import type { ApprovalRecord } from '../../state/types.ts';

export const voteSchema = z.object({ approver: z.string(), way: z.string(), decision: z.enum(['approve', 'deny']), comment: z.string().nullable(), at: z.string() });

/** What lists and events show of a request: nothing that it sends. */
export const approvalSummarySchema = z.object({
  id: z.string(), status: z.enum(['pending', 'approved', 'denied', 'expired', 'used']), server: z.string(), grant: z.string(), kind: z.enum(['tool', 'resource', 'prompt']), method: z.string(), name: z.string(),
  reason: z.string().nullable(), policy: z.string(), rule: z.string(), needed: z.int(), approvers: z.array(z.string()).nullable(), via: z.array(z.string()), votes: z.array(voteSchema),
  createdAt: z.string(), expiresAt: z.string(), usedBy: z.string().nullable(),
});

export function approvalSummary(record: ApprovalRecord): z.input<typeof approvalSummarySchema> {
  const { id, status, server, grant, kind, method, name, reason, rule, needed, createdAt, expiresAt, usedBy } = record;
  return {
    id, status, server, grant, kind, method, name, reason, rule, needed, createdAt, expiresAt, usedBy, policy: record.policyId,
    approvers: record.approvers === null ? null : [...record.approvers], via: [...record.via], votes: record.votes.map((vote) => ({ ...vote })),
  };
}
