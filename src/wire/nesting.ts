import { decodeString } from './decode-string.ts';

/** Members an object may have before its names go into a hash set; below, comparing lengths and bytes is faster. */
const LINEAR_MEMBERS = 16;
/** Bytes a name may have to be compared byte by byte: bounds the cost of sixteen names that differ in their last byte. */
const LINEAR_NAME_BYTES = 64;

/** The open objects and arrays of a scan, and the member names seen in each open object. */
export class Nesting {
  /** Open objects and arrays. */
  depth = 0;
  /** Start and end of every name that is compared linearly, of all open objects, outermost first. */
  readonly #names: number[] = [];
  #top = 0;
  /** Where the names of the innermost container begin; -1 for an array. */
  #base = -1;
  #set: Set<string> | null = null;
  readonly #outerBases: number[] = [];
  readonly #outerSets: (Set<string> | null)[] = [];

  get inObject(): boolean {
    return this.#base >= 0;
  }

  enterObject(): void {
    this.#enter(this.#top);
  }

  enterArray(): void {
    this.#enter(-1);
  }

  leave(): void {
    if (this.#base >= 0) this.#top = this.#base;
    this.depth--;
    this.#base = this.#outerBases[this.depth] ?? -1;
    this.#set = this.#outerSets[this.depth] ?? null;
    this.#outerSets[this.depth] = null;
  }

  /**
   * Adds a member name to the innermost object.
   *
   * @param start index behind the opening quote
   * @param end index of the closing quote
   * @param escaped whether the name holds a backslash
   * @returns false when the object has a member of this name already, however either is spelled (protocol.md J3)
   */
  addName(bytes: Buffer, start: number, end: number, escaped: boolean): boolean {
    if (this.#set !== null) return addToSet(this.#set, bytes, start, end, escaped);
    const names = this.#names;
    const base = this.#base;
    const top = this.#top;
    const size = end - start;
    if (escaped || size > LINEAR_NAME_BYTES || top - base >= 2 * LINEAR_MEMBERS) {
      const set = new Set<string>();
      for (let k = base; k < top; k += 2) addToSet(set, bytes, names[k] as number, names[k + 1] as number, false);
      this.#set = set;
      return addToSet(set, bytes, start, end, escaped);
    }
    for (let k = base; k < top; k += 2) {
      const other = names[k] as number;
      if ((names[k + 1] as number) - other === size && sameBytes(bytes, other, start, size)) return false;
    }
    names[top] = start;
    names[top + 1] = end;
    this.#top = top + 2;
    return true;
  }

  #enter(base: number): void {
    this.#outerBases[this.depth] = this.#base;
    this.#outerSets[this.depth] = this.#set;
    this.depth++;
    this.#base = base;
    this.#set = null;
  }
}

function addToSet(set: Set<string>, bytes: Buffer, start: number, end: number, escaped: boolean): boolean {
  // The quote in front keeps V8 from hashing digits to their own value: an attacker could choose those to collide.
  const name = escaped ? `"${decodeString(bytes, start, end)}` : bytes.toString('utf8', start - 1, end);
  const before = set.size;
  return set.add(name).size > before;
}

/** Compares from the end: names of one object share their beginnings more often than their ends. */
function sameBytes(bytes: Buffer, a: number, b: number, size: number): boolean {
  for (let k = size - 1; k >= 0; k--) {
    if (bytes[a + k] !== bytes[b + k]) return false;
  }
  return true;
}
