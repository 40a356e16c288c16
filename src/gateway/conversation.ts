import { INTERNAL_ERROR, INVALID_PARAMS, INVALID_REQUEST, METHOD_NOT_FOUND, UNSUPPORTED_VERSION } from '../mcp/error-codes.ts';
import { errorAnswer } from '../mcp/answers.ts';
import { idKeyOf, type Message, type Notification, type Request, type Response } from '../mcp/message.ts';
import { classifyRequest, isNotificationMethod } from '../mcp/methods.ts';
import { declaredVersion, INVALID_VERSION, metaOf, progressTokenKey, subscriptionKey, tokenKey } from '../mcp/meta.ts';
import { META_PREFIX } from '../mcp/keys.ts';
import { eraOf, MODERN_VERSIONS, type Era } from '../mcp/versions.ts';
import type { PolicySet } from '../policy/types.ts';
import type { State } from '../state/types.ts';
import type { UpstreamFailure } from '../upstream/types.ts';
import { answerFor } from './answer.ts';
import { checkKeys } from './check-keys.ts';
import { judgeServerRequest } from './server-requests.ts';
import { govern } from './govern.ts';
import type { InFlight } from './in-flight.ts';
import { judgeListen } from './listen.ts';
import { OwnRequests } from './own-requests.ts';
import type { Principal } from './principal.ts';
import { appendLoudly, bounded, journalRow, recordRefusal, settle } from './recorder.ts';
import { stripDeniedCapabilities } from './capabilities.ts';
import { judgeTaskMethod } from './tasks.ts';
import type { ToolDirectory } from './tool-directory.ts';
import { andThen, type ClientVerdict, type UpstreamVerdict } from './verdict.ts';

/** What every conversation of one process shares. */
export interface GatewayServices {
  readonly state: State;
  /** A promise while the state is still being opened (asking for it starts the opening), then null. */
  readonly ready: () => Promise<void> | null;
  /** Journal the text of arguments, not only their names and hash: the operator asked for it. */
  readonly keepArguments: boolean;
  /** One line for the operator, on stderr or the service log. Never holds a secret or an argument. */
  readonly log: (line: string) => void;
}

export interface ConversationOptions {
  readonly gateway: GatewayServices;
  readonly principal: Principal;
  readonly transport: 'stdio' | 'http' | 'sse';
  /** Id of a session that we know to be bound to the principal; null on stateless traffic. */
  readonly session: string | null;
  /** Stateful conversations refuse a second request under an id that is still open (J7); stateless ones cannot know. */
  readonly stateful: boolean;
  /** Without a session every exchange has its own conversation: those in which a response or a cancellation of this one may belong. */
  readonly peers?: ReadonlySet<Conversation>;
  /** The tools this conversation knows: its own for a session, the principal's for stateless traffic. */
  readonly directory: ToolDirectory;
  /** Sends a request of our own to the upstream; its answer comes back through `upstream`. */
  readonly sendOwn: (message: Request, like: Request) => void;
}

/** Where a message from the upstream came in: on the stream of a request, on a session's stream, on a resumed one, or on a link that carries everything. */
export type Arrival =
  | { readonly on: 'link' }
  | { readonly on: 'request'; readonly requestKey: string }
  | { readonly on: 'session' }
  | { readonly on: 'resumed' };

/** Open requests of a client beyond this are refused: a flood must end before memory does. */
const MAX_IN_FLIGHT = 10_000;
const MAX_SERVER_REQUESTS = 1_000;
/** Cancelled requests whose late answer is still expected; beyond this the oldest is given up. */
const MAX_WITHDRAWN = 1_000;

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
  readonly inFlight: Map<string, InFlight> = new Map();
  /** Forwarded and then cancelled: nobody waits for them, but an answer may still come, and it is judged as what was asked (N1). */
  readonly #withdrawn = new Map<string, InFlight>();
  /** Requests of the upstream that wait for the client, by id: only these may be answered, once (J10, C5). */
  readonly serverRequests: Map<string, { readonly method: string; readonly requestKey: string | null }> = new Map();
  readonly #stateful: boolean;
  readonly #peers: ReadonlySet<Conversation>;
  readonly #own: OwnRequests;
  #refusal: string | null = null;

  constructor(options: ConversationOptions) {
    this.gateway = options.gateway;
    this.principal = options.principal;
    this.transport = options.transport;
    this.session = options.session;
    this.directory = options.directory;
    this.#stateful = options.stateful;
    this.#peers = options.peers ?? new Set([this]);
    this.#own = new OwnRequests(options.sendOwn);
  }

  /** True after `initialize`: what was settled then is not changed by what later requests declare (V5). */
  get #negotiated(): boolean {
    return this.era === 'legacy' && this.version !== null;
  }

  /** What `per: session` counts by; null makes it count per grant (protocol.md, header). */
  get counterSession(): string | null {
    return this.session;
  }

  /** Judges one message from the client. Nothing of it may be sent on unless the verdict is `forward`. */
  client(message: Message): ClientVerdict | Promise<ClientVerdict> {
    try {
      const verdict = this.#fromClient(message);
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
    this.inFlight.delete(message.idKey);
    return { do: 'answer', bytes: errorAnswer(message.id, INTERNAL_ERROR, 'Refused: internal error'), status: 500 };
  }

  #fromClient(message: Message): ClientVerdict | Promise<ClientVerdict> {
    switch (message.kind) {
      case 'request': return this.#clientRequest(message);
      case 'notification': return this.#clientNotification(message);
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

  #clientRequest(message: Request): ClientVerdict | Promise<ClientVerdict> {
    const { method, params, idKey } = message;
    if (this.#refusal !== null) return this.#reject(message, INVALID_REQUEST, 'unsupported_version', this.#refusal, 400);
    if (this.#stateful) {
      // A cancelled request keeps its id as well: its late answer, an unfiltered list say, must not be taken for that of another.
      if (this.inFlight.has(idKey) || this.#withdrawn.has(idKey)) return this.#reject(message, INVALID_REQUEST, 'duplicate_id', 'Invalid request: this id is still in use by an open request', 400);
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
    } else if (this.#stateful && method === 'initialize') {
      this.era ??= 'legacy';
    }

    if (method.startsWith('notifications/')) return this.#reject(message, METHOD_NOT_FOUND, 'notification_with_id', 'Method not found: a notification has no id', 400);

    // What another era knows is judged as that where unknown methods pass, because the upstream may serve both.
    const type = classifyRequest(method, era) ?? (this.principal.policies.forwardsUnknown ? classifyRequest(method) : null);
    if (type !== null) {
      const confusable = checkKeys(method, params);
      if (confusable !== null) return this.#reject(message, INVALID_REQUEST, 'confusable_key', `Invalid request: ${confusable}`, 400);
    }
    const call: InFlight = {
      id: message.id, idKey, method, type, era, policies: this.principal.policies, request: message, startedAt: performance.now(),
      progressToken: progressTokenKey(params), name: null, entry: null, state: 'judging', cancelled: false,
    };
    this.inFlight.set(idKey, call);
    const verdict = this.#judge(call);
    return andThen(verdict, (settled) => {
      if (settled.do !== 'forward' && this.inFlight.get(idKey) === call) this.inFlight.delete(idKey);
      if (settled.do === 'forward') call.state = 'forwarded';
      return settled;
    });
  }

  #judge(call: InFlight): ClientVerdict | Promise<ClientVerdict> {
    const { type, request, policies } = call;
    if (type === null) {
      if (policies.forwardsUnknown) return { do: 'forward', message: request };
      const text = `Method not found: ${bounded(call.method, 128)}`;
      recordRefusal(this, { method: call.method, name: null, requestId: call.id, outcome: 'refused', code: 'unknown_method', policy: policies.id });
      return { do: 'answer', bytes: errorAnswer(call.id, METHOD_NOT_FOUND, text), status: call.era === 'modern' ? 404 : 200 };
    }
    const verdict = type.type === 'governed' || type.type === 'complete' ? govern(this, call)
      : type.type === 'task' ? judgeTaskMethod(this, call)
      : type.type === 'listen' ? judgeListen(this, call)
      : ({ do: 'forward', message: request } as const);
    if (call.era !== 'modern') return verdict;
    return andThen(verdict, (settled) => (settled.do === 'forward' ? stripDeniedCapabilities(call, settled) : settled));
  }

  #clientNotification(message: Notification): ClientVerdict {
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
    if (method === 'notifications/cancelled') return this.#cancel(message);
    return { do: 'forward', message };
  }

  /** Only an open request of this very peer can be cancelled; anything else is ignored (N1). */
  #cancel(message: Notification): ClientVerdict {
    const key = tokenKey(message.params?.get('requestId') ?? null);
    if (key !== null && !this.#stateful && this.#peer((peer) => peer.inFlight.has(key)) !== null) return { do: 'forward', message };
    const call = key === null ? undefined : this.inFlight.get(key);
    if (call === undefined || call.method === 'initialize') return { do: 'drop', code: 'cancel_ignored', status: 202 };
    call.cancelled = true;
    if (call.state === 'judging') return { do: 'drop', code: 'cancelled', status: 202 };
    this.inFlight.delete(call.idKey);
    this.#settleCancelled(call);
    this.#withdrawn.set(call.idKey, call);
    if (this.#withdrawn.size > MAX_WITHDRAWN) dropOldest(this.#withdrawn);
    return { do: 'forward', message };
  }

  #settleCancelled(call: InFlight): void {
    settle(this, call.entry, { outcome: 'cancelled', upstreamStatus: null, latencyMs: performance.now() - call.startedAt });
  }

  #clientResponse(message: Response): ClientVerdict {
    const { idKey } = message;
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
      case 'response': return this.#upstreamResponse(message, arrival);
      case 'request': return this.#upstreamRequest(message, arrival);
      case 'notification': return this.#upstreamNotification(message, arrival);
    }
  }

  #dropped(code: string, method: string | null, reason: string, id: string | number | null = null): UpstreamVerdict {
    appendLoudly(this.gateway, journalRow(this, { method, name: null, requestId: id, outcome: 'dropped', code, reason }));
    return { do: 'drop', code };
  }

  #upstreamResponse(message: Response, arrival: Arrival): UpstreamVerdict {
    // An upstream that could not read an id answers without one; on the stream of a request it can only mean that request.
    const key = message.idKey ?? (arrival.on === 'request' ? arrival.requestKey : null);
    if (key !== null && this.#own.settle(key, message)) return { do: 'own' };
    const call = key === null ? undefined : (this.inFlight.get(key) ?? this.#withdrawn.get(key));
    if (call === undefined || call.state !== 'forwarded') return this.#dropped('unknown_response_id', null, 'the upstream answered an id that is not open', message.id);
    if (arrival.on === 'request' && arrival.requestKey !== call.idKey) return this.#dropped('misplaced_response', null, 'the upstream answered on the stream of another request', message.id);
    if (arrival.on === 'session') return this.#dropped('misplaced_response', null, 'the upstream answered on the stream for notifications', message.id);
    this.inFlight.delete(call.idKey);
    this.#withdrawn.delete(call.idKey);
    const answer = answerFor(this, call, message);
    if (!call.cancelled) settle(this, call.entry, { outcome: answer.outcome, upstreamStatus: answer.upstreamStatus, latencyMs: performance.now() - call.startedAt });
    return { do: 'deliver', bytes: answer.bytes, edited: answer.bytes !== message.bytes, requestKey: call.idKey, final: true };
  }

  /** The stream that a message without an own place belongs to: the only open request, else the session's stream (S6). */
  #related(arrival: Arrival): string | null {
    if (arrival.on === 'request') return arrival.requestKey;
    let only: string | null = null;
    for (const call of this.inFlight.values()) {
      if (call.state !== 'forwarded') continue;
      if (only !== null) return null;
      only = call.idKey;
    }
    return only;
  }

  #upstreamRequest(message: Request, arrival: Arrival): UpstreamVerdict {
    if (this.era === 'modern') return this.#dropped('server_request', message.method, 'servers send no requests in this protocol revision', message.id);
    if (this.serverRequests.has(message.idKey)) return this.#dropped('duplicate_id', message.method, 'the upstream reused the id of an open request', message.id);
    const reply = judgeServerRequest(this, message);
    if (reply !== null) return { do: 'reply', bytes: reply };
    const requestKey = this.#related(arrival);
    this.serverRequests.set(message.idKey, { method: message.method, requestKey });
    if (this.serverRequests.size > MAX_SERVER_REQUESTS) dropOldest(this.serverRequests);
    return { do: 'deliver', bytes: message.bytes, edited: false, requestKey, final: false };
  }

  #upstreamNotification(message: Notification, arrival: Arrival): UpstreamVerdict {
    const { method, params } = message;
    const deliver = (requestKey: string | null): UpstreamVerdict => ({ do: 'deliver', bytes: message.bytes, edited: false, requestKey, final: false });
    const subscription = subscriptionKey(params);
    const own = arrival.on === 'request' ? arrival.requestKey : subscription !== null && this.inFlight.has(subscription) ? subscription : null;
    switch (method) {
      case 'notifications/progress': {
        const token = tokenKey(params?.get('progressToken') ?? null);
        const call = token === null ? undefined : this.#byProgressToken(token, arrival);
        if (call !== undefined) return deliver(call.idKey);
        if (token !== null && this.principal.tasks.hasProgressToken(token)) return deliver(arrival.on === 'request' ? arrival.requestKey : null);
        return this.#dropped('unknown_progress_token', method, 'progress for a token that is not in use');
      }
      case 'notifications/cancelled': {
        const key = tokenKey(params?.get('requestId') ?? null);
        const subscribed = key === null ? undefined : this.inFlight.get(key);
        if (subscribed?.type?.type === 'listen') {
          // How a server on stdio ends a subscription: nothing more comes for it.
          this.inFlight.delete(subscribed.idKey);
          return { do: 'deliver', bytes: message.bytes, edited: false, requestKey: subscribed.idKey, final: true };
        }
        const waiting = key === null ? undefined : this.serverRequests.get(key);
        if (key === null || waiting === undefined) return { do: 'drop', code: 'cancel_ignored' };
        this.serverRequests.delete(key);
        return deliver(waiting.requestKey);
      }
      case 'notifications/tools/list_changed':
        this.directory.forget();
        return deliver(own);
      case 'notifications/resources/updated': {
        const uri = params?.get('uri')?.text() ?? null;
        if (uri === null || this.principal.policies.visibility({ kind: 'resource', name: uri }) === 'hide') return { do: 'drop', code: 'hidden' };
        return deliver(own);
      }
      case 'notifications/tasks':
      case 'notifications/tasks/status': {
        const task = params?.get('taskId')?.text() ?? params?.get('task')?.get('taskId')?.text() ?? null;
        if (task === null || !this.principal.tasks.has(task)) return this.#dropped('foreign_task', method, 'a task that this principal did not start');
        return deliver(own);
      }
      case 'notifications/prompts/list_changed':
      case 'notifications/resources/list_changed':
        return deliver(own);
      default: {
        const task = metaOf(params)?.get(`${META_PREFIX}related-task`)?.get('taskId')?.text() ?? null;
        if (task !== null && !this.principal.tasks.has(task)) return this.#dropped('foreign_task', method, 'a task that this principal did not start');
        return deliver(own ?? (this.#stateful ? this.#related(arrival) : null));
      }
    }
  }

  /** Two requests may have been given one token; the stream that the progress came on then tells them apart. */
  #byProgressToken(token: string, arrival: Arrival): InFlight | undefined {
    if (arrival.on === 'request') {
      const own = this.inFlight.get(arrival.requestKey);
      if (own?.progressToken === token) return own;
    }
    for (const calls of [this.inFlight, this.#withdrawn]) {
      for (const call of calls.values()) if (call.progressToken === token) return call;
    }
    return undefined;
  }

  /**
   * The upstream will never answer this request. @returns the answer for the client, or null when there is nobody to answer.
   */
  failed(requestKey: string, failure: UpstreamFailure): Buffer | null {
    if (this.#own.fail(requestKey, failure)) return null;
    this.#withdrawn.delete(requestKey);
    const call = this.inFlight.get(requestKey);
    if (call === undefined) return null;
    this.inFlight.delete(requestKey);
    const latencyMs = performance.now() - call.startedAt;
    const outcome = call.cancelled ? 'cancelled' : 'upstream_failed';
    const status = failure.status === null ? failure.kind : `${failure.kind} ${failure.status}`;
    if (call.entry !== null) settle(this, call.entry, { outcome, upstreamStatus: status, latencyMs });
    else appendLoudly(this.gateway, journalRow(this, { method: call.method, name: call.name, requestId: call.id, outcome, code: failure.kind, reason: failure.text, upstreamStatus: status, latencyMs }));
    if (call.cancelled) return null;
    return errorAnswer(call.id, INTERNAL_ERROR, `Upstream failed: ${failure.text}`);
  }

  /** True while an answer may still come for this request, be it a late one to a cancelled request. */
  expects(requestKey: string): boolean {
    return this.inFlight.has(requestKey) || this.#withdrawn.has(requestKey);
  }

  /** The client of this request went away for good (modern HTTP, M1). */
  abandoned(requestKey: string): void {
    const call = this.inFlight.get(requestKey);
    if (call === undefined) return;
    call.cancelled = true;
    if (call.state === 'judging') return;
    this.inFlight.delete(requestKey);
    this.#settleCancelled(call);
  }

  /** The whole conversation is over: nothing stays open in the journal. */
  end(): void {
    for (const call of this.inFlight.values()) {
      call.cancelled = true;
      if (call.state === 'forwarded') this.#settleCancelled(call);
    }
    this.inFlight.clear();
    this.#withdrawn.clear();
    this.serverRequests.clear();
    this.#own.end();
  }

  /** Reads the upstream's tool list, if it is not fresh, until `name` has been seen. Resolves to `ok` or to why it failed. */
  learnTools(like: Request, name: string): 'ok' | Promise<string> {
    if (this.directory.isFresh(performance.now())) return 'ok';
    return this.#own.listTools(like, this.directory, name);
  }
}

function dropOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    map.delete(key);
    return;
  }
}

/** The lists that may show something else after a policy edit, so that clients have to be told (N4). */
export function changedLists(next: PolicySet, previous: PolicySet): readonly ('tools' | 'prompts' | 'resources')[] {
  const lists: ('tools' | 'prompts' | 'resources')[] = ['tools'];
  if (next.mayHide('prompt') || previous.mayHide('prompt')) lists.push('prompts');
  if (next.mayHide('resource') || previous.mayHide('resource')) lists.push('resources');
  return lists;
}

export { idKeyOf };
