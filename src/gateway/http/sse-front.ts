import type { Message } from '../../mcp/message.ts';
import type { Principal } from '../principal.ts';
import { andThen, type ClientVerdict } from '../verdict.ts';
import type { EndpointContext, EndpointStats, Incoming } from './context.ts';
import { accepts } from './head.ts';
import { HostSession } from './host-session.ts';
import { readPost, recordProblem } from './intake.ts';
import type { LinkPool } from './link-pool.ts';
import { PostExchange } from './post-exchange.ts';
import { sendAccepted, sendProblem } from './reply.ts';
import { SessionTable } from './sessions.ts';

/**
 * The HTTP+SSE transport of revision 2024-11-05, for clients that know no other: one stream opened by GET, whose first event names the
 * address for POSTs; every answer, refusals included, comes on the stream.
 */
export class SseFront {
  readonly #context: EndpointContext;
  readonly #openPool: () => Promise<LinkPool>;
  /** Opened by the first client that uses this transport. */
  #pool: LinkPool | null = null;
  readonly #sessions: SessionTable<HostSession>;

  constructor(context: EndpointContext, openPool: () => Promise<LinkPool>) {
    this.#context = context;
    this.#openPool = openPool;
    this.#sessions = new SessionTable(context.limits.maxSessionsPerGrant, context.limits.sessionIdleMs);
  }

  stats(): EndpointStats {
    let inFlight = 0;
    for (const session of this.#sessions.values()) inFlight += session.conversation.inFlight.size;
    return { sessions: this.#sessions.size, children: this.#pool?.children() ?? 0, inFlight, streams: this.#sessions.size };
  }

  endPrincipal(principal: Principal, reason: string): void {
    this.#sessions.endOwner(principal, reason);
    this.#pool?.endPrincipal(principal);
  }

  async close(): Promise<void> {
    this.#sessions.closeAll('the gateway is shutting down');
    await this.#pool?.close();
  }

  /** GET: opens the stream and with it the session. */
  open(incoming: Incoming): void {
    if (!accepts(incoming.head.get('accept'), 'text/event-stream')) return sendProblem(incoming.response, 406, 'Accept must list text/event-stream');
    if (!this.#sessions.hasRoom(incoming.principal)) {
      recordProblem(this.#context, incoming, 'too_many_sessions', 'the grant has too many open sessions');
      return sendProblem(incoming.response, 429, 'Too many open sessions', { 'retry-after': '5' });
    }
    this.#openPool().then((pool) => {
      this.#pool = pool;
      if (!incoming.response.destroyed) this.#start(incoming, pool);
    }, (error: unknown) => {
      this.#context.log(`the upstream could not be opened: ${error instanceof Error ? error.message : 'unknown error'}`);
      sendProblem(incoming.response, 502, 'the upstream could not be opened');
    });
  }

  #start(incoming: Incoming, pool: LinkPool): void {
    const session = new HostSession(this.#context, incoming, pool, 'sse', (closed) => this.#sessions.end(closed.id, 'closed'));
    this.#sessions.add(session.id, session);
    const stream = new PostExchange(incoming.response);
    stream.open();
    stream.send(Buffer.from(`/mcp/${this.#context.server.name}/messages?session_id=${session.id}`), { event: 'endpoint' });
    session.attach(stream);
    // Without its stream the session can never answer again.
    stream.onGone(() => this.#sessions.end(session.id, 'the client closed the stream'));
  }

  /** POST to the address that the first event named. */
  post(incoming: Incoming): void {
    const id = new URLSearchParams(incoming.head.query).get('session_id') ?? '';
    const session = this.#sessions.get(id, incoming);
    if (session === null) {
      recordProblem(this.#context, incoming, 'unknown_session', 'the session does not exist for this principal');
      return sendProblem(incoming.response, 404, 'Session not found');
    }
    readPost(this.#context, incoming, session.conversation.version, (posted) => {
      if (posted.era === 'modern') return sendProblem(incoming.response, 400, 'this transport serves revisions up to 2025-03-26 only');
      sendAccepted(incoming.response);
      for (const message of posted.batch ?? [posted.message]) this.#judge(incoming, session, message);
    }, false);
  }

  #judge(incoming: Incoming, session: HostSession, message: Message): void {
    const carryOut = (verdict: ClientVerdict): void => {
      if (verdict.do === 'forward') session.forward(verdict.message, null);
      else if (verdict.do === 'answer') session.answer(verdict.bytes);
    };
    void andThen(session.conversation.client(message, incoming.caller, incoming.user, incoming.head), carryOut);
  }
}
