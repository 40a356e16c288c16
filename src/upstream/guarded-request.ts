import type { AddressGuard } from './address-guard.ts';
import { headerValue } from './content-type.ts';
import { failure } from './failure.ts';
import { type HttpExchange, HttpPool, type HttpPoolOptions } from './http-pool.ts';
import type { UpstreamFailure } from './types.ts';

export interface GuardedRequestOptions {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | null;
  /** Bytes of the answer; a longer one is a failure. Default 256 KiB. */
  readonly maxBytes?: number;
  /** Milliseconds for everything, redirects and body included. Default 10 s. */
  readonly timeoutMs?: number;
  /** Null: the operator's own target, which may be anywhere. */
  readonly guard: AddressGuard | null;
  /** Redirects of a GET to follow, each judged like the first address. Default none: the answer is then the redirect itself. */
  readonly maxRedirects?: number;
  /** Options of `tls.connect`, e.g. `ca`. */
  readonly tls?: HttpPoolOptions['tls'];
  /** Allows http to hosts other than loopback. Only where what is sent and what comes back are no credentials and nothing is trusted. */
  readonly allowHttp?: boolean;
  readonly signal?: AbortSignal;
}

export interface GuardedAnswer {
  readonly status: number;
  /** End-to-end headers, raw pairs. */
  readonly headers: readonly string[];
  readonly body: Buffer;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
}

const DEFAULT_MAX_BYTES = 256 * 1024;
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_URL = 4_096;

/**
 * One bounded HTTP request to an address that somebody else may have chosen. https only, but for loopback that the guard allows; nothing is sent
 * to an address that the guard refuses. Never throws.
 */
export async function guardedRequest(url: URL, options: GuardedRequestOptions): Promise<GuardedAnswer | UpstreamFailure> {
  const deadline = performance.now() + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  let target = url;
  let headers = options.headers ?? {};
  for (let redirects = 0; ; redirects += 1) {
    const problem = targetProblem(target, options);
    if (problem !== null) return failure('unreachable', `the gateway may not call this address: ${problem}`, false);
    const answer = await once(target, headers, options, deadline);
    if ('kind' in answer || redirects >= (options.maxRedirects ?? 0) || (options.method ?? 'GET') !== 'GET') return answer;
    const next = redirectOf(answer);
    if (next === null) return answer;
    // What was meant for one origin is no business of another.
    if (next.origin !== target.origin) headers = Object.fromEntries(Object.entries(headers).filter(([name]) => name === 'accept'));
    target = next;
  }
}

/** @returns why nothing is sent to this address, for people; null when it may be called as far as the name tells */
export function targetProblem(url: URL, options: Pick<GuardedRequestOptions, 'guard' | 'allowHttp'>): string | null {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') return 'it is neither https nor http';
  if (url.username !== '' || url.password !== '') return 'it holds a user name or password';
  if (url.href.length > MAX_URL) return `it is longer than ${MAX_URL} characters`;
  if (url.protocol === 'http:' && options.allowHttp !== true && !isLoopbackHost(url.hostname)) return 'it is http; https is needed';
  return options.guard?.refusesHost(url.hostname) ?? null;
}

/** True for hosts that cannot be anything but this machine. */
export function isLoopbackHost(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function redirectOf(answer: GuardedAnswer): URL | null {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return null;
  const location = headerValue(answer.headers, 'location');
  return location === null || !URL.canParse(location, answer.url.href) ? null : new URL(location, answer.url);
}

function once(url: URL, headers: Readonly<Record<string, string>>, options: GuardedRequestOptions, deadline: number): Promise<GuardedAnswer | UpstreamFailure> {
  const { guard, signal } = options;
  const maxBytes = options.maxBytes ?? DEFAULT_MAX_BYTES;
  const timeoutMs = Math.max(1, Math.ceil(deadline - performance.now()));
  const pool = new HttpPool(url, { maxConnections: 1, connectTimeoutMs: timeoutMs, ...(guard === null ? {} : { guard }), ...(options.tls === undefined ? {} : { tls: options.tls }) });
  return new Promise((resolve) => {
    let exchange: HttpExchange | null = null;
    const finish = (outcome: GuardedAnswer | UpstreamFailure): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stopped);
      exchange?.abort();
      pool.close();
      resolve(outcome);
    };
    const stopped = (): void => finish(failure('closed', 'the request was given up', true));
    const timer = setTimeout(() => finish(failure('timeout', `it did not answer within ${options.timeoutMs ?? DEFAULT_TIMEOUT_MS} ms`, true)), timeoutMs);
    if (signal?.aborted === true) return stopped();
    signal?.addEventListener('abort', stopped, { once: true });
    const chunks: Buffer[] = [];
    let bytes = 0;
    let head: { readonly status: number; readonly headers: readonly string[] } = { status: 0, headers: [] };
    exchange = pool.dispatch({ method: options.method ?? 'GET', path: url.pathname + url.search, headers: Object.entries(headers).flat(), body: options.body ?? null, idempotent: false }, {
      head: (status, received) => { head = { status, headers: received }; },
      data: (chunk) => {
        bytes += chunk.length;
        if (bytes > maxBytes) finish(failure('bad_response', `its answer is longer than ${maxBytes} bytes`, true, head.status));
        else chunks.push(chunk);
        return true;
      },
      end: () => finish({ ...head, body: Buffer.concat(chunks), url }),
      error: finish,
    });
  });
}
