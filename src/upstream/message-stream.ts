import { parseMessage, type Message } from '../mcp/message.ts';
import type { WireLimits } from '../wire/limits.ts';
import { type SseEvent, SseReader } from '../wire/sse.ts';
import { sample } from './sample.ts';

export interface StreamHandlers {
  message(message: Message): void;
  /** An event that is no JSON-RPC message, dropped. */
  garbage(code: string, sample: string): void;
  /** An event was over the bound; the stream is of no use any more. */
  overflow(): void;
}

/** A server may choose the pause between attempts, but neither none nor one that amounts to never. */
const MIN_RETRY_MS = 50;
const MAX_RETRY_MS = 60_000;
const MAX_EVENT_ID = 4_096;

/** Reads JSON-RPC messages out of an event stream, and what is needed to resume it (S25 transports#resumability). */
export class MessageStream {
  /** Id of the last event; null when the stream cannot be resumed. */
  lastEventId: string | null = null;
  /** Pause before the next attempt that the server asked for. */
  retryMs: number | null = null;
  /** Events so far that brought a message or a new position; a server that lets its clients poll sends nothing but positions. */
  events = 0;
  readonly #limits: WireLimits;
  readonly #handlers: StreamHandlers;
  #reader: SseReader;

  constructor(limits: WireLimits, handlers: StreamHandlers) {
    this.#limits = limits;
    this.#handlers = handlers;
    this.#reader = this.#newReader();
  }

  push(chunk: Buffer): void {
    this.#reader.push(chunk);
  }

  /** The connection ended; bytes of an unfinished event are dropped. */
  end(): void {
    this.#reader.end();
  }

  /** The same logical stream goes on over another connection. */
  restart(): void {
    this.#reader = this.#newReader();
  }

  #newReader(): SseReader {
    return new SseReader(this.#limits.maxBytes, { event: (event) => this.#event(event), overflow: () => this.#handlers.overflow() });
  }

  #event(event: SseEvent): void {
    if (event.id !== null || event.data !== null) this.events += 1;
    if (event.id !== null) this.lastEventId = event.id === '' || event.id.length > MAX_EVENT_ID ? null : event.id;
    if (event.retry !== null) this.retryMs = Math.max(MIN_RETRY_MS, Math.min(event.retry, MAX_RETRY_MS));
    if (event.data === null || event.data.length === 0) return;
    if (event.event !== null && event.event !== 'message') {
      this.#handlers.garbage('unknown_event', sample(event.event, 80));
      return;
    }
    const parsed = parseMessage(event.data, this.#limits);
    if (parsed.ok) this.#handlers.message(parsed.message);
    else this.#handlers.garbage(parsed.code, sample(event.data));
  }
}
