import { sessionHeaders, POST_HEADERS } from './http-headers.ts';
import type { HttpExchange, HttpHandlers, HttpRequest } from './http-pool.ts';
import type { LegacySession } from './legacy-session.ts';
import { sample } from './sample.ts';

const DELETE_TIMEOUT_MS = 2_000;
/** A body such as `Accepted` is read, so that the connection can be used again; a longer one is not worth it. */
const MAX_BODY_BYTES = 64 * 1024;

/** What is sent to an HTTP upstream without an answer of its own: notifications, responses, the end of a session. */
export class HttpAside {
  readonly #path: string;
  readonly #configured: readonly string[];
  readonly #dispatch: (request: HttpRequest, handlers: HttpHandlers) => HttpExchange;
  readonly #refused: (code: string, sample: string) => void;

  /** @param refused told when the server did not take a message */
  constructor(
    path: string,
    configured: readonly string[],
    dispatch: (request: HttpRequest, handlers: HttpHandlers) => HttpExchange,
    refused: (code: string, sample: string) => void,
  ) {
    this.#path = path;
    this.#configured = configured;
    this.#dispatch = dispatch;
    this.#refused = refused;
  }

  /** @param done called once, with whether the server accepted it */
  post(body: Buffer, headers: readonly string[], name: string, done: (accepted: boolean) => void = () => undefined): void {
    let bytes = 0;
    let decided = false;
    const decide = (why: string | null): void => {
      if (decided) return;
      decided = true;
      if (why !== null) this.#refused('not_accepted', `${sample(name, 80)}: ${why}`);
      done(why === null);
    };
    const request: HttpRequest = { method: 'POST', path: this.#path, headers: [...this.#configured, ...POST_HEADERS, ...headers], body, idempotent: false };
    const exchange = this.#dispatch(request, {
      head: (status) => decide(status >= 200 && status < 300 ? null : `HTTP ${status}`),
      data: (chunk) => {
        bytes += chunk.length;
        if (bytes > MAX_BODY_BYTES) exchange.abort();
        return true;
      },
      end: () => undefined,
      error: (reason) => decide(reason.text),
    });
  }

  /** Tells the server that the session is over. Waits a bounded time; a server may refuse (405), which is all the same to us. */
  endSession(session: LegacySession): Promise<void> {
    if (session.id === null) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const exchange = this.#dispatch(
        { method: 'DELETE', path: this.#path, headers: [...this.#configured, ...sessionHeaders(session)], body: null, idempotent: false },
        { head: done, data: () => true, end: done, error: done },
      );
      const timer = setTimeout(() => {
        exchange.abort();
        resolve();
      }, DELETE_TIMEOUT_MS);
    });
  }
}
