import type { JsonNode } from '../../wire/json-node.ts';
import { editObject } from '../../wire/splice.ts';
import { INTERNAL_ERROR, METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import type { Message, Notification, Request, Response } from '../../mcp/message.ts';
import { tokenKey } from '../../mcp/meta.ts';
import { edited, toNotification } from '../../mcp/bridge/build.ts';
import { missingCapability, offers } from '../../mcp/bridge/capabilities.ts';
import { INPUT_METHODS } from '../../mcp/bridge/input.ts';
import { isChange } from '../../mcp/bridge/listen.ts';
import { levelRank } from '../../mcp/bridge/log-levels.ts';
import type { InitializedServer } from '../../mcp/bridge/opening.ts';
import { legacyRequest } from '../../mcp/bridge/requests.ts';
import { errorResponse, resultResponse } from '../../mcp/bridge/results.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { continueTrace } from '../tracing/call-tracer.ts';
import { Asker } from './asker.ts';
import { answerLeg, askLeg } from './answer-leg.ts';
import type { ClientLeg, Exchange } from './exchange.ts';
import type { HeldCalls } from './held-calls.ts';
import { Listeners } from './listeners.ts';
import { OpenCalls } from './open-calls.ts';
import { ServerLogLevel } from './server-log-level.ts';

/** A server may put this many questions into one call before the client has answered any of them. */
const MAX_QUESTIONS = 64;

export interface LegacySessionOptions {
  readonly link: UpstreamLink;
  readonly server: InitializedServer;
  /** What the session's `initialize` declared. */
  readonly capabilities: JsonNode | null;
  readonly held: HeldCalls;
  readonly garbage: (code: string, sample: string) => void;
  readonly drain: () => void;
  /** Called once: the session is of no more use. */
  readonly onEnd: (reason: UpstreamFailure | null) => void;
}

/** A legacy session that we opened on behalf of modern requests of one principal with one set of capabilities. */
export class LegacySession implements LinkObserver {
  readonly server: InitializedServer;
  readonly link: UpstreamLink;
  readonly listeners: Listeners;
  /** `performance.now()` of the last request. */
  lastUsed: number = performance.now();
  readonly #options: LegacySessionOptions;
  readonly #asker = new Asker();
  readonly #open = new OpenCalls();
  readonly #level: ServerLogLevel;
  #id = 0;
  #full = false;
  #ended = false;
  #retired = false;

  constructor(options: LegacySessionOptions) {
    this.#options = options;
    this.link = options.link;
    this.server = options.server;
    this.listeners = new Listeners(options.link, this.#asker, () => this.#nextId());
    this.#level = new ServerLogLevel(options.link, this.#asker, () => this.#nextId());
  }

  get inFlight(): number {
    return this.#open.size;
  }

  get idle(): boolean {
    return this.#open.size === 0 && this.listeners.size === 0;
  }

  get ended(): boolean {
    return this.#ended;
  }

  #nextId(): string {
    this.#id += 1;
    return String(this.#id);
  }

  /** Sends a modern request in this session. @param request as the client sent it */
  start(request: Request, leg: ClientLeg, principal: string, digest: string): Exchange {
    this.lastUsed = performance.now();
    const id = this.#nextId();
    const translated = continueTrace(request, legacyRequest(request, id, id));
    const exchange: Exchange = { session: this, request: translated, principal, digest, client: leg, questions: new Map(), asked: 0, outcome: null, over: false, sent: false };
    this.#open.add(exchange);
    const waiting = !this.#ended && offers(this.server.capabilities, 'logging') ? this.#level.adjust(this.#open.lowestLogRank()) : null;
    if (this.#ended) queueMicrotask(() => this.#finish(exchange, failure('closed', 'the session with the server has ended', false)));
    else if (waiting === null) this.#send(exchange);
    else void waiting.then(() => this.#send(exchange));
    return exchange;
  }

  #send(exchange: Exchange): void {
    if (exchange.over || exchange.outcome !== null) return;
    exchange.sent = true;
    if (!this.link.send(exchange.request)) this.#full = true;
  }

  /** True while the server takes nothing more; `drain` is reported when it does again. */
  get full(): boolean {
    return this.#full;
  }

  /** The client is back with answers to some of the questions (S26 mrtr). @param responses `params.inputResponses` */
  resume(exchange: Exchange, leg: ClientLeg, responses: JsonNode | null): void {
    this.lastUsed = performance.now();
    exchange.client = leg;
    for (const [idKey, { key, request }] of Array.from(exchange.questions)) {
      const answer = responses?.get(key) ?? null;
      if (answer === null || answer.kind !== 'object') continue;
      exchange.questions.delete(idKey);
      this.link.send(resultResponse(request.id, answer.lexeme()));
    }
    if (exchange.outcome !== null) this.#finish(exchange, exchange.outcome);
    else if (exchange.questions.size > 0) this.#ask(exchange);
  }

  /** Gives a call up: the client cancelled, left, or did not come back in time. */
  cancel(exchange: Exchange): void {
    if (exchange.over) return;
    exchange.over = true;
    exchange.client = null;
    const open = this.#open.delete(exchange);
    for (const { request } of exchange.questions.values()) this.link.send(errorResponse(request.id, INTERNAL_ERROR, 'The client gave the call up'));
    exchange.questions.clear();
    if (open && exchange.sent) this.link.send(toNotification('notifications/cancelled', `{"requestId":${JSON.stringify(exchange.request.id)}}`));
  }

  close(): Promise<void> {
    this.#end(null);
    return this.link.close();
  }

  message(message: Message, requestKey: string | null): void {
    if (message.kind === 'response') return this.#response(message, requestKey);
    if (message.kind === 'request') return this.#request(message, requestKey);
    this.#notification(message, requestKey);
  }

  garbage(code: string, sample: string): void {
    this.#options.garbage(code, sample);
  }

  failed(requestKey: string, reason: UpstreamFailure): void {
    if (reason.kind === 'session_expired') this.#retire(reason);
    if (this.#asker.settle(requestKey, reason)) return;
    const exchange = this.#open.get(requestKey);
    if (exchange !== undefined) this.#finish(exchange, reason);
  }

  closed(reason: UpstreamFailure | null): void {
    this.#end(reason);
  }

  drain(): void {
    this.#full = false;
    this.#options.drain();
  }

  #retire(reason: UpstreamFailure | null): void {
    this.#ended = true;
    if (this.#retired) return;
    this.#retired = true;
    this.#options.onEnd(reason);
  }

  #end(reason: UpstreamFailure | null): void {
    const cause = reason ?? failure('closed', 'the session with the server was closed', true);
    this.#asker.end(cause);
    this.#ended = true;
    for (const exchange of this.#open.list()) this.#finish(exchange, cause);
    this.listeners.end(cause);
    this.#retire(reason);
  }

  #response(message: Response, requestKey: string | null): void {
    const key = message.idKey ?? requestKey;
    if (this.#asker.settle(key, message)) return;
    const exchange = key === null ? undefined : this.#open.get(key);
    if (exchange === undefined) this.#options.garbage('late_response', String(message.id ?? ''));
    else this.#finish(exchange, message);
  }

  /** The end of a call: told to the client, or kept until it comes back. */
  #finish(exchange: Exchange, outcome: Response | UpstreamFailure): void {
    this.#open.delete(exchange);
    exchange.questions.clear();
    exchange.outcome = outcome;
    const { client } = exchange;
    if (client === null || exchange.over) return;
    exchange.over = true;
    exchange.client = null;
    answerLeg(exchange, client, outcome, this.#options.held);
  }

  #request(message: Request, requestKey: string | null): void {
    const { method, params } = message;
    if (method === 'ping') return void this.link.send(resultResponse(message.id, '{}'));
    if (!INPUT_METHODS.has(method)) return void this.link.send(errorResponse(message.id, METHOD_NOT_FOUND, `Method not found: ${method.slice(0, 128)}`));
    const exchange = this.#open.asking(requestKey);
    if (exchange === null) {
      const text = `${method}: the client speaks protocol revision 2026-07-28 and can be asked only during tools/call, prompts/get or resources/read`;
      return void this.link.send(errorResponse(message.id, INTERNAL_ERROR, text));
    }
    const missing = missingCapability(exchange.client?.capabilities ?? this.#options.capabilities, method, params);
    if (missing !== null) return void this.link.send(errorResponse(message.id, METHOD_NOT_FOUND, `The client did not declare ${missing}`));
    if (exchange.questions.size >= MAX_QUESTIONS) return void this.link.send(errorResponse(message.id, INTERNAL_ERROR, 'Too many questions wait for the client'));
    exchange.asked += 1;
    exchange.questions.set(message.idKey, { key: `ask-${exchange.asked}`, request: message });
    if (exchange.client !== null) this.#ask(exchange);
  }

  /** Ends the client's request with the questions, and holds the call open for the retry. */
  #ask(exchange: Exchange): void {
    const { client } = exchange;
    if (client === null) return;
    exchange.client = null;
    askLeg(exchange, client, this.#options.held, () => this.cancel(exchange));
  }

  #notification(message: Notification, requestKey: string | null): void {
    const { method, params } = message;
    if (isChange(method)) return this.listeners.announce(message);
    switch (method) {
      case 'notifications/progress': return this.#progress(message);
      case 'notifications/message': return this.#log(message, requestKey);
      case 'notifications/cancelled': {
        const key = tokenKey(params?.get('requestId') ?? null);
        // A question that the client has been given already comes back answered; the answer then finds no taker.
        if (key !== null) for (const exchange of this.#open.list()) exchange.questions.delete(key);
        return;
      }
      // Neither has a counterpart that a modern client could tie to anything.
      case 'notifications/tasks/status':
      case 'notifications/elicitation/complete':
        return;
      default:
        (requestKey === null ? this.#open.youngest(() => true) : this.#open.get(requestKey))?.client?.notify(message);
    }
  }

  #progress(message: Notification): void {
    const token = message.params?.get('progressToken') ?? null;
    const key = tokenKey(token);
    const client = key === null ? null : (this.#open.get(key)?.client ?? null);
    if (message.params === null || client === null || client.token === null) return;
    client.notify(edited(message, editObject(message.params, new Map([['progressToken', client.token]]))));
  }

  /** Log messages go to requests that asked for them, and to one only (M4). */
  #log(message: Notification, requestKey: string | null): void {
    const rank = levelRank(message.params?.get('level') ?? null);
    const wanted = (exchange: Exchange): boolean => {
      const wants = exchange.client?.logRank ?? null;
      return wants !== null && rank !== null && rank >= wants;
    };
    const exchange = requestKey === null ? this.#open.youngest(wanted) : this.#open.get(requestKey);
    if (exchange !== undefined && wanted(exchange)) exchange.client?.notify(message);
  }


}
