import type { JsonNode } from '../../wire/json-node.ts';
import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND } from '../../mcp/error-codes.ts';
import type { Message, Notification, Request, Response } from '../../mcp/message.ts';
import { toNotification } from '../../mcp/bridge/build.ts';
import { offers } from '../../mcp/bridge/capabilities.ts';
import { isChange, MAX_URIS, unstamped } from '../../mcp/bridge/listen.ts';
import { levelName, levelRank } from '../../mcp/bridge/log-levels.ts';
import { initializeResult } from '../../mcp/bridge/opening.ts';
import { envelopeText, modernRequest, type ModernEnvelope, type Retry } from '../../mcp/bridge/requests.ts';
import { errorResponse, legacyResponse, resultResponse } from '../../mcp/bridge/results.ts';
import { cancelledKey } from '../../upstream/cancelled.ts';
import { failure } from '../../upstream/failure.ts';
import { sample } from '../../upstream/sample.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { continueTrace } from '../tracing/call-tracer.ts';
import { Flows, type Flow } from './flows.ts';
import { legacyClient, type LegacyClient } from './legacy-client.ts';
import { ListenStream } from './listen-stream.ts';
import { ownId } from './opener.ts';
import { pauseMs, readQuestions } from './questions.ts';
import { legacyRefusalOf } from './uncarried.ts';

/** A legacy client session in front of a modern server (protocol.md section 4). */
export class LegacyOverModern implements UpstreamLink, LinkObserver {
  readonly transport: 'stdio' | 'http';
  readonly #link: UpstreamLink;
  readonly #observer: LinkObserver;
  /** Result object of `server/discover`. */
  readonly #discovered: JsonNode;
  readonly #capabilities: JsonNode | null;
  readonly #listen: ListenStream;
  #client: LegacyClient = legacyClient(null);
  #initialized = false;
  #logLevel: string | null = null;
  readonly #flows = new Flows();
  #closed = false;

  constructor(link: UpstreamLink, observer: LinkObserver, discovered: JsonNode) {
    this.transport = link.transport;
    this.#link = link;
    this.#observer = observer;
    this.#discovered = discovered;
    this.#capabilities = discovered.get('capabilities');
    this.#listen = new ListenStream(link, () => envelopeText({ ...this.#envelope(), logLevel: null }), {
      tools: offers(this.#capabilities, 'tools', 'listChanged'),
      prompts: offers(this.#capabilities, 'prompts', 'listChanged'),
      resources: offers(this.#capabilities, 'resources', 'listChanged'),
    });
  }

  #envelope(): ModernEnvelope {
    return { capabilities: this.#client.capabilities, clientInfo: this.#client.clientInfo, logLevel: this.#logLevel };
  }

  send(message: Message): boolean {
    switch (message.kind) {
      case 'request': return this.#request(message);
      case 'response': return this.#clientAnswer(message);
      case 'notification': return this.#clientNotification(message);
    }
  }

  abort(idKey: string): void {
    const flow = this.#flows.get(idKey);
    if (flow !== undefined) this.#drop(flow, 'The call was given up');
  }

  pause(): void {
    this.#link.pause();
  }

  resume(): void {
    this.#link.resume();
  }

  close(): Promise<void> {
    this.#stop();
    return this.#link.close();
  }

  #stop(): void {
    this.#closed = true;
    this.#listen.close();
    this.#flows.stopPauses();
  }

  #request(request: Request): boolean {
    const { id, method, params } = request;
    switch (method) {
      case 'initialize': {
        if (this.#initialized) return this.#local(errorResponse(id, INVALID_REQUEST, 'Invalid request: the session is already initialized'));
        this.#initialized = true;
        this.#client = legacyClient(request);
        return this.#local(resultResponse(id, initializeResult(params?.get('protocolVersion')?.text() ?? null, this.#discovered)));
      }
      case 'ping': return this.#local(resultResponse(id, '{}'));
      case 'logging/setLevel': return this.#setLevel(request);
      case 'resources/subscribe': return this.#subscribe(request);
      case 'resources/unsubscribe': {
        this.#listen.unsubscribe(params?.get('uri')?.text() ?? '');
        return this.#local(resultResponse(id, '{}'));
      }
      default:
    }
    const refusal = legacyRefusalOf(request);
    return refusal === null ? this.#round(this.#flows.open(request), null) : this.#local(refusal);
  }

  #round(flow: Flow, retry: Retry | null): boolean {
    const message = continueTrace(flow.request, modernRequest(flow.request, this.#envelope(), retry));
    this.#flows.sent(flow, message.idKey);
    return this.#link.send(message);
  }

  #setLevel(request: Request): boolean {
    if (!offers(this.#capabilities, 'logging')) return this.#local(errorResponse(request.id, METHOD_NOT_FOUND, 'Method not found: the server sends no log messages'));
    const rank = levelRank(request.params?.get('level') ?? null);
    if (rank === null) return this.#local(errorResponse(request.id, INVALID_PARAMS, 'Invalid params: level is not a log level'));
    this.#logLevel = levelName(rank);
    return this.#local(resultResponse(request.id, '{}'));
  }

  #subscribe(request: Request): boolean {
    const { id } = request;
    const uri = request.params?.get('uri')?.text() ?? null;
    if (uri === null) return this.#local(errorResponse(id, INVALID_PARAMS, 'Invalid params: uri must be a string'));
    if (!offers(this.#capabilities, 'resources', 'subscribe')) return this.#local(errorResponse(id, METHOD_NOT_FOUND, 'Method not found: the server has no resource subscriptions'));
    if (this.#listen.uris.size >= MAX_URIS && !this.#listen.uris.has(uri)) return this.#local(errorResponse(id, INTERNAL_ERROR, `A session may hold ${MAX_URIS} subscriptions`));
    void this.#listen.subscribe(uri).then((granted) => {
      if (!this.#closed) this.#deliver(granted ? resultResponse(id, '{}') : errorResponse(id, INVALID_PARAMS, 'The server did not accept the subscription'), request.idKey);
    });
    return true;
  }

  #clientNotification(message: Notification): boolean {
    switch (message.method) {
      case 'notifications/initialized':
        this.#listen.start();
        return true;
      case 'notifications/cancelled': {
        const key = cancelledKey(message);
        const flow = key === null ? undefined : this.#flows.get(key);
        if (key === null || flow === undefined) return true;
        this.#drop(flow, 'The call was cancelled');
        // Nothing answers a cancelled request any more; whoever counts open ones is told that it is over.
        queueMicrotask(() => {
          // The client may have used the id again in the same breath.
          if (!this.#flows.has(key)) this.#observer.failed(key, failure('closed', 'the client cancelled the request', true));
        });
        return true;
      }
      // Roots are asked for anew in every call, and a modern server has no request whose progress could be told.
      case 'notifications/roots/list_changed':
      case 'notifications/progress':
      case 'notifications/tasks/status':
        return true;
      default:
        return this.#link.send(message);
    }
  }

  /** An answer to one of our questions: when it was the last, the call goes on. */
  #clientAnswer(response: Response): boolean {
    const flow = response.idKey === null ? undefined : this.#flows.takeAsked(response.idKey);
    if (response.idKey === null || flow === undefined) return true;
    const { result, error } = response;
    if (result === null || result.kind !== 'object') {
      const text = sample(error?.get('message')?.text() ?? 'no result', 200);
      this.#withdraw(flow, 'Another question of the same call was refused');
      // The modern era has no way to tell a server that a question failed; the call cannot go on.
      this.#finish(flow, errorResponse(flow.request.id, INTERNAL_ERROR, `The call needs input from the client, which answered with an error: ${text}`));
      return true;
    }
    for (const question of flow.questions.values()) if (question.askedKey === response.idKey) question.answer = result.lexeme();
    if ([...flow.questions.values()].some(({ answer }) => answer === null)) return true;
    const answers = [...flow.questions].map(([name, { answer }]) => `${JSON.stringify(name)}:${answer}`);
    flow.questions = new Map();
    return this.#round(flow, { id: ownId(), inputResponses: `{${answers.join(',')}}`, requestState: flow.state });
  }

  message(message: Message, requestKey: string | null): void {
    if (message.kind === 'response') return this.#response(message, requestKey);
    if (message.kind === 'request') return this.#observer.garbage('server_request', sample(message.bytes));
    this.#notification(message, requestKey);
  }

  garbage(code: string, text: string): void {
    this.#observer.garbage(code, text);
  }

  failed(requestKey: string, reason: UpstreamFailure): void {
    if (this.#listen.ended(requestKey, reason)) return;
    const flow = this.#flows.byUpstreamKey(requestKey);
    if (flow === undefined) return;
    this.#flows.forget(flow);
    this.#observer.failed(flow.request.idKey, reason);
  }

  closed(reason: UpstreamFailure | null): void {
    this.#stop();
    const cause = reason ?? failure('closed', 'the connection to the server was closed', true);
    for (const flow of this.#flows.list()) {
      this.#flows.forget(flow);
      this.#observer.failed(flow.request.idKey, cause);
    }
    this.#observer.closed(reason);
  }

  drain(): void {
    this.#observer.drain();
  }

  #response(response: Response, requestKey: string | null): void {
    const key = response.idKey ?? requestKey;
    if (key !== null && this.#listen.ended(key, response)) return;
    const flow = key === null ? undefined : this.#flows.byUpstreamKey(key);
    if (key === null || flow === undefined) return this.#observer.garbage('unknown_response', sample(response.bytes));
    this.#flows.answered(flow);
    const type = response.result?.get('resultType')?.text() ?? 'complete';
    if (type === 'input_required' && response.result !== null) return this.#ask(flow, response.result);
    if (type === 'task') return this.#finish(flow, errorResponse(flow.request.id, INTERNAL_ERROR, 'The server answered with a task, which cannot be carried to a client of an older protocol revision'));
    this.#finish(flow, legacyResponse(flow.request, response));
  }

  /** Puts the server's questions to the client as requests on the stream of its call. */
  #ask(flow: Flow, result: JsonNode): void {
    const { request } = flow;
    flow.rounds += 1;
    const asked = readQuestions(request.method, flow.rounds, result, this.#client.declared);
    if (asked.do === 'refuse') return this.#finish(flow, errorResponse(request.id, INTERNAL_ERROR, asked.text));
    flow.state = asked.state;
    if (asked.do === 'pause') return this.#pause(flow);
    this.#flows.asked(flow, asked.questions);
    for (const [, question] of asked.questions) {
      // Policy may answer a question, and so end the call, before the next one is out.
      if (this.#flows.isAsked(flow, question.idKey)) this.#observer.message(question, request.idKey);
    }
  }

  /** The server wants the call again, with its state and without answers. */
  #pause(flow: Flow): void {
    flow.pause = setTimeout(() => {
      flow.pause = null;
      if (!this.#closed) this.#round(flow, { id: ownId(), inputResponses: null, requestState: flow.state });
    }, pauseMs(flow.rounds));
    flow.pause.unref();
  }

  #notification(message: Notification, requestKey: string | null): void {
    const change = this.#listen.take(message);
    if (change === null) return;
    if (change !== undefined) return this.#observer.message(unstamped(change), null);
    if (isChange(message.method) || message.method === 'notifications/subscriptions/acknowledged') return this.#observer.garbage('unsubscribed_notification', sample(message.bytes));
    if (message.method === 'notifications/cancelled') return;
    const flow = requestKey === null ? undefined : this.#flows.byUpstreamKey(requestKey);
    // On the stream of a request that is over, or of a listen of ours: it has no place with the client.
    if (requestKey !== null && flow === undefined) return;
    this.#observer.message(message, flow?.request.idKey ?? null);
  }

  /** Gives a call up on both sides. */
  #drop(flow: Flow, text: string): void {
    if (flow.upstreamKey !== null) this.#link.abort(flow.upstreamKey);
    this.#withdraw(flow, text);
    this.#flows.forget(flow);
  }

  /** Tells the client that questions of a call need no answer any more. */
  #withdraw(flow: Flow, text: string): void {
    for (const { askedKey, askedId } of flow.questions.values()) {
      if (this.#flows.takeAsked(askedKey) === undefined) continue;
      this.#observer.message(toNotification('notifications/cancelled', `{"requestId":${askedId},"reason":${JSON.stringify(text)}}`), flow.request.idKey);
    }
    flow.questions = new Map();
  }

  #finish(flow: Flow, response: Response): void {
    this.#flows.forget(flow);
    this.#deliver(response, flow.request.idKey);
  }

  #deliver(response: Response, key: string): void {
    this.#observer.message(response, key);
  }

  /** Answers from here are given later, never from within `send`: the caller may still be registering the request. */
  #local(response: Response): true {
    queueMicrotask(() => {
      if (!this.#closed && response.idKey !== null) this.#deliver(response, response.idKey);
    });
    return true;
  }
}
