import type { JsonNode } from '../../wire/json-node.ts';
import { digestOf } from '../../mcp/bridge/digest.ts';
import { legacyClientCapabilities } from '../../mcp/bridge/capabilities.ts';
import type { InitializedServer } from '../../mcp/bridge/opening.ts';
import { failure } from '../../upstream/failure.ts';
import type { LinkObserver, UpstreamFailure } from '../../upstream/types.ts';
import { CoolDown } from './cool-down.ts';
import { HeldCalls } from './held-calls.ts';
import { LegacySession } from './legacy-session.ts';
import { Opener } from './opener.ts';
import type { OpenUpstream } from './relay.ts';

export interface LegacyPoolOptions {
  /** Sessions that are open at a time. */
  readonly maxSessions?: number;
  /** A session that carried nothing for so long is closed; infinity keeps sessions open. */
  readonly idleMs?: number;
  /** How long a client may think about a question of the server. */
  readonly holdMs?: number;
  /** Told of dropped bytes of any session. */
  readonly garbage: (code: string, sample: string) => void;
  readonly drain: () => void;
  /** A session ended that we did not end. */
  readonly onLost?: (reason: UpstreamFailure | null) => void;
}

type Opening = Promise<LegacySession | UpstreamFailure>;

interface Entry {
  readonly principal: string;
  session: LegacySession | Opening;
}

const MAX_SESSIONS = 256;
const IDLE_MS = 5 * 60_000;

/**
 * Legacy sessions for modern requests. Capabilities are part of a session and of every modern request, so one session serves one
 * principal with one set of capabilities (protocol.md section 4); no session ever serves two principals (S8).
 */
export class LegacyPool {
  readonly held: HeldCalls;
  readonly #open: OpenUpstream;
  readonly #options: LegacyPoolOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #cooling = new CoolDown();
  readonly #sweep: NodeJS.Timeout | null;
  readonly #idleMs: number;
  #closed = false;

  constructor(open: OpenUpstream, options: LegacyPoolOptions) {
    this.#open = open;
    this.#options = options;
    this.held = new HeldCalls(options.holdMs);
    this.#idleMs = options.idleMs ?? IDLE_MS;
    this.#sweep = Number.isFinite(this.#idleMs) ? setInterval(() => this.#closeIdle(), Math.max(10, this.#idleMs / 4)) : null;
    this.#sweep?.unref();
  }

  get size(): number {
    return this.#entries.size;
  }

  get inFlight(): number {
    let open = 0;
    for (const { session } of this.#entries.values()) if (session instanceof LegacySession) open += session.inFlight;
    return open;
  }

  /** All sessions that are ready. */
  *sessions(): IterableIterator<LegacySession> {
    for (const { session } of this.#entries.values()) if (session instanceof LegacySession) yield session;
  }

  /**
   * The session for a request; opened when there is none.
   * @param capabilities what the request declares
   * @param clientInfo JSON text, or null
   */
  session(principal: string, capabilities: JsonNode, clientInfo: string | null): LegacySession | Opening {
    const key = keyOf(principal, capabilities);
    const entry = this.#entries.get(key);
    if (entry !== undefined && !(entry.session instanceof LegacySession && entry.session.ended)) return entry.session;
    if (this.#closed) return Promise.resolve(failure('closed', 'the gateway is shutting down', false));
    const cooling = this.#cooling.get(key);
    if (cooling !== null) return Promise.resolve(cooling);
    if (!this.#hasRoom()) return Promise.resolve(failure('unreachable', 'too many sessions are open on this server', false));
    const opener = new Opener(this.#open, this.#outer());
    const opening = this.#initialize(key, opener, capabilities, clientInfo);
    this.#entries.set(key, { principal, session: opening });
    return opening;
  }

  /** Takes over a connection on which `initialize` has been answered. Closes it when there is no use or no room for it. */
  adopt(principal: string, capabilities: JsonNode, opener: Opener, server: InitializedServer): void {
    const key = keyOf(principal, capabilities);
    if (this.#closed || this.#entries.has(key) || !this.#hasRoom()) return void opener.link.close();
    const session = this.#ready(key, opener, capabilities, server);
    this.#entries.set(key, { principal, session });
    opener.handOver(session);
  }

  #hasRoom(): boolean {
    return this.#entries.size < (this.#options.maxSessions ?? MAX_SESSIONS) || this.#evict();
  }

  /** Ends everything that belongs to one principal. */
  endPrincipal(principal: string): void {
    for (const [key, entry] of this.#entries) {
      if (entry.principal !== principal) continue;
      this.#entries.delete(key);
      void closeEntry(entry);
    }
  }

  pause(): void {
    for (const session of this.sessions()) session.link.pause();
  }

  resume(): void {
    for (const session of this.sessions()) session.link.resume();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sweep !== null) clearInterval(this.#sweep);
    this.#cooling.clear();
    this.held.clear();
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    await Promise.all(entries.map(closeEntry));
  }

  async #initialize(key: string, opener: Opener, capabilities: JsonNode, clientInfo: string | null): Opening {
    const server = await opener.initialize(legacyClientCapabilities(capabilities), clientInfo);
    if ('kind' in server || this.#closed) {
      void opener.link.close();
      const reason = 'kind' in server ? server : failure('closed', 'the gateway is shutting down', false);
      this.#entries.delete(key);
      if (!this.#closed) this.#cooling.set(key, reason);
      return reason;
    }
    const session = this.#ready(key, opener, capabilities, server);
    const entry = this.#entries.get(key);
    if (entry !== undefined) entry.session = session;
    opener.handOver(session);
    return session;
  }

  #ready(key: string, opener: Opener, capabilities: JsonNode, server: InitializedServer): LegacySession {
    const session = new LegacySession({
      link: opener.link, server, capabilities, held: this.held, garbage: this.#options.garbage, drain: this.#options.drain,
      onEnd: (reason) => {
        if (this.#entries.get(key)?.session !== session) return;
        this.#entries.delete(key);
        if (this.#closed) return;
        if (reason !== null && reason.kind !== 'session_expired') this.#cooling.set(key, reason);
        this.#options.onLost?.(reason);
      },
    });
    return session;
  }

  #outer(): LinkObserver {
    return {
      message: () => undefined,
      failed: () => undefined,
      closed: () => undefined,
      garbage: this.#options.garbage,
      drain: this.#options.drain,
    };
  }

  #closeIdle(): void {
    const before = performance.now() - this.#idleMs;
    for (const [key, { session }] of this.#entries) if (session instanceof LegacySession && session.idle && session.lastUsed < before) this.#closeSession(key, session);
  }

  /** Makes room by closing the session that has been idle longest. */
  #evict(): boolean {
    let oldest: [string, LegacySession] | null = null;
    for (const [key, { session }] of this.#entries) {
      if (session instanceof LegacySession && session.idle && (oldest === null || session.lastUsed < oldest[1].lastUsed)) oldest = [key, session];
    }
    if (oldest !== null) this.#closeSession(...oldest);
    return oldest !== null;
  }

  #closeSession(key: string, session: LegacySession): void {
    this.#entries.delete(key);
    void session.close();
  }
}

async function closeEntry(entry: Entry): Promise<void> {
  const session = await entry.session;
  if (session instanceof LegacySession) await session.close();
}

function keyOf(principal: string, capabilities: JsonNode): string {
  return JSON.stringify([principal, digestOf(capabilities)]);
}
