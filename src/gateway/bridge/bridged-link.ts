import { clientCapabilities, declaredVersion, metaOf } from '../../mcp/meta.ts';
import type { Message, Request } from '../../mcp/message.ts';
import { eraOf } from '../../mcp/versions.ts';
import { legacyClientCapabilities } from '../../mcp/bridge/capabilities.ts';
import { CLIENT_INFO_KEY } from '../../mcp/bridge/meta-keys.ts';
import { implementationText, isDiscovered } from '../../mcp/bridge/opening.ts';
import type { ParamHeaders } from '../../mcp/param-headers.ts';
import { cancelledKey, isCancelled } from '../../upstream/cancelled.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import type { WireLimits } from '../../wire/limits.ts';
import type { Upstream } from '../config-types.ts';
import { isResponse, type Reply } from './asker.ts';
import { legacyClient } from './legacy-client.ts';
import { LegacyOverModern } from './legacy-over-modern.ts';
import { LegacyPool } from './legacy-pool.ts';
import { ModernOverLegacy } from './modern-over-legacy.ts';
import { isModern, isRefusal, Opener, PROBE_MS } from './opener.ts';
import { upstreamOpener } from './open-upstream.ts';
import type { OpenUpstream } from './relay.ts';

export interface BridgeOptions {
  /** What the upstream may send. */
  readonly limits: WireLimits;
  /** The annotations of a tool that a list has shown, for the headers of an HTTP upstream. */
  readonly headersOf: (tool: string) => ParamHeaders | null;
  readonly stderr: (chunk: Buffer) => void;
  readonly log: (line: string) => void;
  /** How long a server may be silent about its era; default 5 s. */
  readonly probeMs?: number;
  /** How long a client may think about a question of a legacy server; default 5 min. */
  readonly holdMs?: number;
  /** After how long an unused legacy session is closed; default 5 min. */
  readonly idleMs?: number;
}

/** Opens a link that translates between the eras of its client and of the upstream (protocol.md section 4). */
export async function bridgedLink(upstream: Upstream, observer: LinkObserver, options: BridgeOptions): Promise<UpstreamLink> {
  return new BridgedLink(await upstreamOpener(upstream, options), upstream.kind === 'command' ? 'stdio' : 'http', observer, options);
}

/** More messages than this before the era of the upstream is known are refused. */
const MAX_QUEUED = 1_000;
/** From here on the client is asked to wait. */
const ENOUGH_QUEUED = 64;

/**
 * One client connection. Its first request tells the client's era; the upstream's is asked for. Then messages pass untouched where the
 * eras are the same, and through a translator where they differ.
 */
export class BridgedLink implements UpstreamLink {
  readonly transport: 'stdio' | 'http';
  readonly #open: OpenUpstream;
  readonly #observer: LinkObserver;
  readonly #options: BridgeOptions;
  #opener: Opener;
  /** What arrived before there was a link to send it on; null from then on. */
  #queue: Message[] | null = [];
  #opening = false;
  #inner: UpstreamLink | null = null;
  #pool: LegacyPool | null = null;
  #paused = false;
  #closed = false;

  constructor(open: OpenUpstream, transport: 'stdio' | 'http', observer: LinkObserver, options: BridgeOptions) {
    this.transport = transport;
    this.#open = open;
    this.#observer = observer;
    this.#options = options;
    this.#opener = new Opener(open, observer);
  }

  send(message: Message): boolean {
    if (this.#inner !== null) return this.#inner.send(message);
    if (this.#queue === null || this.#queue.length >= MAX_QUEUED) {
      if (message.kind === 'request') queueMicrotask(() => this.#observer.failed(message.idKey, failure('closed', this.#closed ? 'the connection is being closed' : 'too many requests wait for the server to start', false)));
      return true;
    }
    if (isCancelled(message) && this.#unqueue(cancelledKey(message))) return true;
    this.#queue.push(message);
    if (!this.#opening && message.kind === 'request') this.#begin(message);
    return this.#queue === null || this.#queue.length < ENOUGH_QUEUED;
  }

  /** Takes a request back that has not been sent yet. */
  #unqueue(key: string | null): boolean {
    const index = this.#queue?.findIndex((message) => message.kind === 'request' && message.idKey === key) ?? -1;
    // The first one is on its way already: it may be the question for the era itself.
    if (key === null || index <= 0) return false;
    this.#queue?.splice(index, 1);
    queueMicrotask(() => {
      // The client may have used the id again in the same breath.
      if (this.#queue?.some((message) => message.kind === 'request' && message.idKey === key) !== true) this.#observer.failed(key, failure('closed', 'the client cancelled the request', false));
    });
    return true;
  }

  abort(idKey: string): void {
    if (this.#inner !== null) this.#inner.abort(idKey);
    else this.#unqueue(idKey);
  }

  pause(): void {
    this.#paused = true;
    this.#inner?.pause();
    this.#pool?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#inner?.resume();
    this.#pool?.resume();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#failQueue(failure('closed', 'the connection is being closed', false));
    const translated = this.#pool !== null || this.#inner === null;
    await this.#inner?.close();
    await this.#pool?.close();
    if (this.#inner === null) await this.#opener.link.close();
    // A link of our own making that carries the client itself reports its end; the others have nobody who would.
    if (translated) this.#observer.closed(null);
  }

  #begin(first: Request): void {
    this.#opening = true;
    const modern = eraOf(declaredVersion(first.params) ?? '') === 'modern';
    const opening = modern ? this.#openModern(first) : this.#openLegacy(first);
    opening.catch((error: unknown) => {
      this.#options.log(`internal error while opening a bridged connection: ${error instanceof Error ? error.message : 'unknown'}`);
      this.#refuse(failure('bad_response', 'internal error', false));
    });
  }

  /** A legacy client: a server that takes its `initialize` is of its own era; any other is asked for the modern one. */
  async #openLegacy(first: Request): Promise<void> {
    const opener = this.#opener;
    const { capabilities, clientInfo } = legacyClient(first.method === 'initialize' ? first : null);
    const probe = (): Promise<Reply> => opener.discover({ capabilities, clientInfo, logLevel: null }, this.#probeMs);
    let forwarded = false;
    if (first.method === 'initialize') {
      forwarded = true;
      const reply = await opener.forward(first, null);
      if (!isResponse(reply) && !isRefusal(reply)) return this.#refuse(reply);
      if (isResponse(reply) && reply.error === null) return this.#passThrough(forwarded);
    }
    const reply = opener.dead ? null : await probe();
    if (reply === null || !isResponse(reply) || reply.result === null || !isDiscovered(reply)) return this.#passThrough(forwarded);
    if (this.#closed) return;
    opener.discard();
    const link = new LegacyOverModern(opener.link, this.#observer, reply.result);
    opener.handOver(link);
    this.#use(link, false);
  }

  /** A modern client: a server that answers `server/discover`, or errs as only modern servers do, is of its own era. */
  async #openModern(first: Request): Promise<void> {
    const envelope = {
      capabilities: clientCapabilities(first.params)?.lexeme() ?? '{}',
      clientInfo: implementationText(metaOf(first.params)?.get(CLIENT_INFO_KEY) ?? null),
      logLevel: null,
    };
    const forwarded = first.method === 'server/discover';
    const reply = forwarded ? await this.#opener.forward(first, this.#probeMs) : await this.#opener.discover(envelope, this.#probeMs);
    if (this.#closed) return;
    if (isModern(reply)) return this.#passThrough(forwarded);
    if (!isResponse(reply) && !isRefusal(reply) && reply.kind !== 'timeout' && reply.kind !== 'exited') return this.#refuse(reply);
    // A server may end over a request that it does not know; it gets a second life for the handshake.
    if (this.#opener.dead) this.#opener = new Opener(this.#open, this.#observer);
    this.#opener.discard();
    const declared = clientCapabilities(first.params);
    const server = await this.#opener.initialize(declared?.kind === 'object' ? legacyClientCapabilities(declared) : '{}', envelope.clientInfo);
    if (this.#closed) return;
    if ('kind' in server) {
      // A modern server that was slow to start has answered by now.
      const late = this.#opener.dead ? reply : await this.#opener.lateProbe(this.#probeMs);
      if (isModern(late)) return this.#passThrough(forwarded);
      return this.#refuse(server);
    }
    const pool = this.#newPool();
    this.#pool = pool;
    if (declared?.kind === 'object') pool.adopt('', declared, this.#opener, server);
    else void this.#opener.link.close();
    this.#use(new ModernOverLegacy(this.transport, this.#observer, pool, ''), false);
  }

  get #probeMs(): number {
    return this.#options.probeMs ?? PROBE_MS;
  }

  #newPool(): LegacyPool {
    const { idleMs, holdMs } = this.#options;
    return new LegacyPool(this.#open, {
      garbage: (code, sample) => this.#observer.garbage(code, sample),
      drain: () => this.#observer.drain(),
      // A child keeps what its server keeps in memory: without a bridge it would live as long as its client, and so it does here.
      ...(idleMs === undefined ? (this.transport === 'stdio' ? { idleMs: Number.POSITIVE_INFINITY } : {}) : { idleMs }),
      ...(holdMs === undefined ? {} : { holdMs }),
      // A child that ends takes the connection with it, as it would without a bridge; an HTTP session is opened again when needed.
      onLost: (reason) => {
        if (this.transport === 'stdio' && !this.#closed) this.#lost(reason);
      },
    });
  }

  #lost(reason: UpstreamFailure | null): void {
    this.#closed = true;
    void this.#inner?.close();
    void this.#pool?.close();
    this.#observer.closed(reason);
  }

  /** The same era on both sides: from here on nothing is touched. @param forwarded the first request has been sent already */
  #passThrough(forwarded: boolean): void {
    if (this.#closed) return;
    this.#opener.handOver(this.#observer);
    this.#use(this.#opener.link, forwarded);
  }

  #use(link: UpstreamLink, skipFirst: boolean): void {
    this.#inner = link;
    const queue = this.#queue ?? [];
    this.#queue = null;
    if (this.#paused) link.pause();
    let room = true;
    let skipped = !skipFirst;
    for (const message of queue) {
      if (!skipped && message.kind === 'request') skipped = true;
      else room = link.send(message) && room;
    }
    if (room) this.#observer.drain();
  }

  /** Neither era works. What waits is told so; the next request tries again where that can help. */
  #refuse(reason: UpstreamFailure): void {
    if (this.#closed) return;
    const queue = this.#queue ?? [];
    if (this.#opener.dead) {
      this.#closed = true;
      this.#queue = null;
    } else {
      this.#queue = [];
      this.#opening = false;
      this.#opener.discard();
      if (this.transport === 'http') {
        void this.#opener.link.close();
        this.#opener = new Opener(this.#open, this.#observer);
      }
    }
    this.#fail(queue, reason);
    this.#observer.drain();
    if (this.#closed) this.#observer.closed(reason);
  }

  #failQueue(reason: UpstreamFailure): void {
    const queue = this.#queue ?? [];
    this.#queue = null;
    this.#fail(queue, reason);
  }

  #fail(queue: readonly Message[], reason: UpstreamFailure): void {
    for (const message of queue) if (message.kind === 'request') this.#observer.failed(message.idKey, reason);
  }
}
