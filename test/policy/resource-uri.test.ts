import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readUri, readUriSelector } from '../../src/policy/resource-uri.ts';
import { setOf } from './load.ts';

const exact: [uri: string, normal: string][] = [
  ['HTTP://Example.COM/%7Euser', 'http://example.com/~user'],
  ['http://example.com:80/', 'http://example.com/'],
  ['http://example.com:/', 'http://example.com/'],
  ['https://example.com:0443', 'https://example.com/'],
  ['http://example.com/a/./b/../c', 'http://example.com/a/c'],
  ['http://example.com/a/b/..', 'http://example.com/a/'],
  ['http://example.com/../..', 'http://example.com/'],
  ['http://u%41@Example.com/', 'http://uA@example.com/'],
  ['http://[0:0:0::1]/', 'http://[::1]/'],
  ['file:///%c3%a9', 'file:///%C3%A9'],
  ['file:///é', 'file:///%C3%A9'],
  ['file:///a b', 'file:///a%20b'],
  ['file:///a%20b', 'file:///a%20b'],
  ['file:///a//b', 'file:///a//b'],
  ['file:///a%3Ab', 'file:///a%3Ab'],
  ['db://Host/Path?Q=%41%26#%61', 'db://host/Path?Q=A%26#a'],
  ['urn:ISBN:1', 'urn:ISBN:1'],
  ['x:*', 'x:%2A'],
];

describe('RFC 3986 normalisation', () => {
  it.each(exact)('%s is %s', (uri, normal) => expect(readUri(uri)).toMatchObject({ ok: true, exact: normal }));

  it('is stable: what is normal stays as it is', () => {
    const piece = fc.constantFrom('a', 'B', '%41', '%3a', '%20', ' x', 'é', '/', '//', '.', '..', '/../', '?', '#', '=', '&', '*', '@', ':', '[', '%25', '~', '8', ';');
    fc.assert(
      fc.property(fc.constantFrom('file:///', 'db://h/', 'https://h/', 'x:'), fc.array(piece, { maxLength: 10 }), (start, pieces) => {
        const reading = readUri(start + pieces.join(''));
        if (!reading.ok) return;
        expect(readUri(reading.exact)).toMatchObject({ ok: true, exact: reading.exact });
        expect(readUri(reading.folded)).toMatchObject({ ok: true, folded: reading.folded });
      }),
      { numRuns: 3000 },
    );
  });
});

const unreadable = ['x://::', 'db://h:1:2/', 'https:///h/x', 'https:h/x', 'http://0x7f.1/', 'http://127.1/', 'http://2130706433/', 'http://h%41%2fx/', 'http://ex%C3%A4mple/', 'http://exämple/', 'http://h:80x/', 'http://h/%2', 'file:x', 'file:///a//../b', 'file:///.//b', 'x:/..//b', '//h/x', 'x', '1:x', ':x', ' file:///x', 'file:///x ', 'file:///\u007f', 'file:///%1f', 'file:///%25%32%66', 'file:///%c3'];

describe('a URI that has more than one reading', () => {
  it.each(unreadable)('%s is not judged', (uri) => expect(readUri(uri).ok).toBe(false));
});

/** Pieces that servers are known to read in different ways. */
const TRICKS = ['/', '//', '/./', '/../', '..', '.', '\\', '%2e', '%2E%2e', '%2f', '%5c', '%00', '%', '?', '#', '?x=/', '#/..', ';', '..;/', '@', ':', '\t', '\n', ' ', '%20', '\u00a0', '%252e', '*', 'é', 'x', 'localhost', '127.0.0.1'];

describe('around rules for files there is no way', () => {
  const near = fc.array(fc.oneof({ weight: 2, arbitrary: fc.constantFrom('etc', 'passwd', '%65tc', 'p%61sswd', '/etc/passwd', 'srv', 'pub', '/srv/pub/') }, { weight: 3, arbitrary: fc.constantFrom(...TRICKS) }), { maxLength: 9 });
  const uri = fc.tuple(fc.constantFrom('file:', 'FILE:', 'file:/', 'file://', 'file:///', 'file://localhost', 'file:///srv/pub/'), near).map(([start, pieces]) => start + pieces.join(''));

  /** The path that Node opens for a URI; null when it opens none. */
  function opened(text: string): string | null {
    try {
      return resolve(fileURLToPath(text));
    } catch {
      return null;
    }
  }

  it('a denied file stays denied however it is spelt', async () => {
    const set = await setOf('{ version: "1", default: allow, resources: { "file:///etc/passwd": deny } }');
    let reached = 0;
    fc.assert(
      fc.property(uri, (text) => {
        if (opened(text) !== '/etc/passwd') return;
        reached += 1;
        expect(set.decide({ kind: 'resource', name: text }).effect).toBe('deny');
      }),
      { numRuns: 30_000 },
    );
    expect(reached).toBeGreaterThan(50);
  });

  it('an allowed folder is never left', async () => {
    const set = await setOf('{ version: "1", default: deny, resources: { "file:///srv/pub/*": allow } }');
    let reached = 0;
    fc.assert(
      fc.property(uri, (text) => {
        if (set.decide({ kind: 'resource', name: text }).effect !== 'allow') return;
        const path = opened(text);
        if (path !== null) reached += 1;
        expect(path === null || path === '/srv/pub' || path.startsWith('/srv/pub/')).toBe(true);
      }),
      { numRuns: 30_000 },
    );
    expect(reached).toBeGreaterThan(50);
  });
});

describe('around rules for web addresses there is no way', () => {
  const piece = fc.constantFrom('admin', '%61dmin', 'h.example', 'H.Example', 'H%2Eexample', ':443', ':0443', ':', 'u@', '@', 'u:p@', ...TRICKS);
  const uri = fc.tuple(fc.constantFrom('https://h.example', 'https://h.example/', 'https://h.example/admin', 'HTTPS:', 'https:/', 'https:///', 'https://u@'), fc.array(piece, { maxLength: 7 })).map(([start, pieces]) => start + pieces.join(''));

  /** Host and path as a server sees them that decodes, merges slashes and ignores one at the end; null when it sees none. */
  function page(text: string): string | null {
    try {
      const url = new URL(text);
      return url.search === '' ? url.host + decodeURIComponent(url.pathname).replace(/\/+/g, '/').replace(/\/$/, '') : null;
    } catch {
      return null;
    }
  }

  it('a denied page stays denied however it is spelt', async () => {
    const set = await setOf('{ version: "1", default: allow, resources: { "https://h.example/admin": deny } }');
    let reached = 0;
    fc.assert(
      fc.property(uri, (text) => {
        if (page(text) !== 'h.example/admin') return;
        reached += 1;
        expect(set.decide({ kind: 'resource', name: text }).effect).toBe('deny');
      }),
      { numRuns: 30_000 },
    );
    expect(reached).toBeGreaterThan(50);
  });

  it('an allowed host is never left', async () => {
    const set = await setOf('{ version: "1", default: deny, resources: { "https://h.example/*": allow } }');
    let reached = 0;
    fc.assert(
      fc.property(uri, (text) => {
        if (set.decide({ kind: 'resource', name: text }).effect !== 'allow') return;
        reached += 1;
        expect(new URL(text).host).toBe('h.example');
      }),
      { numRuns: 30_000 },
    );
    expect(reached).toBeGreaterThan(50);
  });
});

describe('folding', () => {
  it('merges what lenient servers merge', () => {
    const same = ['file:///a/b', 'file:/a/b', 'file://localhost/a/b', 'file:///a//b', 'file:///a/b/', 'file:///a/b?q', 'file:///a/b#f', 'FILE:///a/./b', 'file:///%61/b'];
    expect(new Set(same.map((uri) => { const reading = readUri(uri); return reading.ok ? reading.folded : uri; })).size).toBe(1);
  });
  it('keeps the stars of a selector where they are', () => {
    for (const selector of ['file:///a/*', 'https://*', '*', '*.md', 'db:*', 'https://h/*?q=*', '*://h/*', 'FILE:///*']) {
      const reading = readUriSelector(selector);
      const stars = (text: string): number => text.split('*').length - 1;
      expect(reading.ok && stars(reading.exact)).toBe(stars(selector));
    }
  });
  it('of a selector covers every URI that differs from a covered one only in spelling', async () => {
    const set = await setOf('{ version: "1", default: deny, resources: { "https://h/*": allow, "db://t/*/x": allow, "*.md": allow, "file:///s/*": allow } }');
    for (const uri of ['https://h/', 'https://h', 'https://h/a?b=c', 'db://t/y/x', 'db://t/y/z/x', 'file:///s/', 'file:///s/a/', 'x:a.md', 'file:///q/a.md']) {
      expect([uri, set.decide({ kind: 'resource', name: uri }).effect]).toEqual([uri, 'allow']);
    }
  });
});
