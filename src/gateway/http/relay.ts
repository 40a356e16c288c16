import { createHash, randomUUID } from 'node:crypto';
import { errorAnswer } from '../../mcp/answers.ts';
import { HEADER_MISMATCH, INTERNAL_ERROR } from '../../mcp/error-codes.ts';
import type { Message, Request } from '../../mcp/message.ts';
import { isIdempotent } from '../../mcp/methods.ts';
import { mismatchedParamHeader } from '../../mcp/param-headers.ts';
import { eraOf, type Era } from '../../mcp/versions.ts';
import { HttpPool, poolOptions, type HttpHandlers } from '../../upstream/http-pool.ts';
import { failure } from '../../upstream/failure.ts';
import type { HttpSpec } from '../../upstream/types.ts';
import { formatSse } from '../../wire/sse.ts';
import { changedLists } from '../changed-lists.ts';
import { listedQuery } from '../call/context.ts';
import { Conversation } from '../conversation.ts';
import { signalListChanges } from '../listen-signal.ts';
import { OWN_REQUEST_TIMEOUT_MS } from '../own-requests.ts';
import type { Principal } from '../principal.ts';
import { ToolDirectory } from '../tool-directory.ts';
import { outgoingTraceparent } from '../tracing/call-tracer.ts';
import { andThen, type ClientVerdict } from '../verdict.ts';
import type { Endpoint, EndpointContext, EndpointStats, Incoming } from './context.ts';
import { collectMessages } from './collector.ts';
import { HeldStreams } from './held-streams.ts';
import { readPost, recordGarbage, recordProblem } from './intake.ts';
import { PostExchange } from './post-exchange.ts';
import { RelayExchange } from './relay-exchange.ts';
import type { RelaySession } from './relay-session.ts';
import { headerOf, jsonHeaders, upstreamHeaders, withoutHeader } from './relay-headers.ts';
import { sendAccepted, sendJson, sendProblem, SSE_HEADERS } from './reply.ts';
import { SessionTable } from './sessions.ts';

/**
 * HTTP in front of HTTP in the same era: a byte relay that judges what passes. Session ids, event ids, status codes and headers are the
 * upstream's own.
 */
export class RelayEndpoint implements Endpoint {
  readonly #context: EndpointContext;
  readonly #spec: HttpSpec;
  readonly #edge: boolean;
  readonly #onChallenge: ((value: string) => void) | null;
  readonly #pool: HttpPool;
  readonly #path: string;
  readonly #sessions: SessionTable<RelaySession>;
  readonly #running = new Set<RelayExchange>();
  /** Messages without a session that are being judged: no exchange and no session would end those that are held for an approval. */
  readonly #judging = new Set<Judging>();

  /** @param edge what edge mode wants to hear of: `WWW-Authenticate` of the upstream; null outside it */
  constructor(context: EndpointContext, spec: HttpSpec, edge: { readonly challenge: (value: string) => void } | null) {
    this.#context = context;
    this.#spec = spec;
    this.#edge = edge !== null;
    this.#onChallenge = edge === null ? null : (value) => edge.challenge(value);
    this.#pool = new HttpPool(spec.url, { keepHost: this.#edge, ...(this.#edge ? {} : poolOptions(spec)) });
    this.#path = spec.url.pathname + spec.url.search;
    this.#sessions = new SessionTable(context.limits.maxSessionsPerGrant, context.limits.sessionIdleMs);
    void this.#pool.ready();
  }

  stats(): EndpointStats {
    let inFlight = 0;
    for (const session of this.#sessions.values()) inFlight += session.conversation.inFlight.size;
    for (const exchange of this.#running) if (exchange.isCall && exchange.conversation.session === null) inFlight += 1;
    for (const judging of this.#judging) if (judging.isCall) inFlight += 1;
    return { sessions: this.#sessions.size, children: 0, inFlight, streams: this.#running.size };
  }

  endPrincipal(principal: Principal, reason: string): void {
    for (const exchange of this.#running) if (exchange.conversation.principal === principal) exchange.stop(reason);
    for (const judging of this.#judging) if (judging.conversation.principal === principal) judging.stop(reason);
    this.#sessions.endOwner(principal, reason);
  }

  async close(): Promise<void> {
    for (const open of [...this.#running, ...this.#judging]) open.stop('the gateway has ended the connection to this server');
    this.#sessions.closeAll('the gateway is shutting down');
    this.#pool.close();
  }

  /** The session that a request names, or null; `unknown` when it names one that is not this principal's. */
  #session(incoming: Incoming): RelaySession | null | 'unknown' {
    const id = incoming.head.get('mcp-session-id');
    if (id === null) return null;
    return this.#sessions.get(id, incoming) ?? 'unknown';
  }

  #unknownSession(incoming: Incoming): void {
    recordProblem(this.#context, incoming, 'unknown_session', 'the session does not exist for this principal');
    sendProblem(incoming.response, 404, 'Session not found');
  }

  /** A conversation for traffic without a session: it lasts for one exchange and shares what the principal knows. */
  #stateless(incoming: Incoming): Talk {
    const held = new HeldStreams();
    const conversation = new Conversation({
      gateway: this.#context.services, principal: incoming.principal, transport: 'http', session: null, stateful: false,
      peers: incoming.principal.sessionless, directory: incoming.principal.directory, sendOwn: (message) => this.#own(conversation, message, incoming.request.rawHeaders),
      toClient: (requestKey, bytes) => held.send(requestKey, bytes),
    });
    return { conversation, held };
  }

  post(incoming: Incoming): void {
    const session = this.#session(incoming);
    // Modern requests have no session; an id on them is ignored (protocol.md section 1). What they are shows in the body.
    const known = session === 'unknown' ? null : session;
    readPost(this.#context, incoming, known?.conversation.version ?? null, (posted) => {
      if (posted.era === 'legacy' && session === 'unknown') return this.#unknownSession(incoming);
      if (posted.batch !== null && known !== null) return this.#batch(incoming, posted.batch, known);
      const { message } = posted;
      const initialize = message.kind === 'request' && message.method === 'initialize' && posted.era === 'legacy';
      if (initialize && !this.#sessions.hasRoom(incoming.principal)) {
        recordProblem(this.#context, incoming, 'too_many_sessions', 'the grant has too many open sessions');
        return sendJson(incoming.response, 429, errorAnswer(message.id, INTERNAL_ERROR, 'Too many open sessions'), { 'retry-after': '5' });
      }
      const own = posted.era === 'legacy' && !initialize ? known : null;
      const talk: Talk = own ?? (initialize ? this.#opening(incoming) : this.#stateless(incoming));
      const { conversation } = talk;
      if (own !== null) own.headers = incoming.request.rawHeaders;
      const named = incoming.head.get('mcp-protocol-version');
      if (conversation.version === null && named !== null && eraOf(named) !== null) conversation.version = named;
      const problem = posted.era === 'modern' ? this.#paramHeaders(incoming, conversation, message) : null;
      if (problem !== null) return sendJson(incoming.response, 400, problem);
      this.#judge(incoming, talk, message, posted.era, (response) => this.#headSeen(incoming, talk, initialize, response));
    });
  }

  /** Checks `Mcp-Param-*` against a schema that we have seen; otherwise the upstream does (H7). */
  #paramHeaders(incoming: Incoming, conversation: Conversation, message: Message): Buffer | null {
    if (message.kind !== 'request' || message.method !== 'tools/call') return null;
    const name = message.params?.get('name')?.text() ?? '';
    const tool = conversation.directory.get(name);
    // A hidden tool must not show itself by a complaint about its headers (attack 46).
    if (tool === null || tool.headers.headers.length === 0 || incoming.principal.policies.visibility(listedQuery(conversation, 'tool', name, tool.facts)) === 'hide') return null;
    const wrong = mismatchedParamHeader(tool.headers.headers, message.params?.get('arguments') ?? null, (name) => incoming.head.get(name));
    if (wrong === null) return null;
    recordProblem(this.#context, incoming, 'header_mismatch', `the header ${wrong} and the arguments differ`);
    return errorAnswer(message.id, HEADER_MISMATCH, `Bad Request: the ${wrong} header and the arguments differ`);
  }

  #opening(incoming: Incoming): Talk {
    const held = new HeldStreams();
    const conversation = new Conversation({
      gateway: this.#context.services, principal: incoming.principal, transport: 'http', session: randomUUID(), stateful: true,
      directory: new ToolDirectory(),
      sendOwn: (message) => this.#own(conversation, message, this.#headersOf(conversation) ?? incoming.request.rawHeaders),
      toClient: (requestKey, bytes) => held.send(requestKey, bytes),
    });
    return { conversation, held };
  }

  /**
   * On an edge listener every user has the same grant: the token, which only the upstream can check, tells them apart. Elsewhere the token is
   * the grant's own, or was verified.
   */
  #callerOf({ head, caller }: Incoming): string | null {
    if (this.#onChallenge === null) return caller;
    const token = head.get('authorization');
    return token === null ? null : createHash('sha256').update(token).digest('hex');
  }

  #headersOf(conversation: Conversation): readonly string[] | null {
    for (const session of this.#sessions.values()) if (session.conversation === conversation) return session.headers;
    return null;
  }

  /** Binds the session that the upstream gives out to the principal that opened it. */
  #headSeen(incoming: Incoming, talk: Talk, initialize: boolean, head: { readonly status: number; readonly headers: readonly string[] }): void {
    const challenge = head.status === 401 || head.status === 403 ? headerOf(head.headers, 'www-authenticate') : null;
    if (challenge !== null) this.#onChallenge?.(challenge);
    const given = headerOf(head.headers, 'mcp-session-id');
    if (initialize && given !== null && head.status >= 200 && head.status < 300) this.#bind(given, incoming, talk);
  }

  /** Forgets the session of an exchange that is over, when the upstream said that it is gone or the client has deleted it. */
  #forget(incoming: Incoming, status: number): void {
    const named = incoming.head.get('mcp-session-id');
    const over = status === 404 || (incoming.head.method === 'DELETE' && status >= 200 && status < 300);
    if (over && named !== null && this.#sessions.get(named, incoming) !== null) this.#sessions.end(named, 'the upstream ended it');
  }

  #bind(id: string, incoming: Incoming, { conversation, held }: Talk): void {
    const streams = new Set<RelayExchange>();
    const tell = (list: string): void => [...streams].findLast((candidate) => candidate.isStream)?.inject(formatSse(`{"jsonrpc":"2.0","method":"notifications/${list}/list_changed"}`));
    const unsubscribe = incoming.principal.subscribe((next, previous) => {
      for (const list of changedLists(next, previous)) tell(list);
    });
    const unpin = this.#context.services.pins.subscribe(() => tell('tools'));
    this.#sessions.add(id, {
      owner: incoming.principal,
      caller: incoming.caller,
      conversation,
      held,
      streams,
      headers: incoming.request.rawHeaders,
      lastUsed: performance.now(),
      // A call that is held for its approval is in flight, and no exchange with the upstream yet.
      busy: () => conversation.inFlight.size > 0 || [...this.#running].some((exchange) => exchange.conversation === conversation),
      close: () => {
        unsubscribe();
        unpin();
        for (const stream of streams) stream.stop('the session has ended');
        conversation.end();
      },
    });
  }

  #judge(incoming: Incoming, { conversation, held }: Talk, message: Message, era: Era, onHead: (head: { status: number; headers: readonly string[] }) => void): void {
    const answering = new PostExchange(incoming.response);
    const release = message.kind === 'request' ? held.add(message.idKey, answering) : null;
    let judged = false;
    let gone = false;
    let stopped = false;
    const judging: Judging = {
      conversation,
      isCall: message.kind === 'request' && message.method !== 'subscriptions/listen',
      stop: (reason) => {
        stopped = true;
        over();
        if (message.kind === 'request') answering.finish(errorAnswer(message.id, INTERNAL_ERROR, `Upstream failed: ${reason}`), 502);
        conversation.end();
      },
    };
    incoming.response.on('close', () => {
      gone = true;
      if (!judged && release !== null && message.kind === 'request') this.#clientLeft(conversation, message.idKey, era);
    });
    const { sessionless } = incoming.principal;
    const over = (): void => {
      judged = true;
      release?.();
      sessionless.delete(conversation);
      this.#judging.delete(judging);
    };
    const carryOut = (verdict: ClientVerdict): void => {
      over();
      if (stopped) return answering.drop(503, 'closed');
      if (verdict.do === 'answer') return answering.finish(verdict.bytes, verdict.status);
      if (verdict.do === 'drop') return answering.drop(verdict.status, verdict.code);
      // A modern client that left while we decided has cancelled: the call is not forwarded (attack 54).
      if (gone && era === 'modern' && message.kind === 'request') return conversation.abandoned(message.idKey, false);
      this.#forward(incoming, conversation, verdict.message, era, onHead);
    };
    const broken = (error: unknown): void => {
      over();
      this.#context.log(`internal error while judging a message: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}`);
      if (message.kind === 'request') conversation.inFlight.delete(message.idKey);
      answering.finish(errorAnswer(message.kind === 'request' ? message.id : null, INTERNAL_ERROR, 'Refused: internal error'), 500);
    };
    try {
      const verdict = conversation.client(message, this.#callerOf(incoming), incoming.user, incoming.head);
      if (!(verdict instanceof Promise)) return carryOut(verdict);
      // A cancellation, or the answer to a question of ours, comes in an exchange of its own and must find this one.
      if (conversation.session === null) {
        sessionless.add(conversation);
        this.#judging.add(judging);
      }
      verdict.then(carryOut).catch(broken);
    } catch (error) {
      broken(error);
    }
  }

  /**
   * The client left while its request was judged. Modern: that cancels it (M1). Legacy: it does not (S7), but a call that is held for its
   * approval runs only while somebody waits for it.
   */
  #clientLeft(conversation: Conversation, requestKey: string, era: Era): void {
    if (era === 'modern') conversation.abandoned(requestKey);
    else conversation.clientLeft(requestKey);
  }

  #forward(incoming: Incoming, conversation: Conversation, message: Message, era: Era, onHead: (head: { status: number; headers: readonly string[] }) => void): void {
    const call: Request | null = message.kind === 'request' ? message : null;
    let unsubscribe = (): void => undefined;
    const exchange = this.#exchange(incoming, conversation, call, call === null ? { on: 'session' } : { on: 'request', requestKey: call.idKey }, onHead, (status) => {
      unsubscribe();
      if (era === 'legacy') this.#forget(incoming, status);
    });
    if (call?.method === 'subscriptions/listen') unsubscribe = signalListChanges(incoming.principal, this.#context.services.pins, call, (json) => exchange.inject(formatSse(json)));
    const headers = traced(upstreamHeaders(incoming.request.rawHeaders, this.#spec.headers, era === 'legacy', this.#edge), call);
    exchange.attach(this.#pool.dispatch({
      method: 'POST', path: this.#path, headers: this.#session(incoming) === 'unknown' ? withoutHeader(headers, 'mcp-session-id') : headers,
      body: message.bytes, idempotent: message.kind === 'request' && isIdempotent(message.method),
    }, exchange));
    incoming.response.on('close', () => {
      if (!incoming.response.writableFinished) exchange.left();
    });
  }

  #exchange(incoming: Incoming, conversation: Conversation, call: Request | null, arrival: RelayExchangeArrival, onHead: (head: { status: number; headers: readonly string[] }) => void, onEnd: (status: number) => void): RelayExchange {
    if (conversation.session === null) incoming.principal.sessionless.add(conversation);
    const exchange: RelayExchange = new RelayExchange({
      response: incoming.response, conversation, limits: this.#context.limits.upstream, call, arrival, edge: this.#edge,
      onHead: (status, headers) => onHead({ status, headers }),
      answerUpstream: (bytes) => this.#answerUpstream(incoming, bytes),
      onEnd: (status) => {
        this.#running.delete(exchange);
        onEnd(status);
        if (conversation.session !== null) return;
        incoming.principal.sessionless.delete(conversation);
        conversation.end();
      },
    });
    this.#running.add(exchange);
    return exchange;
  }

  /** Posts an answer of our own into the client's session: a denied request of the upstream that the client never sees (C2). */
  #answerUpstream(incoming: Incoming, bytes: Buffer): void {
    this.#pool.dispatch({ method: 'POST', path: this.#path, headers: jsonHeaders(upstreamHeaders(incoming.request.rawHeaders, this.#spec.headers, true, this.#edge)), body: bytes, idempotent: false }, IGNORE);
  }

  /** Sends a request of our own with the headers of the request on whose behalf it is sent. */
  #own(conversation: Conversation, message: Request, like: readonly string[]): void {
    const headers = jsonHeaders(upstreamHeaders(like, this.#spec.headers, true, this.#edge));
    if (conversation.era === 'modern') headers.push('Mcp-Method', message.method);
    const arrival = { on: 'request', requestKey: message.idKey } as const;
    const exchange = this.#pool.dispatch({ method: 'POST', path: this.#path, headers, body: message.bytes, idempotent: true }, collectMessages(
      this.#context.limits.upstream,
      (answer) => {
        if (conversation.upstream(answer, arrival).do === 'own') finish();
      },
      (code, text) => recordGarbage(conversation, code, text),
      (problem) => {
        clearTimeout(timer);
        conversation.failed(message.idKey, problem ?? failure('bad_response', 'the upstream did not answer tools/list', true));
      },
    ));
    // A connection on which nothing more is awaited is given up: an upstream that never ends its answers would use them all up.
    const finish = (): void => {
      clearTimeout(timer);
      exchange.abort();
    };
    const timer = setTimeout(finish, OWN_REQUEST_TIMEOUT_MS);
    timer.unref();
  }

  /** The elements of a batch of revision 2025-03-26 go upstream one by one; their answers share one event stream (J9). */
  #batch(incoming: Incoming, messages: readonly Message[], session: RelaySession): void {
    const { conversation, held } = session;
    const { response } = incoming;
    // Every element listens to the one response.
    response.setMaxListeners(0);
    let open = messages.filter((message) => message.kind === 'request').length;
    if (open === 0) sendAccepted(response);
    else response.writeHead(200, SSE_HEADERS);
    const write = (bytes: Buffer): void => {
      if (open > 0 && !response.destroyed) response.write(formatSse(bytes));
    };
    const done = (): void => {
      open -= 1;
      if (open === 0) response.end();
    };
    const headers = jsonHeaders(upstreamHeaders(incoming.request.rawHeaders, this.#spec.headers, true, this.#edge));
    const send = (message: Message): void => {
      const call = message.kind === 'request' ? message : null;
      const arrival = call === null ? ({ on: 'session' } as const) : ({ on: 'request', requestKey: call.idKey } as const);
      this.#pool.dispatch({ method: 'POST', path: this.#path, headers: traced(headers, call), body: message.bytes, idempotent: false }, collectMessages(
        this.#context.limits.upstream,
        (answer) => {
          const verdict = conversation.upstream(answer, arrival);
          if (verdict.do === 'deliver') write(verdict.bytes);
          else if (verdict.do === 'reply') this.#answerUpstream(incoming, verdict.bytes);
        },
        (code, text) => recordGarbage(conversation, code, text),
        (problem) => {
          if (call === null) return;
          const answer = conversation.failed(call.idKey, problem ?? failure('closed', 'the upstream ended its answer early', true));
          if (answer !== null) write(answer);
          done();
        },
      ));
    };
    for (const message of messages) {
      const release = message.kind === 'request' ? held.add(message.idKey, new PostExchange(response)) : null;
      const left = (): void => {
        if (release !== null && message.kind === 'request') this.#clientLeft(conversation, message.idKey, 'legacy');
      };
      response.once('close', left);
      const carryOut = (verdict: ClientVerdict): void => {
        response.off('close', left);
        release?.();
        if (verdict.do === 'forward') return send(verdict.message);
        if (verdict.do === 'answer') write(verdict.bytes);
        if (message.kind === 'request') done();
      };
      void andThen(conversation.client(message, this.#callerOf(incoming), incoming.user, incoming.head), carryOut);
    }
  }

  get(incoming: Incoming): void {
    const session = this.#session(incoming);
    if (session === 'unknown') return this.#unknownSession(incoming);
    const { conversation } = session ?? this.#stateless(incoming);
    const resumed = incoming.head.get('last-event-id') !== null;
    if (resumed && session === null) return this.#unknownSession(incoming);
    const exchange = this.#exchange(incoming, conversation, null, { on: resumed ? 'resumed' : 'session' }, () => undefined, (status) => {
      session?.streams.delete(exchange);
      this.#forget(incoming, status);
    });
    session?.streams.add(exchange);
    exchange.attach(this.#pool.dispatch({ method: 'GET', path: this.#path, headers: upstreamHeaders(incoming.request.rawHeaders, this.#spec.headers, true, this.#edge), body: null, idempotent: true }, exchange));
    incoming.response.on('close', () => {
      if (!incoming.response.writableFinished) exchange.left();
    });
  }

  delete(incoming: Incoming): void {
    const session = this.#session(incoming);
    if (session === 'unknown') return this.#unknownSession(incoming);
    const { conversation } = session ?? this.#stateless(incoming);
    const exchange = this.#exchange(incoming, conversation, null, { on: 'session' }, () => undefined, (status) => this.#forget(incoming, status));
    exchange.attach(this.#pool.dispatch({ method: 'DELETE', path: this.#path, headers: upstreamHeaders(incoming.request.rawHeaders, this.#spec.headers, true, this.#edge), body: null, idempotent: false }, exchange));
  }
}

/** A conversation with the responses of its requests that are being judged. */
interface Talk {
  readonly conversation: Conversation;
  readonly held: HeldStreams;
}

/** A message that is being judged. */
interface Judging {
  readonly conversation: Conversation;
  readonly isCall: boolean;
  /** Withdraws it: it is not forwarded any more, whatever its verdict will be. */
  readonly stop: (reason: string) => void;
}

type RelayExchangeArrival = { readonly on: 'session' } | { readonly on: 'resumed' } | { readonly on: 'request'; readonly requestKey: string };

const IGNORE: HttpHandlers = { head: () => undefined, data: () => true, end: () => undefined, error: () => undefined };

/** The headers with the span of the call in place of the client's, where something traces it. */
function traced(headers: string[], call: Request | null): string[] {
  const traceparent = call === null ? null : outgoingTraceparent(call);
  return traceparent === null ? headers : [...withoutHeader(headers, 'traceparent'), 'traceparent', traceparent];
}
