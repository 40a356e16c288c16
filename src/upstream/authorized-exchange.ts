import { failure } from './failure.ts';
import type { HttpExchange, HttpHandlers, HttpRequest } from './http-exchange.ts';
import type { UpstreamAuthorizer, UpstreamFailure } from './types.ts';

/** Longest challenge that is looked at; a longer one is no challenge of an honest server. */
const MAX_CHALLENGE = 8 * 1024;

/**
 * One request with an access token of the gateway's own. A 401, and a 403 for missing scopes, mean that the server has processed nothing: the
 * same bytes are sent once more when the authorizer has a better token, and never a third time (protocol.md O6).
 */
export class AuthorizedExchange implements HttpExchange {
  readonly #authorizer: UpstreamAuthorizer;
  readonly #request: HttpRequest;
  readonly #handlers: HttpHandlers;
  readonly #send: (request: HttpRequest, handlers: HttpHandlers) => HttpExchange;
  #inner: HttpExchange | null = null;
  #paused = false;
  #aborted = false;

  /** @param send hands a request to the connections; like `HttpPool.dispatch` it calls no handler before it returns */
  constructor(authorizer: UpstreamAuthorizer, request: HttpRequest, handlers: HttpHandlers, send: (request: HttpRequest, handlers: HttpHandlers) => HttpExchange) {
    this.#authorizer = authorizer;
    this.#request = { ...request, headers: withoutAuthorization(request.headers) };
    this.#handlers = handlers;
    this.#send = send;
    const header = authorizer.header();
    if (typeof header === 'string') this.#attempt(header, true);
    else void this.#later(Promise.resolve(header), true, false);
  }

  abort(): void {
    this.#aborted = true;
    this.#inner?.abort();
  }

  pause(): void {
    this.#paused = true;
    this.#inner?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#inner?.resume();
  }

  /** @param reached whether the upstream has seen the request before */
  async #later(header: Promise<string | UpstreamFailure>, first: boolean, reached: boolean): Promise<void> {
    const given = await header.catch(() => failure('http_status', 'the gateway could not get an access token for this upstream', false));
    if (this.#aborted) return;
    if (typeof given === 'string') this.#attempt(given, first);
    else this.#handlers.error({ ...given, reached: given.reached || reached });
  }

  #attempt(header: string, first: boolean): void {
    const handlers = this.#handlers;
    const inner = this.#send({ ...this.#request, headers: [...this.#request.headers, 'Authorization', header] }, {
      sent: () => handlers.sent?.(),
      head: (status, headers, statusMessage) => {
        const refused = refusalOf(status, headers);
        if (refused === null) return handlers.head(status, headers, statusMessage);
        inner.abort();
        const answer = this.#authorizer.refused(header, refused.status, refused.challenge);
        // A 401 does not prove that nothing was done (#33): what the call has reserved is given back by no status.
        void this.#later(answer.then((next) => (typeof next === 'string' && !first ? stillRefused(refused.status) : next)), false, true);
      },
      data: (chunk) => handlers.data(chunk),
      end: () => handlers.end(),
      error: (problem) => handlers.error(first ? problem : { ...problem, reached: true }),
    });
    this.#inner = inner;
    if (this.#paused) inner.pause();
  }
}

/** A refusal that a better token could change. A 403 for another reason is the server's own answer. */
function refusalOf(status: number, headers: readonly string[]): { readonly status: 401 | 403; readonly challenge: string | null } | null {
  if (status !== 401 && status !== 403) return null;
  // A server may offer several schemes, in one header or in several.
  const value = headers.filter((_value, index) => index % 2 === 1 && headers[index - 1]?.toLowerCase() === 'www-authenticate').join(', ');
  const challenge = value === '' || value.length > MAX_CHALLENGE ? null : value;
  if (status === 401) return { status, challenge };
  return challenge !== null && /\berror\s*=\s*"?insufficient_scope\b/i.test(challenge) ? { status, challenge } : null;
}

function stillRefused(status: number): UpstreamFailure {
  return failure('http_status', `the upstream did not accept a fresh access token of the gateway (HTTP ${status})`, true, status);
}

function withoutAuthorization(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (headers[index]?.toLowerCase() !== 'authorization') kept.push(headers[index] ?? '', headers[index + 1] ?? '');
  }
  return kept;
}
