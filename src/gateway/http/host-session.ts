import { randomBytes } from 'node:crypto';
import { parseMessage, type Message } from '../../mcp/message.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { changedLists, Conversation } from '../conversation.ts';
import type { Principal } from '../principal.ts';
import { ToolDirectory } from '../tool-directory.ts';
import type { EndpointContext, Incoming } from './context.ts';
import { recordGarbage } from './intake.ts';
import type { LinkPool } from './link-pool.ts';
import { PostExchange } from './post-exchange.ts';
import type { SessionEntry } from './sessions.ts';

/** Messages kept for a client that has no stream open (S6); older ones give way. */
const MAX_BACKLOG = 256;
const MAX_BACKLOG_BYTES = 4 * 1024 * 1024;

/**
 * One legacy session that the gateway hosts over HTTP (or over the deprecated HTTP+SSE transport) in front of a message-level link.
 * Messages that belong to a request go to that request's stream, everything else to the session's own (S5, S6).
 */
export class HostSession implements SessionEntry, LinkObserver {
  /** 256 random bits: the id is no credential, but it must not be guessed either (S2). */
  readonly id: string = randomBytes(32).toString('base64url');
  readonly owner: Principal;
  readonly conversation: Conversation;
  lastUsed: number = performance.now();
  readonly #link: UpstreamLink;
  readonly #exchanges = new Map<string, PostExchange>();
  readonly #onClosed: (session: HostSession) => void;
  readonly #unsubscribe: () => void;
  #stream: PostExchange | null = null;
  readonly #backlog: Buffer[] = [];
  #backlogBytes = 0;
  #closed = false;
  /** Everything goes to the session's stream: the deprecated transport has no other. */
  readonly #single: boolean;

  constructor(context: EndpointContext, incoming: Incoming, pool: LinkPool, transport: 'http' | 'sse', onClosed: (session: HostSession) => void) {
    this.owner = incoming.principal;
    this.#single = transport === 'sse';
    this.#onClosed = onClosed;
    this.conversation = new Conversation({
      gateway: context.services, principal: incoming.principal, transport, session: this.id, stateful: true, directory: new ToolDirectory(),
      sendOwn: (message) => void this.#link.send(message),
    });
    this.#link = pool.session(this, incoming.principal);
    this.#unsubscribe = incoming.principal.subscribe((next, previous) => {
      for (const list of changedLists(next, previous)) this.#toStream(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`));
    });
  }

  get streams(): number {
    return this.#exchanges.size + (this.#stream?.isOpen === true ? 1 : 0);
  }

  busy(): boolean {
    return this.streams > 0 || this.conversation.inFlight.size > 0;
  }

  /** Sends a judged message upstream; a request's answer will go to `exchange`. */
  forward(message: Message, exchange: PostExchange | null): void {
    if (message.kind === 'request' && exchange !== null) {
      this.#exchanges.set(message.idKey, exchange);
      exchange.onDrain(() => this.#link.resume());
      // A legacy client that goes away has not cancelled (S7): the upstream finishes, and what it says finds no reader.
      exchange.onGone(() => this.#exchanges.delete(message.idKey));
    }
    this.#link.send(message);
  }

  /** Takes over as the session's stream; what waited for one is sent first. */
  attach(stream: PostExchange): void {
    this.#stream?.end();
    this.#stream = stream;
    stream.onDrain(() => this.#link.resume());
    for (const message of this.#backlog.splice(0)) stream.send(message);
    this.#backlogBytes = 0;
  }

  message(message: Message, requestKey: string | null): void {
    this.lastUsed = performance.now();
    const verdict = this.conversation.upstream(message, requestKey === null ? { on: 'link' } : { on: 'request', requestKey });
    if (verdict.do === 'reply') {
      const parsed = parseMessage(verdict.bytes, UPSTREAM_LIMITS);
      if (parsed.ok) this.#link.send(parsed.message);
    } else if (verdict.do === 'deliver') {
      this.#deliver(verdict.bytes, verdict.requestKey, verdict.final);
    }
    if (this.conversation.refused) this.close('the protocol version is not supported');
  }

  #deliver(bytes: Buffer, requestKey: string | null, final: boolean): void {
    if (this.#single) return this.#toStream(bytes);
    const exchange = requestKey === null ? undefined : this.#exchanges.get(requestKey);
    if (exchange === undefined) {
      // The answer to a request whose stream is gone has no other place (S5).
      if (!final) this.#toStream(bytes);
      return;
    }
    if (!final) {
      if (!exchange.send(bytes)) this.#link.pause();
      return;
    }
    if (requestKey !== null) this.#exchanges.delete(requestKey);
    exchange.finish(bytes, 200);
  }

  #toStream(bytes: Buffer): void {
    if (this.#stream?.isOpen === true) {
      if (!this.#stream.send(bytes, this.#single ? 'message' : undefined)) this.#link.pause();
      return;
    }
    this.#backlog.push(bytes);
    this.#backlogBytes += bytes.length;
    while (this.#backlog.length > MAX_BACKLOG || this.#backlogBytes > MAX_BACKLOG_BYTES) this.#backlogBytes -= this.#backlog.shift()?.length ?? 0;
  }

  /** Writes an answer of the gateway's own to where the upstream's would go. */
  answer(bytes: Buffer): void {
    this.#toStream(bytes);
  }

  garbage(code: string, sample: string): void {
    recordGarbage(this.conversation, code, sample);
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    const answer = this.conversation.failed(requestKey, failure);
    if (answer !== null) this.#deliver(answer, requestKey, true);
    else {
      this.#exchanges.get(requestKey)?.end();
      this.#exchanges.delete(requestKey);
    }
  }

  closed(): void {
    this.close('the upstream is gone');
  }

  drain(): void {
    // Requests are bounded by the number of open POSTs, so there is nothing to hold back here.
  }

  close(_reason: string): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#unsubscribe();
    this.conversation.end();
    for (const exchange of this.#exchanges.values()) exchange.end();
    this.#exchanges.clear();
    this.#stream?.end();
    void this.#link.close();
    this.#onClosed(this);
  }
}
