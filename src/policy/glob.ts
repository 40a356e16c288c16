import { codePoints } from './printable.ts';

/** A selector with `*`: the literal parts between the stars. `*` stands for any run of characters, `/` and nothing included. */
export interface Glob {
  readonly parts: readonly string[];
  readonly prefix: string;
  readonly suffix: string;
  /** Literal characters (code points): what makes one glob more specific than another. */
  readonly literals: number;
}

/** Every other character than `*` is literal. The text must contain a `*`. */
export function parseGlob(selector: string): Glob {
  const parts = selector.split('*');
  const literals = parts.reduce((sum, part) => sum + codePoints(part), 0);
  return { parts, prefix: parts[0] ?? '', suffix: parts.at(-1) ?? '', literals };
}

/**
 * Whether the glob covers the whole name. Taking the first occurrence of each middle part is always right because parts hold no
 * wildcard, so nothing is ever tried again: no pattern and no name makes it slower than one pass per part.
 */
export function matchesGlob(glob: Glob, name: string): boolean {
  const { parts, prefix, suffix } = glob;
  if (name.length < prefix.length + suffix.length || !name.startsWith(prefix) || !name.endsWith(suffix)) return false;
  const end = name.length - suffix.length;
  let at = prefix.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = parts[index] ?? '';
    const hit = name.indexOf(part, at);
    if (hit === -1 || hit + part.length > end) return false;
    at = hit + part.length;
  }
  return true;
}

/**
 * Whether every name that `inner` covers is covered by `outer`. The stars of `inner` are written as a character that no part of
 * `outer` can hold, so only a star of `outer` can take them in.
 */
export function globIncludes(outer: Glob, inner: Glob): boolean {
  return matchesGlob(outer, inner.parts.join('*'));
}
