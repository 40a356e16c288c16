import { nfkc } from '../wire/nfkc.ts';
import type { ApprovalRecord, ApprovalVote, VoteResult } from './types.ts';

const LONGEST_NAME = 256;
const UNREADABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;
/** What is not seen, so that a name with it looks like the name without it. The braille blank is no white space and no format character. */
const UNSEEN = /[\p{Cf}\p{Cc}\p{Default_Ignorable_Code_Point}\s\u2800]+/gu;

/** Why a vote on this approval is not counted, or null when it is. */
export function refusedVote(record: ApprovalRecord, vote: ApprovalVote): Extract<VoteResult, { ok: false }>['why'] | null {
  if (record.status === 'expired') return 'expired';
  if (record.status !== 'pending') return 'not_pending';
  if (!record.via.includes(vote.way)) return 'way_not_allowed';
  const name = folded(vote.approver);
  if (name === folded(record.grant)) return 'requester';
  if (name === '' || vote.approver.length > LONGEST_NAME) return 'not_an_approver';
  if (record.approvers !== null && !record.approvers.includes(vote.approver)) return 'not_an_approver';
  if (record.votes.some(({ approver }) => folded(approver) === name)) return 'already_voted';
  // Names from outside are printed where people decide: none may move the cursor or turn the text around.
  return UNREADABLE.test(vote.approver) ? 'not_an_approver' : null;
}

/** One person must not count twice, nor approve their own call, by writing a name in another way. Who is in a list is compared exactly. */
function folded(name: string): string {
  return nfkc(name.replace(UNSEEN, '')).replace(UNSEEN, '').toLowerCase();
}
