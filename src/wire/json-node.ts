import { byteAt, CLOSE_BRACKET, MINUS, NINE, OPEN_BRACE, OPEN_BRACKET, QUOTE, skipSpace, ZERO } from './ascii.ts';
import { decodeString } from './decode-string.ts';
import { MemberIndex } from './member-index.ts';
import { skipValue } from './skip-value.ts';

export type JsonKind = 'object' | 'array' | 'string' | 'number' | 'true' | 'false' | 'null';

/** One member of an object; `keyStart` and `keyEnd` include the quotes of the name. */
export interface JsonMember {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: JsonNode;
}

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
  #index: MemberIndex | null = null;
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
    const index = this.#memberIndex();
    const member = index.find(key);
    return member < 0 ? null : new JsonNode(this.buffer, index.valueStart(member), index.valueEnd(member));
  }

  /** The members in the order of the text; empty when this is no object. */
  members(): readonly JsonMember[] {
    this.#members ??= this.#listMembers();
    return this.#members;
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

  #memberIndex(): MemberIndex {
    this.#index ??= new MemberIndex(this.buffer, this.start);
    return this.#index;
  }

  #listMembers(): JsonMember[] {
    const index = this.#memberIndex();
    const members: JsonMember[] = [];
    for (let k = 0; k < index.size; k++) {
      const value = new JsonNode(this.buffer, index.valueStart(k), index.valueEnd(k));
      members.push({ key: index.key(k), keyStart: index.keyStart(k), keyEnd: index.keyEnd(k), value });
    }
    return members;
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
}
