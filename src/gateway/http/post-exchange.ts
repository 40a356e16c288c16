import type { ServerResponse } from 'node:http';
import { formatSse } from '../../wire/sse.ts';
import { sendAccepted, sendJson, sendProblem, SSE_HEADERS } from './reply.ts';

/** Comment lines keep proxies from closing a stream on which nothing happens for long. */
const KEEP_ALIVE_MS = 20_000;
const KEEP_ALIVE = Buffer.from(': keep-alive\n\n');
/** How long a client that lost its stream should wait before it comes back. */
const RETRY_MS = 1_000;

/** How a request is answered that is not forwarded. */
export interface Answering {
  /** @param status used when nothing has been sent yet */
  finish(message: Buffer, status: number): void;
  /** For what was neither forwarded nor answered: a withdrawn request, say. */
  drop(status: number, code: string): void;
}

/**
 * The HTTP answer to one POST (or the stream of one GET) that the gateway itself writes: one JSON text when the answer is all there is,
 * an event stream as soon as something comes before it.
 */
export class PostExchange implements Answering {
  readonly #response: ServerResponse;
  readonly #headers: Readonly<Record<string, string>>;
  #timer: NodeJS.Timeout | null = null;

  constructor(response: ServerResponse, headers: Readonly<Record<string, string>> = {}) {
    this.#response = response;
    this.#headers = headers;
  }

  get isOpen(): boolean {
    return !this.#response.writableEnded && !this.#response.destroyed;
  }

  get isStream(): boolean {
    return this.#response.headersSent;
  }

  /** Starts the event stream now. */
  open(): void {
    if (this.#response.headersSent || !this.isOpen) return;
    this.#response.writeHead(200, { ...SSE_HEADERS, ...this.#headers });
    this.#response.flushHeaders();
    this.#timer = setInterval(() => this.isOpen && this.#response.write(KEEP_ALIVE), KEEP_ALIVE_MS);
    this.#timer.unref();
    // Whoever ends the response: a relayed answer does it without us.
    this.#response.once('close', () => this.#stop());
  }

  /** Starts the stream with an event that has an id and nothing else, so that the client can come back before the first message (S25). */
  prime(id: string): void {
    this.open();
    if (this.isOpen) this.#response.write(`id: ${id}\nretry: ${RETRY_MS}\ndata:\n\n`);
  }

  /** @returns false when the client is slower than the upstream */
  send(message: Buffer, field: { readonly event?: string; readonly id?: string } = {}): boolean {
    if (!this.isOpen) return true;
    this.open();
    return this.#response.write(formatSse(message, field));
  }

  /** Sends the last message and ends. @param status used when nothing has been sent yet */
  finish(message: Buffer, status: number): void {
    if (this.isOpen) {
      if (this.#response.headersSent) this.#response.end(formatSse(message));
      else sendJson(this.#response, status, message, this.#headers);
    }
    this.#stop();
  }

  /** Ends without an answer (M2: an answer is never invented). */
  end(): void {
    if (this.isOpen) {
      if (!this.#response.headersSent) this.open();
      this.#response.end();
    }
    this.#stop();
  }

  drop(status: number, code: string): void {
    if (this.isStream) this.end();
    else if (status === 202) sendAccepted(this.#response);
    else sendProblem(this.#response, status, code);
  }

  #stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** Calls back when the client takes data again, or never will: nobody else must wait for it then. */
  onDrain(resume: () => void): void {
    this.#response.on('drain', resume);
    this.#response.on('close', resume);
  }

  /** Calls back when the client left before the end. */
  onGone(gone: () => void): void {
    this.#response.on('close', () => {
      this.#stop();
      if (!this.#response.writableFinished) gone();
    });
  }
}
