import { clientCapabilities, metaOf } from '../../mcp/meta.ts';
import type { Message } from '../../mcp/message.ts';
import { legacyClientCapabilities } from '../../mcp/bridge/capabilities.ts';
import { CLIENT_INFO_KEY } from '../../mcp/bridge/meta-keys.ts';
import { implementationText } from '../../mcp/bridge/opening.ts';
import type { Era } from '../../mcp/versions.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure, UpstreamLink } from '../../upstream/types.ts';
import { isResponse } from './asker.ts';
import { BridgedLink, type BridgeOptions } from './bridged-link.ts';
import { LegacyPool } from './legacy-pool.ts';
import { ModernOverLegacy } from './modern-over-legacy.ts';
import { isModern, isRefusal, Opener, PROBE_MS } from './opener.ts';
import type { OpenUpstream } from './relay.ts';
import { StatelessLink, type Routed } from './stateless-link.ts';

export interface BridgePoolOptions extends BridgeOptions {
  /** Legacy sessions that are open at a time for modern requests; default 256. */
  readonly maxSessions?: number;
  /** Carries a modern request to an upstream that is modern itself. Without it every request opens a connection of its own. */
  readonly passThrough?: (observer: LinkObserver, principal: string, message: Message) => UpstreamLink;
}

export interface BridgePoolStats {
  /** Links of legacy client sessions. */
  readonly links: number;
  /** Legacy sessions that serve modern requests. */
  readonly upstreamSessions: number;
  /** Upstream calls that are open in those sessions. */
  readonly inFlight: number;
  /** Calls held open for the answer of a client. */
  readonly held: number;
}

/** The era of an upstream for one principal is asked for again after this long: servers are updated (V4). */
const ERA_MS = 5 * 60_000;
const MAX_ERAS = 10_000;

interface KnownEra {
  readonly era: Promise<Era | UpstreamFailure>;
  settled: Era | null;
  readonly at: number;
}

/** Links that translate between eras, for a front that serves many clients of one upstream. */
export class BridgePool {
  readonly #open: OpenUpstream;
  readonly #transport: 'stdio' | 'http';
  readonly #options: BridgePoolOptions;
  readonly #legacy: LegacyPool;
  readonly #links = new Map<UpstreamLink, string>();
  readonly #eras = new Map<string, KnownEra>();
  #closed = false;

  /** @param open how a connection to the upstream is opened: `upstreamOpener` */
  constructor(open: OpenUpstream, transport: 'stdio' | 'http', options: BridgePoolOptions) {
    this.#open = open;
    this.#transport = transport;
    this.#options = options;
    const { idleMs, holdMs, maxSessions } = options;
    this.#legacy = new LegacyPool(open, {
      garbage: (code, sample) => options.log(`dropped from the upstream (${code}): ${sample}`),
      drain: () => undefined,
      onLost: (reason) => {
        // Whatever ended may be something else when it starts again.
        this.#eras.clear();
        if (reason !== null) options.log(reason.text);
      },
      ...(idleMs === undefined ? {} : { idleMs }),
      ...(holdMs === undefined ? {} : { holdMs }),
      ...(maxSessions === undefined ? {} : { maxSessions }),
    });
  }

  /** A link for one legacy session of a client, from its `initialize` to its end. */
  session(observer: LinkObserver, principal: string): UpstreamLink {
    const link: UpstreamLink = new BridgedLink(this.#open, this.#transport, forgetful(observer, () => this.#links.delete(link)), this.#options);
    this.#links.set(link, principal);
    return link;
  }

  /**
   * A link for one modern request. Many run at once, and the ids of their requests may be equal. Nothing is sent before `send`.
   * @param message the request as the client sent it; what is really sent is given to `send`
   */
  stateless(observer: LinkObserver, principal: string, _message: Message): UpstreamLink {
    return new StatelessLink(this.#transport, observer, (sent) => {
      const known = this.#era(principal, sent);
      const route = (era: Era | UpstreamFailure): Routed => (typeof era === 'string' ? this.#link(era, observer, principal, sent) : era);
      return known.settled === null ? known.era.then(route) : route(known.settled);
    });
  }

  stats(): BridgePoolStats {
    return { links: this.#links.size, upstreamSessions: this.#legacy.size, inFlight: this.#legacy.inFlight, held: this.#legacy.held.size };
  }

  /** Ends everything that belongs to one principal. */
  endPrincipal(principal: string): void {
    this.#eras.delete(principal);
    this.#legacy.endPrincipal(principal);
    for (const [link, owner] of this.#links) if (owner === principal) void link.close();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#eras.clear();
    await Promise.all([...this.#links.keys()].map((link) => link.close()));
    await this.#legacy.close();
  }

  #link(era: Era, observer: LinkObserver, principal: string, message: Message): Routed {
    if (this.#closed) return failure('closed', 'the gateway is shutting down', false);
    if (era === 'legacy') return new ModernOverLegacy(this.#transport, observer, this.#legacy, principal);
    return this.#options.passThrough?.(observer, principal, message) ?? this.#open(observer);
  }

  #era(principal: string, message: Message): KnownEra {
    const known = this.#eras.get(principal);
    if (known !== undefined && performance.now() - known.at < ERA_MS) return known;
    if (this.#eras.size >= MAX_ERAS) this.#eras.clear();
    const entry: KnownEra = { era: this.#probe(principal, message).catch((error: unknown) => this.#broken(error)), settled: null, at: performance.now() };
    this.#eras.set(principal, entry);
    void entry.era.then((era) => {
      if (typeof era === 'string') entry.settled = era;
      // A failure says nothing of the next attempt.
      else if (this.#eras.get(principal) === entry) this.#eras.delete(principal);
    });
    return entry;
  }

  /** A fault of our own must not end the process. */
  #broken(error: unknown): UpstreamFailure {
    this.#options.log(`internal error while asking an upstream for its era: ${error instanceof Error ? error.message : 'unknown'}`);
    return failure('bad_response', 'internal error', false);
  }

  /** Asks a fresh connection for its era. A legacy session that this opens is kept for the requests that wait for it. */
  async #probe(principal: string, message: Message): Promise<Era | UpstreamFailure> {
    const params = message.kind === 'response' ? null : message.params;
    const declared = clientCapabilities(params);
    const clientInfo = implementationText(metaOf(params)?.get(CLIENT_INFO_KEY) ?? null);
    const silent: LinkObserver = { message: () => undefined, garbage: () => undefined, failed: () => undefined, closed: () => undefined, drain: () => undefined };
    let opener = new Opener(this.#open, silent);
    const done = <T>(value: T): T => {
      void opener.link.close();
      return value;
    };
    const probeMs = this.#options.probeMs ?? PROBE_MS;
    const reply = await opener.discover({ capabilities: declared?.lexeme() ?? '{}', clientInfo, logLevel: null }, probeMs);
    if (isModern(reply)) return done('modern');
    if (!isResponse(reply) && !isRefusal(reply) && reply.kind !== 'timeout' && reply.kind !== 'exited') return done(reply);
    if (opener.dead) opener = new Opener(this.#open, silent);
    opener.discard();
    const object = declared?.kind === 'object' ? declared : null;
    const server = await opener.initialize(object === null ? '{}' : legacyClientCapabilities(object), clientInfo);
    if ('kind' in server) {
      const late = opener.dead ? reply : await opener.lateProbe(probeMs);
      return done(isModern(late) ? 'modern' : server);
    }
    if (object === null || this.#closed) return done('legacy');
    this.#legacy.adopt(principal, object, opener, server);
    return 'legacy';
  }
}

/** The observer, with a word when its link is gone. */
function forgetful(observer: LinkObserver, gone: () => void): LinkObserver {
  return {
    message: (message, requestKey) => observer.message(message, requestKey),
    garbage: (code, sample) => observer.garbage(code, sample),
    failed: (requestKey, reason) => observer.failed(requestKey, reason),
    drain: () => observer.drain(),
    closed: (reason) => {
      gone();
      observer.closed(reason);
    },
  };
}
