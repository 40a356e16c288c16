import type { Glob } from './glob.ts';
import { matchesGlob } from './glob.ts';

/** Up to this many candidates are simply tried one by one. */
const SMALL = 8;
const GRAM = 3;

interface HasGlob {
  readonly glob: Glob;
}

/**
 * Finds all globs that cover a name without trying each of them: by literal prefix, then by literal suffix, then, where many share
 * both, by three characters of a middle part. Cost grows with the length of the name and the number of matches, not with the
 * number of globs, so a client that invents names cannot make a large policy slow.
 */
export class GlobIndex<T extends HasGlob> {
  readonly #byPrefix: AffixTable<T, AffixTable<T, Leaf<T>>>;

  constructor(items: readonly T[]) {
    this.#byPrefix = new AffixTable(
      items,
      (item) => item.glob.prefix,
      (samePrefix) => new AffixTable(samePrefix, (item) => item.glob.suffix, (sameBoth) => new Leaf(sameBoth)),
    );
  }

  /** Every covering item once, in no particular order. */
  find(name: string): T[] {
    const matches: T[] = [];
    for (const length of this.#byPrefix.lengths) {
      if (length > name.length) break;
      const bySuffix = this.#byPrefix.get(name.slice(0, length));
      if (bySuffix === undefined) continue;
      for (const suffixLength of bySuffix.lengths) {
        if (length + suffixLength > name.length) break;
        bySuffix.get(name.slice(name.length - suffixLength))?.collect(name, matches);
      }
    }
    return matches;
  }
}

/** Groups by an exact string and knows which lengths occur, so that a lookup tries only those. */
class AffixTable<T, V> {
  readonly lengths: readonly number[];
  readonly #groups = new Map<string, V>();

  constructor(items: readonly T[], affix: (item: T) => string, build: (group: readonly T[]) => V) {
    const grouped = groupBy(items, affix);
    for (const [key, group] of grouped) this.#groups.set(key, build(group));
    this.lengths = [...new Set([...grouped.keys()].map((key) => key.length))].sort((a, b) => a - b);
  }

  get(affix: string): V | undefined {
    return this.#groups.get(affix);
  }
}

/** Globs that share prefix and suffix, so that only their middle parts tell them apart. */
class Leaf<T extends HasGlob> {
  readonly #plain: readonly T[];
  readonly #byGram = new Map<string, T[]>();
  readonly #gramLengths: readonly number[];

  constructor(items: readonly T[]) {
    if (items.length <= SMALL) {
      this.#plain = items;
      this.#gramLengths = [];
      return;
    }
    const frequency = new Map<string, number>();
    for (const item of items) for (const gram of grams(item.glob)) frequency.set(gram, (frequency.get(gram) ?? 0) + 1);
    const plain: T[] = [];
    for (const item of items) {
      let rarest: string | null = null;
      for (const gram of grams(item.glob)) {
        if (rarest === null || (frequency.get(gram) ?? 0) < (frequency.get(rarest) ?? 0)) rarest = gram;
      }
      const bucket = rarest === null ? plain : this.#byGram.get(rarest);
      if (bucket !== undefined) bucket.push(item);
      else if (rarest !== null) this.#byGram.set(rarest, [item]);
    }
    this.#plain = plain;
    this.#gramLengths = [...new Set([...this.#byGram.keys()].map((gram) => gram.length))];
  }

  collect(name: string, into: T[]): void {
    for (const item of this.#plain) if (matchesGlob(item.glob, name)) into.push(item);
    for (const length of this.#gramLengths) {
      const seen = new Set<string>();
      for (let at = 0; at + length <= name.length; at += 1) {
        const gram = name.slice(at, at + length);
        if (seen.has(gram)) continue;
        seen.add(gram);
        for (const item of this.#byGram.get(gram) ?? []) if (matchesGlob(item.glob, name)) into.push(item);
      }
    }
  }
}

/** The runs of three characters in the middle parts; shorter parts count whole when there is nothing longer. */
function grams(glob: Glob): string[] {
  const middles = glob.parts.slice(1, -1).filter((part) => part !== '');
  const long = middles.filter((part) => part.length >= GRAM);
  if (long.length === 0) return middles;
  return long.flatMap((part) => Array.from({ length: part.length - GRAM + 1 }, (_, at) => part.slice(at, at + GRAM)));
}

function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
