import { randomBytes } from 'node:crypto';
import { parseMessage, type Message } from '../../mcp/message.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { UPSTREAM_LIMITS } from '../../wire/limits.ts';
import { changedLists } from '../changed-lists.ts';
import { Conversation } from '../conversation.ts';
import type { Principal } from '../principal.ts';
import { ToolDirectory } from '../tool-directory.ts';
import type { EndpointContext, Incoming } from './context.ts';
import { HeldStreams } from './held-streams.ts';
import { recordGarbage } from './intake.ts';
import type { LinkPool } from './link-pool.ts';
import type { Answering, PostExchange } from './post-exchange.ts';
import { eventId, readEventId, SessionStream } from './session-stream.ts';
import type { SessionEntry } from './sessions.ts';

/** Streams of answered requests that a client may still come back to. */
const MAX_STREAMS = 64;
/** What the answered ones among them may hold together. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;
/** How long a client may be away from the stream of a call that waits for its approval, before the call is withdrawn. */
const RETURN_MS = 10_000;
/** From this revision on a stream begins with an event that makes it resumable (S25 resumability). */
const PRIMED_SINCE = '2025-11-25';

/**
 * One legacy session that the gateway hosts over HTTP (or over the deprecated HTTP+SSE transport) in front of a message-level link.
 * Messages that belong to a request go to that request's stream, everything else to the session's own (S5, S6).
 */
export class HostSession implements SessionEntry, LinkObserver {
  /** 256 random bits: the id is no credential, but it must not be guessed either (S2). */
  readonly id: string = randomBytes(32).toString('base64url');
  readonly owner: Principal;
  readonly caller: string | null;
  readonly conversation: Conversation;
  lastUsed: number = performance.now();
  readonly #link: UpstreamLink;
  /** Requests whose answer is one JSON text, unless something comes before it. */
  readonly #exchanges = new Map<string, PostExchange>();
  /** Requests that are answered on a resumable stream, and all such streams by id. */
  readonly #byRequest = new Map<string, SessionStream>();
  readonly #byId = new Map<string, SessionStream>();
  /** Responses of requests that are being judged, and the streams that were begun for some of them. */
  readonly #held = new HeldStreams();
  readonly #early = new Map<PostExchange, SessionStream>();
  readonly #onClosed: (session: HostSession) => void;
  readonly #unsubscribe: () => void;
  readonly #unpin: () => void;
  readonly #stream = new SessionStream('s');
  /** The stream of the deprecated transport, which knows no event ids. */
  #plain: PostExchange | null = null;
  #closed = false;
  /** Everything goes to the session's stream: the deprecated transport has no other. */
  readonly #single: boolean;

  constructor(context: EndpointContext, incoming: Incoming, pool: LinkPool, transport: 'http' | 'sse', onClosed: (session: HostSession) => void) {
    this.owner = incoming.principal;
    this.caller = incoming.caller;
    this.#single = transport === 'sse';
    this.#onClosed = onClosed;
    this.conversation = new Conversation({
      gateway: context.services, principal: incoming.principal, transport, session: this.id, stateful: true, directory: new ToolDirectory(),
      sendOwn: (message) => void this.#link.send(message),
      toClient: (requestKey, bytes) => this.#say(requestKey, bytes),
    });
    this.#link = pool.session(this, incoming.principal);
    this.#unsubscribe = incoming.principal.subscribe((next, previous) => {
      for (const list of changedLists(next, previous)) this.#toStream(Buffer.from(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`));
    });
    this.#unpin = context.services.pins.subscribe(() => this.#toStream(Buffer.from('{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}')));
  }

  get streams(): number {
    let open = 0;
    for (const stream of this.#byRequest.values()) if (stream.isOpen) open += 1;
    return this.#exchanges.size + open + (this.#stream.isOpen || this.#plain?.isOpen === true ? 1 : 0);
  }

  busy(): boolean {
    return this.streams > 0 || this.conversation.inFlight.size > 0;
  }

  /**
   * Registers a request before it is judged, so that the gateway can speak on its stream meanwhile.
   * @returns how the request is answered when it is not forwarded, and `judged`, to be called with the verdict
   */
  judging(requestKey: string, exchange: PostExchange): Answering & { readonly judged: () => void } {
    const release = this.#held.add(requestKey, exchange);
    if (release !== null) exchange.onGone(() => this.#clientLeft(requestKey, exchange));
    const early = (): SessionStream | undefined => {
      const stream = this.#early.get(exchange);
      if (stream !== undefined) this.#byRequest.delete(requestKey);
      this.#early.delete(exchange);
      return stream;
    };
    return {
      judged: () => release?.(),
      finish: (bytes, status) => {
        const stream = early();
        if (stream === undefined) exchange.finish(bytes, status);
        else stream.finish(bytes);
      },
      drop: (status, code) => {
        const stream = early();
        if (stream === undefined) exchange.drop(status, code);
        else stream.end();
      },
    };
  }

  /** A message of the gateway's own on the stream of a request that is being judged. */
  #say(requestKey: string, bytes: Buffer): boolean {
    if (this.#single) {
      this.#toStream(bytes);
      return true;
    }
    const exchange = this.#held.get(requestKey);
    if (exchange !== null && !this.#early.has(exchange) && this.#isPrimed) this.#early.set(exchange, this.#startStream(requestKey, exchange));
    const stream = this.#byRequest.get(requestKey);
    if (stream === undefined) return this.#held.send(requestKey, bytes);
    // Kept for a client that is away for the moment.
    stream.send(bytes);
    return true;
  }

  get #isPrimed(): boolean {
    return (this.conversation.version ?? '') >= PRIMED_SINCE;
  }

  /**
   * A call that is held for its approval runs only while somebody waits for it: nobody would learn of its result, and it can be repeated
   * with the approval that is still unused. A client that can resume has a moment to come back. Calls that were sent go on (S7).
   */
  #clientLeft(requestKey: string, exchange: PostExchange): void {
    const stream = this.#early.get(exchange);
    if (stream === undefined) return this.conversation.clientLeft(requestKey);
    const timer = setTimeout(() => {
      if (!stream.isOpen && this.#early.get(exchange) === stream) this.conversation.clientLeft(requestKey);
    }, RETURN_MS);
    timer.unref();
  }

  /** Sends a judged message upstream; a request's answer will go to `exchange`. */
  forward(message: Message, exchange: PostExchange | null): void {
    if (message.kind === 'request' && exchange !== null) {
      exchange.onDrain(() => this.#link.resume());
      if (this.#early.delete(exchange)) {
        // Its stream has begun already.
      } else if (this.#isPrimed && message.method !== 'initialize') {
        this.#startStream(message.idKey, exchange);
      } else {
        this.#exchanges.set(message.idKey, exchange);
        exchange.onGone(() => this.#exchanges.delete(message.idKey));
      }
    }
    this.#link.send(message);
  }

  /** A legacy client that goes away has not cancelled (S7): the upstream finishes, and the client may come back for the answer. */
  #startStream(requestKey: string, exchange: PostExchange): SessionStream {
    const stream = new SessionStream(randomBytes(9).toString('hex'));
    this.#byRequest.set(requestKey, stream);
    this.#byId.set(stream.id, stream);
    if (this.#byId.size > MAX_STREAMS) this.#forgetUnanswerable();
    this.#forgetOldest();
    exchange.prime(eventId(stream.id, 0));
    stream.attach(exchange, 0);
    return stream;
  }

  /** Streams of requests that were cancelled so long ago that not even a late answer is expected. */
  #forgetUnanswerable(): void {
    for (const [requestKey, stream] of this.#byRequest) {
      if (this.conversation.open.expects(requestKey)) continue;
      this.#byRequest.delete(requestKey);
      stream.end();
    }
  }

  /** Answered streams give way, the oldest first, until their number and what they hold is within bounds. */
  #forgetOldest(): void {
    let kept = 0;
    for (const stream of this.#byId.values()) if (stream.isDone) kept += stream.bytes;
    for (const [id, stream] of this.#byId) {
      if (this.#byId.size <= MAX_STREAMS && kept <= MAX_KEPT_BYTES) return;
      if (!stream.isDone) continue;
      this.#byId.delete(id);
      kept -= stream.bytes;
    }
  }

  /** Takes over as the session's stream; what waited for one is sent first. */
  attach(exchange: PostExchange): void {
    exchange.onDrain(() => this.#link.resume());
    if (this.#single) {
      this.#plain?.end();
      this.#plain = exchange;
    } else {
      this.#stream.attach(exchange, null);
    }
  }

  /** Goes on with the stream of an event id. @returns false when it is not one of this session's */
  resume(lastEventId: string, exchange: PostExchange): boolean {
    const place = readEventId(lastEventId);
    const stream = place === null ? undefined : place.stream === 's' ? this.#stream : this.#byId.get(place.stream);
    if (place === null || stream === undefined) return false;
    exchange.onDrain(() => this.#link.resume());
    exchange.open();
    stream.attach(exchange, place.seq);
    for (const [first, early] of this.#early) {
      if (early !== stream) continue;
      this.conversation.clientReturned(this.#requestOf(stream));
      exchange.onGone(() => this.#clientLeft(this.#requestOf(stream), first));
    }
    return true;
  }

  #requestOf(stream: SessionStream): string {
    for (const [requestKey, own] of this.#byRequest) if (own === stream) return requestKey;
    return '';
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
    const stream = requestKey === null ? undefined : this.#byRequest.get(requestKey);
    if (stream !== undefined && requestKey !== null) {
      if (final) {
        this.#byRequest.delete(requestKey);
        stream.finish(bytes);
      } else if (!stream.send(bytes)) {
        this.#link.pause();
      }
      return;
    }
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
    const ready = this.#single ? (this.#plain?.send(bytes, { event: 'message' }) ?? true) : this.#stream.send(bytes);
    if (!ready) this.#link.pause();
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
      this.#byRequest.get(requestKey)?.end();
      this.#byRequest.delete(requestKey);
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
    this.#unpin();
    this.conversation.end();
    for (const exchange of this.#exchanges.values()) exchange.end();
    this.#exchanges.clear();
    for (const stream of this.#byId.values()) stream.end();
    this.#byRequest.clear();
    this.#early.clear();
    this.#byId.clear();
    this.#stream.end();
    this.#plain?.end();
    void this.#link.close();
    this.#onClosed(this);
  }
}
