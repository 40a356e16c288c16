import type { Message } from '../mcp/message.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

/** Stands for an upstream that cannot be reached now: refuses every request at once and says why. */
export class RefusingLink implements UpstreamLink {
  readonly transport = 'stdio';
  readonly #observer: LinkObserver;
  readonly #failure: UpstreamFailure;
  #closed = false;

  constructor(observer: LinkObserver, failure: UpstreamFailure) {
    this.#observer = observer;
    this.#failure = failure;
  }

  send(message: Message): boolean {
    if (message.kind === 'request') queueMicrotask(() => this.#observer.failed(message.idKey, this.#failure));
    return true;
  }

  abort(): void {
    // Nothing is in flight.
  }

  pause(): void {
    // Nothing comes.
  }

  resume(): void {
    // Nothing was held.
  }

  close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#observer.closed(null);
    }
    return Promise.resolve();
  }
}
