/** A set that forgets its oldest members: for ids that are over, whose late messages we still want to recognise. */
export class BoundedSet<T> {
  readonly #max: number;
  readonly #members = new Set<T>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#members.size;
  }

  add(member: T): void {
    this.#members.delete(member);
    this.#members.add(member);
    if (this.#members.size <= this.#max) return;
    const oldest = this.#members.values().next();
    if (oldest.done !== true) this.#members.delete(oldest.value);
  }

  has(member: T): boolean {
    return this.#members.has(member);
  }

  delete(member: T): boolean {
    return this.#members.delete(member);
  }
}
