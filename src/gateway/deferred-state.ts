import type { LimitClaim } from '../policy/types.ts';
import type { Registry } from '../state/registry/types.ts';
import type { Chain } from '../state/chain/types.ts';
import {
  StateUnavailable, type ApprovalAnswer, type ApprovalFilter, type ApprovalRecord, type ApprovalRequest, type ApprovalStatus, type ApprovalVote, type CounterScope, type FoundRows, type JournalEntry, type JournalFigures,
  type JournalFilter, type JournalRow, type JournalSearchFilter, type Messages, type Pins, type ReserveResult, type Settlement, type State, type VoteResult,
} from '../state/types.ts';

/**
 * A state that is opened on first need: `run` answers `initialize` before a database is loaded. Until it is open, writes wait for
 * it; when it cannot be opened, every call that needs it is refused (could not decide = refused).
 */
export class DeferredState implements State {
  readonly #open: () => Promise<State>;
  readonly #log: (line: string) => void;
  #opening: Promise<void> | null = null;
  #state: State | null = null;
  #failure: StateUnavailable | null = null;
  #closed = false;

  constructor(open: () => Promise<State>, log: (line: string) => void) {
    this.#open = open;
    this.#log = log;
  }

  /** Starts the opening if needed. @returns null when the state is open, or has failed to open */
  ready(): Promise<void> | null {
    if (this.#state !== null || this.#failure !== null) return null;
    this.#opening ??= this.#open().then(
      (state) => {
        this.#state = state;
      },
      (error: unknown) => {
        const text = error instanceof Error ? error.message : 'unknown error';
        this.#failure = new StateUnavailable(`the state could not be opened: ${text}`, { cause: error });
        this.#log(`state: ${this.#failure.message}; every governed call is refused`);
      },
    );
    return this.#opening;
  }

  #now(): State {
    if (this.#state !== null) return this.#state;
    throw this.#failure ?? new StateUnavailable('the state is not open yet');
  }

  get messages(): Messages {
    return this.#now().messages;
  }

  get chain(): Chain {
    return this.#now().chain;
  }

  search(filter: JournalSearchFilter, signal?: AbortSignal): Promise<FoundRows> {
    return this.#now().search(filter, signal);
  }

  get pins(): Pins {
    return this.#now().pins;
  }

  get figures(): JournalFigures {
    return this.#now().figures;
  }

  get registry(): Registry {
    return this.#now().registry;
  }

  reserve(claims: readonly LimitClaim[], scope: CounterScope): ReserveResult | Promise<ReserveResult> {
    return this.#now().reserve(claims, scope);
  }

  admit(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry, approval?: { readonly id: string; readonly digest: string }): ReserveResult | Promise<ReserveResult> {
    return this.#now().admit(claims, scope, entry, approval);
  }

  requestApproval(request: ApprovalRequest): ApprovalAnswer | Promise<ApprovalAnswer> {
    return this.#now().requestApproval(request);
  }

  approval(id: string): ApprovalRecord | null | Promise<ApprovalRecord | null> {
    return this.#now().approval(id);
  }

  approvals(filter: ApprovalFilter): ApprovalRecord[] | Promise<ApprovalRecord[]> {
    return this.#now().approvals(filter);
  }

  approvalStatus(ids: readonly string[]): ReadonlyMap<string, ApprovalStatus> | Promise<ReadonlyMap<string, ApprovalStatus>> {
    return this.#now().approvalStatus(ids);
  }

  approvalsWaiting(): ReadonlyMap<string, number> | Promise<ReadonlyMap<string, number>> {
    return this.#now().approvalsWaiting();
  }

  vote(id: string, vote: ApprovalVote): VoteResult | Promise<VoteResult> {
    return this.#now().vote(id, vote);
  }

  mintApprovalLink(id: string, approver: string): string | null | Promise<string | null> {
    return this.#now().mintApprovalLink(id, approver);
  }

  approvalLink(id: string, secret: string): { readonly approver: string } | null | Promise<{ readonly approver: string } | null> {
    return this.#now().approvalLink(id, secret);
  }

  voteByLink(id: string, secret: string, decision: 'approve' | 'deny', comment: string | null): VoteResult | Promise<VoteResult> {
    return this.#now().voteByLink(id, secret, decision, comment);
  }

  append(entry: JournalEntry): void | Promise<void> {
    const opening = this.ready();
    return opening === null ? this.#now().append(entry) : opening.then(() => this.#now().append(entry));
  }

  settle(id: string, settlement: Settlement): void {
    this.#state?.settle(id, settlement);
  }

  digest(bytes: Uint8Array): string {
    return this.#now().digest(bytes);
  }

  query(filter: JournalFilter): JournalRow[] | Promise<JournalRow[]> {
    return this.#now().query(filter);
  }

  flush(): void | Promise<void> {
    return this.#state?.flush();
  }

  /** Waits for an opening that is under way, so that a row that was waiting for it is not lost. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#opening !== null) await this.#opening;
    await this.#state?.close();
  }
}
