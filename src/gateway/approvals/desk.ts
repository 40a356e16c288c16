import type { ApprovalWay } from '../../policy/types.ts';
import type { ApprovalRecord } from '../../state/types.ts';

/**
 * What one process has to offer to those who approve (policy.md, "Approval"). `elicitation` is not among the ways: whether the client's
 * own user can be asked depends on the client, not on the process.
 */
export interface ApprovalDesk {
  /** The ways that lead to somebody here. A rule whose `via` has none of them cannot be approved. */
  readonly ways: ReadonlySet<ApprovalWay>;
  /** Address of the page of one approval, without a secret; null where no page is served. */
  urlOf(id: string): string | null;
  /** A new request waits: whoever has to be told is told. Must not throw, and must not wait. */
  created(record: ApprovalRecord): void;
}

/** The desk of a process that serves no page: approvals are given with the command line, which shares the data directory. */
export const LOCAL_DESK: ApprovalDesk = Object.freeze({
  ways: new Set<ApprovalWay>(['cli']),
  urlOf: () => null,
  created: () => undefined,
});
