import { createInterface, type Interface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordJson } from '../../gateway/approval-http/record-json.ts';
import type { ApprovalRecord, State } from '../../state/types.ts';
import { requestDetails } from '../approvals/details.ts';
import { pageUrl } from '../approvals/page-url.ts';
import { shownName } from '../approvals/shown-name.ts';
import { Refused, withState } from '../approvals/state.ts';
import { afterVote, approverName, checkedComment, checkShown, vote } from '../approvals/voting.ts';
import { locate, type Location } from '../config/locate.ts';
import { printedJson } from '../printed-json.ts';
import { styleFor, widthOf, type Style } from '../terminal.ts';
import type { ApprovalsOptions, DecideOptions } from './approvals.ts';

type Output = NodeJS.WritableStream & { readonly isTTY?: boolean | undefined };

export interface WatchOptions extends ApprovalsOptions, Pick<DecideOptions, 'as'> {
  readonly server?: string;
  readonly grant?: string;
}

export interface WatchStreams {
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean | undefined };
  readonly stdout: Output;
  readonly signal: AbortSignal;
}

const POLL_MS = 250;
const MAX_SEEN = 10_000;
/** What was typed for a request that somebody else decided must not answer the next one. */
const DEAF_MS = 1_000;

/**
 * `policylayer approvals watch`: shows every request that waits, the oldest first, and goes on until the signal. In a terminal each can be
 * answered at once; otherwise lines are written and nothing is asked.
 * @returns the exit status @throws UsageError
 */
export async function watch(options: WatchOptions, streams: WatchStreams): Promise<number> {
  const location = await locate(options);
  return withState(location.dataDir, (state) => new Watch(state, location, options, streams).run());
}

class Watch {
  readonly #state: State;
  readonly #location: Location;
  readonly #options: WatchOptions;
  readonly #streams: WatchStreams;
  readonly #style: Style;
  readonly #asks: boolean;
  /** Requests that were shown and are not known to be over. */
  readonly #open = new Set<string>();
  readonly #seen = new Set<string>();
  /** Set off at the end of the input. */
  readonly #closed = new AbortController();
  readonly #stop: AbortSignal;

  constructor(state: State, location: Location, options: WatchOptions, streams: WatchStreams) {
    this.#state = state;
    this.#location = location;
    this.#options = options;
    this.#streams = streams;
    this.#stop = AbortSignal.any([streams.signal, this.#closed.signal]);
    this.#style = styleFor(streams.stdout as NodeJS.WriteStream);
    this.#asks = options.json !== true && streams.stdin.isTTY === true && streams.stdout.isTTY === true;
  }

  async run(): Promise<number> {
    const approver = this.#asks ? approverName(this.#options.as) : '';
    const lines = this.#asks ? createInterface({ input: this.#streams.stdin, output: this.#streams.stdout }) : null;
    // The terminal gives Ctrl-C to the line editor, not to the process.
    lines?.on('SIGINT', () => process.kill(process.pid, 'SIGINT'));
    lines?.on('close', () => this.#closed.abort());
    try {
      if (this.#options.json !== true) this.#line(this.#style.dim('Waiting for calls that need an approval. Stop with Ctrl-C.'));
      while (!this.#stop.aborted) {
        for (const record of await this.#pending()) {
          if (this.#stop.aborted) break;
          if (this.#seen.has(record.id)) continue;
          this.#show(record);
          if (lines !== null) await this.#ask(lines, record, approver);
        }
        await this.#tellDecided();
        await sleep(POLL_MS, undefined, { signal: this.#stop }).catch(() => undefined);
      }
    } finally {
      lines?.close();
    }
    return 0;
  }

  async #pending(): Promise<ApprovalRecord[]> {
    const { server, grant } = this.#options;
    const newest = await this.#state.approvals({ status: ['pending'], limit: 1_000, except: [...this.#seen], ...(server === undefined ? {} : { server }), ...(grant === undefined ? {} : { grant }) });
    return newest.toReversed();
  }

  #show(record: ApprovalRecord): void {
    this.#seen.add(record.id);
    if (this.#seen.size > MAX_SEEN) for (const oldest of this.#seen) if (this.#seen.delete(oldest)) break;
    this.#open.add(record.id);
    const url = pageUrl(this.#location, record.id);
    if (this.#options.json === true) return this.#line(printedJson({ event: 'requested', ...recordJson(record, url) }));
    this.#line('', ...requestDetails(record, Date.now(), url, this.#style, this.#streams.stdout.isTTY === true ? widthOf(this.#streams.stdout as NodeJS.WriteStream) : undefined));
  }

  /** Asks until there is an answer, or somebody else has decided. */
  async #ask(lines: Interface, record: ApprovalRecord, approver: string): Promise<void> {
    const answered = new AbortController();
    const stop = AbortSignal.any([answered.signal, this.#stop]);
    const elsewhere = this.#decidedElsewhere(record.id, answered, stop);
    discardTyped(lines);
    try {
      for (;;) {
        const word = (await lines.question(`${this.#style.bold('Approve?')} [y]es, [n]o, [s]kip: `, { signal: stop })).trim().toLowerCase();
        if (word === 's' || word === 'skip') return;
        const decision = word === 'y' || word === 'yes' ? 'approve' : word === 'n' || word === 'no' ? 'deny' : null;
        if (decision === null) continue;
        checkShown(record, decision, false);
        const comment = checkedComment(await lines.question('Comment (may be empty): ', { signal: stop }));
        this.#open.delete(record.id);
        const after = await vote(this.#state, record, decision, approver, comment);
        return this.#line(`${record.id}: ${afterVote(after)} (as ${approver})`);
      }
    } catch (error) {
      if (error instanceof Refused) this.#line(this.#style.yellow(error.message));
      else if (!stop.aborted) throw error;
      else {
        this.#line('');
        if (!this.#stop.aborted) await this.#deaf(lines, record.id);
      }
    } finally {
      answered.abort();
      await elsewhere;
    }
  }

  /** Lines that come meanwhile have no question to answer, and one that was begun is thrown away. */
  async #deaf(lines: Interface, id: string): Promise<void> {
    this.#line(this.#style.yellow(`${id} was decided elsewhere; what you type is ignored for a moment`));
    await sleep(DEAF_MS, undefined, { signal: this.#stop }).catch(() => undefined);
    if (!this.#stop.aborted) discardTyped(lines);
  }

  /** Ends the question when it is of no use any more. */
  async #decidedElsewhere(id: string, answered: AbortController, stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      await sleep(POLL_MS, undefined, { signal: stop }).catch(() => undefined);
      if (stop.aborted) return;
      if ((await this.#state.approvalStatus([id])).get(id) !== 'pending') answered.abort();
    }
  }

  /** Says of every shown request what became of it. */
  async #tellDecided(): Promise<void> {
    if (this.#open.size === 0) return;
    const statuses = await this.#state.approvalStatus([...this.#open]);
    for (const id of this.#open) {
      if (statuses.get(id) === 'pending') continue;
      this.#open.delete(id);
      const now = await this.#state.approval(id);
      if (now === null) continue;
      if (this.#options.json === true) this.#line(printedJson({ event: 'decided', ...recordJson(now, pageUrl(this.#location, id)) }));
      else {
        const by = now.votes.at(-1);
        this.#line(`${id}: ${now.status === 'used' ? 'approved, and the call was let through' : now.status}${by === undefined ? '' : ` (by ${shownName(by.approver)} via ${by.way})`}`);
      }
    }
  }

  #line(...lines: readonly string[]): void {
    for (const line of lines) this.#streams.stdout.write(`${line}\n`);
  }
}

/** Empties the line that is being typed, on both sides of the cursor. */
function discardTyped(lines: Interface): void {
  lines.write(null, { ctrl: true, name: 'e' });
  lines.write(null, { ctrl: true, name: 'u' });
}
