import { randomUUID } from 'node:crypto';
import type { AddressGuard } from './address-guard.ts';
import { HttpPool, type HttpPoolOptions } from './http-pool.ts';
import { SIGNATURE_HEADER, sign, TIMESTAMP_HEADER } from './signature.ts';

export interface WebhookOptions {
  readonly url: URL;
  /** Key of the signature. */
  readonly secret: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** How long one attempt may take until the head of the answer. Default 10 s. */
  readonly timeoutMs?: number;
  /** The pause before the second attempt; each further one is twice as long, with jitter. Default 1 s. */
  readonly firstPauseMs?: number;
  /** Options of `tls.connect`, e.g. `ca`. */
  readonly tls?: HttpPoolOptions['tls'];
  /** Which addresses it may have; absent for the webhook of gateway.yaml, which is the operator's own choice. */
  readonly guard?: AddressGuard;
}

const MAX_ATTEMPTS = 5;
/** Messages under way, those that wait for another attempt included. */
const MAX_UNDER_WAY = 100;

/** What became of one attempt: a status, or why there was none. */
type Attempt = { readonly status: number } | { readonly text: string };

/**
 * Posts signed messages to one address. A delivery that fails is tried again for about a quarter of a minute; redirects are not followed,
 * because they would take the message to a place that nobody configured.
 */
export class Webhook {
  readonly #pool: HttpPool;
  readonly #path: string;
  readonly #secret: string;
  readonly #now: () => number;
  readonly #timeoutMs: number;
  readonly #firstPauseMs: number;
  readonly #timers = new Set<NodeJS.Timeout>();
  #underWay = 0;
  #closed = false;

  constructor(options: WebhookOptions) {
    this.#pool = new HttpPool(options.url, { maxConnections: 8, ...(options.tls === undefined ? {} : { tls: options.tls }), ...(options.guard === undefined ? {} : { guard: options.guard }) });
    this.#path = options.url.pathname + options.url.search;
    this.#secret = options.secret;
    this.#now = options.now ?? Date.now;
    this.#timeoutMs = options.timeoutMs ?? 10_000;
    this.#firstPauseMs = options.firstPauseMs ?? 1_000;
  }

  /**
   * Sends one message. Never rejects and never throws.
   * @param until milliseconds since the epoch after which the message is of no use any more
   * @returns null when it was taken, else why it was not; never the address, which may hold a secret
   */
  async send(body: Buffer, until: number): Promise<string | null> {
    if (this.#underWay >= MAX_UNDER_WAY) return `more than ${MAX_UNDER_WAY} messages are on their way already`;
    this.#underWay += 1;
    try {
      return await this.#deliver(body, until);
    } finally {
      this.#underWay -= 1;
    }
  }

  async #deliver(body: Buffer, until: number): Promise<string | null> {
    // One id for all attempts, so that a receiver that took the message already can tell.
    const delivery = randomUUID();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(body, delivery);
      if ('status' in outcome && outcome.status >= 200 && outcome.status < 300) return null;
      const text = 'status' in outcome ? `it answered HTTP ${outcome.status}` : outcome.text;
      if ('status' in outcome && !isTemporary(outcome.status)) return text;
      if (attempt === MAX_ATTEMPTS || this.#closed) return `${text} (${attempt} ${attempt === 1 ? 'attempt' : 'attempts'})`;
      const pause = this.#firstPauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
      if (this.#now() + pause > until) return `${text} (${attempt} ${attempt === 1 ? 'attempt' : 'attempts'}, and the request expires)`;
      await this.#pause(pause);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#timers.delete(timer);
        resolve();
      }, ms);
      timer.unref();
      this.#timers.add(timer);
    });
  }

  #attempt(body: Buffer, delivery: string): Promise<Attempt> {
    const timestamp = String(Math.floor(this.#now() / 1_000));
    const headers = [
      'content-type', 'application/json', 'user-agent', 'policylayer', TIMESTAMP_HEADER, timestamp, SIGNATURE_HEADER, sign(this.#secret, 'request', timestamp, body),
      'policylayer-delivery', delivery,
    ];
    return new Promise((resolve) => {
      const timer = setTimeout(() => finish({ text: `no answer within ${this.#timeoutMs} ms` }), this.#timeoutMs);
      timer.unref();
      const finish = (attempt: Attempt): void => {
        clearTimeout(timer);
        resolve(attempt);
        // What the answer says beyond its status is of no interest, however long it is.
        exchange.abort();
      };
      const exchange = this.#pool.dispatch({ method: 'POST', path: this.#path, headers, body, idempotent: true }, {
        head: (status) => finish({ status }),
        data: () => true,
        end: () => undefined,
        error: (problem) => finish({ text: problem.text.replaceAll('upstream', 'receiver') }),
      });
    });
  }

  /** Gives up what is under way. */
  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#pool.close();
  }
}

/** A status that may be another one soon. */
function isTemporary(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}
