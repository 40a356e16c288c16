import { CR, LF } from './ascii.ts';
import { ByteQueue } from './byte-queue.ts';
import { LineEnds } from './line-end.ts';
import { BOM_BYTES, readFields, type SseEvent } from './sse-fields.ts';

export type { SseEvent } from './sse-fields.ts';
export { formatSse, replaceData } from './sse-write.ts';

/** What becomes of the events. A handler must not throw: the rest of its chunk would be lost. */
export interface SseHandlers {
  event(event: SseEvent): void;
  /** An event was longer than the bound. Terminal: the reader ignores everything after it. */
  overflow(): void;
}

/**
 * Splits a WHATWG event stream into events and keeps their raw bytes: all `raw` and the result of `end()`, joined, are the input. Line
 * ends are LF, CR and CRLF, also across chunks. The events do not depend on how the stream was cut into chunks.
 *
 * A CR that ends a blank line ends the event at once, unless the line end before it was CRLF: then the LF that must follow is awaited, so
 * that the blank line is relayed whole. A LF that follows nonetheless opens the raw bytes of the next event.
 */
export class SseReader {
  readonly #maxBytes: number;
  readonly #handlers: SseHandlers;
  readonly #pending = new ByteQueue();
  /** Bytes of the current line so far. */
  #lineLength = 0;
  #afterCr = NOT_AFTER_CR;
  #lastWasCrlf = false;
  #firstLine = true;
  #bom = false;
  #overflowed = false;

  /** @param maxBytes raw bytes of the longest event: fields, comments and line ends included */
  constructor(maxBytes: number, handlers: SseHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  /** Takes the next bytes of the stream. Delivered events may be views of the chunk: it must not be written to afterwards. */
  push(chunk: Buffer): void {
    const ends = new LineEnds(chunk);
    let eventStart = 0;
    let i = 0;
    while (i < chunk.length && !this.#overflowed) {
      if (this.#afterCr !== NOT_AFTER_CR) {
        const blank = this.#afterCr === AFTER_BLANK_CR;
        this.#afterCr = NOT_AFTER_CR;
        this.#lastWasCrlf = chunk[i] === LF;
        if (this.#lastWasCrlf) i++;
        if (blank) eventStart = this.#finish(chunk, eventStart, i);
        continue;
      }
      const end = ends.next(i);
      this.#lineLength += end - i;
      i = end;
      if (end === chunk.length) break;
      i++;
      const blank = this.#endLine(chunk, eventStart, end);
      if (chunk[end] === CR) {
        if (blank && !this.#lastWasCrlf) {
          eventStart = this.#finish(chunk, eventStart, i);
          this.#afterCr = AFTER_CR;
        } else {
          this.#afterCr = blank ? AFTER_BLANK_CR : AFTER_CR;
        }
      } else {
        this.#lastWasCrlf = false;
        if (blank) eventStart = this.#finish(chunk, eventStart, i);
      }
    }
    this.#keep(chunk, eventStart);
  }

  /**
   * The stream has ended. Delivers an event whose blank line was a CR that might have become CRLF.
   *
   * @returns the bytes of an unfinished event, which is never delivered (WHATWG: "must be discarded")
   */
  end(): Buffer {
    if (this.#afterCr === AFTER_BLANK_CR) this.#finish(NOTHING, 0, 0);
    this.#afterCr = NOT_AFTER_CR;
    return this.#pending.take();
  }

  /** Ends the current line and says whether it was blank. A byte order mark at the start of the stream does not count as text. */
  #endLine(chunk: Buffer, eventStart: number, end: number): boolean {
    let length = this.#lineLength;
    this.#lineLength = 0;
    if (this.#firstLine) {
      this.#firstLine = false;
      if (length >= BOM_BYTES && this.#startsWithBom(chunk, eventStart, end)) {
        this.#bom = true;
        length -= BOM_BYTES;
      }
    }
    return length === 0;
  }

  #startsWithBom(chunk: Buffer, eventStart: number, end: number): boolean {
    const head = Buffer.allocUnsafe(BOM_BYTES);
    for (let k = 0; k < BOM_BYTES; k++) {
      const kept = this.#pending.length;
      head[k] = k < kept ? this.#pending.at(k) : (chunk[Math.min(eventStart + k - kept, end)] ?? 0);
    }
    return head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf;
  }

  /** Delivers the event that ends at `end`; returns where the next one starts. */
  #finish(chunk: Buffer, start: number, end: number): number {
    let raw: Buffer;
    if (this.#pending.length + (end - start) > this.#maxBytes) {
      this.#fail();
      return end;
    }
    if (this.#pending.length === 0) {
      raw = chunk.subarray(start, end);
    } else {
      this.#pending.append(chunk, start, end);
      raw = this.#pending.take();
    }
    if (this.#bom) {
      this.#bom = false;
      this.#handlers.event({ raw, ...readFields(raw, BOM_BYTES), bom: true });
    } else {
      this.#handlers.event({ raw, ...readFields(raw, 0) });
    }
    return end;
  }

  #keep(chunk: Buffer, start: number): void {
    if (this.#overflowed) return;
    if (this.#pending.length + (chunk.length - start) > this.#maxBytes) this.#fail();
    else if (start < chunk.length) this.#pending.append(chunk, start, chunk.length);
  }

  #fail(): void {
    this.#overflowed = true;
    this.#pending.clear();
    this.#afterCr = NOT_AFTER_CR;
    this.#handlers.overflow();
  }
}

const NOT_AFTER_CR = 0;
/** The last byte was the CR of a line with text, or of a blank line whose event has been delivered. */
const AFTER_CR = 1;
/** The last byte was the CR of a blank line whose event waits for a LF. */
const AFTER_BLANK_CR = 2;
const NOTHING: Buffer = Buffer.alloc(0);
