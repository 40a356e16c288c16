import type { Dispatcher } from 'undici';
import { failure } from './failure.ts';
import { incomingHeaders } from './hop-by-hop.ts';
import { httpFailure, isConnectionLost, type Progress } from './http-failure.ts';
import { sample } from './sample.ts';
import type { UpstreamFailure } from './types.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'DELETE' | 'HEAD' | 'OPTIONS' | 'PUT' | 'PATCH';
  /** Path and query, from the slash on. */
  readonly path: string;
  /** Raw pairs of name and value. Hop-by-hop headers, framing and `accept-encoding` are taken out and set by the pool. */
  readonly headers: readonly string[];
  readonly body: Buffer | null;
  /** May be sent a second time when a reused connection turns out to be closed (B6). Never true for `tools/call`. */
  readonly idempotent: boolean;
}

/** Called in the order head, data*, then end or error; error may come at any time; nothing comes after either, or after `abort`. */
export interface HttpHandlers {
  /** The request is about to be written; before this the upstream saw nothing of it. May come from within `dispatch`, and twice. */
  sent?(): void;
  /** @param headers end-to-end headers, raw pairs in order */
  head(status: number, headers: readonly string[], statusMessage: string): void;
  /** @returns false to stop reading until `resume` */
  data(chunk: Buffer): boolean;
  /** The answer is complete. Trailers are ignored (attack 13). */
  end(): void;
  error(failure: UpstreamFailure): void;
}

/** A running exchange. */
export interface HttpExchange {
  /** Gives the exchange up and closes its connection. No handler is called afterwards. */
  abort(): void;
  pause(): void;
  resume(): void;
}

/** What an exchange needs to know of the connection it runs on. */
export interface Carrier {
  /** Exchanges that this socket has completed. */
  readonly uses: number;
  /** The answer is complete. @param keepAliveSeconds the server's hint */
  completed(keepAliveSeconds: number | null): void;
  /** The connection is not to be used again. */
  discard(): void;
}

/** One request on its way. Also the handler object that undici calls, so that a call allocates nothing else. */
export class Exchange implements HttpExchange, Dispatcher.DispatchHandler {
  readonly request: HttpRequest;
  readonly #handlers: HttpHandlers;
  readonly #retry: (exchange: Exchange) => void;
  #carrier: Carrier | null = null;
  #progress: Progress = 'waiting';
  #starting = false;
  #onReusedSocket = false;
  #retried = false;
  #done = false;
  #headSeen = false;
  #keepAliveSeconds: number | null = null;
  #abortRequest: ((error?: Error) => void) | null = null;
  #resumeParser: (() => void) | null = null;
  #wantPause = false;
  #parserPaused = false;

  /** @param retry starts the exchange again on a fresh connection */
  constructor(request: HttpRequest, handlers: HttpHandlers, retry: (exchange: Exchange) => void) {
    this.request = request;
    this.#handlers = handlers;
    this.#retry = retry;
  }

  get done(): boolean {
    return this.#done;
  }

  /** Hands the exchange to undici. Errors that it raises at once are reported later, when the caller has got its handle. */
  start(carrier: Carrier, send: (exchange: Exchange) => void): void {
    this.#carrier = carrier;
    this.#starting = true;
    try {
      send(this);
    } catch (error) {
      this.onError(error as Error);
    }
    this.#starting = false;
  }

  abort(): void {
    if (this.#done) return;
    this.#done = true;
    this.#abortRequest?.();
    this.#carrier?.discard();
  }

  pause(): void {
    this.#wantPause = true;
  }

  resume(): void {
    this.#wantPause = false;
    if (!this.#parserPaused) return;
    // Later: all connections share one parser, which must not be entered from within a callback of its own.
    queueMicrotask(() => {
      if (!this.#parserPaused || this.#wantPause || this.#done) return;
      this.#parserPaused = false;
      this.#resumeParser?.();
    });
  }

  /** Ends the exchange from outside; used when it never got a connection. */
  fail(reason: UpstreamFailure): void {
    if (this.#done) return;
    this.#done = true;
    this.#handlers.error(reason);
  }

  onConnect(abort: (error?: Error) => void): void {
    this.#abortRequest = abort;
    if (this.#done) {
      abort();
      return;
    }
    this.#progress = 'sent';
    this.#onReusedSocket = (this.#carrier?.uses ?? 0) > 0;
    this.#handlers.sent?.();
  }

  onResponseStarted(): void {
    this.#progress = 'answering';
  }

  onHeaders(status: number, rawHeaders: Buffer[], resume: () => void, statusMessage: string): boolean {
    if (status < 200 || this.#done) return true;
    this.#resumeParser = resume;
    const { headers, keepAliveSeconds, coding } = incomingHeaders(rawHeaders);
    if (coding !== null) {
      // T6: what we cannot read we cannot judge.
      const text = `the upstream encoded its answer (content-encoding: ${sample(coding, 40)}) although only identity was accepted`;
      this.#stop(failure('bad_response', text, true, status));
      return true;
    }
    this.#keepAliveSeconds = keepAliveSeconds;
    this.#headSeen = true;
    this.#handlers.head(status, headers, statusMessage);
    return this.#flow();
  }

  onData(chunk: Buffer): boolean {
    if (this.#done) return true;
    // Resuming makes the parser deliver an empty piece first.
    if (chunk.length > 0 && !this.#handlers.data(chunk)) this.#wantPause = true;
    return this.#flow();
  }

  onComplete(): void {
    if (this.#done) return;
    this.#done = true;
    this.#carrier?.completed(this.#keepAliveSeconds);
    if (this.#headSeen) this.#handlers.end();
    else this.#handlers.error(failure('bad_response', 'the upstream gave no final answer', true));
  }

  onError(error: Error): void {
    if (this.#starting) {
      queueMicrotask(() => this.onError(error));
      return;
    }
    this.#carrier?.discard();
    if (this.#done) return;
    if (this.#progress === 'sent' && this.#onReusedSocket && !this.#retried && this.request.idempotent && isConnectionLost(error)) {
      this.#retried = true;
      this.#progress = 'waiting';
      this.#abortRequest = null;
      this.#retry(this);
      return;
    }
    this.#done = true;
    this.#handlers.error(httpFailure(error, this.#retried && this.#progress === 'waiting' ? 'sent' : this.#progress));
  }

  #stop(reason: UpstreamFailure): void {
    this.#done = true;
    this.#abortRequest?.();
    this.#carrier?.discard();
    this.#handlers.error(reason);
  }

  #flow(): boolean {
    this.#parserPaused = this.#wantPause && !this.#done;
    return !this.#parserPaused;
  }
}
