import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { distance, fit, SearchIndex } from '../../src/catalogue/pages/search-index.ts';
import { readQuery, Search } from '../../src/catalogue/pages/search.ts';
import { makeSite } from '../../src/catalogue/pages/site.ts';
import { RECORDS } from './records.ts';

const site = makeSite(RECORDS);
const search = new Search(site);
const find = (query: string): readonly { readonly name: string; readonly server: string }[] => {
  const parsed = readQuery(site, new URLSearchParams(query));
  return parsed === null ? [] : search.find(parsed).tools.map(({ tool, server }) => ({ name: tool.name, server: server.id }));
};

describe('search', () => {
  test.each(['clone container', 'clone contaner', 'cloen container', 'CloneContainerToECR', 'clonecontainertoecr', 'container ecr', 'clones containers', 'clon containr', 'clone_container', 'CLONE CONTAINER'])('finds CloneContainerToECR for %s, before everything else', (text) => {
    expect(find(`q=${encodeURIComponent(text)}`)[0]?.name.toLowerCase()).toBe('clonecontainertoecr');
  });

  test('a server is found by its name, and its tools come before those of others', () => {
    expect(find('q=amazon-mq').slice(0, 6).every(({ server }) => server === 'awslabs.amazon-mq-mcp-server')).toBe(true);
    expect(find('q=delete+amazon+mq')[0]).toEqual({ name: 'delete_broker', server: 'awslabs.amazon-mq-mcp-server' });
  });

  test('without a tool that has all words, those with most of them are shown and the answer says so', () => {
    const query = readQuery(site, new URLSearchParams('q=delete+broker+zzzzqqq'));
    if (query === null) throw new Error('no query');
    const found = search.find(query);
    expect(found.complete).toBe(false);
    expect(found.tools[0]?.tool.name).toBe('delete_broker');
  });

  test('nothing is found for what nobody has', () => expect(find('q=xylophone')).toEqual([]));

  test.each([['category=execute', 'category', 'execute'], ['risk=critical', 'risk', 'critical'], ['confidence=low', 'confidence', 'low']] as const)('%s keeps exactly the tools that have it', (query, facet, value) => {
    const parsed = readQuery(site, new URLSearchParams(query));
    if (parsed === null) throw new Error('no query');
    const found = search.find(parsed).tools;
    expect(found.length).toBe(site.tools.filter(({ tool }) => tool.classification[facet] === value).length);
    expect(found.every(({ tool }) => tool.classification[facet] === value)).toBe(true);
  });

  test('filters by signal, finding and server hold together with words', () => {
    expect(find('finding=no_description&server=awslabs.amazon-mq-mcp-server').map(({ name }) => name)).toEqual(['CloneContainerToECR']);
    expect(find('q=thing&category=destructive&server=large-mcp').length).toBe(site.tools.filter(({ tool, server }) => server.id === 'large-mcp' && tool.classification.category === 'destructive').length);
    expect(find('q=clone&risk=low')).toEqual([]);
    expect(find('signal=secrets').length).toBe(site.byFacet.get('signal/secrets')?.length);
  });

  test('values that no facet has are left out, and an address without a question is no search', () => {
    expect(readQuery(site, new URLSearchParams('category=everything&risk=&server=../x&utm=1'))).toBeNull();
    expect(readQuery(site, new URLSearchParams('q=a&page=0'))?.page).toBe(1);
    expect(readQuery(site, new URLSearchParams(`q=${'x'.repeat(5_000)}`))?.text.length).toBe(120);
  });

  test('the distance of two words is the one of the textbook', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'd'), maxLength: 8 });
    fc.assert(fc.property(word, word, fc.nat({ max: 4 }), (a, b, most) => {
      expect(distance(a, b, most)).toBe(Math.min(textbook(a, b), most + 1));
    }), { numRuns: 1_000 });
  });

  test('no word within the mistakes that are forgiven is passed over', () => {
    const word = fc.string({ unit: fc.constantFrom('a', 'b', 'c', 'q', 'A', '1', 'é', '𝒂'), minLength: 4, maxLength: 10 });
    const slip = fc.record({ at: fc.nat(), drop: fc.boolean(), put: fc.constantFrom('', 'x', 'a', '1') });
    fc.assert(fc.property(word, fc.array(slip, { maxLength: 2 }), (typed, slips) => {
      const other = slips.reduce((text, { at, drop, put }) => text.slice(0, at % (text.length + 1)) + put + text.slice((at % (text.length + 1)) + (drop ? 1 : 0)), typed);
      if (textbook(typed, other) <= (typed.length >= 8 ? 2 : 1)) expect(fit(typed, other)).toBeGreaterThan(0);
    }), { numRuns: 2_000 });
  });

  test('one letter too many, too few, wrong or swapped still finds the name, whatever the name', () => {
    const names = ['terminate_instance', 'create_charge', 'list_buckets', 'send_message', 'delete_repository', 'run_query'];
    const index = new SearchIndex(names.map((name) => ({ name, server: 's' })));
    fc.assert(fc.property(fc.constantFrom(...names), fc.nat(), fc.constantFrom('drop', 'double', 'swap', 'change'), (name, seed, kind) => {
      const words = name.split('_');
      const at = words.findIndex((word) => word.length >= 6);
      const word = words[at] ?? '';
      const place = 1 + (seed % (word.length - 2));
      const typed = kind === 'drop' ? word.slice(0, place) + word.slice(place + 1) : kind === 'double' ? word.slice(0, place) + word.slice(place - 1) : kind === 'swap' ? word.slice(0, place) + (word[place + 1] ?? '') + (word[place] ?? '') + word.slice(place + 2) : `${word.slice(0, place)}x${word.slice(place + 1)}`;
      const [best = -1] = index.search(words.with(at, typed).join(' ')).rows;
      expect(names[best]).toBe(name);
    }), { numRuns: 400 });
  });

  test('any query is answered', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      const parsed = readQuery(site, new URLSearchParams([['q', text]]));
      if (parsed !== null) search.find(parsed);
    }), { numRuns: 200 });
  });
});

/** Optimal string alignment, straight from its definition. */
function textbook(a: string, b: string): number {
  const d = Array.from({ length: a.length + 1 }, (_, i) => Array.from({ length: b.length + 1 }, (_, j) => (i === 0 ? j : j === 0 ? i : 0)));
  const at = (i: number, j: number): number => d[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i += 1) for (let j = 1; j <= b.length; j += 1) {
    const row = d[i];
    if (row === undefined) continue;
    row[j] = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, at(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1));
    if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) row[j] = Math.min(row[j] ?? 0, at(i - 2, j - 2) + 1);
  }
  return at(a.length, b.length);
}
