import { byteAt, COLON, CR, LF, NINE, SPACE, ZERO } from './ascii.ts';
import { LineEnds } from './line-end.ts';

/** Bytes of a UTF-8 byte order mark. */
export const BOM_BYTES = 3;

/** What the field lines of one event say (WHATWG HTML, "interpreting an event stream"). */
export interface SseFields {
  /** The `event` field; null when absent or empty. */
  readonly event: string | null;
  /** The data lines joined by LF; null when there was no data field, so that a client dispatches nothing. */
  readonly data: Buffer | null;
  /** The `id` field, '' included; null when absent. An id that contains NUL does not count. */
  readonly id: string | null;
  /** Milliseconds; null when absent or not made of digits. */
  readonly retry: number | null;
}

/** One event of an event stream, with the bytes it came in (protocol.md T2). */
export interface SseEvent extends SseFields {
  /** Every byte of the event, comments before it and its blank line included, exactly as received. */
  readonly raw: Buffer;
  /** Set on the first event of a stream that began with a byte order mark: `raw` begins with it. */
  readonly bom?: true;
}

/** A cursor over the lines of an event's raw bytes; reused from line to line, so that a flood of empty lines costs no memory. */
export class SseLines {
  /** Where the line starts. */
  start = 0;
  /** Behind its text, at its line end. */
  end = 0;
  /** Behind its line end: LF, CR or CRLF. */
  next: number;
  /** The name of the field; empty for a comment, a blank line and a field without meaning. */
  name = '';
  /** Where the value of the field starts, up to `end`. */
  value = 0;
  readonly #raw: Buffer;
  readonly #ends: LineEnds;

  /** @param from where the first line starts */
  constructor(raw: Buffer, from: number) {
    this.#raw = raw;
    this.#ends = new LineEnds(raw);
    this.next = from;
  }

  /** Goes to the next line; false when there is none. */
  advance(): boolean {
    const raw = this.#raw;
    const start = this.next;
    if (start >= raw.length) return false;
    const end = this.#ends.next(start);
    this.start = start;
    this.end = end;
    this.next = raw[end] === CR && raw[end + 1] === LF ? end + 2 : Math.min(end + 1, raw.length);
    this.name = fieldName(raw, start, end);
    const colon = start + this.name.length;
    this.value = Math.min(end, colon + (raw[colon + 1] === SPACE ? 2 : 1));
    return true;
  }
}

/** Reads the fields of one event. The last `event`, `id` and `retry` count; unknown fields are ignored. */
export function readFields(raw: Buffer, from: number): SseFields {
  let event: string | null = null;
  let id: string | null = null;
  let retry: number | null = null;
  const data = new DataLines(raw);
  const line = new SseLines(raw, from);
  while (line.advance()) {
    const { value, end } = line;
    switch (line.name) {
      case 'data':
        data.add(value, end);
        break;
      case 'event':
        event = end > value ? raw.toString('utf8', value, end) : null;
        break;
      case 'id':
        if (!raw.subarray(value, end).includes(0)) id = raw.toString('utf8', value, end);
        break;
      case 'retry':
        retry = readDigits(raw, value, end) ?? retry;
        break;
      default:
    }
  }
  return { event, data: data.joined(), id, retry };
}

/** Joins data lines with LF. One line, the usual case, is not copied; more are copied once. */
class DataLines {
  readonly #raw: Buffer;
  #first: Buffer | null = null;
  #joined: Buffer | null = null;
  #length = 0;

  constructor(raw: Buffer) {
    this.#raw = raw;
  }

  add(start: number, end: number): void {
    if (this.#first === null) {
      this.#first = this.#raw.subarray(start, end);
      return;
    }
    if (this.#joined === null) {
      // The raw lines are longer than what they carry, so the store never has to grow.
      this.#joined = Buffer.allocUnsafeSlow(this.#raw.length);
      this.#length = this.#first.copy(this.#joined, 0);
    }
    this.#joined[this.#length++] = LF;
    this.#length += this.#raw.copy(this.#joined, this.#length, start, end);
  }

  joined(): Buffer | null {
    return this.#joined === null ? this.#first : this.#joined.subarray(0, this.#length);
  }
}

/** The field name of a line if it is one that has a meaning; names are compared byte for byte (WHATWG: no case folding). */
function fieldName(raw: Buffer, start: number, end: number): string {
  const name = NAMES[byteAt(raw, start)] ?? '';
  const after = start + name.length;
  if (name === '' || after > end || (after < end && raw[after] !== COLON)) return '';
  for (let k = 1; k < name.length; k++) {
    if (raw[start + k] !== name.charCodeAt(k)) return '';
  }
  return name;
}

/** The fields that have a meaning, by their first byte. */
const NAMES: readonly string[] = Array.from({ length: 128 }, (_, c) => ['data', 'event', 'id', 'retry'].find((name) => name.charCodeAt(0) === c) ?? '');

/** A decimal integer of ASCII digits only; null for anything else, also for one that a double cannot hold. */
function readDigits(raw: Buffer, start: number, end: number): number | null {
  if (start === end) return null;
  let n = 0;
  for (let i = start; i < end; i++) {
    const c = raw[i] as number;
    if (c < ZERO || c > NINE) return null;
    n = n * 10 + (c - ZERO);
    if (n > Number.MAX_SAFE_INTEGER) return null;
  }
  return n;
}
