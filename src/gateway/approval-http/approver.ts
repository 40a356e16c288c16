import { hash, timingSafeEqual } from 'node:crypto';
import type { State, VoteResult } from '../../state/types.ts';
import type { ApproverConfig } from '../config-types.ts';

/** Somebody who showed a secret, and what he can do with it. */
export interface Approver {
  readonly name: string;
  vote(decision: 'approve' | 'deny', comment: string | null): VoteResult | Promise<VoteResult>;
}

/**
 * Who holds this secret: an approver of the configuration, by his token, or the holder of a link for this very request. The token of a grant
 * is neither, so that nobody approves with what he calls with (attack 34). Every token is compared, in constant time.
 */
export async function approverOf(state: State, approvers: readonly ApproverConfig[], id: string, secret: string): Promise<Approver | null> {
  const digest = hash('sha256', secret, 'buffer');
  let name: string | null = null;
  for (const approver of approvers) if (timingSafeEqual(digest, approver.tokenSha256)) name = approver.name;
  if (name !== null) {
    const approver = name;
    return { name: approver, vote: (decision, comment) => state.vote(id, { approver, way: 'dashboard', decision, comment }) };
  }
  const link = await state.approvalLink(id, secret);
  return link === null ? null : { name: link.approver, vote: (decision, comment) => state.voteByLink(id, secret, decision, comment) };
}
