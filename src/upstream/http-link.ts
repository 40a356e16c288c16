import type { Message, Notification, Request, Response } from '../mcp/message.ts';
import { declaredVersion } from '../mcp/meta.ts';
import { UPSTREAM_LIMITS, type WireLimits } from '../wire/limits.ts';
import { cancelledBytes, cancelledKey, idJson, isCancelled } from './cancelled.ts';
import { failure } from './failure.ts';
import { HttpAside } from './http-aside.ts';
import { type CallHost, HttpCall } from './http-call.ts';
import { configuredHeaders, lastEventIdHeader, modernHeaders, POST_HEADERS, sessionHeaders } from './http-headers.ts';
import { HttpPool, poolOptions } from './http-pool.ts';
import { LegacySession } from './legacy-session.ts';
import { ListenStream } from './listen-stream.ts';
import { sample } from './sample.ts';
import { SessionGate } from './session-gate.ts';
import { renewSession } from './session-renewal.ts';
import { StreamGroup } from './stream-group.ts';
import type { HttpSpec, LinkObserver, UpstreamFailure, UpstreamLink } from './types.ts';

export interface HttpLinkOptions {
  /** Connections shared with other links to the same upstream; its own when absent. */
  readonly pool?: HttpPool;
  readonly limits?: WireLimits;
  /** Milliseconds until the head of an answer; no limit when absent or null, because tools may be slow (B5). */
  readonly firstByteTimeoutMs?: number | null;
  /** `Mcp-Param-*` headers of a modern call, encoded (H7). */
  readonly paramHeaders?: (message: Request) => Readonly<Record<string, string>>;
  /** `traceparent` of a request; null: none is sent. */
  readonly traceparent?: (message: Request) => string | null;
  /** Milliseconds for which `close` waits for calls that are still running. */
  readonly closeGraceMs?: number;
}

const NO_HEADERS: Readonly<Record<string, string>> = {};
const HIGH_WATER_BYTES = 8 * 1024 * 1024;

/**
 * One client's connection to a Streamable HTTP upstream, when the client's own leg is not HTTP or is of another era. The era is a
 * property of each request: with a declared version it is modern and stands alone, without one it belongs to the session that the
 * client's `initialize` opened. Sends the operator's headers only, never a client's credentials.
 */
export class HttpLink implements UpstreamLink {
  readonly transport = 'http';
  readonly #path: string;
  readonly #configured: readonly string[];
  readonly #observer: LinkObserver;
  readonly #limits: WireLimits;
  readonly #pool: HttpPool;
  readonly #ownPool: boolean;
  readonly #streams: StreamGroup;
  readonly #traceparent: (message: Request) => string | null;
  readonly #aside: HttpAside;
  readonly #host: CallHost;
  readonly #paramHeaders: (message: Request) => Readonly<Record<string, string>>;
  readonly #closeGraceMs: number;
  /** Calls that the client waits for. */
  readonly #open = new Map<string, HttpCall>();
  readonly #sessions = new WeakMap<HttpCall, LegacySession>();
  readonly #gate = new SessionGate();
  #session: LegacySession | null = null;
  /** Calls that wait for a new session; null while none is being opened, so that it is never two at once. */
  #renewing: HttpCall[] | null = null;
  #modernVersion: string | null = null;
  #closing: Promise<void> | null = null;
  #allAnswered: () => void = () => undefined;

  constructor(spec: HttpSpec, observer: LinkObserver, options: HttpLinkOptions = {}) {
    this.#path = spec.url.pathname + spec.url.search;
    this.#configured = configuredHeaders(spec);
    this.#observer = observer;
    this.#limits = options.limits ?? UPSTREAM_LIMITS;
    this.#ownPool = options.pool === undefined;
    this.#pool = options.pool ?? new HttpPool(spec.url, poolOptions(spec));
    this.#streams = new StreamGroup(this.#pool, HIGH_WATER_BYTES, () => observer.drain());
    this.#paramHeaders = options.paramHeaders ?? ((): typeof NO_HEADERS => NO_HEADERS);
    this.#traceparent = options.traceparent ?? ((): null => null);
    this.#closeGraceMs = options.closeGraceMs ?? 2_000;
    this.#host = {
      path: this.#path,
      limits: this.#limits,
      firstByteTimeoutMs: options.firstByteTimeoutMs ?? null,
      dispatch: (request, handlers) => this.#streams.dispatch(request, handlers),
      resumeHeaders: (call, lastEventId) => this.#getHeaders(this.#sessions.get(call) ?? null, lastEventId),
      head: (call, status, headers) => this.#head(call, status, headers),
      message: (call, message) => this.#fromCall(call, message),
      garbage: (code, text) => observer.garbage(code, text),
      answered: (call, response) => this.#answered(call, response),
      failed: (call, reason) => this.#failed(call, reason),
    };
    this.#aside = new HttpAside(this.#path, this.#configured, (request, handlers) => this.#streams.dispatch(request, handlers), (code, text) => {
      if (this.#closing === null) observer.garbage(code, text);
    });
  }

  send(message: Message): boolean {
    if (this.#closing !== null) {
      if (message.kind === 'request') this.#refuse(message.idKey);
      return true;
    }
    if (message.kind === 'request') this.#request(message);
    else if (isCancelled(message)) this.#clientCancelled(message);
    else this.#post(message);
    return !this.#streams.full;
  }

  abort(idKey: string): void {
    const call = this.#open.get(idKey);
    if (call === undefined) return;
    this.#settle(call);
    this.#giveUp(call);
  }

  pause(): void {
    this.#streams.pause();
  }

  resume(): void {
    this.#streams.resume();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #request(request: Request): void {
    const version = declaredVersion(request.params);
    const modern = version !== null && version !== 'invalid';
    const call = new HttpCall(request, modern, this.#host);
    this.#open.set(request.idKey, call);
    if (modern) {
      this.#modernVersion = version;
      call.send([...this.#configured, ...this.#traceHeaders(call.request), ...POST_HEADERS, ...modernHeaders(request, version, this.#paramHeaders(request))]);
    } else if (request.method === 'initialize') {
      this.#openSession(call);
    } else {
      this.#gate.pass(() => this.#sendInSession(call));
    }
  }

  #traceHeaders(request: Request): string[] {
    const traceparent = this.#traceparent(request);
    return traceparent === null ? [] : ['traceparent', traceparent];
  }

  #openSession(call: HttpCall): void {
    const old = this.#session;
    old?.stream?.close();
    if (old !== null) void this.#aside.endSession(old);
    this.#session = new LegacySession(call.request);
    this.#sessions.set(call, this.#session);
    this.#gate.shut();
    call.send([...this.#configured, ...this.#traceHeaders(call.request), ...POST_HEADERS]);
  }

  #sendInSession(call: HttpCall): void {
    if (this.#session !== null) this.#sessions.set(call, this.#session);
    call.send([...this.#configured, ...this.#traceHeaders(call.request), ...POST_HEADERS, ...sessionHeaders(this.#session)]);
  }

  /** A notification, or the answer to a request of the server. */
  #post(message: Notification | Response): void {
    if (message.kind === 'notification' && this.#session === null && this.#modernVersion !== null) {
      this.#aside.post(message.bytes, modernHeaders(message, this.#modernVersion, NO_HEADERS), message.method);
      return;
    }
    this.#gate.pass(() => {
      const session = this.#session;
      if (session === null || message.kind !== 'notification' || message.method !== 'notifications/initialized') {
        this.#aside.post(message.bytes, sessionHeaders(session), message.kind === 'notification' ? message.method : 'a response');
        return;
      }
      session.initialized = message;
      this.#gate.shut();
      this.#aside.post(message.bytes, sessionHeaders(session), message.method, (accepted) => {
        if (accepted) this.#listen(session);
        this.#gate.open();
      });
    });
  }

  #clientCancelled(message: Notification): void {
    const key = cancelledKey(message);
    const call = key === null ? undefined : this.#open.get(key);
    // N1: what is not running cannot be cancelled, and `initialize` never can.
    if (call === undefined || call.request.method === 'initialize') return;
    if (call.modern || !call.sent) {
      this.#settle(call);
      call.abort();
      return;
    }
    call.cancelled = true;
    this.#aside.post(message.bytes, sessionHeaders(this.#sessions.get(call) ?? null), message.method);
  }

  /** Stops a call for which nobody waits any more. A legacy server has to be told: for it a disconnect is no cancellation (S7). */
  #giveUp(call: HttpCall): void {
    const { method, idKey } = call.request;
    call.abort();
    if (call.modern) return;
    if (method === 'initialize') this.#gate.open();
    else if (call.sent) this.#aside.post(cancelledBytes(idJson(idKey)), sessionHeaders(this.#sessions.get(call) ?? null), 'notifications/cancelled');
  }

  #head(call: HttpCall, status: number, headers: readonly string[]): boolean {
    const session = this.#sessions.get(call);
    if (session === undefined) return true;
    if (call.request.method === 'initialize') session.readHead(status, headers);
    else if (status !== 404) session.prove();
    else if (session.id !== null) return !this.#renew(call, session);
    return true;
  }

  /**
   * 404 in a session means that it is over and that the request was not processed (S25 transports#session-management): the request is
   * sent once more, in a new session.
   * @returns false when that is not possible
   */
  #renew(call: HttpCall, session: LegacySession): boolean {
    const replaced = this.#session !== session;
    if (call.resent || this.#closing !== null || !(replaced || session.renewable)) {
      call.expired = true;
      return false;
    }
    call.resent = true;
    if (this.#renewing !== null) {
      this.#renewing.push(call);
    } else if (replaced) {
      this.#gate.pass(() => this.#sendInSession(call));
    } else {
      this.#renewing = [call];
      this.#gate.shut();
      session.stream?.close();
      renewSession(session, this.#configured, this.#host, this.#aside, (renewed, why) => this.#renewed(session, renewed, why));
    }
    return true;
  }

  #renewed(old: LegacySession, session: LegacySession | null, why: string): void {
    const waiting = this.#renewing ?? [];
    this.#renewing = null;
    // The client may have opened a session of its own meanwhile.
    const usable = session !== null && this.#session === old;
    if (usable) {
      this.#session = session;
      this.#listen(session);
    } else if (session !== null) {
      void this.#aside.endSession(session);
    }
    const reason = failure('session_expired', `the upstream's session expired and could not be renewed: ${why}`, true, 404);
    for (const call of waiting) {
      if (usable) this.#sendInSession(call);
      else call.fail(reason);
    }
    if (this.#session === old || usable) this.#gate.open();
  }

  #listen(session: LegacySession): void {
    if (this.#session !== session || this.#closing !== null) return;
    session.stream = new ListenStream({
      path: this.#path,
      limits: this.#limits,
      dispatch: (request, handlers) => this.#streams.dispatch(request, handlers),
      listenHeaders: (lastEventId) => this.#getHeaders(session, lastEventId),
      // S5: nothing was asked on this stream, so nothing can be answered on it.
      message: (message) => {
        if (message.kind === 'response') this.#observer.garbage('unknown_response', sample(message.bytes));
        else this.#observer.message(message, null);
      },
      garbage: (code, text) => this.#observer.garbage(code, text),
      listening: () => session.prove(),
    });
  }

  #getHeaders(session: LegacySession | null, lastEventId: string | null): string[] {
    const resume = lastEventId === null ? [] : lastEventIdHeader(lastEventId);
    return [...this.#configured, 'Accept', 'text/event-stream', ...sessionHeaders(session), ...resume];
  }

  #fromCall(call: HttpCall, message: Message): void {
    // J11: a modern server has no requests of its own.
    if (call.modern && message.kind === 'request') this.#observer.garbage('server_request', sample(message.bytes));
    else this.#observer.message(message, call.request.idKey);
  }

  #answered(call: HttpCall, response: Response): void {
    this.#settle(call);
    const opens = !call.modern && call.request.method === 'initialize';
    if (opens) this.#sessions.get(call)?.readAnswer(response);
    this.#observer.message(response, call.request.idKey);
    if (opens) this.#gate.open();
  }

  #failed(call: HttpCall, reason: UpstreamFailure): void {
    this.#settle(call);
    if (reason.kind === 'timeout') this.#giveUp(call);
    else if (!call.modern && call.request.method === 'initialize') this.#gate.open();
    if (!call.cancelled) this.#observer.failed(call.request.idKey, reason);
  }

  #settle(call: HttpCall): void {
    const { idKey } = call.request;
    if (this.#open.get(idKey) === call) this.#open.delete(idKey);
    if (this.#open.size === 0) this.#allAnswered();
  }

  #refuse(idKey: string): void {
    queueMicrotask(() => this.#observer.failed(idKey, failure('closed', 'the connection to the upstream is being shut down', false)));
  }

  async #close(): Promise<void> {
    const reason = failure('closed', 'the connection to the upstream was shut down', true);
    // A subscription ends by being closed; waiting for it would be in vain.
    for (const call of this.#open.values()) if (call.request.method === 'subscriptions/listen') call.fail(reason);
    await this.#lastAnswers();
    for (const call of this.#open.values()) call.fail({ ...reason, reached: call.sent });
    const session = this.#session;
    session?.stream?.close();
    if (session !== null) await this.#aside.endSession(session);
    this.#streams.abortAll();
    if (this.#ownPool) this.#pool.close();
    this.#observer.closed(null);
  }

  /** Waits for the calls that are still running, within the grace. */
  #lastAnswers(): Promise<void> {
    if (this.#open.size === 0 || this.#closeGraceMs === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#closeGraceMs);
      this.#allAnswered = (): void => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
