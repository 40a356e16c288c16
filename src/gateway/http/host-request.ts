import type { Message, Request } from '../../mcp/message.ts';
import { errorAnswer } from '../../mcp/answers.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND, HEADER_MISMATCH, MISSING_CAPABILITY, UNSUPPORTED_VERSION } from '../../mcp/error-codes.ts';
import { META_PREFIX } from '../../mcp/keys.ts';
import { metaOf } from '../../mcp/meta.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { Conversation } from '../conversation.ts';
import { hasPlace } from '../listen.ts';
import { signalListChanges } from '../listen-signal.ts';
import type { EndpointContext, Incoming } from './context.ts';
import { recordGarbage } from './intake.ts';
import type { LinkPool } from './link-pool.ts';
import type { PostExchange } from './post-exchange.ts';

/** The HTTP status that goes with a JSON-RPC error of the modern revision when it is the whole answer (H9). */
function statusOf(message: Message): number {
  if (message.kind !== 'response' || message.error === null) return 200;
  switch (message.error.get('code')?.integer()) {
    case METHOD_NOT_FOUND: return 404;
    case HEADER_MISMATCH:
    case MISSING_CAPABILITY:
    case UNSUPPORTED_VERSION: return 400;
    default: return 200;
  }
}

/** One modern request on a link of its own, from its judgement to the end of its stream. */
export class HostRequest implements LinkObserver {
  readonly conversation: Conversation;
  readonly #request: Request;
  readonly #exchange: PostExchange;
  readonly #link: UpstreamLink;
  readonly #onDone: () => void;
  #unsubscribe: (() => void) | null = null;
  #sent = false;
  #done = false;

  constructor(context: EndpointContext, incoming: Incoming, request: Request, exchange: PostExchange, pool: LinkPool, onDone: () => void) {
    this.#request = request;
    this.#exchange = exchange;
    this.#onDone = onDone;
    this.conversation = new Conversation({
      gateway: context.services, principal: incoming.principal, transport: 'http', session: null, stateful: false, directory: incoming.principal.directory,
      sendOwn: (message) => void this.#link.send(message),
      toClient: (requestKey, bytes) => requestKey === request.idKey && this.#say(bytes),
    });
    this.#link = pool.stateless(this, incoming.principal, request);
    exchange.onDrain(() => this.#link.resume());
    exchange.onGone(() => this.abandon());
  }

  /** Sends the judged request upstream. */
  forward(message: Message): void {
    if (this.#done) return;
    if (message.kind === 'request' && message.method === 'subscriptions/listen') {
      this.#unsubscribe = signalListChanges(this.conversation.principal, this.conversation.gateway.pins, message, (json) => void this.#exchange.send(Buffer.from(json)));
    }
    this.#sent = true;
    this.#link.send(message);
  }

  /** A message of the gateway's own, while the request is being judged. */
  #say(bytes: Buffer): boolean {
    if (this.#done || !this.#exchange.isOpen) return false;
    this.#exchange.send(bytes);
    return true;
  }

  /** The client closed the stream, which cancels (M1). */
  abandon(): void {
    if (this.#done) return;
    this.conversation.abandoned(this.#request.idKey, this.#sent);
    if (this.#sent) this.#link.abort(this.#request.idKey);
    this.finish();
  }

  /** Ends the request from our side; the client hears of it. */
  stop(reason: string): void {
    if (this.#done) return;
    this.conversation.abandoned(this.#request.idKey, this.#sent);
    if (this.#sent) this.#link.abort(this.#request.idKey);
    if (this.isCall) this.#exchange.finish(errorAnswer(this.#request.id, INTERNAL_ERROR, `Upstream failed: ${reason}`), 200);
    else this.#exchange.end();
    this.finish();
  }

  /** A client waits for an answer; a subscription has none. */
  get isCall(): boolean {
    return this.#request.method !== 'subscriptions/listen';
  }

  get isDone(): boolean {
    return this.#done;
  }

  message(message: Message, requestKey: string | null): void {
    const verdict = this.conversation.upstream(message, requestKey === null ? { on: 'link' } : { on: 'request', requestKey });
    if (verdict.do !== 'deliver' || verdict.requestKey !== this.#request.idKey) return;
    // As the HTTP server we see to it that logs reach only a request that asked for them (M4).
    if (message.kind === 'notification' && message.method === 'notifications/message' && (metaOf(this.#request.params)?.get(`${META_PREFIX}logLevel`) ?? null) === null) {
      return this.garbage('unsolicited_log', message.method);
    }
    if (message.kind === 'notification' && !hasPlace(message, this.#request)) return this.garbage('misplaced_notification', message.method);
    if (message.kind === 'notification' && verdict.final) {
      // On stdio a server ends a subscription by a message, over HTTP by the end of the stream.
      this.#exchange.end();
      return this.finish();
    }
    if (!verdict.final) {
      if (!this.#exchange.send(verdict.bytes)) this.#link.pause();
      return;
    }
    this.#exchange.finish(verdict.bytes, verdict.edited ? 200 : statusOf(message));
    this.finish();
  }

  garbage(code: string, sample: string): void {
    recordGarbage(this.conversation, code, sample);
  }

  failed(requestKey: string, failure: UpstreamFailure): void {
    const answer = this.conversation.failed(requestKey, failure);
    if (requestKey !== this.#request.idKey) return;
    // A subscription ends without a result when its server is gone (M2, M3).
    if (answer === null || !this.isCall) this.#exchange.end();
    else this.#exchange.finish(answer, 200);
    this.finish();
  }

  closed(): void {
    this.#exchange.end();
    this.finish();
  }

  drain(): void {
    // One request is all this link carries.
  }

  /** Gives the link back. */
  finish(): void {
    if (this.#done) return;
    this.#done = true;
    this.#unsubscribe?.();
    this.conversation.end();
    void this.#link.close();
    this.#onDone();
  }
}
