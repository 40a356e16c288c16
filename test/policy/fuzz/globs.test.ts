import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GlobIndex } from '../../../src/policy/glob-index.ts';
import { globIncludes, matchesGlob, parseGlob } from '../../../src/policy/glob.ts';
import { combine, loadPolicy } from '../../../src/policy/index.ts';
import { covers } from './reading.ts';

const character = fc.constantFrom('a', 'b', 'A', '/', '.', '\\', '?', '[', '^', '$', '\n', '\u0000', 'é', 'e\u0301', '😀', '\u200b', ' ');
const selector = fc.array(fc.oneof({ weight: 3, arbitrary: character }, { weight: 2, arbitrary: fc.constant('*') }), { maxLength: 9 }).map((parts) => parts.join('').replace(/\*{2,}/g, '*'));
const glob = selector.filter((text) => text.includes('*'));
const name = fc.array(character, { maxLength: 12 }).map((parts) => parts.join(''));
/** A name that the glob was made for, now and then with something changed. */
const near = fc.tuple(glob, fc.array(name, { minLength: 10, maxLength: 10 }), fc.boolean(), name).map(([text, fills, change, other]) => {
  let star = 0;
  const filled = text.replaceAll('*', () => fills[star++] ?? '');
  return [text, change ? filled + other : filled] as const;
});

describe('globs of any characters', () => {
  it('match as the definition says', () => {
    fc.assert(fc.property(fc.oneof(near, fc.tuple(glob, name)), ([text, candidate]) => {
      expect(matchesGlob(parseGlob(text), candidate)).toBe(covers([...text], [...candidate]));
    }), { numRuns: 20_000 });
  });

  it('are found by the index exactly when they match', () => {
    fc.assert(fc.property(fc.uniqueArray(glob, { maxLength: 30 }), fc.array(name, { maxLength: 5 }), (texts, names) => {
      const index = new GlobIndex(texts.map((text) => ({ glob: parseGlob(text), text })));
      for (const candidate of names) expect(index.find(candidate).map(({ text }) => text).sort()).toEqual(texts.filter((text) => covers([...text], [...candidate])).sort());
    }), { numRuns: 2_000 });
  });

  it('that are said to include one another do so for every name', () => {
    fc.assert(fc.property(glob, near, (outer, [inner, candidate]) => {
      if (globIncludes(parseGlob(outer), parseGlob(inner)) && covers([...inner], [...candidate])) expect(covers([...outer], [...candidate])).toBe(true);
    }), { numRuns: 10_000 });
  });

  it('with hundreds of stars against the longest names are answered, not searched', async () => {
    const many = Array.from({ length: 200 }, (_, index) => `"${'a*'.repeat(300)}b${index}": deny`).join(', ');
    const loaded = await loadPolicy(`version: "1"\ndefault: allow\ntools: { ${many} }\n`, { name: 'p' });
    if (!loaded.ok) throw new Error('not loaded');
    const set = combine([loaded.policy]);
    expect(set.decide({ kind: 'tool', name: 'a'.repeat(8_000) }).effect).toBe('allow');
    expect(set.decide({ kind: 'tool', name: `${'a'.repeat(8_000)}b7` }).effect).toBe('deny');
    expect(set.decide({ kind: 'tool', name: 'a'.repeat(8_193) }).effect).toBe('deny');
  });
});
