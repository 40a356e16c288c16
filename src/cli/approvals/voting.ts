import { userInfo } from 'node:os';
import type { ApprovalRecord, State, VoteResult } from '../../state/types.ts';
import { UsageError } from '../usage-error.ts';
import { isShownWhole } from '../../gateway/approval-http/shown-call.ts';
import { shownName } from './shown-name.ts';
import { Refused } from './state.ts';

const MAX_NAME = 64;
const MAX_COMMENT = 500;

/** Who decides: what `--as` says, else the user of the operating system. */
export function approverName(option: string | undefined, flag = '--as'): string {
  const name = (option ?? systemUser()).trim();
  if (name === '') throw new UsageError('this system does not say who you are', `add ${flag} NAME`);
  if (name.length > MAX_NAME || /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(name)) throw new UsageError(`the name after ${flag} is longer than ${MAX_NAME} characters, or holds one that cannot be shown`);
  return name;
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    // No entry for this user, as in some containers.
    return '';
  }
}

export function checkedComment(option: string | undefined): string | null {
  const comment = option?.trim() ?? '';
  if (comment.length > MAX_COMMENT) throw new UsageError(`--comment is longer than ${MAX_COMMENT} characters`);
  return comment === '' ? null : comment;
}

/** @throws Refused for a yes to a call that could not be shown whole, unless it is insisted on */
export function checkShown(record: ApprovalRecord, decision: 'approve' | 'deny', force: boolean): void {
  if (decision === 'deny' || force || isShownWhole(record)) return;
  throw new Refused('not_shown_whole', `request ${record.id} was built so that it cannot be shown whole; read the exact text with \`policylayer approvals show ${record.id} --json\`, then approve with --force`);
}

/** Counts one vote. @throws Refused with the reason why it does not count */
export async function vote(state: State, record: ApprovalRecord, decision: 'approve' | 'deny', approver: string, comment: string | null): Promise<ApprovalRecord> {
  const result = await state.vote(record.id, { approver, way: 'cli', decision, comment });
  if (result.ok) return result.record;
  throw new Refused(result.why, whyNot(result, record, approver));
}

function whyNot(result: Exclude<VoteResult, { readonly ok: true }>, record: ApprovalRecord, approver: string): string {
  const now = result.record ?? record;
  switch (result.why) {
    case 'not_found': return `there is no request ${record.id} any more`;
    case 'expired': return `request ${record.id} has expired; the agent can ask again`;
    case 'not_pending': return `request ${record.id} was decided already: ${now.status}${decidedBy(now)}`;
    case 'already_voted': return `${shownName(approver)} has decided on request ${record.id} already; another approver is needed`;
    case 'not_an_approver': return `${shownName(approver)} is not an approver of this rule, which names ${(now.approvers ?? []).map((name) => shownName(name)).join(', ')}; decide with --as NAME`;
    case 'requester': return `${shownName(approver)} is the grant that asks; a caller cannot approve its own call`;
    case 'way_not_allowed': return `the rule does not allow the command line; it allows ${now.via.join(', ')}`;
  }
}

function decidedBy(record: ApprovalRecord): string {
  const last = record.votes.at(-1);
  return last === undefined ? '' : ` by ${shownName(last.approver)}`;
}

/** What a vote has brought about, in a sentence. */
export function afterVote(record: ApprovalRecord): string {
  const given = record.votes.filter(({ decision }) => decision === 'approve').length;
  if (record.status === 'denied') return 'denied; the call is not let through';
  if (record.status === 'pending') return `approval recorded, ${given} of ${record.needed}; another approver is needed`;
  return 'approved; the call may run once';
}
