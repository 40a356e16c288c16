import { StateUnavailable, type ApprovalRecord, type JournalRow, type State } from '../../state/types.ts';
import type { ControlServices } from '../api/services.ts';
import { approvalSummary } from './approval-view.ts';
import { EventQueue, formatted, type LiveEvent } from './event-queue.ts';
import { callEvent } from './call-view.ts';
import { serverHealth } from './server-health.ts';

const POLL_MS = 300;
const PAGE = 500;
/** Pages of one look: 6,000 rows a second. */
const MAX_PAGES = 4;
/** What a client that comes back is told of what it missed; older rows are in the journal. */
const MAX_RESUMED = 500;
/** Calls whose end is waited for; beyond it the oldest are shown as they were. */
const MAX_OPEN = 1_000;
const APPROVALS_EVERY = 3;
const STATS_EVERY = 7;
const MAX_APPROVALS = 200;
const ENDING: LiveEvent = { event: 'end', data: { reason: 'the gateway is ending; come back with Last-Event-ID' } };
/** People with the dashboard open, on one process. */
const MAX_CLIENTS = 200;
/** Of one member: his browsers and windows, and no more, so that nobody keeps the others out. */
const MAX_OWN_CLIENTS = 12;

interface Client {
  readonly member: string;
  readonly queue: EventQueue;
  readonly sees: (server: string) => boolean;
  /** True for one who may know what concerns everybody. */
  readonly organisation: boolean;
}

export interface Viewer {
  /** Id of the member. */
  readonly member: string;
  /** The servers whose events are shown. */
  readonly servers: 'all' | ReadonlySet<string>;
  /** `seq` after which the client wants to go on; null: from now. */
  readonly after: number | null;
}

/** One look at the store for all who watch, three times a second, and none while nobody does. */
export class LiveHub {
  readonly #services: ControlServices;
  readonly #clients = new Set<Client>();
  #timer: NodeJS.Timeout | null = null;
  #looking = false;
  #turn = 0;
  #seq = 0;
  /** Rows that were shown before their call had ended. */
  readonly #open = new Set<number>();
  #waiting = new Map<string, ApprovalRecord>();
  #health = new Map<string, string>();
  #revision: number | null = null;
  #ended = false;

  constructor(services: ControlServices) {
    this.#services = services;
  }

  /** How many watch. */
  get size(): number {
    return this.#clients.size;
  }

  /** True once the process is ending. */
  get hasEnded(): boolean {
    return this.#ended;
  }

  /** True when there is no place for one more stream of this member. */
  isFullFor(member: string): boolean {
    return this.#clients.size >= MAX_CLIENTS || [...this.#clients].filter((client) => client.member === member).length >= MAX_OWN_CLIENTS;
  }

  /** @returns null when there is no place for one more stream of this member @throws StateUnavailable */
  async open({ member, servers, after }: Viewer): Promise<AsyncIterable<string> | null> {
    const { state } = this.#services;
    const sees = (server: string): boolean => servers === 'all' || servers.has(server);
    if (this.#clients.size === 0) await this.#begin(state);
    const queue = new EventQueue(() => this.#left(client));
    const client: Client = { member, queue, sees, organisation: servers === 'all' };
    if (after !== null) await this.#resume(client, after);
    const stats = await this.#stats(client);
    // From here to the end nothing is waited for, so no row is told twice or passed over, and of many that come at once no more are let in.
    if (this.isFullFor(member)) return null;
    this.#clients.add(client);
    this.#timer ??= setInterval(() => void this.#look(), POLL_MS).unref();
    queue.push({ event: 'stats', data: stats });
    if (this.#ended) queue.end(ENDING);
    return queue;
  }

  /** The process is ending: everybody is told so, and comes back to its successor. */
  end(): void {
    this.#ended = true;
    for (const { queue } of this.#clients) queue.end(ENDING);
    this.#stop();
  }

  /** Where everybody begins. */
  async #begin(state: State): Promise<void> {
    const { last } = await state.figures.span(new Date(this.#services.now()));
    this.#seq = Math.max(this.#seq, last);
    this.#open.clear();
    this.#waiting = new Map((await this.#pending()).map((record) => [record.id, record]));
    this.#health = new Map();
    this.#revision = null;
  }

  async #resume({ queue, sees }: Client, after: number): Promise<void> {
    const begin = Math.max(after, this.#seq - MAX_RESUMED);
    if (begin > after) queue.push({ event: 'gap', data: { after, until: begin } });
    for (let at = begin; at < this.#seq; ) {
      const until = this.#seq;
      const rows = await this.#services.state.query({ afterSeq: at, limit: MAX_RESUMED, order: 'asc' });
      for (const row of rows) if (row.seq <= until && sees(row.server)) queue.push(callEvent(row));
      at = until;
    }
  }

  #left(client: Client): void {
    this.#clients.delete(client);
    if (this.#clients.size === 0) this.#stop();
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #look(): Promise<void> {
    if (this.#looking || this.#clients.size === 0) return;
    this.#looking = true;
    this.#turn += 1;
    try {
      await this.#calls();
      if (this.#turn % APPROVALS_EVERY === 0) await this.#approvals();
      if (this.#turn % STATS_EVERY === 0) await this.#periodic();
    } catch (error) {
      // A store that does not answer for a moment is asked again at the next turn.
      if (!(error instanceof StateUnavailable)) this.#services.log(`events: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown error'}`);
    } finally {
      this.#looking = false;
    }
  }

  async #calls(): Promise<void> {
    const { state } = this.#services;
    const ended = this.#open.size === 0 ? [] : (await state.figures.bySeq([...this.#open].slice(0, PAGE))).filter((row) => row.outcome !== 'forwarded');
    for (const row of ended) {
      this.#open.delete(row.seq);
      // Without an id: to go back to this place would be to see everything after it again.
      const { event, data } = callEvent(row);
      this.#tell(row.server, { event, data });
    }
    // Those that still run are asked for after the others at the next look.
    for (const seq of [...this.#open].slice(0, PAGE - ended.length)) {
      this.#open.delete(seq);
      this.#open.add(seq);
    }
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const rows = await state.query({ afterSeq: this.#seq, limit: PAGE, order: 'asc' });
      for (const row of rows) this.#new(row);
      if (rows.length < PAGE) return;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#catchUp(state);
  }

  /** More is written than anybody could read: what is old by now is left out, and everybody is told so. */
  async #catchUp(state: State): Promise<void> {
    const { last } = await state.figures.span(new Date(this.#services.now()));
    if (last - this.#seq < MAX_PAGES * PAGE) return;
    const text = formatted({ event: 'gap', data: { after: this.#seq, until: last } });
    this.#seq = last;
    for (const { queue } of this.#clients) queue.pushText(text);
  }

  #new(row: JournalRow): void {
    this.#seq = row.seq;
    this.#tell(row.server, callEvent(row));
    if (row.outcome !== 'forwarded') return;
    this.#open.add(row.seq);
    if (this.#open.size <= MAX_OPEN) return;
    for (const oldest of this.#open) {
      this.#open.delete(oldest);
      break;
    }
  }

  #pending(): Promise<ApprovalRecord[]> | ApprovalRecord[] {
    return this.#services.state.approvals({ status: ['pending'], limit: MAX_APPROVALS, texts: false });
  }

  async #approvals(): Promise<void> {
    const before = this.#waiting;
    const now = new Map((await this.#pending()).map((record) => [record.id, record]));
    this.#waiting = now;
    for (const [id, record] of now) if (before.get(id)?.votes.length !== record.votes.length) this.#tell(record.server, { event: 'approval', data: approvalSummary(record) });
    for (const id of before.keys()) {
      const decided = now.has(id) ? null : await this.#services.state.approval(id);
      if (decided !== null && decided.status !== 'pending') this.#tell(decided.server, { event: 'approval', data: approvalSummary(decided) });
    }
  }

  async #periodic(): Promise<void> {
    for (const client of this.#clients) client.queue.push({ event: 'stats', data: await this.#stats(client) });
    const health = new Map((await serverHealth(this.#services)).map((server) => [server.name, JSON.stringify(server)]));
    for (const [name, text] of health) if (this.#health.size > 0 && this.#health.get(name) !== text) this.#tell(name, { event: 'server', data: JSON.parse(text) as unknown });
    this.#health = health;
    const revision = await this.#services.registry.revision();
    if (this.#revision !== null && this.#revision !== revision) for (const { queue } of this.#clients) queue.push({ event: 'config', data: { revision } });
    this.#revision = revision;
  }

  async #stats({ sees, organisation }: Client): Promise<unknown> {
    const waiting = [...(await this.#services.state.approvalsWaiting())].filter(([server]) => sees(server)).reduce((sum, [, count]) => sum + count, 0);
    const { sessions, children, inFlight } = this.#services.stats();
    // What runs is told of all servers together, so only to those who may see them all.
    return { at: new Date(this.#services.now()).toISOString(), approvalsWaiting: waiting, ...(organisation ? { sessions, children, inFlight } : {}) };
  }

  #tell(server: string, event: LiveEvent): void {
    const text = formatted(event);
    for (const { queue, sees } of this.#clients) if (sees(server)) queue.pushText(text);
  }
}
