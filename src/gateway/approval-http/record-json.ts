import type { ApprovalRecord } from '../../state/types.ts';

/** One request as programs read it: the same names in the API, the webhook and `policylayer approvals --json`. */
export function recordJson(record: ApprovalRecord, url: string | null): Readonly<Record<string, unknown>> {
  return {
    id: record.id,
    status: record.status,
    server: record.server,
    grant: record.grant,
    kind: record.kind,
    method: record.method,
    name: record.name,
    // Text, not a value: what was sent, to the last digit.
    arguments: record.argumentsText,
    alsoSent: record.alsoSent,
    policy: record.policyId,
    rule: record.rule,
    reason: record.reason,
    needed: record.needed,
    approvers: record.approvers,
    via: record.via,
    votes: record.votes,
    createdAt: record.createdAt,
    expiresAt: record.expiresAt,
    url,
  };
}
