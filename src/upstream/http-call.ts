import { parseMessage, type Message, type Request, type Response } from '../mcp/message.ts';
import { isIdempotent } from '../mcp/methods.ts';
import type { WireLimits } from '../wire/limits.ts';
import { mediaType } from './content-type.ts';
import { failure } from './failure.ts';
import type { HttpExchange, HttpHandlers, HttpRequest } from './http-pool.ts';
import { MessageStream } from './message-stream.ts';
import { claimError } from './claim-error.ts';
import { sample } from './sample.ts';
import type { UpstreamFailure } from './types.ts';

/** What a call needs of its link. */
export interface CallHost {
  readonly path: string;
  readonly limits: WireLimits;
  /** Milliseconds until the head of the answer; null for no limit (B5). */
  readonly firstByteTimeoutMs: number | null;
  dispatch(request: HttpRequest, handlers: HttpHandlers): HttpExchange;
  /** Headers of the GET that resumes this call's stream; null when it cannot be resumed. */
  resumeHeaders(call: HttpCall, lastEventId: string): readonly string[] | null;
  /** The head of the answer. Returns false when the link deals with it in another way, and the call is to drop it. */
  head(call: HttpCall, status: number, headers: readonly string[]): boolean;
  message(call: HttpCall, message: Message): void;
  garbage(code: string, sample: string): void;
  /** The response of the request; it comes once, and the call is over for the client. */
  answered(call: HttpCall, response: Response): void;
  /** The request will never be answered. */
  failed(call: HttpCall, failure: UpstreamFailure): void;
}

/** Attempts to resume a stream in which nothing new came. */
const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** Bytes of an error page that are worth reading. */
const MAX_ERROR_BYTES = 1024 * 1024;
/** How long a stream may stay open after its response, for what the server still wants to say. */
const LINGER_MS = 5_000;

/** One request over HTTP: its POST, its answer as JSON or as an event stream, and the attempts to resume that stream. */
export class HttpCall {
  readonly request: Request;
  /** 2026-07-28 or later: the stream is the request, its end is final, and it is never resumed. */
  readonly modern: boolean;
  /** The client cancelled it: a late answer is delivered, its absence is no failure. */
  cancelled = false;
  /** It was sent a second time, into a renewed session. */
  resent = false;
  /** The upstream answered 404 in a session that cannot be renewed. */
  expired = false;
  /** The upstream may have seen it. */
  sent = false;
  readonly #host: CallHost;
  #exchange: HttpExchange | null = null;
  #timer: NodeJS.Timeout | null = null;
  #stream: MessageStream | null = null;
  #body: Buffer[] | null = null;
  #bodyBytes = 0;
  #status = 0;
  #statusMessage = '';
  #attempts = 0;
  #eventsBefore = 0;
  /** The client has its answer, or its failure. */
  #settled = false;
  #over = false;

  constructor(request: Request, modern: boolean, host: CallHost) {
    this.request = request;
    this.modern = modern;
    this.#host = host;
  }

  get over(): boolean {
    return this.#over;
  }

  /** Sends the request; a second time after the link has taken the first answer for itself. */
  send(headers: readonly string[]): void {
    if (this.#over) return;
    const { method, bytes } = this.request;
    const timeout = method === 'subscriptions/listen' ? null : this.#host.firstByteTimeoutMs;
    if (timeout !== null) this.#timer = setTimeout(() => this.#timedOut(timeout), timeout);
    const request: HttpRequest = { method: 'POST', path: this.#host.path, headers, body: bytes, idempotent: isIdempotent(method) };
    this.#exchange = this.#host.dispatch(request, {
      sent: () => { this.sent = true; },
      head: (status, received, statusMessage) => this.#head(status, received, statusMessage),
      data: (chunk) => this.#data(chunk),
      end: () => this.#end(),
      error: (reason) => this.#broken(reason),
    });
  }

  /** Stops the exchange at once and reports nothing more. */
  abort(): void {
    this.#settled = true;
    this.#finish();
    this.#exchange?.abort();
  }

  /** Ends the call with a failure, unless it has been answered. */
  fail(reason: UpstreamFailure): void {
    const settled = this.#settled;
    this.abort();
    if (!settled) this.#host.failed(this, reason);
  }

  #head(status: number, headers: readonly string[], statusMessage: string): void {
    this.#clearTimer();
    if (!this.#host.head(this, status, headers)) {
      this.#exchange?.abort();
      return;
    }
    this.#status = status;
    this.#statusMessage = statusMessage;
    const type = mediaType(headers);
    if (status >= 200 && status < 300) {
      if (type === 'text/event-stream') this.#stream = this.#newStream();
      else if (type === 'application/json') this.#body = [];
      else if (status === 202) this.fail(failure('bad_response', 'the upstream accepted the request without answering it (HTTP 202)', true, status));
      else this.fail(failure('bad_response', `the upstream answered with ${typeName(headers)} instead of JSON or an event stream`, true, status));
    } else if (type === 'application/json') {
      this.#body = [];
    } else {
      this.fail(this.#statusFailure());
    }
  }

  #data(chunk: Buffer): boolean {
    if (this.#stream !== null) {
      this.#stream.push(chunk);
    } else if (this.#body !== null) {
      this.#body.push(chunk);
      this.#bodyBytes += chunk.length;
      const limit = this.#status < 300 ? this.#host.limits.maxBytes : Math.min(MAX_ERROR_BYTES, this.#host.limits.maxBytes);
      if (this.#bodyBytes > limit) this.fail(failure('bad_response', `the upstream's answer is longer than ${limit} bytes`, true, this.#status));
    }
    return true;
  }

  #end(): void {
    if (this.#stream !== null) this.#streamEnded(null);
    else if (this.#body !== null) this.#bodyEnded(this.#body);
  }

  #bodyEnded(chunks: readonly Buffer[]): void {
    const bytes = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks);
    const parsed = parseMessage(bytes, this.#host.limits);
    if (this.#status >= 300) {
      // V3: clients decide by the upstream's own error whether to fall back to another era, so it reaches them as it is.
      const own = parsed.ok && parsed.message.kind === 'response' ? claimError(parsed.message, this.request) : null;
      if (own !== null && !(this.expired && parsed.ok && own !== parsed.message)) this.#answer(own);
      else this.fail(this.#statusFailure());
      return;
    }
    if (parsed.ok && parsed.message.kind === 'response' && parsed.message.idKey === this.request.idKey) {
      this.#answer(parsed.message);
      return;
    }
    this.#host.garbage(parsed.ok ? 'unknown_response' : parsed.code, sample(bytes));
    const what = parsed.ok ? 'a message that does not answer this request' : 'something that is not a JSON-RPC message';
    this.fail(failure('bad_response', `the upstream answered with ${what}`, true, this.#status));
  }

  #newStream(): MessageStream {
    return new MessageStream(this.#host.limits, {
      message: (message) => {
        if (this.#over) return;
        if (message.kind !== 'response') this.#host.message(this, message);
        else if (message.idKey === this.request.idKey && !this.#settled) this.#answer(message);
        else this.#host.garbage('unknown_response', sample(message.bytes));
      },
      garbage: (code, text) => this.#host.garbage(code, text),
      overflow: () => this.fail(failure('bad_response', `the upstream sent an event longer than ${this.#host.limits.maxBytes} bytes`, true, this.#status)),
    });
  }

  #answer(response: Response): void {
    this.#settled = true;
    if (this.#stream === null) this.#finish();
    else this.#timer = setTimeout(() => this.abort(), LINGER_MS).unref();
    this.#host.answered(this, response);
  }

  #broken(reason: UpstreamFailure): void {
    this.#clearTimer();
    if (this.#stream === null) this.fail(reason);
    else this.#streamEnded(reason);
  }

  #streamEnded(reason: UpstreamFailure | null): void {
    const stream = this.#stream;
    if (stream === null || this.#over) return;
    stream.end();
    if (this.#settled) {
      this.#finish();
      return;
    }
    const ended = reason ?? failure('closed', 'the upstream ended its answer without a response', true);
    if (stream.events > this.#eventsBefore) this.#attempts = 0;
    this.#eventsBefore = stream.events;
    if (this.modern || stream.lastEventId === null || this.#attempts >= MAX_ATTEMPTS) {
      this.fail(ended);
      return;
    }
    const pause = stream.retryMs ?? Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts, MAX_PAUSE_MS);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#resume(stream, stream.lastEventId ?? '', ended), pause);
  }

  /** Legacy resumption: a GET for the rest of this stream (S25 transports#resumability). */
  #resume(stream: MessageStream, lastEventId: string, ended: UpstreamFailure): void {
    this.#timer = null;
    const headers = this.#host.resumeHeaders(this, lastEventId);
    if (headers === null) {
      this.fail(ended);
      return;
    }
    stream.restart();
    let accepted = false;
    this.#exchange = this.#host.dispatch({ method: 'GET', path: this.#host.path, headers, body: null, idempotent: true }, {
      head: (status, received) => {
        accepted = status === 200 && mediaType(received) === 'text/event-stream';
        if (!accepted) this.fail(ended);
      },
      data: (chunk) => {
        if (accepted) stream.push(chunk);
        return true;
      },
      end: () => this.#streamEnded(ended),
      error: () => this.#streamEnded(ended),
    });
  }

  #timedOut(timeoutMs: number): void {
    this.fail(failure('timeout', `the upstream did not answer within ${timeoutMs} ms`, true));
  }

  #statusFailure(): UpstreamFailure {
    const status = this.#status;
    const reason = this.#statusMessage === '' ? '' : ` ${sample(this.#statusMessage, 60)}`;
    // A 404 should mean that nothing was done, but only a server that is right keeps to that: nothing is given back for it.
    if (this.expired) return failure('session_expired', 'the upstream does not know the session any more (HTTP 404)', true, status);
    if (status === 401 || status === 403) return failure('http_status', `the upstream did not accept the gateway's credentials (HTTP ${status}${reason})`, true, status);
    if (status >= 300 && status < 400) return failure('http_status', `the upstream redirected the request (HTTP ${status}${reason}); redirects are not followed`, true, status);
    return failure('http_status', `the upstream answered with HTTP ${status}${reason}`, true, status);
  }

  #finish(): void {
    this.#over = true;
    this.#clearTimer();
  }

  #clearTimer(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function typeName(headers: readonly string[]): string {
  const type = mediaType(headers);
  return type === null || type === '' ? 'no usable content type' : sample(type, 60);
}
