import type { HttpExchange, HttpHandlers, HttpPool, HttpRequest } from './http-pool.ts';

/** The exchanges of one link, paused and resumed together (protocol.md T9), and counted while they wait for a connection. */
export class StreamGroup {
  readonly #pool: HttpPool;
  readonly #highWater: number;
  readonly #drained: () => void;
  readonly #running = new Set<HttpExchange>();
  #paused = false;
  #unsent = 0;
  #full = false;

  /**
   * @param highWater bytes that may wait for a connection before `full` holds
   * @param drained called when they are fewer again
   */
  constructor(pool: HttpPool, highWater: number, drained: () => void) {
    this.#pool = pool;
    this.#highWater = highWater;
    this.#drained = drained;
  }

  /** True when the caller should stop sending. */
  get full(): boolean {
    return this.#full;
  }

  dispatch(request: HttpRequest, handlers: HttpHandlers): HttpExchange {
    let unsent = request.body?.length ?? 0;
    const sent = (): void => {
      this.#unsent -= unsent;
      unsent = 0;
      if (!this.#full || this.#unsent > this.#highWater / 2) return;
      this.#full = false;
      this.#drained();
    };
    this.#unsent += unsent;
    if (this.#unsent > this.#highWater) this.#full = true;
    const over = (): void => {
      this.#running.delete(exchange);
      sent();
    };
    const inner = this.#pool.dispatch(request, {
      sent: () => {
        sent();
        handlers.sent?.();
      },
      head: (status, headers, statusMessage) => handlers.head(status, headers, statusMessage),
      data: (chunk) => handlers.data(chunk) && !this.#paused,
      end: () => {
        over();
        handlers.end();
      },
      error: (failure) => {
        over();
        handlers.error(failure);
      },
    });
    const exchange: HttpExchange = {
      abort: () => {
        inner.abort();
        over();
      },
      pause: () => inner.pause(),
      resume: () => inner.resume(),
    };
    this.#running.add(exchange);
    if (this.#paused) exchange.pause();
    return exchange;
  }

  pause(): void {
    this.#paused = true;
    for (const exchange of this.#running) exchange.pause();
  }

  resume(): void {
    this.#paused = false;
    for (const exchange of this.#running) exchange.resume();
  }

  abortAll(): void {
    for (const exchange of this.#running) exchange.abort();
  }
}
