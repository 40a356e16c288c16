import { Backoff, type BackoffOptions } from './backoff.ts';
import { RefusingLink } from './refusing-link.ts';
import { SharedChild, type SharedChildOptions, type SharedChildOwner } from './shared-child.ts';
import type { CommandSpec, LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

export interface SupervisorOptions extends SharedChildOptions {
  readonly backoff?: BackoffOptions;
  /** Milliseconds after which a child without clients is ended. */
  readonly idleMs?: number;
}

interface Entry {
  readonly backoff: Backoff;
  child: SharedChild | null;
  last: UpstreamFailure | null;
  attached: number;
  idleTimer: NodeJS.Timeout | null;
}

const IDLE_MS = 300_000;

/**
 * The shared children of one server, one per isolation key. A child starts with its first client. One that died is started again by the
 * next client who needs it, but not before its back-off has passed; until then requests fail at once and say so.
 */
export class Supervisor {
  readonly #spec: CommandSpec;
  readonly #owner: (key: string, child: () => SharedChild | null) => SharedChildOwner;
  readonly #options: SupervisorOptions;
  readonly #idleMs: number;
  readonly #entries = new Map<string, Entry>();
  #closed = false;

  /** @param owner makes the owner of the child with this key; `child` gives the child that now runs, for answers to it */
  constructor(spec: CommandSpec, owner: (key: string, child: () => SharedChild | null) => SharedChildOwner, options: SupervisorOptions = {}) {
    this.#spec = spec;
    this.#owner = owner;
    this.#options = options;
    this.#idleMs = options.idleMs ?? IDLE_MS;
  }

  /** Children that run now. */
  get children(): number {
    let running = 0;
    for (const entry of this.#entries.values()) if (entry.child !== null) running += 1;
    return running;
  }

  /** A share in the child with this key, which is started when needed. Never throws: what cannot be reached refuses its requests. */
  attach(key: string, observer: LinkObserver): UpstreamLink {
    const entry = this.#entry(key);
    const refusal = this.#closed ? CLOSED : entry.child?.usable === true ? null : this.#start(key, entry);
    const { child } = entry;
    if (refusal !== null || child === null) return new RefusingLink(observer, refusal ?? CLOSED);
    entry.attached += 1;
    return child.attach({
      message: (message, requestKey) => observer.message(message, requestKey),
      garbage: (code, text) => observer.garbage(code, text),
      failed: (requestKey, failure) => observer.failed(requestKey, failure),
      drain: () => observer.drain(),
      closed: (failure) => {
        entry.attached -= 1;
        if (entry.attached === 0) this.#idle(key, entry);
        observer.closed(failure);
      },
    });
  }

  /** Ends the child with this key, e.g. because its grant was revoked. */
  async end(key: string): Promise<void> {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    if (entry.idleTimer !== null) clearTimeout(entry.idleTimer);
    this.#entries.delete(key);
    await entry.child?.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#entries.keys()].map((key) => this.end(key)));
  }

  #entry(key: string): Entry {
    let entry = this.#entries.get(key);
    if (entry === undefined) {
      entry = { backoff: new Backoff(this.#options.backoff), child: null, last: null, attached: 0, idleTimer: null };
      this.#entries.set(key, entry);
    }
    return entry;
  }

  /** Starts the child. @returns why not, or null */
  #start(key: string, entry: Entry): UpstreamFailure | null {
    const waitMs = entry.backoff.waitMs();
    if (waitMs > 0) {
      const seconds = Math.ceil(waitMs / 1_000);
      const last = entry.last ?? CLOSED;
      return { ...last, reached: false, text: `${last.text}; it is started again in ${seconds} s at the earliest` };
    }
    entry.backoff.started();
    const owner = this.#owner(key, () => entry.child);
    const child = new SharedChild(this.#spec, {
      unrouted: (message, lone) => owner.unrouted(message, lone),
      garbage: (code, text) => owner.garbage(code, text),
      stderr: (chunk) => owner.stderr(chunk),
      closed: (failure) => {
        if (entry.child === child) entry.child = null;
        if (failure !== null) {
          entry.last = failure;
          entry.backoff.failed();
        }
        owner.closed(failure);
      },
    }, this.#options);
    entry.child = child;
    return null;
  }

  /** One timer per idle spell at most: it looks again when it fires, so that a busy child costs none per request. */
  #idle(key: string, entry: Entry, sinceMs = performance.now()): void {
    if (entry.idleTimer !== null || this.#entries.get(key) !== entry) return;
    entry.idleTimer = setTimeout(() => {
      entry.idleTimer = null;
      if (entry.attached > 0) return;
      // A child that failed is remembered until its back-off is over, or every new client would start it anew.
      if (entry.child === null && entry.backoff.waitMs() > 0) this.#idle(key, entry, sinceMs);
      else void this.end(key);
    }, this.#idleMs).unref();
  }
}

const CLOSED: UpstreamFailure = { kind: 'closed', text: 'the server is being shut down', status: null, reached: false };
