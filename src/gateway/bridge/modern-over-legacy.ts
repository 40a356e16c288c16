import { INVALID_PARAMS } from '../../mcp/error-codes.ts';
import { clientCapabilities, metaOf } from '../../mcp/meta.ts';
import type { Message, Notification, Request, Response } from '../../mcp/message.ts';
import { callDigest } from '../../mcp/bridge/digest.ts';
import { readFilter } from '../../mcp/bridge/listen.ts';
import { levelRank } from '../../mcp/bridge/log-levels.ts';
import { CAPABILITIES_KEY, CLIENT_INFO_KEY, LOG_LEVEL_KEY } from '../../mcp/bridge/meta-keys.ts';
import { discoverResult, implementationText } from '../../mcp/bridge/opening.ts';
import { errorResponse, resultResponse } from '../../mcp/bridge/results.ts';
import { cancelledKey, isCancelled } from '../../upstream/cancelled.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import type { ClientLeg, Exchange } from './exchange.ts';
import type { LegacyPool } from './legacy-pool.ts';
import { LegacySession } from './legacy-session.ts';
import { openListen } from './open-listen.ts';
import { refusalOf } from './uncarried.ts';

/** What stands behind an open request of the client. */
interface Call {
  readonly request: Request;
  exchange: Exchange | null;
  stopListening: (() => void) | null;
}

/**
 * A modern client in front of a legacy server (protocol.md section 4). Carries one client connection or one single request; the
 * sessions behind it belong to the pool.
 */
export class ModernOverLegacy implements UpstreamLink {
  readonly transport: 'stdio' | 'http';
  readonly #observer: LinkObserver;
  readonly #pool: LegacyPool;
  readonly #principal: string;
  /** By `idKey` of the client's request. */
  readonly #calls = new Map<string, Call>();
  #paused = false;
  #closed = false;

  constructor(transport: 'stdio' | 'http', observer: LinkObserver, pool: LegacyPool, principal: string) {
    this.transport = transport;
    this.#observer = observer;
    this.#pool = pool;
    this.#principal = principal;
  }

  send(message: Message): boolean {
    if (message.kind === 'request') {
      this.#request(message);
      return this.#calls.get(message.idKey)?.exchange?.session.full !== true;
    }
    // A modern client sends no responses, and no other notification has a receiver in the legacy era.
    if (isCancelled(message)) this.#cancelled(message);
    return true;
  }

  abort(idKey: string): void {
    const call = this.#calls.get(idKey);
    if (call === undefined) return;
    this.#calls.delete(idKey);
    this.#stop(call);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const call of this.#calls.values()) this.#stop(call);
    this.#calls.clear();
  }

  #stop(call: Call): void {
    call.stopListening?.();
    if (call.exchange !== null) call.exchange.session.cancel(call.exchange);
  }

  #cancelled(message: Notification): void {
    const key = cancelledKey(message);
    const call = key === null ? undefined : this.#calls.get(key);
    if (key === null || call === undefined) return;
    this.abort(key);
    // Nothing answers a cancelled request any more; whoever counts open ones is told that it is over.
    queueMicrotask(() => {
      // The client may have used the id again in the same breath.
      if (!this.#calls.has(key)) this.#observer.failed(key, failure('closed', 'the client cancelled the request', true));
    });
  }

  #request(request: Request): void {
    const call: Call = { request, exchange: null, stopListening: null };
    if (this.#closed) return this.#local(call, () => this.#observer.failed(request.idKey, failure('closed', 'the connection is being closed', false)));
    this.#calls.set(request.idKey, call);
    const refusal = refusalOf(request);
    if (refusal !== null) return this.#local(call, () => this.#answer(call, refusal));
    const declared = clientCapabilities(request.params);
    if (declared === null || declared.kind !== 'object') {
      return this.#local(call, () => this.#answer(call, errorResponse(request.id, INVALID_PARAMS, `Invalid params: _meta["${CAPABILITIES_KEY}"] must be an object`)));
    }
    const state = request.params?.get('requestState') ?? null;
    if (state !== null && this.#retry(call, state.text())) return;
    const info = implementationText(metaOf(request.params)?.get(CLIENT_INFO_KEY) ?? null);
    const session = this.#pool.session(this.#principal, declared, info);
    if (session instanceof LegacySession) this.#run(call, session);
    else void session.then((ready) => this.#opened(call, ready));
  }

  /** Continues a held call. @returns false when the call is to be made anew */
  #retry(call: Call, state: string | null): boolean {
    const { request } = call;
    const digest = callDigest(request.method, request.params);
    const found = state === null ? null : this.#pool.held.find(state, this.#principal, digest);
    if (found === 'again') return false;
    if (found === null) {
      this.#local(call, () => this.#answer(call, errorResponse(request.id, INVALID_PARAMS, 'Invalid params: the requestState is not known here, has expired, was used before, or belongs to another call; make the call again without it')));
      return true;
    }
    const responses = request.params?.get('inputResponses') ?? null;
    if (responses !== null && responses.kind !== 'object') {
      this.#local(call, () => this.#answer(call, errorResponse(request.id, INVALID_PARAMS, 'Invalid params: inputResponses must be an object')));
      return true;
    }
    this.#pool.held.release(found.handle);
    call.exchange = found.exchange;
    // Later: what is already known must not be answered while the caller still registers the request.
    this.#local(call, () => found.exchange.session.resume(found.exchange, this.#leg(call), responses));
    return true;
  }

  #opened(call: Call, session: LegacySession | UpstreamFailure): void {
    if (this.#calls.get(call.request.idKey) !== call) return;
    if (session instanceof LegacySession) this.#run(call, session);
    else this.#failed(call, session);
  }

  #run(call: Call, session: LegacySession): void {
    const { request } = call;
    session.lastUsed = performance.now();
    if (request.method === 'server/discover') return this.#local(call, () => this.#answer(call, resultResponse(request.id, discoverResult(session.server))));
    if (request.method === 'subscriptions/listen') return this.#listen(call, session);
    call.exchange = session.start(request, this.#leg(call), this.#principal, callDigest(request.method, request.params));
  }

  #leg(call: Call): ClientLeg {
    const { request } = call;
    const meta = metaOf(request.params);
    return {
      id: request.id,
      token: meta?.get('progressToken')?.lexeme() ?? null,
      logRank: levelRank(meta?.get(LOG_LEVEL_KEY) ?? null),
      capabilities: clientCapabilities(request.params),
      answer: (response) => this.#answer(call, response),
      notify: (message) => {
        // Progress and log messages are lossy by nature; they give way while the client cannot take more (N5).
        if (!this.#paused && this.#calls.get(request.idKey) === call) this.#observer.message(message, request.idKey);
      },
      failed: (reason) => this.#failed(call, reason),
    };
  }

  #listen(call: Call, session: LegacySession): void {
    const { request } = call;
    const asked = readFilter(request.params?.get('notifications') ?? null);
    if (asked === null) {
      return this.#local(call, () => this.#answer(call, errorResponse(request.id, INVALID_PARAMS, 'Invalid params: notifications must be an object that says what to listen for')));
    }
    call.stopListening = openListen(session, request, asked, {
      notify: (message) => this.#observer.message(message, request.idKey),
      failed: (reason) => this.#failed(call, reason),
    });
  }

  /** Answers from here are given later, never from within `send`: the caller may still be registering the request. */
  #local(call: Call, act: () => void): void {
    queueMicrotask(() => {
      if (this.#closed || this.#calls.get(call.request.idKey) === call) act();
    });
  }

  #answer(call: Call, response: Response): void {
    if (this.#calls.get(call.request.idKey) !== call) return;
    this.#calls.delete(call.request.idKey);
    this.#observer.message(response, call.request.idKey);
  }

  #failed(call: Call, reason: UpstreamFailure): void {
    if (this.#calls.get(call.request.idKey) !== call) return;
    this.#calls.delete(call.request.idKey);
    call.stopListening?.();
    this.#observer.failed(call.request.idKey, reason);
  }
}

