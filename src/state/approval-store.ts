import { randomBytes } from 'node:crypto';
import { expiryEntry, voteEntry } from './approval-entry.ts';
import { ApprovalLinks } from './approval-links.ts';
import { ApprovalLog } from './approval-log.ts';
import { checkRequest, hasRunOut, requestColumns, type StoredApproval } from './approval-row.ts';
import type { SqlDatabase } from './driver.ts';
import { boundedColumn } from './journal-row.ts';
import { refusedVote } from './approval-vote.ts';
import type { StoreClock } from './store-clock.ts';
import type { ApprovalAnswer, ApprovalRecord, ApprovalRequest, ApprovalVote, JournalEntry, VoteResult } from './types.ts';

/** Requests of one grant that may wait at a time. */
export const MAX_WAITING = 100;
const COMMENT_BOUND = 4096;

/** The approved request that a call uses up; its digest is compared again. */
export interface ApprovalUse {
  readonly id: string;
  readonly digest: string;
}

/** 128 random bits, url-safe. Never with a dash first, which a command line would take for an option. */
function newId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

/** Approvals (policy.md, "Approval"; protocol.md, attacks 33 and 34). Every method runs inside the caller's write transaction. */
export class ApprovalStore {
  readonly log: ApprovalLog;
  readonly links: ApprovalLinks;
  readonly #clock: StoreClock;
  readonly #record: (entry: JournalEntry) => void;

  /** @param record writes a journal row in the same transaction */
  constructor(database: SqlDatabase, clock: StoreClock, record: (entry: JournalEntry) => void) {
    this.log = new ApprovalLog(database);
    this.links = new ApprovalLinks(database);
    this.#clock = clock;
    this.#record = record;
  }

  /** @throws StateUnavailable for a request that could not be kept */
  request(request: ApprovalRequest): ApprovalAnswer {
    checkRequest(request);
    const now = this.#clock.now(0);
    const newest = this.log.newest(request.digest, now);
    if (newest !== null) {
      const { record } = newest;
      if (record.status === 'approved') return { status: 'approved', record, created: false };
      if (record.status === 'pending') {
        // One that was given back after this request was opened.
        const usable = this.log.usable(request.digest, now);
        return usable === null ? { status: 'pending', record, created: false } : { status: 'approved', record: usable.record, created: false };
      }
      if (record.status === 'denied' && now < newest.expiresUs) return { status: 'denied', record, created: false };
      if (record.status === 'expired' && !newest.told) {
        const expired = this.expire(newest, now);
        this.log.markTold(newest.seq);
        return { status: 'expired', record: expired, created: false };
      }
    }
    return this.#open(request, now);
  }

  #open(request: ApprovalRequest, now: number): ApprovalAnswer {
    const { waiting, first } = this.log.waiting(boundedColumn(request.grant), now);
    if (waiting >= MAX_WAITING) return { status: 'too_many', waiting, retryAfterMs: Math.max(1, Math.ceil((first - now) / 1000)) };
    const id = newId();
    const wall = this.#clock.wallMs();
    const timeoutMs = Math.ceil(request.timeoutMs);
    this.log.insert(id, wall, wall + timeoutMs, now + timeoutMs * 1000, requestColumns(request));
    return { status: 'pending', record: this.#again(id, now), created: true };
  }

  /** Writes down that a request, or an approval, has run out. Does nothing when that is written already. */
  expire(stored: StoredApproval, now: number): ApprovalRecord {
    if (!hasRunOut(stored.status, stored.expiresUs, now)) return stored.record;
    this.log.finish(stored.seq, 'expired', now, null);
    this.links.dropAll(stored.seq);
    this.#record(expiryEntry(stored.record, stored.status === 'approved'));
    return stored.record;
  }

  /** Place of the approval, if this very call can use it now; else null. */
  usable({ id, digest }: ApprovalUse): number | null {
    return this.log.toUse(id, digest, this.#clock.now(0));
  }

  /** @param place what `usable` gave in the same transaction */
  use(place: number, usedBy: string): void {
    this.log.finish(place, 'used', this.#clock.now(0), boundedColumn(usedBy, 128));
    this.links.dropAll(place);
  }

  /** Makes an approval usable again whose call never reached the upstream, if it has not run out. */
  giveBack(id: string, usedBy: string): void {
    const now = this.#clock.now(0);
    const stored = this.log.byId(id, now);
    if (stored === null || stored.status !== 'used' || stored.record.usedBy !== usedBy || now >= stored.expiresUs) return;
    this.log.approve(stored.seq, Date.parse(stored.record.expiresAt), stored.expiresUs);
  }

  vote(id: string, vote: ApprovalVote): VoteResult {
    const now = this.#clock.now(0);
    const stored = this.log.byId(id, now);
    if (stored === null) return { ok: false, why: 'not_found', record: null };
    if (stored.record.status === 'expired') this.expire(stored, now);
    const why = refusedVote(stored.record, vote);
    if (why !== null) return { ok: false, why, record: stored.record };
    const wall = this.#clock.wallMs();
    this.log.insertVote(stored.seq, stored.record.votes.length, [boundedColumn(vote.approver), vote.way, vote.decision, boundedColumn(vote.comment, COMMENT_BOUND), wall]);
    const given = stored.record.votes.length + 1;
    const decided = vote.decision === 'approve' && given >= stored.record.needed;
    if (vote.decision === 'deny') this.log.finish(stored.seq, 'denied', now, null);
    else if (decided) this.log.approve(stored.seq, wall + stored.record.timeoutMs, now + stored.record.timeoutMs * 1000);
    const record = this.#again(id, now);
    this.#record(voteEntry(record, vote, vote.decision === 'deny' ? 'approval_denied' : decided ? 'approval_given' : 'approval_vote'));
    return { ok: true, record };
  }

  mintLink(id: string, approver: string): string | null {
    const now = this.#clock.now(0);
    const stored = this.log.byId(id, now);
    return stored?.record.status === 'pending' ? this.links.mint(stored.seq, approver) : null;
  }

  /** @returns who tried, or null when the link is wrong; and what became of it */
  voteByLink(id: string, secret: string, decision: 'approve' | 'deny', comment: string | null): { readonly vote: ApprovalVote | null; readonly result: VoteResult } {
    const now = this.#clock.now(0);
    const stored = this.log.byId(id, now);
    const link = stored === null ? null : this.links.find(stored.seq, secret);
    if (link === null) return { vote: null, result: { ok: false, why: 'not_found', record: null } };
    const vote: ApprovalVote = { approver: link.approver, way: 'link', decision, comment };
    const result = this.vote(id, vote);
    if (result.ok) this.links.drop(link);
    return { vote, result };
  }

  #again(id: string, now: number): ApprovalRecord {
    const stored = this.log.byId(id, now);
    if (stored === null) throw new Error('an approval that was just written is not there');
    return stored.record;
  }
}
