import { randomBytes } from 'node:crypto';
import type { ApprovalWay } from '../policy/types.ts';
import type { ApprovalRecord, ApprovalVote, JournalEntry, Outcome } from './types.ts';

/** How a row about an approval differs from others: it tells who let a call through, or why nobody did. */
export type ApprovalCode = 'approval_given' | 'approval_vote' | 'approval_denied' | 'approval_expired';

function entry(record: ApprovalRecord, transport: ApprovalWay | 'none', outcome: Outcome, code: string, reason: string): JournalEntry {
  return {
    id: randomBytes(16).toString('base64url'), server: record.server, grant: record.grant, session: record.session, transport, protocol: null,
    method: 'approvals/decide', name: record.name, requestId: null, outcome, code, rule: record.rule, policy: record.policyId, reason,
    retryAfterMs: null, observed: null, argKeys: null, argHash: null, argValues: null, upstreamStatus: null, latencyMs: null,
  };
}

/** A vote that was counted. Names are chosen by people outside: quoted. Comments and arguments are never in it. */
export function voteEntry(record: ApprovalRecord, vote: ApprovalVote, code: ApprovalCode): JournalEntry {
  const given = record.votes.filter(({ decision }) => decision === 'approve').length;
  const word = vote.decision === 'approve' ? `approved (${given} of ${record.needed})` : 'denied';
  return entry(record, vote.way, vote.decision === 'approve' ? 'ok' : 'refused', code, `approval ${record.id} ${word} by ${JSON.stringify(vote.approver)} via ${vote.way}`);
}

/** A vote that was not counted. @param why as in `VoteResult` */
export function uncountedEntry(record: ApprovalRecord, vote: ApprovalVote, why: string): JournalEntry {
  return entry(record, vote.way, 'rejected', `approval_${why}`, `approval ${record.id}: ${JSON.stringify(vote.approver)} via ${vote.way} tried to ${vote.decision}; not counted`);
}

export function expiryEntry(record: ApprovalRecord, wasApproved: boolean): JournalEntry {
  const reason = `approval ${record.id} ${wasApproved ? 'was given and not used' : 'was not decided'} in time`;
  return entry(record, 'none', 'refused', 'approval_expired', reason);
}
