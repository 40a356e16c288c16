import type { LimitClaim } from '../policy/types.ts';
import type { Chain } from './chain/types.ts';
import type { ApprovalUse } from './approval-store.ts';
import type { Registry } from './registry/types.ts';
import type {
  ApprovalAnswer, ApprovalFilter, ApprovalRecord, ApprovalRequest, ApprovalStatus, ApprovalVote, CounterScope, FoundRows, JournalEntry, JournalFigures, JournalFilter, JournalRow, JournalSearchFilter, Messages, Pins,
  ReserveResult, Settlement, State, VoteResult,
} from './types.ts';

/** One call that wants to be admitted. */
export interface Admission {
  readonly claims: readonly LimitClaim[];
  readonly scope: CounterScope;
  readonly entry: JournalEntry;
  readonly approval?: ApprovalUse;
}

/** An engine that admits several calls in one transaction. */
export interface BatchState extends State {
  /** The results in the order of the calls; each call sees the ones before it. @throws StateUnavailable: then none was admitted */
  admitAll(calls: readonly Admission[]): ReserveResult[];
}

/** Told of what passes, for counting. Runs on the path of every call: it must not throw and must not wait. */
export interface StateObserver {
  /** A call asked to be admitted; `result` says what became of it. */
  admitted(entry: JournalEntry, result: ReserveResult): void;
  appended(entry: JournalEntry): void;
  settled(id: string, settlement: Settlement): void;
  /** Something could not be written or decided. */
  failed(): void;
}

/** Batches the admissions of an engine that can take several at once; any other engine is returned as it is. */
export function batched(state: State, observer: StateObserver | null = null): State {
  return 'admitAll' in state ? new BatchedAdmissions(state as BatchState, observer) : state;
}

interface Waiting extends Admission {
  readonly resolve: (result: ReserveResult) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls in one transaction; more are split, so that the lock is not held for long. */
const MAX_BATCH = 128;

/**
 * Puts the calls that arrive in one turn of the event loop into one transaction. A transaction costs more than what is written in it, and
 * calls that are in flight together arrive together. What is promised stays: a call is answered only after its commit, and when the
 * transaction fails, every call in it is refused.
 */
export class BatchedAdmissions implements State {
  readonly #state: BatchState;
  readonly #observer: StateObserver | null;
  #waiting: Waiting[] = [];
  #scheduled = false;

  constructor(state: BatchState, observer: StateObserver | null = null) {
    this.#state = state;
    this.#observer = observer;
  }

  admit(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry, approval?: ApprovalUse): Promise<ReserveResult> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ claims, scope, entry, resolve, reject, ...(approval === undefined ? {} : { approval }) });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#commit());
    });
  }

  #commit(): void {
    this.#scheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    for (let from = 0; from < waiting.length; from += MAX_BATCH) this.#commitOne(waiting.length <= MAX_BATCH ? waiting : waiting.slice(from, from + MAX_BATCH));
  }

  #commitOne(batch: readonly Waiting[]): void {
    let results: ReserveResult[];
    try {
      results = this.#state.admitAll(batch);
    } catch (error) {
      this.#observer?.failed();
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const [index, { entry, resolve, reject }] of batch.entries()) {
      const result = results[index];
      if (result === undefined) {
        reject(new Error('a call was not judged'));
        continue;
      }
      this.#observer?.admitted(entry, result);
      resolve(result);
    }
  }

  get messages(): Messages {
    return this.#state.messages;
  }

  get chain(): Chain {
    return this.#state.chain;
  }

  search(filter: JournalSearchFilter, signal?: AbortSignal): Promise<FoundRows> {
    return this.#state.search(filter, signal);
  }

  get pins(): Pins {
    return this.#state.pins;
  }

  get figures(): JournalFigures {
    return this.#state.figures;
  }

  get registry(): Registry {
    return this.#state.registry;
  }

  reserve(claims: readonly LimitClaim[], scope: CounterScope): ReserveResult | Promise<ReserveResult> {
    return this.#state.reserve(claims, scope);
  }

  requestApproval(request: ApprovalRequest): ApprovalAnswer | Promise<ApprovalAnswer> {
    return this.#state.requestApproval(request);
  }

  approval(id: string): ApprovalRecord | null | Promise<ApprovalRecord | null> {
    return this.#state.approval(id);
  }

  approvals(filter: ApprovalFilter): ApprovalRecord[] | Promise<ApprovalRecord[]> {
    return this.#state.approvals(filter);
  }

  approvalStatus(ids: readonly string[]): ReadonlyMap<string, ApprovalStatus> | Promise<ReadonlyMap<string, ApprovalStatus>> {
    return this.#state.approvalStatus(ids);
  }

  approvalsWaiting(): ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>> {
    return this.#state.approvalsWaiting();
  }

  vote(id: string, vote: ApprovalVote): VoteResult | Promise<VoteResult> {
    return this.#state.vote(id, vote);
  }

  mintApprovalLink(id: string, approver: string): string | null | Promise<string | null> {
    return this.#state.mintApprovalLink(id, approver);
  }

  approvalLink(id: string, secret: string): { readonly approver: string } | null | Promise<{ readonly approver: string } | null> {
    return this.#state.approvalLink(id, secret);
  }

  voteByLink(id: string, secret: string, decision: 'approve' | 'deny', comment: string | null): VoteResult | Promise<VoteResult> {
    return this.#state.voteByLink(id, secret, decision, comment);
  }

  append(entry: JournalEntry): void | Promise<void> {
    try {
      const written = this.#state.append(entry);
      this.#observer?.appended(entry);
      return written;
    } catch (error) {
      this.#observer?.failed();
      throw error;
    }
  }

  settle(id: string, settlement: Settlement): void {
    this.#observer?.settled(id, settlement);
    this.#state.settle(id, settlement);
  }

  digest(bytes: Uint8Array): string {
    return this.#state.digest(bytes);
  }

  query(filter: JournalFilter): JournalRow[] | Promise<JournalRow[]> {
    return this.#state.query(filter);
  }

  flush(): void | Promise<void> {
    if (this.#waiting.length > 0) this.#commit();
    return this.#state.flush();
  }

  close(): void | Promise<void> {
    if (this.#waiting.length > 0) this.#commit();
    return this.#state.close();
  }
}
