import type { IncomingMessage, ServerResponse } from 'node:http';
import type { State } from '../../state/types.ts';
import type { EndpointStats } from '../http/context.ts';
import type { Head } from '../http/head.ts';
import { sendJson, sendProblem } from '../http/reply.ts';
import { measured } from './families.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';
import { mayReadMetrics } from './metrics-access.ts';
import { ProcessMetrics } from './process-metrics.ts';
import { readiness, type Readiness } from './readiness.ts';

export interface OpsEndpointOptions {
  readonly state: State;
  readonly metrics: GatewayMetrics;
  readonly dataDir: string;
  readonly draining: () => boolean;
  /** True once every server of the configuration has its endpoint. */
  readonly loaded: () => boolean;
  /** By server. */
  readonly stats: () => Iterable<readonly [server: string, stats: EndpointStats]>;
  /** SHA-256 of the token that may read /metrics; null: none. */
  readonly tokenSha256: () => Buffer | null;
  /** Holders of tokens that a room above knows; null: none. */
  readonly known: ((bearer: string) => boolean | Promise<boolean>) | null;
  readonly log: (line: string) => void;
}

/** Somebody may ask often; the store is asked so often at most. */
const READY_MS = 500;
const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';
const NO_STORE = { 'cache-control': 'no-store' } as const;

/** True for the paths that are served here. @param path as it came, without query */
export function isOpsPath(path: string): boolean {
  return path === '/healthz' || path === '/readyz' || path === '/metrics';
}

/** What the machinery around a gateway asks: whether it lives (/healthz), whether it takes calls (/readyz), and how it does (/metrics). */
export class OpsEndpoint {
  readonly #options: OpsEndpointOptions;
  readonly #process = new ProcessMetrics();
  #ready: { readonly at: number; readonly answer: Promise<Readiness> } | null = null;

  constructor(options: OpsEndpointOptions) {
    this.#options = options;
  }

  /** Answers a request whose path `isOpsPath` knows; Host and Origin have been checked. */
  handle(head: Head, request: IncomingMessage, response: ServerResponse): void {
    if (head.method !== 'GET' && head.method !== 'HEAD') return sendProblem(response, 405, 'Method not allowed', { allow: 'GET, HEAD', connection: 'close' });
    if (head.path === '/healthz') return this.#health(response);
    const answer = head.path === '/readyz' ? this.#readyz(response) : this.#metrics(head, request, response);
    answer.catch((error: unknown) => {
      this.#options.log(`${head.path}: ${error instanceof Error ? error.message : 'unknown error'}`);
      sendProblem(response, 503, 'this cannot be answered now', { connection: 'close' });
    });
  }

  close(): void {
    this.#process.close();
  }

  #health(response: ServerResponse): void {
    const sum = { sessions: 0, children: 0, inFlight: 0, streams: 0 };
    for (const [, stats] of this.#options.stats()) {
      sum.sessions += stats.sessions;
      sum.children += stats.children;
      sum.inFlight += stats.inFlight;
      sum.streams += stats.streams;
    }
    const draining = this.#options.draining();
    sendJson(response, draining ? 503 : 200, Buffer.from(`${JSON.stringify({ status: draining ? 'draining' : 'ok', ...sum })}\n`), NO_STORE);
  }

  async #readyz(response: ServerResponse): Promise<void> {
    const now = performance.now();
    const { state, dataDir, metrics } = this.#options;
    const draining = this.#options.draining();
    // Draining is told at once; what has to be asked for is kept for a moment.
    if (this.#ready === null || now - this.#ready.at > READY_MS || draining) {
      this.#ready = { at: now, answer: readiness({ state, dataDir, loaded: this.#options.loaded(), draining, store: metrics.store }) };
    }
    const { ready, status, checks } = await this.#ready.answer;
    sendJson(response, ready ? 200 : 503, Buffer.from(`${JSON.stringify({ status, checks })}\n`), NO_STORE);
  }

  async #metrics(head: Head, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { tokenSha256, known } = this.#options;
    if (!(await mayReadMetrics(head, request.socket.remoteAddress, tokenSha256(), known))) {
      return sendProblem(response, 401, 'a bearer token that may read metrics is required', { 'www-authenticate': 'Bearer realm="policylayer metrics"', connection: 'close' });
    }
    const text = Buffer.from(await this.#text());
    response.writeHead(200, { 'content-type': CONTENT_TYPE, 'content-length': text.length, ...NO_STORE });
    response.end(text);
  }

  async #text(): Promise<string> {
    const { metrics, state, draining } = this.#options;
    const servers = [...this.#options.stats()];
    const gauge = (name: string, help: string, pick: (stats: EndpointStats) => number): string => measured(name, 'gauge', help, ['server'], servers.map(([server, stats]) => [[server], pick(stats)]));
    return [
      metrics.text(),
      gauge('policylayer_calls_in_flight', 'Calls that have not been answered, held ones included.', (stats) => stats.inFlight),
      gauge('policylayer_sessions', 'Open sessions of clients.', (stats) => stats.sessions),
      gauge('policylayer_children', 'Running processes of stdio upstreams.', (stats) => stats.children),
      gauge('policylayer_streams', 'Open event streams.', (stats) => stats.streams),
      measured('policylayer_draining', 'gauge', '1 while the gateway is ending.', [], [[[], draining() ? 1 : 0]]),
      await stored(state),
      this.#process.text(),
    ].join('');
  }
}

/** What only the store knows; left out while it does not answer, as the counter of its errors tells. */
async function stored(state: State): Promise<string> {
  try {
    const [newest] = await state.query({ order: 'desc', limit: 1 });
    const waiting = await state.approvalsWaiting();
    return measured('policylayer_journal_last_seq', 'gauge', 'Number of the newest journal row, of any process on this database.', [], [[[], newest?.seq ?? 0]])
      + measured('policylayer_approvals_waiting', 'gauge', 'Requests for approval that nobody has decided.', ['server'], [...waiting].map(([server, count]) => [[server], count]));
  } catch {
    return '';
  }
}
