import { parseMessage, type Notification, type Request, type Response } from '../mcp/message.ts';
import { META_PREFIX } from '../mcp/keys.ts';
import { metaOf } from '../mcp/meta.ts';
import type { JsonNode } from '../wire/json-node.ts';
import { UPSTREAM_LIMITS, type WireLimits } from '../wire/limits.ts';
import { type Edit, setMember, splice } from '../wire/splice.ts';
import { BoundedSet } from './bounded-set.ts';
import { cancelledBytes } from './cancelled.ts';
import { type ChildOptions, SupervisedChild } from './child-process.ts';
import { editNotification, editResponse } from './edit-message.ts';
import { exitFailure, failure } from './failure.ts';
import { sample } from './sample.ts';
import { SharedClient } from './shared-client.ts';
import type { CommandSpec, LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

/** The only request in flight, when there is exactly one. */
export interface Lone {
  readonly observer: LinkObserver;
  readonly idKey: string;
}

export interface SharedChildOwner {
  /**
   * A request or notification of the server that names no client's request. Whom it concerns only the owner can know; `lone` is set
   * while a single request is in flight. Not for a child that several principals share: the message may be about a request before.
   */
  unrouted(message: Request | Notification, lone: Lone | null): void;
  garbage(code: string, sample: string): void;
  stderr(chunk: Buffer): void;
  /** The child is gone, all clients have been told. Null when it was closed by us. */
  closed(failure: UpstreamFailure | null): void;
}

export interface SharedChildOptions extends ChildOptions {
  readonly limits?: WireLimits;
  /** Bytes kept for one client that reads slowly, before it is given up. */
  readonly maxHeldBytes?: number;
}

interface Pending {
  readonly client: SharedClient;
  readonly request: Request;
  /** JSON text of the client's progress token; null when it gave none. */
  readonly token: string | null;
}

const REMEMBERED = 4_096;
const MAX_HELD_BYTES = 8 * 1024 * 1024;
const SUBSCRIPTION = `${META_PREFIX}subscriptionId`;

/**
 * One child that serves many clients (isolation `grant` or `shared`; modern HTTP on stdio; protocol.md D5). Every request gets an id of
 * ours, which is its progress token and subscription id too, so that no client can name, guess or collide with another's. Only these
 * values are replaced in the text; every other byte passes as it is.
 */
export class SharedChild {
  readonly #owner: SharedChildOwner;
  readonly #limits: WireLimits;
  readonly #maxHeldBytes: number;
  readonly #child: SupervisedChild;
  readonly #clients = new Set<SharedClient>();
  readonly #pending = new Map<number, Pending>();
  readonly #over = new BoundedSet<number>(REMEMBERED);
  #lastId = 0;
  #closing = false;
  #failure: UpstreamFailure | null = null;

  constructor(spec: CommandSpec, owner: SharedChildOwner, options: SharedChildOptions = {}) {
    this.#owner = owner;
    this.#limits = options.limits ?? UPSTREAM_LIMITS;
    this.#maxHeldBytes = options.maxHeldBytes ?? MAX_HELD_BYTES;
    this.#child = new SupervisedChild(spec, {
      line: (bytes) => this.#line(bytes),
      overflow: (dropped) => owner.garbage('line_too_long', `${dropped} bytes`),
      stderr: (chunk) => owner.stderr(chunk),
      drain: () => {
        for (const client of this.#clients) client.observer.drain();
      },
      exit: (exit) => this.#ended(exitFailure(spec, exit, this.#child.stderr.lastLine()), exit.error !== null),
    }, { ...options, maxLineBytes: options.maxLineBytes ?? this.#limits.maxBytes });
  }

  get pid(): number | null {
    return this.#child.pid;
  }

  /** False when it cannot take requests any more. */
  get usable(): boolean {
    return this.#failure === null && !this.#closing && this.#child.alive;
  }

  /** Clients attached now. */
  get clients(): number {
    return this.#clients.size;
  }

  /** A share in the child for one client. Its `close` cancels what is still running for it, and leaves the child to the others. */
  attach(observer: LinkObserver): UpstreamLink {
    const client = new SharedClient(observer, this.#maxHeldBytes, {
      request: (from, request) => this.#request(from, request),
      cancel: (id, notification) => this.#cancel(id, notification),
      pass: (message) => this.#child.write(message.bytes),
      detached: (gone) => this.#clients.delete(gone),
    });
    this.#clients.add(client);
    return client;
  }

  /** Sends a message of the owner's own as it is: an answer to a request that came by `unrouted`. */
  respond(message: Response | Notification): boolean {
    return this.#child.write(message.bytes);
  }

  /** Ends the child; whatever is in flight is reported as failed. */
  close(): Promise<void> {
    this.#closing = true;
    return this.#child.close();
  }

  /** Writes a request under an id of ours. @returns the id, or why it cannot be sent, and whether the pipe takes more */
  #request(client: SharedClient, request: Request): { readonly id: number; readonly more: boolean } | UpstreamFailure {
    if (!this.usable) return { ...(this.#failure ?? failure('closed', 'the server is being shut down', false)), reached: false };
    this.#lastId += 1;
    const id = this.#lastId;
    const token = metaOf(request.params)?.get('progressToken') ?? null;
    const usable = token !== null && (token.kind === 'string' || token.integer() !== null);
    this.#pending.set(id, { client, request, token: usable ? token.lexeme() : null });
    const edits = [setMember(request.root, 'id', String(id))];
    if (usable) edits.push(replace(token, String(id)));
    return { id, more: this.#child.write(splice(request.root.buffer, edits)) };
  }

  /** Gives a request up. @param notification the client's own cancellation, sent on with our id in it; else one of ours is written */
  #cancel(id: number, notification: Notification | null): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    this.#over.add(id);
    if (pending.request.method === 'initialize' || !this.#child.alive) return;
    const named = notification?.params?.get('requestId') ?? null;
    if (notification === null || named === null) this.#child.write(cancelledBytes(String(id)));
    else this.#child.write(splice(notification.root.buffer, [replace(named, String(id))]));
  }

  #line(bytes: Buffer): void {
    const parsed = parseMessage(bytes, this.#limits);
    if (!parsed.ok) this.#owner.garbage(parsed.code, sample(bytes));
    else if (parsed.message.kind === 'response') this.#response(parsed.message);
    else if (parsed.message.kind === 'notification') this.#notification(parsed.message);
    else this.#owner.unrouted(parsed.message, this.#lone());
  }

  #response(message: Response): void {
    const id = typeof message.id === 'number' ? message.id : null;
    const pending = id === null ? undefined : this.#pending.get(id);
    if (id === null || pending === undefined) {
      const late = id !== null && this.#over.delete(id);
      this.#owner.garbage(late ? 'late_response' : 'unknown_response', sample(message.bytes));
      return;
    }
    this.#pending.delete(id);
    const { request, client } = pending;
    const own = request.root.get('id')?.lexeme() ?? 'null';
    const edits = [setMember(message.root, 'id', own)];
    const subscription = metaOf(message.result)?.get(SUBSCRIPTION) ?? null;
    if (subscription?.integer() === id) edits.push(replace(subscription, own));
    client.answered(editResponse(message, edits, request.id, request.idKey), request.idKey);
  }

  #notification(message: Notification): void {
    const { method, params } = message;
    if (method === 'notifications/progress') {
      this.#routed(message, params?.get('progressToken') ?? null, (pending) => pending.token);
      return;
    }
    const subscription = metaOf(params)?.get(SUBSCRIPTION) ?? null;
    if (subscription !== null) {
      this.#routed(message, subscription, (pending) => pending.request.root.get('id')?.lexeme() ?? null);
      return;
    }
    if (method === 'notifications/cancelled') {
      const named = params?.get('requestId') ?? null;
      const id = named?.integer() ?? null;
      const pending = id === null ? undefined : this.#pending.get(id);
      // A modern server ends a subscription this way; any other cancellation is about a request of the server's own.
      if (id !== null && pending?.request.method === 'subscriptions/listen') {
        this.#routed(message, named, ({ request }) => request.root.get('id')?.lexeme() ?? null);
        this.#pending.delete(id);
        pending.client.forget(pending.request.idKey);
        return;
      }
    }
    this.#owner.unrouted(message, this.#lone());
  }

  /** Gives a notification to the client whose request it names, with the client's own value in place of ours. */
  #routed(message: Notification, named: JsonNode | null, original: (pending: Pending) => string | null): void {
    const id = named?.integer() ?? null;
    const pending = id === null ? undefined : this.#pending.get(id);
    const own = pending === undefined ? null : original(pending);
    if (pending === undefined || named === null || own === null) {
      // Progress may cross with the answer; that is no misbehaviour.
      const late = id !== null && id > 0 && id <= this.#lastId;
      this.#owner.garbage(late ? 'late_notification' : 'unknown_notification', sample(message.bytes));
      return;
    }
    pending.client.deliver(editNotification(message, [replace(named, own)]), pending.request.idKey);
  }

  #lone(): Lone | null {
    if (this.#pending.size !== 1) return null;
    for (const { client, request } of this.#pending.values()) return { observer: client.observer, idKey: request.idKey };
    return null;
  }

  #ended(reason: UpstreamFailure, neverRan: boolean): void {
    this.#failure = reason;
    this.#pending.clear();
    const told = this.#closing && !neverRan ? null : reason;
    for (const client of this.#clients) client.lost(reason, told);
    this.#clients.clear();
    this.#owner.closed(told);
  }
}

function replace(node: JsonNode, json: string): Edit {
  return { start: node.start, end: node.end, with: json };
}

