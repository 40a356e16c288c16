import { CR, LF } from './ascii.ts';

/** Bytes looked at one by one before a line counts as long and its end is searched in bulk. */
const SHORT = 32;

/**
 * Finds the line ends (LF or CR) of one buffer from front to back. Linear over all calls: the place of the next LF and of the next CR is
 * remembered, so a stream without any CR is searched for one only once.
 */
export class LineEnds {
  readonly #bytes: Buffer;
  #nextLf = -1;
  #nextCr = -1;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The first LF or CR at or after `from`, or the length of the buffer. `from` must not decrease between calls. */
  next(from: number): number {
    const bytes = this.#bytes;
    const length = bytes.length;
    const stop = Math.min(length, from + SHORT);
    let i = from;
    for (; i < stop; i++) {
      const c = bytes[i];
      if (c === LF || c === CR) return i;
    }
    if (this.#nextLf < i) this.#nextLf = find(bytes, LF, i);
    if (this.#nextCr < i) this.#nextCr = find(bytes, CR, i);
    return Math.min(this.#nextLf, this.#nextCr);
  }
}

function find(bytes: Buffer, byte: number, from: number): number {
  const at = bytes.indexOf(byte, from);
  return at < 0 ? bytes.length : at;
}
