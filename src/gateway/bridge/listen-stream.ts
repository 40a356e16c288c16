import { toRequest } from '../../mcp/bridge/build.ts';
import { filterText, isIdle, readFilter, type ListenFilter } from '../../mcp/bridge/listen.ts';
import type { Notification, Response } from '../../mcp/message.ts';
import { subscriptionKey } from '../../mcp/meta.ts';
import { METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import { errorCode } from '../../mcp/bridge/errors.ts';
import type { UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { isResponse } from './asker.ts';
import { ownId } from './opener.ts';

const ACK_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 60_000;

interface Stream {
  /** `idKey` of the listen request. */
  readonly key: string;
  readonly generation: number;
  granted: ListenFilter | null;
}

interface Waiter {
  readonly timer: NodeJS.Timeout;
  readonly done: (granted: ListenFilter | null) => void;
}

/**
 * The one `subscriptions/listen` that stands for everything a legacy client is subscribed to. A filter cannot be changed on an open
 * stream: a new stream is opened, and the old one closed once the new one is acknowledged, so that nothing is missed between.
 */
export class ListenStream {
  readonly #link: UpstreamLink;
  /** JSON text of `_meta` for the next request. */
  readonly #envelope: () => string;
  readonly #lists: { readonly tools: boolean; readonly prompts: boolean; readonly resources: boolean };
  readonly #uris = new Set<string>();
  readonly #streams = new Map<string, Stream>();
  #waiters: Waiter[] = [];
  #generation = 0;
  #current: Stream | null = null;
  #retry: NodeJS.Timeout | null = null;
  #retryMs = FIRST_RETRY_MS;
  #started = false;
  #unsupported = false;
  #closed = false;

  constructor(link: UpstreamLink, envelope: () => string, lists: { readonly tools: boolean; readonly prompts: boolean; readonly resources: boolean }) {
    this.#link = link;
    this.#envelope = envelope;
    this.#lists = lists;
  }

  get uris(): ReadonlySet<string> {
    return this.#uris;
  }

  /** Listens for changed lists from here on. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.#reopen();
  }

  /** @returns whether the server serves a subscription to this URI */
  async subscribe(uri: string): Promise<boolean> {
    if (this.#uris.has(uri) && this.#current?.granted?.uris.includes(uri) === true) return true;
    this.#uris.add(uri);
    this.#reopen();
    const granted = await this.#acknowledged();
    if (granted?.uris.includes(uri) === true) return true;
    this.#uris.delete(uri);
    return false;
  }

  unsubscribe(uri: string): void {
    if (this.#uris.delete(uri)) this.#reopen();
  }

  close(): void {
    this.#closed = true;
    if (this.#retry !== null) clearTimeout(this.#retry);
    for (const key of this.#streams.keys()) this.#link.abort(key);
    this.#streams.clear();
    this.#wake(null);
  }

  /** True when the request is a listen of ours, which is over now. */
  ended(key: string, outcome: Response | UpstreamFailure): boolean {
    const stream = this.#streams.get(key);
    if (stream === undefined) return false;
    this.#streams.delete(key);
    if (this.#current === stream) this.#current = null;
    if (stream.generation !== this.#generation || this.#closed) return true;
    if (isResponse(outcome) && errorCode(outcome) === METHOD_NOT_FOUND) this.#unsupported = true;
    if (stream.granted === null) this.#wake(null);
    this.#later();
    return true;
  }

  /**
   * Takes a notification of a listen stream.
   * @returns the change for the client, or null when there is nothing for it; undefined when it belongs to no stream of ours
   */
  take(message: Notification): Notification | null | undefined {
    const key = subscriptionKey(message.params);
    const stream = key === null ? undefined : this.#streams.get(key);
    if (stream === undefined) return undefined;
    if (message.method !== 'notifications/subscriptions/acknowledged') return stream === this.#current ? message : null;
    stream.granted = readFilter(message.params?.get('notifications') ?? null) ?? { tools: false, prompts: false, resources: false, uris: [] };
    if (stream.generation !== this.#generation) return null;
    const previous = this.#current;
    this.#current = stream;
    this.#retryMs = FIRST_RETRY_MS;
    if (previous !== null && previous !== stream) this.#drop(previous);
    for (const other of this.#streams.values()) if (other.generation < stream.generation) this.#drop(other);
    this.#wake(stream.granted);
    return null;
  }

  #drop(stream: Stream): void {
    if (this.#streams.delete(stream.key)) this.#link.abort(stream.key);
  }

  #filter(): ListenFilter {
    const lists = this.#started ? this.#lists : { tools: false, prompts: false, resources: false };
    return { ...lists, uris: [...this.#uris] };
  }

  /** Opens a stream for what is wanted now. */
  #reopen(): void {
    this.#generation += 1;
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    const filter = this.#filter();
    if (this.#closed || this.#unsupported || isIdle(filter)) {
      for (const stream of this.#streams.values()) this.#drop(stream);
      this.#current = null;
      return;
    }
    const request = toRequest(ownId(), 'subscriptions/listen', `{"notifications":${filterText(filter)},"_meta":${this.#envelope()}}`);
    this.#streams.set(request.idKey, { key: request.idKey, generation: this.#generation, granted: null });
    this.#link.send(request);
  }

  /** A stream that ends is opened again, less and less eagerly. */
  #later(): void {
    if (this.#unsupported || isIdle(this.#filter())) return;
    this.#retry = setTimeout(() => this.#reopen(), this.#retryMs);
    this.#retry.unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  /** Resolves with what the server grants to the newest stream, or with null when it refuses or does not say. */
  #acknowledged(): Promise<ListenFilter | null> {
    if (this.#closed || this.#unsupported) return Promise.resolve(null);
    return new Promise((done) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((waiter) => waiter.timer !== timer);
        done(null);
      }, ACK_MS);
      timer.unref();
      this.#waiters.push({ timer, done });
    });
  }

  #wake(granted: ListenFilter | null): void {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { timer, done } of waiters) {
      clearTimeout(timer);
      done(granted);
    }
  }
}
