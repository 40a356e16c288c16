import type { Message } from '../../mcp/message.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';

/** A link that carries something, or why there is none. */
export type Routed = UpstreamLink | UpstreamFailure;

/**
 * A link for one modern request while the era of its upstream may still be asked for: what is sent meanwhile waits.
 */
export class StatelessLink implements UpstreamLink {
  readonly transport: 'stdio' | 'http';
  readonly #observer: LinkObserver;
  readonly #route: (message: Message) => Routed | Promise<Routed>;
  #queue: Message[] | null = null;
  #inner: UpstreamLink | null = null;
  #closed = false;

  constructor(transport: 'stdio' | 'http', observer: LinkObserver, route: (message: Message) => Routed | Promise<Routed>) {
    this.transport = transport;
    this.#observer = observer;
    this.#route = route;
  }

  send(message: Message): boolean {
    if (this.#inner !== null) return this.#inner.send(message);
    if (this.#closed) {
      if (message.kind === 'request') queueMicrotask(() => this.#observer.failed(message.idKey, failure('closed', 'the connection is being closed', false)));
      return true;
    }
    if (this.#queue !== null) {
      this.#queue.push(message);
      return true;
    }
    const routed = this.#route(message);
    if (!(routed instanceof Promise) && !('kind' in routed)) {
      this.#inner = routed;
      return routed.send(message);
    }
    this.#queue = [message];
    void Promise.resolve(routed).then((ready) => this.#routed(ready));
    return true;
  }

  abort(idKey: string): void {
    if (this.#inner !== null) this.#inner.abort(idKey);
    else if (this.#queue !== null) this.#queue = this.#queue.filter((message) => message.kind !== 'request' || message.idKey !== idKey);
  }

  pause(): void {
    this.#inner?.pause();
  }

  resume(): void {
    this.#inner?.resume();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#queue = null;
    await this.#inner?.close();
  }

  #routed(routed: Routed): void {
    const queue = this.#queue ?? [];
    this.#queue = null;
    if (!('kind' in routed)) {
      if (this.#closed) return void routed.close();
      this.#inner = routed;
      for (const message of queue) routed.send(message);
      return;
    }
    for (const message of queue) if (message.kind === 'request') this.#observer.failed(message.idKey, routed);
  }
}
