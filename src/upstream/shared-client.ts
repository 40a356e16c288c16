import type { Message, Notification, Request, Response } from '../mcp/message.ts';
import { cancelledKey, isCancelled } from './cancelled.ts';
import { failure } from './failure.ts';
import { HeldMessages } from './held-messages.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

/** What a share needs of the child. */
export interface ChildAccess {
  request(client: SharedClient, request: Request): { readonly id: number; readonly more: boolean } | UpstreamFailure;
  cancel(id: number, notification: Notification | null): void;
  /** Writes a message that needs no change. */
  pass(message: Notification | Response): boolean;
  detached(client: SharedClient): void;
}

/** One client's share in a `SharedChild`. */
export class SharedClient implements UpstreamLink {
  readonly transport = 'stdio';
  readonly observer: LinkObserver;
  readonly #child: ChildAccess;
  /** The client's requests in flight, and the ids they have in the child. */
  readonly #open = new Map<string, number>();
  readonly #held: HeldMessages;
  #closed = false;

  constructor(observer: LinkObserver, maxHeldBytes: number, child: ChildAccess) {
    this.observer = observer;
    this.#child = child;
    this.#held = new HeldMessages(maxHeldBytes, (message, requestKey) => observer.message(message, requestKey));
  }

  send(message: Message): boolean {
    if (message.kind === 'request') return this.#request(message);
    if (this.#closed) return true;
    if (!isCancelled(message)) return this.#child.pass(message);
    const key = cancelledKey(message);
    const id = key === null ? undefined : this.#open.get(key);
    // N1: what is not this client's, or not running, is ignored.
    if (key !== null && id !== undefined) {
      this.#open.delete(key);
      this.#child.cancel(id, message);
    }
    return true;
  }

  abort(idKey: string): void {
    // Its answer may have come already, and wait for the client to read on.
    this.#held.drop(idKey);
    const id = this.#open.get(idKey);
    if (id === undefined) return;
    this.#open.delete(idKey);
    this.#child.cancel(id, null);
  }

  pause(): void {
    this.#held.pause();
  }

  resume(): void {
    this.#held.resume();
  }

  close(): Promise<void> {
    this.#end(failure('closed', 'the connection to the server was closed', true), null);
    return Promise.resolve();
  }

  /** The response of the child, in the client's own terms. */
  answered(response: Response, idKey: string): void {
    this.#open.delete(idKey);
    this.deliver(response, idKey);
  }

  /** The server itself ended a request without a response. */
  forget(idKey: string): void {
    this.#open.delete(idKey);
  }

  deliver(message: Message, idKey: string): void {
    if (this.#closed || this.#held.take(message, idKey)) return;
    const reason = failure('closed', 'the client reads too slowly: its share in the server was closed', true);
    this.#end(reason, reason);
  }

  /** The child is gone. @param told what is reported as the end of the link */
  lost(reason: UpstreamFailure, told: UpstreamFailure | null): void {
    this.#held.resume();
    this.#end(reason, told);
  }

  #request(request: Request): boolean {
    const sent = this.#closed ? failure('closed', 'the connection to the server was closed', false) : this.#child.request(this, request);
    if ('id' in sent) {
      this.#open.set(request.idKey, sent.id);
      return sent.more;
    }
    // Later: the caller may still be busy registering the request.
    queueMicrotask(() => this.observer.failed(request.idKey, sent));
    return true;
  }

  #end(reason: UpstreamFailure, told: UpstreamFailure | null): void {
    if (this.#closed) return;
    this.#closed = true;
    const open = [...this.#open];
    this.#open.clear();
    this.#held.drop(null);
    this.#child.detached(this);
    for (const [idKey, id] of open) {
      this.#child.cancel(id, null);
      this.observer.failed(idKey, reason);
    }
    this.observer.closed(told);
  }
}
