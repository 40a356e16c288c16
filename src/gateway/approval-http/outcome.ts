import type { ApprovalRecord, VoteResult } from '../../state/types.ts';

/** What an approver is told: one of a fixed set, in words and as a status. */
export interface Outcome {
  readonly status: number;
  /** Stable, for programs. */
  readonly code: string;
  readonly title: string;
  readonly text: string;
  readonly tone: 'good' | 'bad' | 'warn';
}

export const UNKNOWN: Outcome = { status: 404, code: 'not_found', title: 'There is no such request', text: 'The address is incomplete, or the request is so old that it was removed.', tone: 'warn' };
export const WRONG_SECRET: Outcome = { status: 403, code: 'wrong_secret', title: 'That code is not right', text: 'It may have been used already, or it belongs to another request. Nothing was decided.', tone: 'bad' };
export const UNAVAILABLE: Outcome = { status: 503, code: 'state_unavailable', title: 'This cannot be decided now', text: 'The store of the gateway does not answer. Nothing was decided; try again in a moment.', tone: 'bad' };

export function tooMany(waitMs: number): Outcome {
  return { status: 429, code: 'too_many_attempts', title: 'Too many wrong codes', text: `Try again in ${Math.ceil(waitMs / 1_000)} seconds. Nothing was decided.`, tone: 'bad' };
}

/** Why a request that is not pending takes no decision any more. */
export function closed(record: ApprovalRecord): Outcome | null {
  switch (record.status) {
    case 'pending': return null;
    case 'expired': return { status: 410, code: 'expired', title: 'This request has expired', text: 'Nobody decided in time, so the call was not let through. The agent can ask again.', tone: 'warn' };
    case 'denied': return { status: 409, code: 'already_decided', title: 'This request was denied', text: 'It was decided already, and the call was not let through.', tone: 'warn' };
    case 'approved': return { status: 409, code: 'already_decided', title: 'This request was approved', text: 'It was decided already. The call may run once.', tone: 'warn' };
    case 'used': return { status: 409, code: 'already_decided', title: 'This request was approved', text: 'It was decided already, and the call has been let through.', tone: 'warn' };
  }
}

/** What became of a decision. */
export function outcomeOf(result: VoteResult, decision: 'approve' | 'deny'): Outcome {
  if (result.ok) return accepted(result.record, decision);
  const refused = (status: number, code: string, title: string, text: string): Outcome => ({ status, code, title, text: `${text} Nothing was decided.`, tone: 'bad' });
  switch (result.why) {
    case 'not_found': return UNKNOWN;
    case 'expired': return { status: 410, code: 'expired', title: 'This request has expired', text: 'Nobody decided in time, so the call was not let through. The agent can ask again.', tone: 'warn' };
    case 'not_pending': return (result.record === null ? null : closed(result.record)) ?? { status: 409, code: 'already_decided', title: 'This request was decided already', text: 'Your decision changes nothing any more.', tone: 'warn' };
    case 'already_voted': return { status: 409, code: 'already_voted', title: 'You have decided already', text: 'Your first word stands. Another approver has to decide now.', tone: 'warn' };
    case 'not_an_approver': return refused(403, 'not_an_approver', 'You are not an approver of this call', 'The rule names who may decide.');
    case 'requester': return refused(403, 'requester', 'A caller cannot approve its own call', 'Somebody else has to decide.');
    case 'way_not_allowed': return refused(403, 'way_not_allowed', 'This call cannot be decided here', 'The rule allows other ways only.');
  }
}

function accepted(record: ApprovalRecord, decision: 'approve' | 'deny'): Outcome {
  if (decision === 'deny') return { status: 200, code: 'denied', title: 'Denied', text: 'The call is not let through, and the agent is told so.', tone: 'bad' };
  const given = record.votes.filter((vote) => vote.decision === 'approve').length;
  if (record.status === 'pending') {
    const left = record.needed - given;
    return { status: 200, code: 'recorded', title: 'Your approval is recorded', text: `${given} of ${record.needed} approvals are given. ${left === 1 ? 'One more approver' : `${left} more approvers`} must say yes.`, tone: 'good' };
  }
  return { status: 200, code: 'approved', title: 'Approved', text: 'The call may run once, exactly as you saw it.', tone: 'good' };
}
