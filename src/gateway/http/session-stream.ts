import type { PostExchange } from './post-exchange.ts';

/** Messages kept for a client that may come back for them; older ones give way (S6). */
const MAX_EVENTS = 256;
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * One event stream of a hosted session: the answer to a POST, or the session's own. What a client has not read yet, or may have lost with
 * its connection, is kept for a while, so that it can resume with `Last-Event-ID` (S4, S25 resumability).
 */
export class SessionStream {
  readonly id: string;
  #exchange: PostExchange | null = null;
  readonly #events: { readonly seq: number; readonly message: Buffer }[] = [];
  #bytes = 0;
  #next = 1;
  /** Events up to here have been written to some connection. */
  #written = 0;
  #done = false;

  constructor(id: string) {
    this.id = id;
  }

  get isOpen(): boolean {
    return this.#exchange?.isOpen === true;
  }

  /** What is kept of it. */
  get bytes(): number {
    return this.#bytes;
  }

  get isDone(): boolean {
    return this.#done;
  }

  /** Continues on this connection. @param after the last event that the client has, or null for what was never written */
  attach(exchange: PostExchange, after: number | null): void {
    if (this.#exchange !== exchange) this.#exchange?.end();
    this.#exchange = exchange;
    exchange.onGone(() => {
      if (this.#exchange === exchange) this.#exchange = null;
    });
    const from = after ?? this.#written;
    for (const { seq, message } of this.#events) if (seq > from) this.#write(seq, message);
    if (this.#done) exchange.end();
  }

  /** @returns false when the client is slower than the upstream */
  send(message: Buffer): boolean {
    const seq = this.#next;
    this.#next += 1;
    this.#events.push({ seq, message });
    this.#bytes += message.length;
    while (this.#events.length > MAX_EVENTS || (this.#bytes > MAX_BYTES && this.#events.length > 1)) this.#bytes -= this.#events.shift()?.message.length ?? 0;
    return this.#write(seq, message);
  }

  /** The answer has been sent: nothing follows. */
  finish(message: Buffer): void {
    this.send(message);
    this.end();
  }

  end(): void {
    this.#done = true;
    this.#exchange?.end();
  }

  #write(seq: number, message: Buffer): boolean {
    if (this.#exchange?.isOpen !== true) return true;
    this.#written = Math.max(this.#written, seq);
    return this.#exchange.send(message, { id: eventId(this.id, seq) });
  }
}

/** The id of an event, from which its stream can be found again. */
export function eventId(stream: string, seq: number): string {
  return `${stream}_${seq}`;
}

/** Takes an event id apart; null when it is not one of ours. */
export function readEventId(id: string): { readonly stream: string; readonly seq: number } | null {
  const match = /^([0-9a-z]{1,24})_(\d{1,15})$/.exec(id);
  return match === null ? null : { stream: match[1] ?? '', seq: Number(match[2]) };
}
