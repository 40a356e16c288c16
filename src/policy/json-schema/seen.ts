/**
 * What the keywords of one schema object have looked at in one value, which is what `unevaluatedProperties` and `unevaluatedItems`
 * leave alone (JSON Schema 2020-12 core, section 11). Kept only for documents that use those keywords.
 */
export class Seen {
  readonly #names = new Set<string>();
  readonly #indexes = new Set<number>();
  #allNames = false;
  #allIndexes = false;

  /** A quote in front keeps digits from being their own hash: a caller could choose names that collide. */
  addName(name: string): void {
    if (!this.#allNames) this.#names.add(`"${name}`);
  }

  addIndex(index: number): void {
    if (!this.#allIndexes) this.#indexes.add(index);
  }

  addAllNames(): void {
    this.#allNames = true;
  }

  addAllIndexes(): void {
    this.#allIndexes = true;
  }

  hasName(name: string): boolean {
    return this.#allNames || this.#names.has(`"${name}`);
  }

  hasIndex(index: number): boolean {
    return this.#allIndexes || this.#indexes.has(index);
  }

  /** Takes over what a schema saw that applied to the same value and passed. Gives the number of entries copied. */
  merge(other: Seen): number {
    this.#allNames ||= other.#allNames;
    this.#allIndexes ||= other.#allIndexes;
    for (const name of other.#names) this.#names.add(name);
    for (const index of other.#indexes) this.#indexes.add(index);
    return other.#names.size + other.#indexes.size;
  }
}
