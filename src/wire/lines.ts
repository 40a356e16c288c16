import { CR, LF, SPACE, TAB } from './ascii.ts';
import { ByteQueue } from './byte-queue.ts';

/** What becomes of the lines. A handler must not throw: the rest of its chunk would be lost. */
export interface LineHandlers {
  /** One line without its LF and without one CR before it. Lines of nothing but white space are skipped. */
  line(bytes: Buffer): void;
  /** An over-long line of so many bytes was thrown away. Called once, when its LF or the end of the input is seen. */
  overflow(droppedBytes: number): void;
}

/**
 * Newline-delimited framing of stdio (protocol.md D1): only the byte 0x0A ends a line. Linear in the input whatever its chunks: no byte
 * is searched twice. Holds at most about twice `maxBytes` of memory.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  readonly #handlers: LineHandlers;
  readonly #pending = new ByteQueue();
  /** Bytes of the over-long line that is being thrown away; 0 when none is. */
  #dropped = 0;

  /** @param maxBytes bytes of the longest line that is delivered, without its line end */
  constructor(maxBytes: number, handlers: LineHandlers) {
    this.#maxBytes = maxBytes;
    this.#handlers = handlers;
  }

  /** Takes the next bytes of the stream. Delivered lines may be views of the chunk: it must not be written to afterwards. */
  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const newline = chunk.indexOf(LF, from);
      if (newline < 0) break;
      if (this.#dropped > 0 || this.#pending.length > 0) {
        this.#collect(chunk, from, newline);
        this.#finish();
      } else {
        this.#deliver(chunk.subarray(from, newline));
      }
      from = newline + 1;
    }
    this.#collect(chunk, from, chunk.length);
  }

  /** The stream has ended: a last line without LF is delivered. */
  end(): void {
    this.#finish();
  }

  #collect(chunk: Buffer, start: number, end: number): void {
    const size = end - start;
    if (this.#dropped > 0) {
      this.#dropped += size;
    } else if (this.#pending.length + size > this.#maxBytes + 1) {
      // One byte more than the bound may still turn out to be the CR before the LF.
      this.#dropped = this.#pending.length + size;
      this.#pending.clear();
    } else if (size > 0) {
      this.#pending.append(chunk, start, end);
    }
  }

  #finish(): void {
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#handlers.overflow(dropped);
    else this.#deliver(this.#pending.take());
  }

  #deliver(line: Buffer): void {
    const end = line[line.length - 1] === CR ? line.length - 1 : line.length;
    if (end > this.#maxBytes) this.#handlers.overflow(line.length);
    else if (!isBlank(line, end)) this.#handlers.line(end === line.length ? line : line.subarray(0, end));
  }
}

function isBlank(line: Buffer, end: number): boolean {
  for (let i = 0; i < end; i++) {
    const c = line[i];
    if (c !== SPACE && c !== TAB && c !== CR) return false;
  }
  return true;
}
