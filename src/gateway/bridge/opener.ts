import { randomUUID } from 'node:crypto';
import type { Message, Request, Response } from '../../mcp/message.ts';
import { METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import { toNotification, toRequest } from '../../mcp/bridge/build.ts';
import { isModernError } from '../../mcp/bridge/errors.ts';
import { discoverParams, initializeParams, isDiscovered, readInitialized, type InitializedServer } from '../../mcp/bridge/opening.ts';
import type { ModernEnvelope } from '../../mcp/bridge/requests.ts';
import { errorResponse, resultResponse } from '../../mcp/bridge/results.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { Asker, isResponse, type Reply } from './asker.ts';
import { Relay, type OpenUpstream } from './relay.ts';

/** How long `server/discover` may stay unanswered before the server is taken for a legacy one (V3). */
export const PROBE_MS = 5_000;
/** A server may be downloaded before it starts; after this it is taken for dead. */
export const HANDSHAKE_MS = 120_000;
/** What a server says before its era is known is kept for whoever takes over, up to this many messages. */
const MAX_BUFFERED = 1_000;

type Buffered = { readonly message: Message; readonly requestKey: string | null } | { readonly failed: string; readonly failure: UpstreamFailure };

/**
 * One fresh connection to the upstream while nobody knows its era yet. It asks, buffers what it did not ask for, and in the end hands
 * the connection over.
 */
export class Opener implements LinkObserver {
  readonly link: UpstreamLink;
  readonly #relay: Relay;
  readonly #outer: LinkObserver;
  readonly #asker = new Asker();
  /** Forwarded requests of the client: their answers are also the client's. */
  readonly #forwarded = new Map<string, (reply: Reply) => void>();
  #buffer: Buffered[] = [];
  #probe: Promise<Reply> | null = null;
  #end: { readonly failure: UpstreamFailure | null } | null = null;

  /** @param outer told of garbage and of room in the pipe; nothing else, before `handOver` */
  constructor(open: OpenUpstream, outer: LinkObserver) {
    this.#outer = outer;
    this.#relay = new Relay(this);
    this.link = open(this.#relay);
  }

  /** True when the connection broke while it was being opened. */
  get dead(): boolean {
    return this.#end !== null;
  }

  /** Asks for the era. A later call waits for the same question. */
  discover(envelope: ModernEnvelope, timeoutMs: number): Promise<Reply> {
    this.#probe ??= this.#asker.ask(this.link, toRequest(ownId(), 'server/discover', discoverParams(envelope)), HANDSHAKE_MS);
    return within(this.#probe, timeoutMs);
  }

  /** Sends the client's own first request; the answer stays in the buffer for it. */
  forward(request: Request, timeoutMs: number | null): Promise<Reply> {
    const reply = new Promise<Reply>((resolve) => {
      this.#forwarded.set(request.idKey, resolve);
    });
    this.link.send(request);
    if (request.method === 'server/discover') this.#probe ??= reply;
    return timeoutMs === null ? reply : within(reply, timeoutMs);
  }

  /** Opens a legacy session. @returns what the server said of itself, or why there is no session */
  async initialize(capabilities: string, clientInfo: string | null): Promise<InitializedServer | UpstreamFailure> {
    const answer = await this.#asker.ask(this.link, toRequest(ownId(), 'initialize', initializeParams(capabilities, clientInfo)), HANDSHAKE_MS);
    if (!isResponse(answer)) return answer;
    const server = readInitialized(answer);
    if (server === null) {
      const text = answer.error?.get('message')?.text()?.slice(0, 200) ?? 'it named a protocol version that is not known here';
      return failure('bad_response', `the server answered neither server/discover nor initialize as a server does: ${text}`, false);
    }
    this.link.send(toNotification('notifications/initialized', null));
    return server;
  }

  /** What came of the question for the era after all. */
  lateProbe(timeoutMs: number): Promise<Reply> {
    return within(this.#probe ?? Promise.resolve(failure('timeout', 'the server was not asked for its era', false)), timeoutMs);
  }

  /** Forgets what the server said so far: it was no answer for the client. */
  discard(): void {
    this.#buffer = [];
  }

  /** From now on `target` hears the link, beginning with what was kept. */
  handOver(target: LinkObserver): void {
    this.#relay.target = target;
    const buffer = this.#buffer;
    this.#buffer = [];
    for (const entry of buffer) {
      if ('message' in entry) target.message(entry.message, entry.requestKey);
      else target.failed(entry.failed, entry.failure);
    }
    if (this.#end !== null) target.closed(this.#end.failure);
  }

  message(message: Message, requestKey: string | null): void {
    if (message.kind === 'request') {
      this.link.send(message.method === 'ping' ? resultResponse(message.id, '{}') : errorResponse(message.id, METHOD_NOT_FOUND, 'Method not found: the session is not open yet'));
      return;
    }
    if (message.kind === 'response') {
      const key = message.idKey ?? requestKey;
      if (this.#asker.settle(key, message)) return;
      this.#resolve(key, message);
    }
    this.#keep({ message, requestKey });
  }

  garbage(code: string, sample: string): void {
    this.#outer.garbage(code, sample);
  }

  failed(requestKey: string, reason: UpstreamFailure): void {
    if (this.#asker.settle(requestKey, reason)) return;
    this.#resolve(requestKey, reason);
    this.#keep({ failed: requestKey, failure: reason });
  }

  closed(reason: UpstreamFailure | null): void {
    this.#end = { failure: reason };
    this.#asker.end(reason ?? failure('closed', 'the connection was closed', false));
  }

  drain(): void {
    this.#outer.drain();
  }

  #resolve(key: string | null, reply: Response | UpstreamFailure): void {
    if (key === null) return;
    this.#forwarded.get(key)?.(reply);
    this.#forwarded.delete(key);
  }

  #keep(entry: Buffered): void {
    if (this.#buffer.length < MAX_BUFFERED) this.#buffer.push(entry);
  }
}

/** JSON text of an id that no client uses. */
export function ownId(): string {
  return `"policylayer-${randomUUID()}"`;
}

/** The reply, or a `timeout` failure when it takes longer; the question itself stays open. */
function within(reply: Promise<Reply>, timeoutMs: number): Promise<Reply> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(failure('timeout', 'the server did not answer in time', true)), timeoutMs);
    timer.unref();
    void reply.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}

/**
 * True when a failed request says that the server does not know its method or revision, so that the other era is worth a try. A wall
 * for the unauthorised, an overload or a network fault says nothing of eras.
 */
export function isRefusal(reason: UpstreamFailure): boolean {
  const { status } = reason;
  return status !== null && status >= 400 && status < 500 && ![401, 403, 407, 408, 429].includes(status);
}

/** True for what only a server of the modern era answers to `server/discover`. */
export function isModern(reply: Reply): boolean {
  return isResponse(reply) && (isDiscovered(reply) || isModernError(reply));
}
