import { type GuardedRequestOptions, guardedRequest } from './guarded-request.ts';
import type { UpstreamFailure } from './types.ts';

/** What oauth4webapi passes to a `customFetch`. */
export interface FetchOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
  readonly signal?: AbortSignal;
}

/** Shaped like `fetch`, for `[oauth.customFetch]`. */
export type GuardedFetch = (url: string, options?: FetchOptions) => Promise<Response>;

/** Why a guarded fetch has no answer. The text names no address. */
export class GuardedFetchError extends Error {
  readonly failure: UpstreamFailure;

  constructor(problem: UpstreamFailure) {
    super(problem.text);
    this.failure = problem;
  }
}

/**
 * A `fetch` that goes through the guard and its bounds. Redirects are handed back as they are, never followed.
 * @throws GuardedFetchError when nothing was sent, or no whole answer came
 */
export function guardedFetch(options: Pick<GuardedRequestOptions, 'guard' | 'tls' | 'maxBytes' | 'timeoutMs'>): GuardedFetch {
  return async (url, { method = 'GET', headers = {}, body, signal } = {}) => {
    const payload = bodyBytes(body);
    const answer = await guardedRequest(new URL(url), {
      ...options,
      method: knownMethod(method),
      headers: { ...lowerCase(headers), ...(payload === null || !(body instanceof URLSearchParams) || hasType(headers) ? {} : { 'content-type': 'application/x-www-form-urlencoded' }) },
      body: payload,
      ...(signal === undefined ? {} : { signal }),
    });
    if ('kind' in answer) throw new GuardedFetchError(answer);
    const received = new Headers();
    for (let index = 0; index + 1 < answer.headers.length; index += 2) received.append(answer.headers[index] ?? '', answer.headers[index + 1] ?? '');
    const bare = [101, 204, 205, 304].includes(answer.status);
    // A `Response` may not have a status such as 999, which HTTP can carry.
    const status = answer.status >= 200 && answer.status <= 599 ? answer.status : 502;
    const response = new Response(bare ? null : new Uint8Array(answer.body), { status, headers: received });
    Object.defineProperty(response, 'url', { value: answer.url.href });
    return response;
  };
}

function knownMethod(method: string): 'GET' | 'POST' | 'PUT' | 'DELETE' {
  if (method === 'GET' || method === 'POST' || method === 'PUT' || method === 'DELETE') return method;
  throw new TypeError('the guarded fetch knows GET, POST, PUT and DELETE');
}

function bodyBytes(body: unknown): Buffer | null {
  if (body === undefined || body === null) return null;
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  if (body instanceof URLSearchParams) return Buffer.from(body.toString(), 'utf8');
  if (body instanceof Uint8Array) return Buffer.from(body);
  if (body instanceof ArrayBuffer) return Buffer.from(body);
  throw new TypeError('the guarded fetch sends text, forms and bytes');
}

function lowerCase(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function hasType(headers: Record<string, string>): boolean {
  return Object.keys(headers).some((name) => name.toLowerCase() === 'content-type');
}
