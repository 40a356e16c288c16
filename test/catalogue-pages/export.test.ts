import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { policylayer, temporary } from '../cli/support.ts';
import { complaints, parse } from './markup.ts';
import { AMAZON_MQ, HEALTH_OMICS, RECORDS } from './records.ts';
import { filesBelow, hashesBelow, recordDirectory } from './support.ts';

let records = '';
let small = '';
beforeAll(() => {
  records = recordDirectory(RECORDS);
  small = recordDirectory([AMAZON_MQ, HEALTH_OMICS]);
});
afterAll(() => {
  for (const directory of [records, small]) rmSync(directory, { recursive: true, force: true });
});

const build = (out: string, ...more: string[]) => policylayer(['catalogue', 'build', '--out', out, '--json', ...more]);
const LIMIT = 100_000;

/** Every address in an export leads to a file of it. */
function checkLinks(files: ReadonlyMap<string, Buffer>, baseUrl: string): number {
  let links = 0;
  for (const [name, content] of files) {
    if (!name.endsWith('.html')) continue;
    for (const [, address = ''] of content.toString().matchAll(/ (?:href|src|action|data-index)="([^"]*)"/g)) {
      if (address.startsWith('#') || address.startsWith('mailto:')) continue;
      const absolute = address.startsWith(baseUrl) ? address.slice(baseUrl.length + 1) : new URL(address, `http://x/${name}`).pathname.slice(1);
      expect(files.has(absolute === '' ? 'index.html' : absolute), `${address} in ${name}`).toBe(true);
      links += 1;
    }
  }
  return links;
}

describe('policylayer catalogue build', () => {
  test('writes pages whose links all lead to files, each below 100 KB, with names that no file system takes for one', async () => {
    const out = temporary();
    const { status, stdout } = await build(out, '--servers', records, '--base-url', 'https://example.com/catalogue', '--contact', 'mailto:a@example.com');
    expect(status).toBe(0);
    const report = JSON.parse(stdout) as { servers: number; tools: number; pages: number; files: number; largest: { bytes: number } };
    const files = filesBelow(out);
    expect(report).toMatchObject({ servers: RECORDS.length, tools: RECORDS.reduce((sum, { tools }) => sum + tools.length, 0), files: files.size });
    expect(checkLinks(files, 'https://example.com/catalogue')).toBeGreaterThan(4_000);
    for (const [name, content] of files) {
      if (!name.endsWith('.html')) continue;
      expect(content.length, name).toBeLessThan(LIMIT);
      expect(complaints(parse(content.toString())), name).toEqual([]);
      expect(name === '404.html' || files.has(name.replace(/html$/, 'json')), name).toBe(true);
    }
    expect(new Set([...files.keys()].map((name) => name.toLowerCase())).size).toBe(files.size);
    for (const name of files.keys()) for (const part of name.split('/')) expect(Buffer.byteLength(part)).toBeLessThan(160);
    const sitemap = [...(files.get('sitemap.xml') ?? Buffer.of()).toString().matchAll(/<loc>https:\/\/example\.com\/catalogue\/([^<]*)<\/loc>/g)].map((match) => (match[1] === '' ? 'index.html' : (match[1] ?? '')));
    expect(sitemap.length).toBe(report.pages);
    for (const name of sitemap) expect(files.has(name), name).toBe(true);
    for (const [, path = ''] of (files.get('llms.txt') ?? Buffer.of()).toString().matchAll(/\]\(https:\/\/example\.com\/catalogue\/(\S+)\)/g)) expect(files.has(path), path).toBe(true);
  }, 120_000);

  test('the same records give the same bytes, and a second build replaces the first', async () => {
    const [one, other] = [temporary(), temporary()];
    await build(one, '--servers', records);
    await build(other, '--servers', small);
    expect(existsSync(join(other, 'large-mcp.html'))).toBe(false);
    await build(other, '--servers', records);
    expect(hashesBelow(other)).toEqual(hashesBelow(one));
    await build(other, '--servers', small);
    expect(existsSync(join(other, 'large-mcp.html'))).toBe(false);
  }, 120_000);

  test('without an address there is no sitemap and no absolute link, and that is said', async () => {
    const out = temporary();
    const { status, stdout, stderr } = await policylayer(['catalogue', 'build', '--out', out, '--servers', small]);
    expect([status, stdout]).toEqual([0, expect.stringMatching(/^9 tools of 2 servers: \d+ pages, \d+ files, [\d,.]+ KB in /)]);
    expect(stderr).toContain('--base-url');
    expect(existsSync(join(out, 'sitemap.xml'))).toBe(false);
    expect(readFileSync(join(out, 'index.html'), 'utf8')).not.toContain('rel="canonical"');
    expect(checkLinks(filesBelow(out), 'https://example.com')).toBeGreaterThan(100);
  });

  test('files of somebody else are not touched', async () => {
    const out = temporary({ 'thesis.txt': 'mine' });
    const { status, stderr } = await build(out, '--servers', small);
    expect([status, stderr]).toEqual([2, expect.stringContaining('has other files in it')]);
    expect([...filesBelow(out).keys()]).toEqual(['thesis.txt']);
    expect((await build(out, '--servers', small, '--force')).status).toBe(0);
    expect(readFileSync(join(out, 'thesis.txt'), 'utf8')).toBe('mine');
  });

  test('every record with a mistake is named, and nothing is written', async () => {
    const broken = recordDirectory([AMAZON_MQ]);
    writeFileSync(join(broken, 'a.json'), '{');
    writeFileSync(join(broken, 'b.json'), '{"format":2}');
    const out = join(temporary(), 'site');
    const { status, stderr } = await build(out, '--servers', broken);
    rmSync(broken, { recursive: true, force: true });
    expect(status).toBe(2);
    expect(stderr).toContain('2 records cannot be used');
    for (const name of ['a.json', 'b.json']) expect(stderr).toContain(name);
    expect(existsSync(out)).toBe(false);
  });

  test.each([
    [['--base-url', 'example.com'], 'is not the address of a website'], [['--base-url', 'javascript:alert(1)'], 'is not the address of a website'], [['--base-url', 'https://u:p@example.com'], 'more than a host and a path'],
    [['--contact', 'javascript:alert(1)'], 'nowhere to write to'], [['--servers', '/nowhere/at/all'], 'no records of servers'],
  ])('%j is refused', async (more, message) => {
    const out = join(temporary(), 'site');
    const { status, stderr } = await build(out, ...more);
    expect([status, stderr]).toEqual([2, expect.stringContaining(message)]);
    expect(existsSync(out)).toBe(false);
  });

  test('the records of this repository make a whole site', async () => {
    const out = temporary();
    const { status, stdout } = await build(out, '--base-url', 'https://example.com');
    expect(status).toBe(0);
    const files = filesBelow(out);
    expect((JSON.parse(stdout) as { largest: { bytes: number } }).largest.bytes).toBeLessThan(LIMIT);
    expect(checkLinks(files, 'https://example.com')).toBeGreaterThan(1_000);
    // Every page of fixtures is parsed above; of thousands of real ones each thirtieth is enough.
    const pages = [...files].filter(([name]) => name.endsWith('.html'));
    for (const [name, content] of pages.filter((_, index) => index % 30 === 0)) expect(complaints(parse(content.toString())), name).toEqual([]);
    for (const [name, content] of pages) expect(content.length, name).toBeLessThan(LIMIT);
  }, 300_000);
});
