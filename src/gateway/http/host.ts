import { errorAnswer } from '../../mcp/answers.ts';
import { HEADER_MISMATCH, INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST } from '../../mcp/error-codes.ts';
import { META_PREFIX } from '../../mcp/keys.ts';
import type { Message, Request } from '../../mcp/message.ts';
import { clientCapabilities } from '../../mcp/meta.ts';
import { mismatchedParamHeader } from '../../mcp/param-headers.ts';
import { listedQuery } from '../call/context.ts';
import type { Conversation } from '../conversation.ts';
import type { Principal } from '../principal.ts';
import { andThen, type ClientVerdict } from '../verdict.ts';
import type { Endpoint, EndpointContext, EndpointStats, Incoming } from './context.ts';
import { accepts } from './head.ts';
import { HostRequest } from './host-request.ts';
import { HostSession } from './host-session.ts';
import { readPost, recordProblem } from './intake.ts';
import type { LinkPool } from './link-pool.ts';
import { PostExchange, type Answering } from './post-exchange.ts';
import { sendAccepted, sendJson, sendProblem } from './reply.ts';
import { SessionTable } from './sessions.ts';

/**
 * The gateway as the only HTTP server there is: in front of stdio upstreams, and of anything that needs translation. Sessions, header
 * checks, streams and status codes are its own duty (protocol.md section 0, conclusion 5).
 */
export class HostEndpoint implements Endpoint {
  readonly #context: EndpointContext;
  readonly #pool: LinkPool;
  readonly #sessions: SessionTable<HostSession>;
  readonly #requests = new Set<HostRequest>();

  constructor(context: EndpointContext, pool: LinkPool) {
    this.#context = context;
    this.#pool = pool;
    this.#sessions = new SessionTable(context.limits.maxSessionsPerGrant, context.limits.sessionIdleMs);
  }

  stats(): EndpointStats {
    let inFlight = 0;
    for (const request of this.#requests) if (request.isCall) inFlight += 1;
    let streams = this.#requests.size;
    for (const session of this.#sessions.values()) {
      inFlight += session.conversation.inFlight.size;
      streams += session.streams;
    }
    return { sessions: this.#sessions.size, children: this.#pool.children(), inFlight, streams };
  }

  endPrincipal(principal: Principal, reason: string): void {
    for (const request of this.#requests) if (request.conversation.principal === principal) request.stop(reason);
    this.#sessions.endOwner(principal, reason);
    this.#pool.endPrincipal(principal);
  }

  async close(): Promise<void> {
    for (const request of this.#requests) request.stop('the gateway has ended the connection to this server');
    this.#sessions.closeAll('the gateway is shutting down');
    await this.#pool.close();
  }

  post(incoming: Incoming): void {
    const id = incoming.head.get('mcp-session-id');
    const session = id === null ? null : this.#sessions.get(id, incoming);
    readPost(this.#context, incoming, session?.conversation.version ?? null, (posted) => {
      if (posted.era === 'modern') return this.#modern(incoming, posted.message);
      const { message } = posted;
      if (message.kind === 'request' && message.method === 'initialize') return this.#initialize(incoming, message);
      if (id === null) {
        recordProblem(this.#context, incoming, 'missing_session', 'a request without a session id');
        return sendJson(incoming.response, 400, errorAnswer(message.kind === 'request' ? message.id : null, INVALID_REQUEST, 'Bad Request: the Mcp-Session-Id header is required'));
      }
      if (session === null) return this.#unknownSession(incoming);
      if (posted.batch !== null) return this.#batch(incoming, session, posted.batch);
      this.#legacy(incoming, session, message);
    });
  }

  #unknownSession(incoming: Incoming): void {
    recordProblem(this.#context, incoming, 'unknown_session', 'the session does not exist for this principal');
    sendProblem(incoming.response, 404, 'Session not found');
  }

  #initialize(incoming: Incoming, message: Request): void {
    if (!this.#sessions.hasRoom(incoming.principal)) {
      recordProblem(this.#context, incoming, 'too_many_sessions', 'the grant has too many open sessions');
      return sendJson(incoming.response, 429, errorAnswer(message.id, INTERNAL_ERROR, 'Too many open sessions'), { 'retry-after': '5' });
    }
    const session = new HostSession(this.#context, incoming, this.#pool, 'http', (closed) => this.#sessions.end(closed.id, 'closed'));
    this.#sessions.add(session.id, session);
    const exchange = new PostExchange(incoming.response, { 'mcp-session-id': session.id });
    // A client that never hears its session id cannot come back for it.
    exchange.onGone(() => this.#sessions.end(session.id, 'the client left before it was open'));
    incoming.response.on('finish', () => {
      if (session.conversation.version === null) this.#sessions.end(session.id, 'it could not be opened');
    });
    this.#carry(incoming, session.conversation, message, new PostExchange(incoming.response), (verdict) => session.forward(verdict, exchange));
  }

  #legacy(incoming: Incoming, session: HostSession, message: Message): void {
    const exchange = new PostExchange(incoming.response);
    if (message.kind === 'request') {
      const answering = session.judging(message.idKey, exchange);
      return this.#carry(incoming, session.conversation, message, answering, (judged) => session.forward(judged, exchange), answering.judged);
    }
    this.#carry(incoming, session.conversation, message, exchange, (judged) => {
      session.forward(judged, null);
      sendAccepted(incoming.response);
    });
  }

  /** The answers to a batch of revision 2025-03-26 share one event stream (J9). */
  #batch(incoming: Incoming, session: HostSession, messages: readonly Message[]): void {
    const requests = messages.filter((message) => message.kind === 'request');
    if (requests.length === 0) sendAccepted(incoming.response);
    const stream = new BatchStream(incoming, requests.length);
    for (const message of messages) {
      const part = message.kind === 'request' ? stream.part() : null;
      const answering = message.kind === 'request' && part !== null ? session.judging(message.idKey, part) : null;
      const carryOut = (verdict: ClientVerdict): void => {
        answering?.judged();
        if (verdict.do === 'forward') session.forward(verdict.message, part);
        else if (verdict.do === 'answer') answering?.finish(verdict.bytes, 200);
        else part?.end();
      };
      void andThen(session.conversation.client(message, incoming.caller, incoming.user, incoming.head), carryOut);
    }
  }

  #modern(incoming: Incoming, message: Message): void {
    if (message.kind !== 'request') return sendAccepted(incoming.response);
    if (clientCapabilities(message.params)?.kind !== 'object') {
      recordProblem(this.#context, incoming, 'missing_envelope', 'the request does not declare its client capabilities');
      return sendJson(incoming.response, 400, errorAnswer(message.id, INVALID_PARAMS, `Invalid params: _meta needs ${META_PREFIX}clientCapabilities`));
    }
    const exchange = new PostExchange(incoming.response);
    const hosted: HostRequest = new HostRequest(this.#context, incoming, message, exchange, this.#pool, () => this.#requests.delete(hosted));
    this.#requests.add(hosted);
    const judge = (): void => this.#carry(incoming, hosted.conversation, message, exchange, (judged) => hosted.forward(judged), () => undefined, () => hosted.finish());
    if (message.method !== 'tools/call') return judge();
    // Here the gateway is the validating server, so it has to know the tool's schema first (H7).
    const name = message.params?.get('name')?.text() ?? '';
    const known = hosted.conversation.directory.get(name) !== null ? 'ok' : hosted.conversation.learnTools(message, name);
    const checked = (): void => {
      if (hosted.isDone) return;
      const wrong = this.#wrongParamHeader(incoming, hosted.conversation, message, name);
      if (wrong === null) return judge();
      recordProblem(this.#context, incoming, 'header_mismatch', `the header ${wrong} and the arguments differ`);
      sendJson(incoming.response, 400, errorAnswer(message.id, HEADER_MISMATCH, `Bad Request: the ${wrong} header and the arguments differ`));
      hosted.finish();
    };
    void andThen<string, void>(known, checked);
  }

  #wrongParamHeader(incoming: Incoming, conversation: Conversation, message: Request, name: string): string | null {
    const tool = conversation.directory.get(name);
    const headers = tool?.headers.headers ?? [];
    // A hidden tool must not show itself by a complaint about its headers (attack 46).
    if (headers.length === 0 || incoming.principal.policies.visibility(listedQuery(conversation, 'tool', name, tool?.facts ?? null)) === 'hide') return null;
    return mismatchedParamHeader(headers, message.params?.get('arguments') ?? null, (header) => incoming.head.get(header));
  }

  /**
   * Judges a message and carries the verdict out.
   * @param forward gets the message when it may go on
   * @param judged called as soon as there is a verdict, whatever it is
   * @param ended called when it went no further
   */
  #carry(incoming: Incoming, conversation: Conversation, message: Message, answering: Answering, forward: (message: Message) => void, judged: () => void = () => undefined, ended: () => void = () => undefined): void {
    const carryOut = (verdict: ClientVerdict): void => {
      judged();
      if (verdict.do === 'forward') return forward(verdict.message);
      if (verdict.do === 'answer') answering.finish(verdict.bytes, verdict.status);
      else answering.drop(verdict.status, verdict.code);
      ended();
    };
    const broken = (error: unknown): void => {
      this.#context.log(`internal error while judging a message: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}`);
      judged();
      if (message.kind === 'request') conversation.inFlight.delete(message.idKey);
      answering.finish(errorAnswer(message.kind === 'request' ? message.id : null, INTERNAL_ERROR, 'Refused: internal error'), 500);
      ended();
    };
    try {
      const verdict = conversation.client(message, incoming.caller, incoming.user, incoming.head);
      if (verdict instanceof Promise) verdict.then(carryOut).catch(broken);
      else carryOut(verdict);
    } catch (error) {
      broken(error);
    }
  }

  get(incoming: Incoming): void {
    const id = incoming.head.get('mcp-session-id');
    if (!accepts(incoming.head.get('accept'), 'text/event-stream')) return sendProblem(incoming.response, 406, 'Accept must list text/event-stream');
    if (id === null) return sendProblem(incoming.response, 400, 'Bad Request: the Mcp-Session-Id header is required');
    const session = this.#sessions.get(id, incoming);
    if (session === null) return this.#unknownSession(incoming);
    const stream = new PostExchange(incoming.response);
    const lastEventId = incoming.head.get('last-event-id');
    if (lastEventId !== null) {
      if (!session.resume(lastEventId, stream)) sendProblem(incoming.response, 404, 'There is no stream with this event id in this session');
      return;
    }
    stream.open();
    session.attach(stream);
  }

  delete(incoming: Incoming): void {
    const id = incoming.head.get('mcp-session-id');
    if (id === null) return sendProblem(incoming.response, 400, 'Bad Request: the Mcp-Session-Id header is required');
    if (this.#sessions.get(id, incoming) === null) return this.#unknownSession(incoming);
    this.#sessions.end(id, 'deleted by the client');
    incoming.response.writeHead(200, { 'content-length': 0 });
    incoming.response.end();
  }
}

/** One event stream for several requests: it ends when the last of them has been answered. */
class BatchStream {
  readonly #shared: PostExchange;
  readonly #incoming: Incoming;
  #open: number;

  constructor(incoming: Incoming, open: number) {
    this.#incoming = incoming;
    this.#shared = new PostExchange(incoming.response);
    this.#open = open;
    // Every part listens to the one response.
    incoming.response.setMaxListeners(0);
    if (open > 0) this.#shared.open();
    // Its keep-alive ends with the connection.
    this.#shared.onGone(() => undefined);
  }

  /** The stream as one of its requests sees it. */
  part(): PostExchange {
    const shared = this.#shared;
    const done = (): void => {
      this.#open -= 1;
      if (this.#open === 0) shared.end();
    };
    return new (class extends PostExchange {
      override finish(message: Buffer): void {
        shared.send(message);
        done();
      }

      override end(): void {
        done();
      }
    })(this.#incoming.response);
  }
}
