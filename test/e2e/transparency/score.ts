/** How many messages were the same on both ways, of how many, by kind. */
export class Score {
  readonly #counts = new Map<string, { equal: number; total: number }>();
  readonly differences: string[] = [];

  /** Compares two series of messages one by one; what only one side has is a difference as well. */
  compare(kind: string, where: string, direct: readonly Buffer[], through: readonly Buffer[]): void {
    const counts = this.#of(kind);
    for (let index = 0; index < Math.max(direct.length, through.length); index += 1) {
      counts.total += 1;
      const [a, b] = [direct[index], through[index]];
      if (a !== undefined && b !== undefined && a.equals(b)) counts.equal += 1;
      else this.#differs(`${where}, ${kind} ${index}: direct ${sample(a, b)}, through ${sample(b, a)}`);
    }
  }

  /** Takes the counts of another score. */
  add(other: Score): void {
    for (const [kind, { equal, total }] of other.#counts) {
      const counts = this.#of(kind);
      counts.equal += equal;
      counts.total += total;
    }
  }

  #of(kind: string): { equal: number; total: number } {
    const found = this.#counts.get(kind) ?? { equal: 0, total: 0 };
    this.#counts.set(kind, found);
    return found;
  }

  #differs(text: string): void {
    if (this.differences.length < 20) this.differences.push(text);
  }

  get total(): number {
    return [...this.#counts.values()].reduce((sum, { total }) => sum + total, 0);
  }

  get equal(): number {
    return [...this.#counts.values()].reduce((sum, { equal }) => sum + equal, 0);
  }

  line(): string {
    const parts = [...this.#counts].map(([kind, { equal, total }]) => `${kind} ${equal}/${total}`);
    return `transparency ${((100 * this.equal) / this.total).toFixed(3)} % (${this.equal}/${this.total}): ${parts.join(', ')}`;
  }
}

/** Where two texts begin to differ. */
function sample(bytes: Buffer | undefined, other: Buffer | undefined): string {
  if (bytes === undefined) return 'nothing';
  let at = 0;
  while (other !== undefined && at < bytes.length && bytes[at] === other[at]) at += 1;
  return `${bytes.length} bytes, from ${at} on ${JSON.stringify(bytes.subarray(Math.max(0, at - 30), at + 90).toString('utf8'))}`;
}
