import { createHmac, type KeyObject } from 'node:crypto';
import type { LimitClaim } from '../policy/types.ts';
import { uncountedEntry } from './approval-entry.ts';
import { ApprovalStore, type ApprovalUse } from './approval-store.ts';
import { ApprovalTidy } from './approval-tidy.ts';
import type { Admission, BatchState } from './batched-admissions.ts';
import { BudgetStore } from './budget-store.ts';
import { JournalChain } from './chain/journal-chain.ts';
import type { Chain } from './chain/types.ts';
import type { Checkpointer } from './checkpoint.ts';
import { CounterStore } from './counter-store.ts';
import type { SqlDatabase } from './driver.ts';
import { unavailable } from './failure.ts';
import { HeadCache } from './head-cache.ts';
import { Flood, type FloodLimits, type Suppressed } from './flood.ts';
import { IdleBudgets } from './idle-budgets.ts';
import { IdleCounters } from './idle-counters.ts';
import { SqliteJournalFigures } from './journal-figures.ts';
import { JournalQuery } from './journal-query.ts';
import { JournalSearch } from './journal-search.ts';
import { JournalStore } from './journal-store.ts';
import { LimitStore } from './limit-store.ts';
import { MessageStore } from './message-store.ts';
import { PinStore } from './pin-store.ts';
import { SqliteRegistry } from './registry/sqlite-registry.ts';
import { reservationColumn } from './reservation.ts';
import { JournalRetention, type Retention } from './retention.ts';
import { digestKey } from './schema.ts';
import { Settlements, type Ended } from './settlements.ts';
import { StoreClock, type ClockSource } from './store-clock.ts';
import { Transactions } from './transaction.ts';
import type {
  ApprovalAnswer, ApprovalFilter, ApprovalRecord, ApprovalRequest, ApprovalStatus, ApprovalVote, CounterScope, FoundRows, JournalEntry, JournalFigures, JournalFilter, JournalRow, Messages, Pins,
  JournalSearchFilter, ReserveResult, Settlement, StateUnavailable, VoteResult,
} from './types.ts';

const HOUSEKEEPING_MS = 30_000;
const HOUSEKEEPING_BUSY_MS = 50;
const TELL_DELAY_MS = 1000;
const SEAL_DELAY_MS = 1000;
/** Between two blocks of a journal that has much to seal: others get their turn. */
const SEAL_BUSY_MS = 20;
const COUNTER_LOOKS = 512;

export interface SqliteStateOptions {
  /** Of the database file: the key of the chain is kept beside it. */
  readonly path: string;
  readonly clock: ClockSource;
  readonly logArguments: boolean;
  readonly retention: Retention;
  readonly flood: FloodLimits;
  /** Told about failures of work that nobody waits for: settlements, clean-up. */
  readonly onError: (error: StateUnavailable) => void;
  /** Another process owns the file: it tidies, and moves the log into the database. Default false. */
  readonly visiting?: boolean;
}

/**
 * The embedded engine: limits, approvals and journal in one SQLite file in WAL mode, shared by any number of processes of one machine. Every
 * method is synchronous: a call costs tens of microseconds, less than handing it to another thread.
 */
export class SqliteState implements BatchState {
  readonly messages: Messages;
  readonly pins: Pins;
  #registry: SqliteRegistry | null = null;
  #figures: JournalFigures | null = null;
  readonly #database: SqlDatabase;
  readonly #transactions: Transactions;
  readonly #clock: StoreClock;
  readonly #heads: HeadCache;
  readonly #budgets: BudgetStore;
  readonly #limits: LimitStore;
  readonly #approvals: ApprovalStore;
  readonly #tidy: ApprovalTidy;
  readonly #idleBudgets: IdleBudgets;
  readonly #journal: JournalStore;
  readonly #query: JournalQuery;
  readonly #search: JournalSearch;
  readonly #chain: JournalChain;
  readonly #idle: IdleCounters;
  readonly #retention: JournalRetention;
  readonly #flood: Flood;
  readonly #key: KeyObject;
  readonly #source: ClockSource;
  readonly #onError: (error: StateUnavailable) => void;
  readonly #settlements: Settlements;
  readonly #checkpointer: Checkpointer;
  #tellTimer: NodeJS.Timeout | null = null;
  #sealTimer: NodeJS.Timeout | null = null;
  #housekeeping: NodeJS.Timeout | null = null;
  #checkpoint: NodeJS.Timeout | null = null;
  readonly #visiting: boolean;
  #closed = false;

  constructor(database: SqlDatabase, checkpointer: Checkpointer, options: SqliteStateOptions) {
    this.#database = database;
    this.#checkpointer = checkpointer;
    this.#transactions = new Transactions(database);
    this.#source = options.clock;
    this.#clock = new StoreClock(database, options.clock);
    this.#idle = new IdleCounters(database);
    this.#idleBudgets = new IdleBudgets(database);
    this.#heads = new HeadCache(database);
    this.#budgets = new BudgetStore(database, this.#idleBudgets, undefined, this.#heads);
    this.#limits = new LimitStore(this.#clock, new CounterStore(database, this.#idle, this.#heads), this.#budgets);
    this.#journal = new JournalStore(database, options.logArguments);
    this.#approvals = new ApprovalStore(database, this.#clock, (entry) => this.#journal.insert(entry, this.#clock.wallMs(), this.#clock.now(0)));
    this.#tidy = new ApprovalTidy(database, this.#approvals, options.retention.days);
    this.#query = new JournalQuery(database);
    this.#search = new JournalSearch(database);
    this.#chain = new JournalChain(database, options.path, {
      transact: (task, work) => this.#transactKeepingHeads(task, work),
      wallMs: () => this.#clock.wallMs(),
      now: () => this.#clock.now(0),
      tidy: () => this.#quietly(() => this.#checkpointer.run()),
    });
    this.#retention = new JournalRetention(database, options.retention);
    this.#flood = new Flood(options.flood);
    this.#key = digestKey(database);
    const messages = new MessageStore(database);
    this.messages = {
      add: (message) => this.#transact('cannot keep a message', () => messages.add(message, this.#clock.wallMs())),
      list: (filter = {}) => this.#read('cannot read the messages', () => messages.list(filter)),
      markRead: (id) => this.#transact('cannot mark a message', () => messages.markRead(id)),
    };
    this.#onError = options.onError;
    this.#settlements = new Settlements((ended) => this.#writeSettlements(ended), (error) => this.#onError(unavailable('state database', error)));
    const pins = new PinStore(database, (entry) => this.#journal.insert(entry, this.#clock.wallMs(), this.#clock.now(0)));
    this.pins = {
      read: (server) => this.#read('cannot read the pins', () => pins.read(server)),
      version: (server) => this.#read('cannot read the pins', () => pins.version(server)),
      learn: (server, definitions, seen) => this.#transact('cannot pin definitions', () => pins.learn(server, definitions, seen, this.#clock.wallMs())),
      record: (server, name) => this.#read('cannot read the pins', () => pins.record(server, name)),
      list: (filter = {}) => this.#read('cannot read the pins', () => pins.list(filter)),
      accept: (server, name, hash, by, also = false) => this.#transact('cannot accept a definition', () => pins.accept(server, name, hash, by, also)),
      forget: (server, name, by) => this.#transact('cannot forget pins', () => pins.forget(server, name, by)),
    };
    // Time counts from here, not from the first call.
    this.#transact('cannot read the clock', () => this.#clock.now(0));
    this.#visiting = options.visiting ?? false;
    if (!this.#visiting) this.#scheduleHousekeeping(1000);
  }

  get figures(): JournalFigures {
    if (this.#figures === null) {
      const figures = new SqliteJournalFigures(this.#database);
      this.#figures = {
        span: (since) => this.#read('cannot count the journal', () => figures.span(since)),
        counts: (after, until) => this.#read('cannot count the journal', () => figures.counts(after, until)),
        grants: (after, until) => this.#read('cannot count the journal', () => figures.grants(after, until)),
        bySeq: (seqs) => this.#read('cannot read the journal', () => figures.bySeq(seqs)),
      };
    }
    return this.#figures;
  }

  /** Made when somebody asks: `run` does not pay for the statements of a registry that it never reads. */
  get registry(): SqliteRegistry {
    this.#registry ??= new SqliteRegistry(this.#database, {
      transact: (task, work) => this.#transact(task, work),
      read: (task, work) => this.#read(task, work),
      wallMs: () => this.#clock.wallMs(),
    });
    return this.#registry;
  }

  get driver(): string {
    return this.#database.driver;
  }

  get chain(): Chain {
    return this.#chain;
  }

  reserve(claims: readonly LimitClaim[], scope: CounterScope): ReserveResult {
    return this.#admitting('cannot count the call', () => this.#limits.reserve(claims, scope).result);
  }

  admit(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry, approval?: ApprovalUse): ReserveResult {
    const { result, seq } = this.#admitting('cannot count and record the call', () => this.#admitOne(claims, scope, entry, approval));
    if (result.ok) this.#settlements.remember(entry, seq);
    this.#sealSoon();
    return result;
  }

  admitAll(calls: readonly Admission[]): ReserveResult[] {
    const admitted = this.#admitting('cannot count and record the calls', () => (
      calls.map(({ claims, scope, entry, approval }) => this.#admitOne(claims, scope, entry, approval))
    ));
    for (const [index, { entry }] of calls.entries()) {
      const one = admitted[index];
      if (one?.result.ok === true) this.#settlements.remember(entry, one.seq);
    }
    this.#sealSoon();
    return admitted.map(({ result }) => result);
  }

  /** Takes everything or nothing: the approval is looked at first and used up last. Inside a write transaction. */
  #admitOne(claims: readonly LimitClaim[], scope: CounterScope, entry: JournalEntry, use: ApprovalUse | undefined): { readonly result: ReserveResult; readonly seq: number } {
    const approval = use === undefined ? null : this.#approvals.usable(use);
    if (use !== undefined && approval === null) return { result: { ok: false, refusal: 'approval', observed: [] }, seq: 0 };
    const { result, spent } = this.#limits.reserve(claims, scope);
    if (!result.ok) return { result, seq: 0 };
    if (approval !== null) this.#approvals.use(approval, entry.id);
    const reserved = reservationColumn({ spent, approval: use?.id ?? null });
    return { result, seq: this.#journal.insert(entry, this.#clock.wallMs(), this.#clock.now(0), reserved) };
  }

  requestApproval(request: ApprovalRequest): ApprovalAnswer {
    return this.#transact('cannot ask for an approval', () => this.#approvals.request(request));
  }

  approval(id: string): ApprovalRecord | null {
    return this.#read('cannot read the approvals', () => this.#approvals.log.byId(id, this.#clock.peek())?.record ?? null);
  }

  approvals(filter: ApprovalFilter): ApprovalRecord[] {
    return this.#read('cannot read the approvals', () => this.#approvals.log.list(filter, this.#clock.peek()).map(({ record }) => record));
  }

  approvalStatus(ids: readonly string[]): ReadonlyMap<string, ApprovalStatus> {
    return this.#read('cannot read the approvals', () => this.#approvals.log.statuses(ids, this.#clock.peek()));
  }

  approvalsWaiting(): ReadonlyMap<string, number> {
    return this.#read('cannot read the approvals', () => this.#approvals.log.waitingByServer(this.#clock.peek()));
  }

  vote(id: string, vote: ApprovalVote): VoteResult {
    const result = this.#transact('cannot record a vote', () => this.#approvals.vote(id, vote));
    this.#recordUncounted(vote, result);
    return result;
  }

  mintApprovalLink(id: string, approver: string): string | null {
    return this.#transact('cannot make a link', () => this.#approvals.mintLink(id, approver));
  }

  approvalLink(id: string, secret: string): { readonly approver: string } | null {
    return this.#read('cannot read the approvals', () => {
      const stored = this.#approvals.log.byId(id, this.#clock.peek());
      const link = stored === null ? null : this.#approvals.links.find(stored.seq, secret);
      return stored === null || link === null || this.#clock.peek() >= stored.expiresUs ? null : { approver: link.approver };
    });
  }

  voteByLink(id: string, secret: string, decision: 'approve' | 'deny', comment: string | null): VoteResult {
    const { vote, result } = this.#transact('cannot record a vote', () => this.#approvals.voteByLink(id, secret, decision, comment));
    if (vote !== null) this.#recordUncounted(vote, result);
    return result;
  }

  /** An attempt that counts for nothing is told as well, within the bounds of a flood. */
  #recordUncounted(vote: ApprovalVote, result: VoteResult): void {
    if (result.ok || result.record === null) return;
    const { record, why } = result;
    this.#quietly(() => this.append(uncountedEntry(record, vote, why)));
  }

  append(entry: JournalEntry): void {
    if (!this.#flood.admits(entry, this.#source.monotonicUs())) {
      this.#tellSoon();
      return;
    }
    let seq = 0;
    this.#transact('cannot record the call', () => {
      seq = this.#journal.insert(entry, this.#clock.wallMs(), this.#clock.now(0));
    });
    this.#settlements.remember(entry, seq);
    this.#sealSoon();
  }

  settle(id: string, settlement: Settlement): void {
    this.#settlements.add(id, settlement);
  }

  digest(bytes: Uint8Array): string {
    return createHmac('sha256', this.#key).update(bytes).digest('hex');
  }

  query(filter: JournalFilter): JournalRow[] {
    return this.#query.query(filter);
  }

  search(filter: JournalSearchFilter, signal?: AbortSignal): Promise<FoundRows> {
    return this.#search.search(filter, signal);
  }

  /** Writes settlements and the counts of suppressed rows, and seals what was written. @throws StateUnavailable; what could not be written stays for later. */
  flush(): void {
    this.#settlements.flush();
    this.#writeSuppressed();
    if (!this.#visiting) this.#chain.sealAll();
  }

  /** Flushes and closes. Never throws: what could not be written is told to `onError`. Safe to call twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#settlements.stop();
    for (const timer of [this.#tellTimer, this.#sealTimer, this.#housekeeping, this.#checkpoint]) if (timer !== null) clearTimeout(timer);
    this.#quietly(() => this.flush());
    if (!this.#visiting) this.#quietly(() => this.#chain.checkpoint());
    this.#quietly(() => this.#transact('cannot record the time', () => this.#clock.persist()));
    // The database file alone is complete afterwards, which is what people copy.
    if (!this.#visiting) this.#quietly(() => this.#checkpointer.run());
    this.#quietly(() => this.#checkpointer.close());
    this.#quietly(() => this.#database.close());
  }

  #read<Result>(task: string, work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw unavailable(task, error);
    }
  }

  #admitting<Result>(task: string, work: () => Result): Result {
    return this.#transactKeepingHeads(task, () => {
      this.#heads.look();
      return work();
    });
  }

  #transact<Result>(task: string, work: () => Result): Result {
    this.#heads.forget();
    return this.#transactKeepingHeads(task, work);
  }

  /** For work that changes what a log ends with only through `HeadCache`. */
  #transactKeepingHeads<Result>(task: string, work: () => Result): Result {
    let result: Result;
    try {
      result = this.#transactions.run(task, work);
    } catch (error) {
      // The anchor that the clock may have written is gone with the transaction.
      this.#clock.forget();
      this.#heads.forget();
      throw error;
    }
    if (!this.#closed && !this.#visiting && this.#checkpointer.due()) this.#checkpointSoon();
    return result;
  }

  /** Not within a call: a checkpoint waits for the disk. */
  #checkpointSoon(): void {
    this.#checkpoint ??= this.#later(0, () => {
      this.#checkpoint = null;
      this.#quietly(() => this.#checkpointer.run());
    });
  }

  #writeSettlements(ended: ReadonlyMap<string, Ended>): void {
    this.#transactKeepingHeads('cannot record how calls ended', () => {
      const sealed = this.#journal.sealed();
      for (const [id, { seq, settlement }] of ended) {
        if (settlement.undo !== 'nothing') this.#undo(id, seq, settlement.undo);
        this.#journal.settle(id, seq, settlement, sealed);
      }
    });
    this.#sealSoon();
  }

  /** Before the row is completed: only a call that has not ended has something to give back, so nothing is given back twice. */
  #undo(id: string, seq: number | null, undo: 'budgets' | 'all'): void {
    const reservation = this.#journal.reservation(id, seq);
    if (reservation === null) return;
    if (reservation.spent.length > 0) this.#budgets.giveBack(reservation.spent);
    if (undo === 'all' && reservation.approval !== null) this.#approvals.giveBack(reservation.approval, id);
  }

  /** Never within a call: the journal is proven a second later, and a call costs what it did. */
  #sealSoon(delay: number = SEAL_DELAY_MS): void {
    if (this.#visiting || this.#closed) return;
    this.#sealTimer ??= this.#later(delay, () => {
      this.#sealTimer = null;
      this.#sealNow();
    });
  }

  #sealNow(): void {
    let more = false;
    const sealed = this.#quietly(() => {
      more = this.#chain.seal();
    });
    if (sealed) this.#quietly(() => this.#chain.checkpointWhenDue());
    if (more) this.#sealSoon(SEAL_BUSY_MS);
  }

  #tellSoon(): void {
    this.#tellTimer ??= this.#later(TELL_DELAY_MS, () => {
      this.#tellTimer = null;
      this.#quietly(() => this.#writeSuppressed());
      if (this.#flood.waiting) this.#tellSoon();
    });
  }

  #writeSuppressed(): void {
    const due = this.#flood.changed(this.#source.monotonicUs());
    if (due.length === 0) return;
    const seqs = new Map<Suppressed, number>();
    try {
      this.#transact('cannot record suppressed rows', () => {
        for (const one of due) seqs.set(one, this.#journal.tell(one, this.#clock.wallMs(), this.#clock.now(0)));
      });
    } catch (error) {
      this.#flood.restore(due);
      throw error;
    }
    for (const [one, seq] of seqs) {
      one.seq = seq;
      one.changed = false;
    }
  }

  /** Old journal rows, idle counters and the clock's progress, in short steps so that no call waits long for the lock. */
  #scheduleHousekeeping(delay: number): void {
    this.#housekeeping = this.#later(delay, () => {
      let more = false;
      this.#quietly(() => {
        more = this.#transact('cannot tidy the state database', () => {
          const now = this.#clock.now(0);
          this.#idle.collect(now, COUNTER_LOOKS);
          this.#idleBudgets.collect(now, COUNTER_LOOKS);
          this.#clock.persist();
          const approvals = this.#tidy.step(now);
          return this.#retention.step(now, this.#clock.wallMs()) || approvals;
        });
      });
      this.#quietly(() => this.registry.tidy());
      // Rows of visitors, and of processes that were killed.
      this.#sealSoon(0);
      if (!this.#closed) this.#scheduleHousekeeping(more ? HOUSEKEEPING_BUSY_MS : HOUSEKEEPING_MS);
    });
  }

  /** Timers never keep a process alive: whoever ends it closes the state first. */
  #later(delay: number, work: () => void): NodeJS.Timeout {
    return setTimeout(work, delay).unref();
  }

  #quietly(work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      this.#onError(unavailable('state database', error));
      return false;
    }
  }
}
