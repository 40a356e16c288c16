import { byteAt, CLOSE_BRACE, CLOSE_BRACKET, MINUS, NINE, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace, ZERO } from './ascii.ts';
import { decodeString } from './decode-string.ts';
import { sameName } from './same-name.ts';
import { skipString, skipValue } from './skip-value.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

/** One member of an object; `keyStart` and `keyEnd` include the quotes of the name. */
export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: JsonNode;
}

/** Members above which a lookup by name uses a hash map. */
const HASHED_MEMBERS = 16;
/** Numbers kept per member: start and end of its name with quotes, start and end of its value. */
const SPAN = 4;

/**
 * A lazy view of one value in bytes that scan() has accepted, and that must not change afterwards. Children are found on demand, one
 * pass over the value per level, and remembered. Nothing is validated twice.
 */
export class JsonNode {
  /** The whole text. */
  readonly buffer: Buffer;
  /** Offset of the value's first byte. */
  readonly start: number;
  /** Offset behind its last byte. */
  readonly end: number;
  #spans: readonly number[] | null = null;
  #byName: ReadonlyMap<string, number> | null = null;
  #members: readonly JsonMember[] | null = null;
  #elements: readonly JsonNode[] | null = null;

  constructor(buffer: Buffer, start: number, end: number) {
    this.buffer = buffer;
    this.start = start;
    this.end = end;
  }

  get kind(): JsonKind {
    switch (this.buffer[this.start]) {
      case OPEN_BRACE:
        return 'object';
      case OPEN_BRACKET:
        return 'array';
      case QUOTE:
        return 'string';
      case 0x74:
        return 'true';
      case 0x66:
        return 'false';
      case 0x6e:
        return 'null';
      default:
        return 'number';
    }
  }

  /** The member of this exact, unescaped name; null when absent or when this is no object. */
  get(key: string): JsonNode | null {
    const spans = this.#memberSpans();
    if (spans.length > HASHED_MEMBERS * SPAN) {
      this.#byName ??= this.#hashNames(spans);
      const k = this.#byName.get(`"${key}`);
      return k === undefined ? null : this.#valueAt(spans, k);
    }
    for (let k = 0; k < spans.length; k += SPAN) {
      if (sameName(this.buffer, (spans[k] as number) + 1, (spans[k + 1] as number) - 1, key)) return this.#valueAt(spans, k);
    }
    return null;
  }

  /** The members in the order of the text; empty when this is no object. */
  members(): readonly JsonMember[] {
    if (this.#members !== null) return this.#members;
    const spans = this.#memberSpans();
    const members: JsonMember[] = [];
    for (let k = 0; k < spans.length; k += SPAN) {
      const keyStart = spans[k] as number;
      const keyEnd = spans[k + 1] as number;
      members.push({ key: decodeString(this.buffer, keyStart + 1, keyEnd - 1), keyStart, keyEnd, value: this.#valueAt(spans, k) });
    }
    this.#members = members;
    return members;
  }

  /** The elements in order; empty when this is no array. */
  elements(): readonly JsonNode[] {
    this.#elements ??= this.#findElements();
    return this.#elements;
  }

  /** The decoded value of a string; null when this is no string. */
  text(): string | null {
    return this.buffer[this.start] === QUOTE ? decodeString(this.buffer, this.start + 1, this.end - 1) : null;
  }

  /** The exact source text, e.g. of a number. */
  lexeme(): string {
    return this.buffer.toString('utf8', this.start, this.end);
  }

  /** A safe integer written without fraction and exponent, as JSON-RPC ids must be (protocol.md J5); null for anything else, `-0` too. */
  integer(): number | null {
    const digits = this.end - this.start;
    if (digits > 17) return null;
    const negative = this.buffer[this.start] === MINUS;
    let n = 0;
    for (let i = this.start + (negative ? 1 : 0); i < this.end; i++) {
      const c = byteAt(this.buffer, i);
      if (c < ZERO || c > NINE) return null;
      n = n * 10 + (c - ZERO);
    }
    if (n > Number.MAX_SAFE_INTEGER || (negative && n === 0)) return null;
    return negative ? -n : n;
  }

  /** The bytes of this value, not copied. */
  bytes(): Buffer {
    return this.buffer.subarray(this.start, this.end);
  }

  /**
   * The value as JSON.parse makes it. `__proto__` stays an own property of the result: never merge it into anything (protocol.md J12).
   */
  value(): unknown {
    return JSON.parse(this.lexeme());
  }

  #valueAt(spans: readonly number[], k: number): JsonNode {
    return new JsonNode(this.buffer, spans[k + 2] as number, spans[k + 3] as number);
  }

  #memberSpans(): readonly number[] {
    this.#spans ??= this.#findMembers();
    return this.#spans;
  }

  #findMembers(): number[] {
    const bytes = this.buffer;
    const spans: number[] = [];
    if (bytes[this.start] !== OPEN_BRACE) return spans;
    let i = skipSpace(bytes, this.start + 1);
    while (bytes[i] !== CLOSE_BRACE) {
      const keyEnd = skipString(bytes, i);
      const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
      const valueEnd = skipValue(bytes, valueStart);
      spans.push(i, keyEnd, valueStart, valueEnd);
      i = skipSpace(bytes, valueEnd);
      if (bytes[i] === CLOSE_BRACE) break;
      i = skipSpace(bytes, i + 1);
    }
    return spans;
  }

  #findElements(): JsonNode[] {
    const bytes = this.buffer;
    const elements: JsonNode[] = [];
    if (bytes[this.start] !== OPEN_BRACKET) return elements;
    let i = skipSpace(bytes, this.start + 1);
    while (bytes[i] !== CLOSE_BRACKET) {
      const end = skipValue(bytes, i);
      elements.push(new JsonNode(bytes, i, end));
      i = skipSpace(bytes, end);
      if (bytes[i] === CLOSE_BRACKET) break;
      i = skipSpace(bytes, i + 1);
    }
    return elements;
  }

  #hashNames(spans: readonly number[]): Map<string, number> {
    const byName = new Map<string, number>();
    for (let k = 0; k < spans.length; k += SPAN) {
      // The quote in front keeps V8 from hashing digits to their own value: an attacker could choose those to collide.
      byName.set(`"${decodeString(this.buffer, (spans[k] as number) + 1, (spans[k + 1] as number) - 1)}`, k);
    }
    return byName;
  }
}
