/** Pages that are remembered: the sessions of one server mostly read the same list. */
const MOST_PAGES = 64;
/** Places of held definitions that all of them together may hold. */
const MOST_PLACES = 200_000;

/** What was found for a page of a list, by the digest of its bytes; the page that was not asked for the longest goes first. */
export class CommonPages {
  readonly #pages = new Map<string, ReadonlySet<number>>();
  #places = 0;

  get(digest: string): ReadonlySet<number> | null {
    const held = this.#pages.get(digest);
    if (held === undefined) return null;
    this.#pages.delete(digest);
    this.#pages.set(digest, held);
    return held;
  }

  put(digest: string, held: ReadonlySet<number>): void {
    this.#pages.set(digest, held);
    this.#places += held.size;
    for (const [oldest, places] of this.#pages) {
      if (this.#pages.size <= MOST_PAGES && this.#places <= MOST_PLACES) return;
      this.#pages.delete(oldest);
      this.#places -= places.size;
    }
  }

  clear(): void {
    this.#pages.clear();
    this.#places = 0;
  }
}
