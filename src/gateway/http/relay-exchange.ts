import type { ServerResponse } from 'node:http';
import { errorAnswer } from '../../mcp/answers.ts';
import { INTERNAL_ERROR } from '../../mcp/error-codes.ts';
import { parseMessage, type Request } from '../../mcp/message.ts';
import { failure } from '../../upstream/failure.ts';
import type { HttpExchange, HttpHandlers } from '../../upstream/http-pool.ts';
import { sample } from '../../upstream/sample.ts';
import type { UpstreamFailure } from '../../upstream/types.ts';
import type { WireLimits } from '../../wire/limits.ts';
import { formatSse, replaceData, SseReader, type SseEvent } from '../../wire/sse.ts';
import type { Conversation } from '../conversation.ts';
import type { Arrival } from '../conversation-options.ts';
import { mediaType } from './head.ts';
import { recordGarbage } from './intake.ts';
import { clientHeaders, headerOf, reasonPhrase } from './relay-headers.ts';
import { endWith, sendJson } from './reply.ts';

export interface RelayExchangeOptions {
  readonly response: ServerResponse;
  readonly conversation: Conversation;
  readonly limits: WireLimits;
  /** The request that this exchange carries; null for GET, DELETE, notifications and responses. */
  readonly call: Request | null;
  readonly arrival: Arrival;
  readonly edge: boolean;
  /** Sees the head of the upstream's answer before anything is sent on. */
  readonly onHead?: (status: number, headers: readonly string[]) => void;
  /** Sends an answer of our own to a request of the upstream (a denied sampling request). */
  readonly answerUpstream: (bytes: Buffer) => void;
  /** Called once, when nothing more will pass. @param status HTTP status of the upstream's answer, 0 when there was none */
  readonly onEnd: (status: number) => void;
}

const NOTHING = Buffer.alloc(0);

/**
 * One HTTP exchange with the upstream, relayed: status and headers as they come, JSON bodies whole, events one by one with their ids
 * and comments (T2, T4). Every message in it is judged before the client sees it; what was not changed passes byte for byte.
 */
export class RelayExchange implements HttpHandlers {
  readonly #options: RelayExchangeOptions;
  readonly #response: ServerResponse;
  /**
   * The client's event stream was begun while its call was judged, so the answer comes as its last event, whatever form the upstream
   * gives it. False everywhere else: then the upstream's own head and body pass.
   */
  readonly #begun: boolean;
  #exchange: HttpExchange | null = null;
  #mode: 'head' | 'events' | 'json' | 'plain' | 'done' = 'head';
  #status = 0;
  #headers: readonly string[] = [];
  #statusMessage = '';
  #chunks: Buffer[] = [];
  #size = 0;
  #reader: SseReader | null = null;
  /** An event id was seen: the client may come back for the rest, so a broken stream is not the end of the call (S4). */
  #resumable = false;

  constructor(options: RelayExchangeOptions) {
    this.#options = options;
    this.#response = options.response;
    this.#begun = options.response.headersSent;
    this.#response.on('drain', () => this.#exchange?.resume());
  }

  /** Connects the exchange whose answer this relays. */
  attach(exchange: HttpExchange): void {
    this.#exchange = exchange;
  }

  get isStream(): boolean {
    return this.#mode === 'events';
  }

  get conversation(): Conversation {
    return this.#options.conversation;
  }

  /** A client waits for an answer; a subscription has none. */
  get isCall(): boolean {
    return this.#options.call !== null && this.#options.call.method !== 'subscriptions/listen';
  }

  /** Writes an event of our own between two events of the upstream. */
  inject(event: Buffer): void {
    if (this.#mode === 'events' && !this.#response.writableEnded) this.#response.write(event);
  }

  head(status: number, headers: readonly string[], statusMessage: string): void {
    this.#status = status;
    this.#headers = headers;
    this.#statusMessage = reasonPhrase(statusMessage);
    this.#options.onHead?.(status, headers);
    const type = mediaType(headerOf(headers, 'content-type'));
    if (type === 'text/event-stream' && status >= 200 && status < 300) {
      this.#mode = 'events';
      this.#reader = new SseReader(this.#options.limits.maxBytes, { event: (event) => this.#event(event), overflow: () => this.#overflow() });
      if (this.#begun) return;
      this.#response.writeHead(status, this.#statusMessage, clientHeaders(headers, null, this.#options.edge));
      // Sends the head now. Not flushHeaders(), which writes header values as UTF-8 although Node reads them as Latin-1 (T4).
      this.#response.write(NOTHING);
    } else {
      this.#mode = type === 'application/json' ? 'json' : 'plain';
    }
  }

  data(chunk: Buffer): boolean {
    if (this.#mode === 'events') {
      this.#reader?.push(chunk);
      return !this.#response.writableNeedDrain;
    }
    this.#size += chunk.length;
    if (this.#size > this.#options.limits.maxBytes) {
      this.#exchange?.abort();
      this.#fail(failure('bad_response', `the upstream's answer is larger than ${this.#options.limits.maxBytes} bytes`, true));
      return false;
    }
    // A copy: the parser of the HTTP client reuses its buffer.
    this.#chunks.push(Buffer.from(chunk));
    return true;
  }

  end(): void {
    if (this.#mode === 'events') return this.#endEvents();
    if (this.#mode === 'done') return;
    if (!this.#options.edge && (this.#status === 401 || this.#status === 403 || this.#status === 407)) {
      // These would send the client's own sign-in to the wrong place: it is our credential that was refused.
      return this.#fail(failure('http_status', `the upstream refused the gateway's credentials (HTTP ${this.#status})`, true, this.#status));
    }
    const body = this.#chunks.length === 1 && this.#chunks[0] !== undefined ? this.#chunks[0] : Buffer.concat(this.#chunks);
    if (this.#mode === 'json' && body.length > 0) this.#json(body);
    else this.#plain(body);
  }

  error(problem: UpstreamFailure): void {
    if (this.#mode === 'events') {
      this.#endEvents();
      return;
    }
    this.#fail(problem);
  }

  /** The client went away. Its call is over, unless it can come back for the rest of a stream. */
  left(): void {
    if (this.#mode === 'done') return;
    this.#mode = 'done';
    this.#exchange?.abort();
    const { call, conversation } = this.#options;
    if (call !== null && !this.#canResume) conversation.abandoned(call.idKey);
    this.#options.onEnd(this.#status);
  }

  /** Ends the exchange from our side; the client hears of it. */
  stop(reason: string): void {
    if (this.#mode === 'done') return;
    this.#exchange?.abort();
    if (this.#mode === 'events') this.#endEvents();
    else this.#fail(failure('closed', reason, true));
  }

  get #canResume(): boolean {
    return this.#resumable && this.#options.conversation.session !== null;
  }

  #json(body: Buffer): void {
    const { conversation, limits, arrival, call } = this.#options;
    const ok = this.#status >= 200 && this.#status < 300;
    const parsed = parseMessage(body, limits);
    if (!parsed.ok) {
      // An error page in JSON is no message; a success that is none cannot be judged, so it is not relayed (attack 53).
      if (!ok) return this.#plain(body);
      recordGarbage(conversation, parsed.code, sample(body));
      return this.#fail(failure('bad_response', `the upstream's answer is not a valid message (${parsed.code})`, true, this.#status));
    }
    // What an upstream says of a notification or of a DELETE is an error without id, and answers no request.
    if (call === null && parsed.message.kind === 'response' && parsed.message.id === null) return this.#plain(body);
    const verdict = conversation.upstream(parsed.message, arrival);
    if (verdict.do === 'deliver') {
      if (!this.#begun || call === null || parsed.message.kind !== 'response' || parsed.message.id !== null) return this.#sendWhole(verdict.bytes);
      // An error without an id can only mean this request, but on a stream it does not say so.
      const error = parsed.message.error?.lexeme() ?? '{}';
      return this.#sendWhole(Buffer.from(`{"jsonrpc":"2.0","id":${JSON.stringify(call.id)},"error":${error}}`));
    }
    this.#settleWithout();
    if (verdict.do === 'drop' && call !== null) return this.#fail(failure('bad_response', `the upstream's answer was dropped (${verdict.code})`, true, this.#status));
    this.#sendWhole(Buffer.alloc(0));
  }

  /** Anything without a message: 202, error pages, 405 for a stream that the upstream does not have. */
  #plain(body: Buffer): void {
    const { call } = this.#options;
    const ok = this.#status >= 200 && this.#status < 300;
    if (ok && call !== null) {
      const type = mediaType(headerOf(this.#headers, 'content-type'));
      return this.#fail(failure('bad_response', `the upstream answered a request with ${type === '' ? 'no content' : sample(Buffer.from(type), 64)}`, true, this.#status));
    }
    if (this.#begun) return this.#fail(this.#statusOnly());
    this.#settleWithout();
    this.#sendWhole(body);
  }

  #sendWhole(body: Buffer): void {
    if (this.#mode === 'done') return;
    this.#mode = 'done';
    if (this.#begun) {
      this.#endWith(body);
    } else if (!this.#response.headersSent && !this.#response.destroyed) {
      const bare = this.#status === 204 || this.#status === 304;
      this.#response.writeHead(this.#status, this.#statusMessage, clientHeaders(this.#headers, bare ? null : body.length, this.#options.edge));
      if (bare) this.#response.end();
      else endWith(this.#response, body);
    }
    this.#options.onEnd(this.#status);
  }

  /** The upstream answered on the level of HTTP only: the call is over without a JSON-RPC answer. */
  #settleWithout(): void {
    const { call, conversation } = this.#options;
    if (call !== null) conversation.failed(call.idKey, this.#statusOnly());
  }

  /**
   * A status proves that somebody had the request, and none proves that the work was not done: 502 and 504 come from what stands before the
   * upstream, and an upstream could answer 403 after the work. Given back, one approval would be worth many calls (#33).
   */
  #statusOnly(): UpstreamFailure {
    return failure('http_status', `HTTP ${this.#status}`, true, this.#status);
  }

  /** Tells the client of this call, and of no other, that there will be no answer. */
  #fail(problem: UpstreamFailure): void {
    if (this.#mode === 'done') return;
    this.#mode = 'done';
    const { call, conversation } = this.#options;
    const answer = call === null ? errorAnswer(null, INTERNAL_ERROR, `Upstream failed: ${problem.text}`) : conversation.failed(call.idKey, problem);
    const bytes = answer ?? errorAnswer(call?.id ?? null, INTERNAL_ERROR, `Upstream failed: ${problem.text}`);
    if (this.#begun) this.#endWith(bytes);
    else sendJson(this.#response, 502, bytes);
    this.#options.onEnd(this.#status);
  }

  /** Ends a stream that was begun early with one message, or without one. */
  #endWith(message: Buffer): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (message.length === 0) this.#response.end();
    else this.#response.end(formatSse(message));
  }

  #event(event: SseEvent): void {
    if (event.id !== null) this.#resumable = true;
    if (event.data === null || event.data.length === 0) {
      this.#response.write(event.raw);
      return;
    }
    const { conversation, arrival, limits } = this.#options;
    const parsed = parseMessage(event.data, limits);
    if (!parsed.ok) return recordGarbage(conversation, parsed.code, sample(event.data));
    const verdict = conversation.upstream(parsed.message, arrival);
    switch (verdict.do) {
      case 'deliver':
        this.#response.write(verdict.edited ? replaceData(event, verdict.bytes) : event.raw);
        return;
      case 'reply':
        this.#options.answerUpstream(verdict.bytes);
        return;
      case 'drop':
      case 'own':
    }
  }

  #overflow(): void {
    this.#exchange?.abort();
    recordGarbage(this.#options.conversation, 'event_too_large', '');
    this.#endEvents();
  }

  #endEvents(): void {
    if (this.#mode !== 'events') return;
    this.#mode = 'done';
    const { call, conversation } = this.#options;
    const open = call !== null && conversation.inFlight.has(call.idKey);
    if (open && !this.#canResume) conversation.failed(call.idKey, failure('closed', 'the upstream closed the stream without an answer', true));
    this.#response.end();
    this.#options.onEnd(this.#status);
  }
}
