import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, UNSUPPORTED_VERSION } from '../mcp/error-codes.ts';
import { errorAnswer } from '../mcp/answers.ts';
import type { Message, Notification, Request, Response } from '../mcp/message.ts';
import { classifyRequest, isNotificationMethod } from '../mcp/methods.ts';
import { declaredVersion, INVALID_VERSION, progressTokenKey, tokenKey } from '../mcp/meta.ts';
import { eraOf, MODERN_VERSIONS, type Era } from '../mcp/versions.ts';
import type { UpstreamFailure } from '../upstream/types.ts';
import type { JsonNode } from '../wire/json-node.ts';
import { answerFor } from './answer.ts';
import { checkKeys } from './check-keys.ts';
import { identityOfInitialize, UNKNOWN_CLIENT, type ClientIdentity } from './client-identity.ts';
import type { Arrival, ConversationOptions, GatewayServices } from './conversation-options.ts';
import { judgeServerRequest } from './server-requests.ts';
import { govern } from './govern.ts';
import type { InFlight } from './in-flight.ts';
import { judgeListen } from './listen.ts';
import { forgetOldest, OpenRequests } from './open-requests.ts';
import { narrowingReady } from './narrowing.ts';
import { OwnQuestions } from './own-questions.ts';
import { OwnRequests } from './own-requests.ts';
import type { Principal } from './principal.ts';
import { appendLoudly, bounded, journalRow, recordRefusal, settle } from './recorder.ts';
import { stripDeniedCapabilities } from './capabilities.ts';
import { judgeTaskMethod } from './tasks.ts';
import type { ToolDirectory } from './tool-directory.ts';
import { noteOutgoing, parentOf, type CallSpan, type CallTracer } from './tracing/call-tracer.ts';
import { judgeUpstreamNotification } from './upstream-notifications.ts';
import { andThen, type ClientVerdict, type UpstreamVerdict } from './verdict.ts';

/** Open requests of a client beyond this are refused: a flood must end before memory does. */
const MAX_IN_FLIGHT = 10_000;
const MAX_SERVER_REQUESTS = 1_000;

/** Headers by lower-case name. */
interface HeaderLookup {
  get(name: string): string | null;
}

/**
 * Everything between one client session and one upstream session: which requests are open in either direction, what was
 * negotiated, and the judgement of every message both ways. It knows no transport; the carriers move bytes as its verdicts say.
 */
export class Conversation {
  readonly gateway: GatewayServices;
  readonly principal: Principal;
  readonly transport: 'stdio' | 'http' | 'sse';
  readonly session: string | null;
  readonly directory: ToolDirectory;
  /** Negotiated by `initialize`, and then settled; else the last that a request declared. */
  version: string | null = null;
  /** The era that the opening exchange settled; stateless conversations take it from each request. */
  era: Era | null = null;
  readonly open: OpenRequests = new OpenRequests();
  /** Requests of the upstream that wait for the client, by id: only these may be answered, once (J10, C5). */
  readonly serverRequests: Map<string, { readonly method: string; readonly requestKey: string | null }> = new Map();
  readonly stateful: boolean;
  /** Verified claims of the access token with which the last message came; null where there was none. */
  user: JsonNode | null = null;
  /** What `initialize` said of the client; modern requests say it themselves. */
  identity: ClientIdentity = UNKNOWN_CLIENT;
  /** What the gateway itself asks the client. */
  readonly questions: OwnQuestions = new OwnQuestions();
  readonly #toClient: ((requestKey: string, bytes: Buffer) => boolean) | null;
  readonly #peers: ReadonlySet<Conversation>;
  readonly #own: OwnRequests;
  #refusal: string | null = null;
  #clientDone = false;
  /** Of the message that is being taken in; read before anything is waited for. */
  #head: HeaderLookup | null = null;

  constructor(options: ConversationOptions) {
    this.gateway = options.gateway;
    this.principal = options.principal;
    this.transport = options.transport;
    this.session = options.session;
    this.directory = options.directory;
    this.stateful = options.stateful;
    this.#peers = options.peers ?? new Set([this]);
    this.#own = new OwnRequests(options.sendOwn);
    this.#toClient = options.toClient ?? null;
  }

  /** True after `initialize`: what was settled then is not changed by what later requests declare (V5). */
  get #negotiated(): boolean {
    return this.era === 'legacy' && this.version !== null;
  }

  get inFlight(): Map<string, InFlight> {
    return this.open.inFlight;
  }

  /** What `per: session` counts by; null makes it count per grant (protocol.md, header). */
  get counterSession(): string | null {
    return this.session;
  }

  /**
   * Judges one message from the client. Nothing of it may be sent on unless the verdict is `forward`.
   * @param caller a hash that tells several callers behind one grant apart, as on an edge listener; null where the grant is the caller
   * @param user verified claims of that caller, for conditions
   * @param head of the HTTP request that carries the message, for its trace context; null where there is none
   */
  client(message: Message, caller: string | null = null, user: JsonNode | null = null, head: HeaderLookup | null = null): ClientVerdict | Promise<ClientVerdict> {
    this.user = user;
    this.#head = head;
    try {
      const verdict = this.#fromClient(message, caller);
      return verdict instanceof Promise ? verdict.catch((error: unknown) => this.#broken(message, error)) : verdict;
    } catch (error) {
      return this.#broken(message, error);
    }
  }

  /** A fault of our own: could not decide is refused, and neither the session nor the process ends by it. */
  #broken(message: Message, error: unknown): ClientVerdict {
    this.gateway.log(`internal error while judging a message: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}`);
    const method = message.kind === 'response' ? null : bounded(message.method);
    recordRefusal(this, { method, name: null, requestId: message.kind === 'request' ? message.id : null, outcome: 'refused', code: 'policy_error', reason: 'internal error' });
    if (message.kind !== 'request') return { do: 'drop', code: 'internal_error', status: 500 };
    this.inFlight.get(message.idKey)?.span?.end('policy_error');
    this.inFlight.delete(message.idKey);
    return { do: 'answer', bytes: errorAnswer(message.id, INTERNAL_ERROR, 'Refused: internal error'), status: 500 };
  }

  #fromClient(message: Message, caller: string | null): ClientVerdict | Promise<ClientVerdict> {
    switch (message.kind) {
      case 'request': return this.#clientRequest(message, caller);
      case 'notification': return this.#clientNotification(message, caller);
      case 'response': return this.#clientResponse(message);
    }
  }

  /** From now on nothing of this conversation reaches the upstream: it negotiated something that we cannot enforce (V1). */
  refuseAll(reason: string): void {
    this.#refusal = reason;
  }

  /** True after `refuseAll`: the carrier ends the upstream session. */
  get refused(): boolean {
    return this.#refusal !== null;
  }

  #reject(message: Request, code: number, slug: string, text: string, status: number, data?: unknown): ClientVerdict {
    recordRefusal(this, { method: message.method, name: null, requestId: message.id, outcome: 'rejected', code: slug, reason: text });
    return { do: 'answer', bytes: errorAnswer(message.id, code, text, data), status };
  }

  #clientRequest(message: Request, caller: string | null): ClientVerdict | Promise<ClientVerdict> {
    const { method, params, idKey } = message;
    if (this.#refusal !== null) return this.#reject(message, INVALID_REQUEST, 'unsupported_version', this.#refusal, 400);
    if (this.stateful) {
      // A cancelled request keeps its id as well: its late answer, an unfiltered list say, must not be taken for that of another.
      if (this.open.expects(idKey)) return this.#reject(message, INVALID_REQUEST, 'duplicate_id', 'Invalid request: this id is still in use by an open request', 400);
    }
    if (this.inFlight.size >= MAX_IN_FLIGHT) return this.#reject(message, INTERNAL_ERROR, 'too_many_requests', 'Too many open requests', 429);

    const version = declaredVersion(params);
    if (version === INVALID_VERSION) return this.#reject(message, INVALID_PARAMS, 'invalid_version', 'Invalid params: the protocol version must be a string', 400);
    let era: Era = 'legacy';
    if (version !== null) {
      const known = eraOf(version);
      if (known === null) {
        return this.#reject(message, UNSUPPORTED_VERSION, 'unsupported_version', `Unsupported protocol version: ${bounded(version, 64)}`, 400, { supported: MODERN_VERSIONS, requested: bounded(version, 64) });
      }
      era = known;
      if (!this.#negotiated) this.version = version;
      this.era ??= era;
    } else if (this.stateful && method === 'initialize') {
      this.era ??= 'legacy';
    }
    if (method === 'initialize' && era === 'legacy') this.identity = identityOfInitialize(message);

    if (method.startsWith('notifications/')) return this.#reject(message, METHOD_NOT_FOUND, 'notification_with_id', 'Method not found: a notification has no id', 400);

    const type = classifyRequest(method, era);
    if (type !== null) {
      const confusable = checkKeys(method, params);
      if (confusable !== null) return this.#reject(message, INVALID_REQUEST, 'confusable_key', `Invalid request: ${confusable}`, 400);
    }
    const call: InFlight = {
      id: message.id, idKey, method, type, era, policies: this.principal.policies, request: message, startedAt: performance.now(),
      progressToken: progressTokenKey(params), caller, name: null, observed: null, entry: null, state: 'judging', cancelled: false, left: false, release: null, beats: 0, approval: null,
      span: this.gateway.tracer === undefined ? null : this.#beginSpan(this.gateway.tracer, message),
    };
    this.inFlight.set(idKey, call);
    const verdict = this.#judge(call);
    return andThen(verdict, (settled) => {
      if (settled.do !== 'forward' && this.inFlight.get(idKey) === call) this.inFlight.delete(idKey);
      if (settled.do === 'forward') {
        call.state = 'forwarded';
        if (call.span !== null) noteOutgoing(settled.message as Request, call.span);
      } else call.span?.end(null);
      return settled;
    });
  }

  #beginSpan(tracer: CallTracer, { method, params, id }: Request): CallSpan {
    const head = this.#head;
    const header = head === null ? null : { parent: head.get('traceparent'), state: head.get('tracestate') };
    return tracer.begin({
      method, server: this.principal.server, grant: this.principal.grant, session: this.session, transport: this.transport, protocol: this.version, requestId: String(id), parent: parentOf(params, header),
    });
  }

  #judge(call: InFlight): ClientVerdict | Promise<ClientVerdict> {
    const { type, request, policies } = call;
    if (type === null) {
      // What the other era knows does not exist in this one. An upstream that serves both might act on it all the same, and past its rules.
      if (policies.forwardsUnknown && classifyRequest(call.method) === null) return { do: 'forward', message: request };
      const text = `Method not found: ${bounded(call.method, 128)}`;
      recordRefusal(this, { method: call.method, name: null, requestId: call.id, outcome: 'refused', code: 'unknown_method', policy: policies.id });
      return { do: 'answer', bytes: errorAnswer(call.id, METHOD_NOT_FOUND, text), status: call.era === 'modern' ? 404 : 200 };
    }
    const verdict = type.type === 'governed' || type.type === 'complete' ? govern(this, call)
      : type.type === 'task' ? judgeTaskMethod(this, call)
      : type.type === 'listen' ? judgeListen(this, call)
      : type.type === 'list' && type.kind === 'tool' ? andThen(this.gateway.pins.ready(), () => andThen(narrowingReady(policies), () => andThen(this.gateway.classifier.readyFor(policies), () => ({ do: 'forward', message: request }) as const)))
      : ({ do: 'forward', message: request } as const);
    if (call.era !== 'modern') return verdict;
    return andThen(verdict, (settled) => (settled.do === 'forward' ? stripDeniedCapabilities(call, settled) : settled));
  }

  #clientNotification(message: Notification, caller: string | null): ClientVerdict {
    const { method, params } = message;
    if (!isNotificationMethod(method)) {
      recordRefusal(this, { method, name: null, requestId: null, outcome: 'rejected', code: 'request_without_id', reason: 'a request method was sent without an id' });
      return { do: 'drop', code: 'request_without_id', status: 400 };
    }
    const confusable = checkKeys(method, params);
    if (confusable !== null) {
      recordRefusal(this, { method, name: null, requestId: null, outcome: 'rejected', code: 'confusable_key', reason: confusable });
      return { do: 'drop', code: 'confusable_key', status: 400 };
    }
    if (method === 'notifications/cancelled') return this.#cancel(message, caller);
    return { do: 'forward', message };
  }

  /**
   * Only an open request of this very peer can be cancelled; anything else is ignored (N1). Without a session the caller tells peers apart;
   * with one its id does, and a token may be renewed meanwhile.
   */
  #cancel(message: Notification, caller: string | null): ClientVerdict {
    const key = tokenKey(message.params?.get('requestId') ?? null);
    if (key !== null && !this.stateful) {
      const named = [...this.#peers].flatMap((peer) => peer.inFlight.get(key) ?? []).filter((call) => call.caller === caller);
      const [only] = named;
      // One that is held was never sent, so the upstream has nothing to cancel (N2). Of several under one id it cannot be told which is meant.
      if (only?.state === 'judging' && named.length === 1) {
        only.cancelled = true;
        only.release?.();
        return { do: 'drop', code: 'cancelled', status: 202 };
      }
      if (named.length > 0) return { do: 'forward', message };
    }
    const call = key === null ? undefined : this.inFlight.get(key);
    if (call === undefined || call.method === 'initialize') return { do: 'drop', code: 'cancel_ignored', status: 202 };
    call.cancelled = true;
    if (call.state === 'judging') {
      call.release?.();
      return { do: 'drop', code: 'cancelled', status: 202 };
    }
    this.open.withdraw(call);
    this.#settleCancelled(call);
    return { do: 'forward', message };
  }

  /** @param reached false when the upstream certainly never saw the call, so that what it reserved is given back */
  #settleCancelled(call: InFlight, reached = true): void {
    call.span?.end('cancelled');
    settle(this, call.entry, { outcome: 'cancelled', upstreamStatus: null, latencyMs: performance.now() - call.startedAt, undo: reached ? 'nothing' : 'all' });
  }

  #clientResponse(message: Response): ClientVerdict {
    const { idKey } = message;
    const own = idKey === null || this.era === 'modern' ? null : this.#peer((peer) => peer.questions.has(idKey));
    if (own !== null && idKey !== null) {
      own.questions.settle(idKey, message);
      return { do: 'drop', code: 'own_answer', status: 202 };
    }
    const asking = idKey === null ? null : this.#peer((peer) => peer.serverRequests.has(idKey));
    if (idKey === null || asking === null || this.era === 'modern') {
      recordRefusal(this, { method: null, name: null, requestId: message.id, outcome: 'dropped', code: 'unexpected_response', reason: 'the client answered a request that this upstream session did not ask' });
      return { do: 'drop', code: 'unexpected_response', status: this.era === 'modern' ? 400 : 202 };
    }
    asking.serverRequests.delete(idKey);
    return { do: 'forward', message };
  }

  #peer(holds: (peer: Conversation) => boolean): Conversation | null {
    for (const peer of this.#peers) if (holds(peer)) return peer;
    return null;
  }

  /** Judges one message from the upstream. */
  upstream(message: Message, arrival: Arrival): UpstreamVerdict {
    switch (message.kind) {
      case 'response':
        this.gateway.health?.answered();
        return this.#upstreamResponse(message, arrival);
      case 'request': return this.#upstreamRequest(message, arrival);
      case 'notification': return judgeUpstreamNotification(this, message, arrival);
    }
  }

  /** Drops a message of the upstream, with a row that says why. */
  dropped(code: string, method: string | null, reason: string, id: string | number | null = null): UpstreamVerdict {
    appendLoudly(this.gateway, journalRow(this, { method, name: null, requestId: id, outcome: 'dropped', code, reason }));
    return { do: 'drop', code };
  }

  #upstreamResponse(message: Response, arrival: Arrival): UpstreamVerdict {
    // An upstream that could not read an id answers without one; on the stream of a request it can only mean that request.
    const key = message.idKey ?? (arrival.on === 'request' ? arrival.requestKey : null);
    if (key !== null && this.#own.settle(key, message)) return { do: 'own' };
    const call = key === null ? undefined : this.open.get(key);
    if (call === undefined || call.state !== 'forwarded') return this.dropped('unknown_response_id', null, 'the upstream answered an id that is not open', message.id);
    if (arrival.on === 'request' && arrival.requestKey !== call.idKey) return this.dropped('misplaced_response', null, 'the upstream answered on the stream of another request', message.id);
    if (arrival.on === 'session') return this.dropped('misplaced_response', null, 'the upstream answered on the stream for notifications', message.id);
    this.open.delete(call.idKey);
    const answer = answerFor(this, call, message);
    call.span?.end(answer.outcome === 'ok' ? null : answer.outcome, answer.outcome === 'upstream_error' ? answer.upstreamStatus : null);
    if (!call.cancelled) settle(this, call.entry, { outcome: answer.outcome, upstreamStatus: answer.upstreamStatus, latencyMs: performance.now() - call.startedAt, undo: answer.undo });
    return { do: 'deliver', bytes: answer.bytes, edited: answer.bytes !== message.bytes, requestKey: call.idKey, final: true };
  }

  /** The request on whose stream a message without an own place belongs: the only open one; null for the session's stream (S6). */
  relatedTo(arrival: Arrival): string | null {
    return arrival.on === 'request' ? arrival.requestKey : this.open.only();
  }

  #upstreamRequest(message: Request, arrival: Arrival): UpstreamVerdict {
    if (this.era === 'modern') return this.dropped('server_request', message.method, 'servers send no requests in this protocol revision', message.id);
    if (this.serverRequests.has(message.idKey) || this.questions.has(message.idKey)) return this.dropped('duplicate_id', message.method, 'the upstream reused the id of an open request', message.id);
    const reply = judgeServerRequest(this, message);
    if (reply !== null) return { do: 'reply', bytes: reply };
    const requestKey = this.relatedTo(arrival);
    this.serverRequests.set(message.idKey, { method: message.method, requestKey });
    if (this.serverRequests.size > MAX_SERVER_REQUESTS) forgetOldest(this.serverRequests);
    return { do: 'deliver', bytes: message.bytes, edited: false, requestKey, final: false };
  }

  /**
   * The upstream will never answer this request. @returns the answer for the client, or null when there is nobody to answer.
   */
  failed(requestKey: string, failure: UpstreamFailure): Buffer | null {
    if (this.#own.fail(requestKey, failure)) {
      this.gateway.health?.failed(failure.text);
      return null;
    }
    const call = this.inFlight.get(requestKey);
    this.open.delete(requestKey);
    if (call?.cancelled !== true) this.gateway.health?.failed(failure.text);
    if (call === undefined) return null;
    const latencyMs = performance.now() - call.startedAt;
    const outcome = call.cancelled ? 'cancelled' : 'upstream_failed';
    call.span?.end(call.cancelled ? 'cancelled' : failure.kind, failure.status === null ? null : String(failure.status));
    const status = failure.status === null ? failure.kind : `${failure.kind} ${failure.status}`;
    if (call.entry !== null) settle(this, call.entry, { outcome, upstreamStatus: status, latencyMs, undo: failure.reached || call.cancelled ? 'nothing' : 'all' });
    else appendLoudly(this.gateway, journalRow(this, { method: call.method, name: call.name, requestId: call.id, outcome, code: failure.kind, reason: failure.text, upstreamStatus: status, latencyMs }));
    if (call.cancelled) return null;
    return errorAnswer(call.id, INTERNAL_ERROR, `Upstream failed: ${failure.text}`);
  }

  /**
   * The client of this request went away for good (modern HTTP, M1).
   * @param reached false when the request was let through but never sent
   */
  abandoned(requestKey: string, reached = true): void {
    const call = this.inFlight.get(requestKey);
    if (call === undefined) return;
    call.cancelled = true;
    if (call.state === 'judging') return call.release?.();
    this.inFlight.delete(requestKey);
    this.#settleCancelled(call, reached);
  }

  /**
   * Says something to the client on the stream of a request that is still being judged.
   * @returns false when it cannot be reached before its answer
   */
  tell(requestKey: string, bytes: Buffer): boolean {
    return this.#toClient !== null && this.#toClient(requestKey, bytes);
  }

  /**
   * A legacy client went away from a request. That cancels nothing (S7), but a call that is only held for its approval is withdrawn:
   * nobody would learn of its result, and it can be repeated with the approval that is still unused. So is one that comes to be held later.
   */
  clientLeft(requestKey: string): void {
    const call = this.inFlight.get(requestKey);
    if (call?.state !== 'judging') return;
    call.left = true;
    if (call.release === null) return;
    call.cancelled = true;
    call.release();
  }

  /** The client has resumed the stream of a request, before anything came of its leaving. */
  clientReturned(requestKey: string): void {
    const call = this.inFlight.get(requestKey);
    if (call !== undefined) call.left = false;
  }

  /** The client has said its last word: what it said is still judged, but no call is held for an approval, or executed after one, any more. */
  clientDone(): void {
    this.#clientDone = true;
    for (const call of this.inFlight.values()) call.release?.('waited');
  }

  get isClientDone(): boolean {
    return this.#clientDone;
  }

  /** The whole conversation is over: nothing stays open in the journal. */
  end(): void {
    this.#clientDone = true;
    for (const call of this.inFlight.values()) {
      call.cancelled = true;
      call.release?.();
      if (call.state === 'forwarded') this.#settleCancelled(call);
    }
    this.open.clear();
    this.serverRequests.clear();
    this.questions.end();
    this.#own.end();
  }

  /** Reads the upstream's tool list, if it is not fresh, until `name` has been seen. Resolves to `ok` or to why it failed. */
  learnTools(like: Request, name: string): 'ok' | Promise<string> {
    if (this.directory.isFresh(performance.now())) return 'ok';
    return this.#own.listTools(like, this.directory, name);
  }
}
