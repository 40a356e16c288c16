import type { Message } from '../mcp/message.ts';
import type { WireLimits } from '../wire/limits.ts';
import { mediaType } from './content-type.ts';
import type { HttpExchange, HttpHandlers, HttpRequest } from './http-pool.ts';
import { MessageStream } from './message-stream.ts';

export interface ListenHost {
  readonly path: string;
  readonly limits: WireLimits;
  dispatch(request: HttpRequest, handlers: HttpHandlers): HttpExchange;
  /** Headers of the GET. @param lastEventId null for a stream that starts now */
  listenHeaders(lastEventId: string | null): readonly string[];
  message(message: Message): void;
  garbage(code: string, sample: string): void;
  /** The server has answered the GET with a stream. */
  listening(): void;
}

const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** A stream that lasted this long worked; that it ends in silence now and then is the way of proxies in between. */
const LASTING_MS = 5_000;

/**
 * The GET stream of a legacy session (S25 transports#listening): what the server says outside of any request. Reopened when it breaks,
 * from the last event where the server numbers them, a bounded number of times without anything new. A server without one answers 405.
 */
export class ListenStream {
  readonly #host: ListenHost;
  readonly #stream: MessageStream;
  #exchange: HttpExchange | null = null;
  #timer: NodeJS.Timeout | null = null;
  #attempts = 0;
  #events = 0;
  #acceptedAt = Number.POSITIVE_INFINITY;
  #closed = false;

  constructor(host: ListenHost) {
    this.#host = host;
    this.#stream = new MessageStream(host.limits, {
      message: (message) => host.message(message),
      garbage: (code, text) => host.garbage(code, text),
      overflow: () => {
        host.garbage('event_too_long', `more than ${host.limits.maxBytes} bytes`);
        this.#exchange?.abort();
        this.#again();
      },
    });
    this.#open();
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  #open(): void {
    let accepted = false;
    this.#stream.restart();
    const headers = this.#host.listenHeaders(this.#stream.lastEventId);
    this.#exchange = this.#host.dispatch({ method: 'GET', path: this.#host.path, headers, body: null, idempotent: true }, {
      head: (status, received) => {
        accepted = status === 200 && mediaType(received) === 'text/event-stream';
        if (accepted) {
          this.#acceptedAt = performance.now();
          this.#host.listening();
        }
        // 5xx and 429 pass; 405 (no such stream) and the rest are final.
        else if (status === 429 || status >= 500) {
          this.#exchange?.abort();
          this.#again();
        } else {
          this.close();
        }
      },
      data: (chunk) => {
        if (accepted) this.#stream.push(chunk);
        return true;
      },
      end: () => this.#again(),
      error: () => this.#again(),
    });
  }

  #again(): void {
    if (this.#closed) return;
    if (this.#stream.events > this.#events || performance.now() - this.#acceptedAt > LASTING_MS) this.#attempts = 0;
    this.#acceptedAt = Number.POSITIVE_INFINITY;
    this.#events = this.#stream.events;
    if (this.#attempts >= MAX_ATTEMPTS) {
      this.close();
      return;
    }
    const pause = this.#stream.retryMs ?? Math.min(FIRST_PAUSE_MS * 2 ** this.#attempts, MAX_PAUSE_MS);
    this.#attempts += 1;
    this.#timer = setTimeout(() => this.#open(), pause).unref();
  }
}
