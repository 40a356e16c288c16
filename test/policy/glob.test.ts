import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { globIncludes, matchesGlob, parseGlob } from '../../src/policy/glob.ts';
import type { Glob } from '../../src/policy/glob.ts';
import { GlobIndex } from '../../src/policy/glob-index.ts';
import { covers } from './reference.ts';

const text = (letters: string, max: number): fc.Arbitrary<string> => fc.string({ unit: fc.constantFrom(...Array.from(letters)), maxLength: max });
const pattern = text('ab*', 7).filter((value) => value.includes('*') && !value.includes('**'));

describe('a glob', () => {
  it('covers what the definition of the star says', () => {
    fc.assert(
      fc.property(pattern, text('ab', 10), (glob, name) => {
        expect(matchesGlob(parseGlob(glob), name)).toBe(covers(glob, name));
      }),
      { numRuns: 5000 },
    );
  });

  it('treats every other character literally, those of regular expressions included', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }).filter((value) => !value.includes('*')), (literal) => {
        expect(matchesGlob(parseGlob(`${literal}*`), `${literal}x`)).toBe(true);
        expect(matchesGlob(parseGlob(`*${literal}`), `x${literal}`)).toBe(true);
        expect(matchesGlob(parseGlob(`x*${literal}y`), `x${literal}z`)).toBe(false);
      }),
    );
  });

  it('is decided for a pattern that makes backtracking matchers hang', () => {
    expect(matchesGlob(parseGlob(`${'a*'.repeat(400)}b`), 'a'.repeat(8000))).toBe(false);
    expect(matchesGlob(parseGlob(`${'*a'.repeat(400)}*`), 'a'.repeat(8000))).toBe(true);
  });

  it('is included in another only if the other covers every name', () => {
    fc.assert(
      fc.property(pattern, pattern, text('ab', 8), (outer, inner, name) => {
        if (globIncludes(parseGlob(outer), parseGlob(inner)) && covers(inner, name)) expect(covers(outer, name)).toBe(true);
      }),
      { numRuns: 3000 },
    );
  });
});

interface Counted {
  readonly glob: Glob;
}

/** An item that counts how often its glob is looked at. */
function counted(selector: string, count: { looks: number }): Counted {
  const glob = parseGlob(selector);
  return {
    get glob() {
      count.looks += 1;
      return glob;
    },
  };
}

describe('the index of globs', () => {
  // Many with one prefix and one suffix, so that the middle parts have to be indexed too.
  const crowded = fc.oneof(pattern, text('abc', 4).filter((part) => part !== '').map((part) => `*${part}*`), text('ab', 5).filter((part) => part !== '').map((part) => `a*${part}*b`));

  it('finds exactly what trying all of them finds', () => {
    fc.assert(
      fc.property(fc.uniqueArray(crowded, { minLength: 20, maxLength: 80 }), fc.array(text('ab', 9), { maxLength: 10 }), (patterns, names) => {
        const items = patterns.map((selector) => ({ selector, glob: parseGlob(selector) }));
        const index = new GlobIndex(items);
        for (const name of names) {
          const expected = patterns.filter((selector) => covers(selector, name)).sort();
          expect(index.find(name).map((item) => item.selector).sort()).toEqual(expected);
        }
      }),
      { numRuns: 500 },
    );
  });

  const shapes: Record<string, (index: number) => string> = {
    'a prefix each': (index) => `tool_${index}_*`,
    'a suffix each': (index) => `*_tool_${index}_`,
    'a middle each': (index) => `*_${String(index).padStart(5, '0')}_*`,
    'one prefix, a suffix each': (index) => `get_*_${index}_`,
    'one prefix and one suffix, a middle each': (index) => `get_*_${String(index).padStart(5, '0')}_*_all`,
    'long URIs with one beginning': (index) => `https://host.example.com/projects/${index}/*`,
  };
  it.each(Object.entries(shapes))('looks at few of 10,000 globs with %s', (_, shape) => {
    const count = { looks: 0 };
    const index = new GlobIndex(Array.from({ length: 10_000 }, (__, number) => counted(shape(number), count)));
    const name = shape(1234).replaceAll('*', 'xyz');
    count.looks = 0;
    expect(index.find(name).length).toBeGreaterThanOrEqual(1);
    expect(count.looks).toBeLessThan(150);
    count.looks = 0;
    expect(index.find(`hostile_${'q'.repeat(500)}`)).toEqual([]);
    expect(count.looks).toBeLessThan(150);
  });
});
