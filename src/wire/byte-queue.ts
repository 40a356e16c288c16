/**
 * Bytes of one unfinished line or event, collected over many chunks. The store doubles, so every byte is copied a bounded number of
 * times, and a peer that sends single bytes costs memory for the bytes only, not for a Buffer object per chunk.
 */
export class ByteQueue {
  #store: Buffer = EMPTY;
  #length = 0;

  /** Bytes collected. */
  get length(): number {
    return this.#length;
  }

  /** Adds a copy of the bytes [start, end) of a chunk. */
  append(chunk: Buffer, start: number, end: number): void {
    const needed = this.#length + (end - start);
    if (needed > this.#store.length) {
      const store = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#store.length, 512));
      this.#store.copy(store, 0, 0, this.#length);
      this.#store = store;
    }
    chunk.copy(this.#store, this.#length, start, end);
    this.#length = needed;
  }

  /** The byte at an index below `length`. */
  at(index: number): number {
    return this.#store[index] as number;
  }

  /** Hands all bytes over and starts anew. */
  take(): Buffer {
    const bytes = this.#store.subarray(0, this.#length);
    this.clear();
    return bytes;
  }

  clear(): void {
    this.#store = EMPTY;
    this.#length = 0;
  }
}

const EMPTY: Buffer = Buffer.alloc(0);
