import { wants, type ListenFilter } from '../../mcp/bridge/listen.ts';
import { toRequest } from '../../mcp/bridge/build.ts';
import type { Notification } from '../../mcp/message.ts';
import type { UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { isResponse, type Asker } from './asker.ts';

/** A `subscriptions/listen` stream of a modern client on a legacy session. */
export interface Listener {
  readonly filter: ListenFilter;
  notify(message: Notification): void;
  failed(reason: UpstreamFailure): void;
}

interface Subscription {
  users: number;
  readonly ready: Promise<boolean>;
}

const SUBSCRIBE_MS = 30_000;

/** The listen streams of one legacy session, and the `resources/subscribe` that they add up to. */
export class Listeners {
  readonly #link: UpstreamLink;
  readonly #asker: Asker;
  readonly #nextId: () => string;
  readonly #listeners = new Set<Listener>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** Unsubscriptions under way: a new subscription to the same URI must not overtake them. */
  readonly #leaving = new Map<string, Promise<unknown>>();

  constructor(link: UpstreamLink, asker: Asker, nextId: () => string) {
    this.#link = link;
    this.#asker = asker;
    this.#nextId = nextId;
  }

  get size(): number {
    return this.#listeners.size;
  }

  add(listener: Listener): void {
    this.#listeners.add(listener);
  }

  remove(listener: Listener): void {
    this.#listeners.delete(listener);
  }

  /** Brings a change to every stream that asked for its kind. */
  announce(message: Notification): void {
    for (const listener of this.#listeners) if (wants(listener.filter, message)) listener.notify(message);
  }

  /** The session is gone, and its streams with it. */
  end(reason: UpstreamFailure): void {
    const listeners = Array.from(this.#listeners);
    this.#listeners.clear();
    for (const listener of listeners) listener.failed(reason);
    this.#subscriptions.clear();
  }

  /** @returns whether the server accepted the subscription; if not, it is not to be released */
  async subscribe(uri: string): Promise<boolean> {
    let entry = this.#subscriptions.get(uri);
    if (entry === undefined) {
      const before = this.#leaving.get(uri) ?? Promise.resolve();
      entry = { users: 0, ready: before.then(() => this.#ask('resources/subscribe', uri)) };
      this.#subscriptions.set(uri, entry);
    }
    entry.users += 1;
    const accepted = await entry.ready;
    if (!accepted && this.#subscriptions.get(uri) === entry) this.#subscriptions.delete(uri);
    return accepted;
  }

  unsubscribe(uri: string): void {
    const entry = this.#subscriptions.get(uri);
    if (entry === undefined) return;
    entry.users -= 1;
    if (entry.users > 0) return;
    this.#subscriptions.delete(uri);
    const leaving = entry.ready.then(() => this.#ask('resources/unsubscribe', uri)).then(() => {
      if (this.#leaving.get(uri) === leaving) this.#leaving.delete(uri);
    });
    this.#leaving.set(uri, leaving);
  }

  async #ask(method: string, uri: string): Promise<boolean> {
    const reply = await this.#asker.ask(this.#link, toRequest(this.#nextId(), method, JSON.stringify({ uri })), SUBSCRIBE_MS);
    return isResponse(reply) && reply.result !== null;
  }
}
