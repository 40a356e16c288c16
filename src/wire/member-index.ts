import { CLOSE_BRACE, OPEN_BRACE, skipSpace } from './ascii.ts';
import { decodeString } from './decode-string.ts';
import { sameName } from './same-name.ts';
import { skipString, skipValue } from './skip-value.ts';

/** Members above which a lookup by name uses a hash map. */
const HASHED_MEMBERS = 16;
/** Numbers kept per member: start and end of its name with quotes, start and end of its value. */
const SPAN = 4;

/** Where the members of one object lie, found in one pass over accepted text. Members are numbered in the order of the text. */
export class MemberIndex {
  readonly #bytes: Buffer;
  readonly #spans: readonly number[];
  #byName: ReadonlyMap<string, number> | null = null;

  /** @param start offset of the object's brace; without a brace there the index is empty */
  constructor(bytes: Buffer, start: number) {
    this.#bytes = bytes;
    this.#spans = bytes[start] === OPEN_BRACE ? findSpans(bytes, start) : NO_SPANS;
  }

  get size(): number {
    return this.#spans.length / SPAN;
  }

  keyStart(member: number): number {
    return this.#spans[member * SPAN] as number;
  }

  keyEnd(member: number): number {
    return this.#spans[member * SPAN + 1] as number;
  }

  valueStart(member: number): number {
    return this.#spans[member * SPAN + 2] as number;
  }

  valueEnd(member: number): number {
    return this.#spans[member * SPAN + 3] as number;
  }

  /** The decoded name of a member. */
  key(member: number): string {
    return decodeString(this.#bytes, this.keyStart(member) + 1, this.keyEnd(member) - 1);
  }

  /** The number of the member of this decoded name, or -1. */
  find(key: string): number {
    const { size } = this;
    if (size > HASHED_MEMBERS) {
      this.#byName ??= this.#hashNames();
      return this.#byName.get(hashKey(key)) ?? -1;
    }
    for (let member = 0; member < size; member++) {
      if (sameName(this.#bytes, this.keyStart(member) + 1, this.keyEnd(member) - 1, key)) return member;
    }
    return -1;
  }

  #hashNames(): Map<string, number> {
    const byName = new Map<string, number>();
    for (let member = 0; member < this.size; member++) byName.set(hashKey(this.key(member)), member);
    return byName;
  }
}

const NO_SPANS: readonly number[] = [];

/** A quote in front keeps V8 from hashing digits to their own value: an attacker could choose names that collide. */
function hashKey(key: string): string {
  return `"${key}`;
}

function findSpans(bytes: Buffer, start: number): number[] {
  const spans: number[] = [];
  let i = skipSpace(bytes, start + 1);
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
