import { gunzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { all, complaints, parse, textOf } from './markup.ts';
import { RECORDS } from './records.ts';
import { Library } from './support.ts';

let library: Library;
beforeAll(async () => {
  library = await Library.open(RECORDS);
});
afterAll(() => library.close());

const TOOL = '/catalogue/awslabs.amazon-mq-mcp-server/CloneContainerToECR';
const get = (path: string, headers: Readonly<Record<string, string>> = {}) => library.send('GET', path, headers);

describe('pages on the gateway', () => {
  test('every link of every page that can be reached leads somewhere, and every page is sound', async () => {
    const seen = new Set<string>();
    const waiting = ['/catalogue', '/catalogue?q=delete', '/catalogue/contact', '/catalogue/nowhere/at/all'];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      const answer = await get(path);
      expect([path, answer.status]).toEqual([path, path.includes('nowhere') ? 404 : 200]);
      if (!String(answer.headers['content-type']).startsWith('text/html')) continue;
      const root = parse(answer.text);
      expect(complaints(root)).toEqual([]);
      // Tools of the large server are all alike.
      for (const tag of ['a', 'link', 'script', 'form']) for (const element of all(root, tag)) {
        const address = element.attributes.get('href') ?? element.attributes.get('src') ?? element.attributes.get('action');
        if (address === undefined || address.startsWith('https://gateway.example.com/')) continue;
        const url = new URL(address, `http://x${path}`);
        expect(url.origin).toBe('http://x');
        if (/thing_number_\d+[1-9]/.test(url.pathname) || url.pathname.endsWith('.json') || (url.search !== '' && seen.size > 400)) continue;
        if (!url.hash) waiting.push(url.pathname + url.search);
      }
    }
    expect(seen.size).toBeGreaterThan(200);
  }, 120_000);

  test('a page has headers that keep scripts, frames and foreign forms out, and can be kept', async () => {
    const { headers, status } = await get(TOOL);
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toBe("default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'");
    expect(headers).toMatchObject({ 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY', 'referrer-policy': 'same-origin', 'cache-control': 'public, max-age=300' });
  });

  test('what the visitor has is not sent again; what takes gzip gets it; HEAD has no body', async () => {
    const plain = await get(TOOL);
    expect((await get(TOOL, { 'if-none-match': String(plain.headers.etag) })).status).toBe(304);
    expect((await get(TOOL, { 'if-none-match': 'W/"other"' })).status).toBe(200);
    const packed = await get(TOOL, { 'accept-encoding': 'br, gzip;q=0.8' });
    expect(packed.headers['content-encoding']).toBe('gzip');
    expect(gunzipSync(packed.body).equals(plain.body)).toBe(true);
    expect((await get(TOOL, { 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
    const head = await library.send('HEAD', TOOL);
    expect([head.status, head.text, head.headers['content-length']]).toEqual([200, '', String(plain.body.length)]);
  });

  test.each([
    ['a trailing slash', `${TOOL}/`, TOOL], ['the ending of an export', `${TOOL}.html`, TOOL], ['the catalogue with a slash', '/catalogue/', '/catalogue'],
    ['the exact name of a tool that has another address', `/catalogue/hostile-mcp/${encodeURIComponent('../../etc/passwd')}`, /^\/catalogue\/hostile-mcp\/etc-passwd~[0-9a-f]{16}$/],
    ['a name in another script', `/catalogue/hostile-mcp/${encodeURIComponent('删除文件')}`, /^\/catalogue\/hostile-mcp\/name~[0-9a-f]{16}$/],
  ])('%s leads to the page', async (_, from, to) => {
    const answer = await get(from);
    expect(answer.status).toBe(308);
    const target = new URL(String(answer.headers.location), `http://x${from}`).pathname;
    expect(target).toMatch(to);
    expect((await get(target)).status).toBe(200);
  });

  test.each(['/catalogue/../healthz', '/catalogue/%2e%2e/%2e%2e/etc/passwd', '/catalogue/%ff', '/catalogue/assets/../../LICENSE', '/catalogue/assets/none.css', `/catalogue/${'a/'.repeat(60)}`, '/catalogue/x.policy.yaml', '/catalogue/empty-mcp.policy.yaml', '/catalogue/x.json', '/catalogue/404', '/catalogue/category/none'])('%s is not there', async (path) => {
    const answer = await get(path);
    expect(answer.status).toBe(404);
    if (path.endsWith('.json')) expect(JSON.parse(answer.text)).toMatchObject({ error: { code: 'not_found' } });
    else expect(complaints(parse(answer.text))).toEqual([]);
  });

  test('a wrong address is answered with what was probably meant', async () => {
    const root = parse((await get('/catalogue/awslabs.amazon-mq-mcp-server/CloneContanerToECR')).text);
    expect(textOf(root)).toContain('Perhaps you meant');
    expect(all(root, 'a').map((link) => new URL(link.attributes.get('href') ?? '', 'http://x/catalogue/awslabs.amazon-mq-mcp-server/y').pathname)).toContain(TOOL);
  });

  test('search works by a plain form, and its JSON says the same', async () => {
    const root = parse((await get('/catalogue?q=cloen+contaner&category=&risk=')).text);
    const rows = all(root, 'tr').slice(1);
    expect(textOf(rows[0] ?? '')).toContain('CloneContainerToECR');
    expect(all(root, 'input').find((input) => input.attributes.get('name') === 'q')?.attributes.get('value')).toBe('cloen contaner');
    const twin = JSON.parse((await get('/catalogue.json?q=cloen+contaner')).text) as { total: number; tools: { name: string; url: string }[] };
    expect(twin.total).toBe(rows.length);
    expect(twin.tools[0]).toMatchObject({ name: 'CloneContainerToECR', url: expect.stringMatching(/^https:\/\/gateway\.example\.com\/catalogue\//) as string });
    expect(textOf(parse((await get('/catalogue?q=xylophone')).text))).toContain('Nothing was found');
    const second = parse((await get('/catalogue?q=thing&page=2')).text);
    expect(all(second, 'nav').some((nav) => nav.attributes.get('aria-label') === 'Pages of the results')).toBe(true);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])('%s is refused where only pages are', async (method) => {
    const answer = await library.send(method, TOOL);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a Host that is not ours sees nothing', async () => expect((await get('/catalogue', { host: 'rebound.example' })).status).toBe(403));

  test('other paths of the gateway are as they were', async () => {
    expect((await get('/healthz')).status).toBe(200);
    expect((await get('/')).status).toBe(404);
    expect((await get('/cataloguex')).status).toBe(404);
    expect((await get('/mcp/none')).status).toBe(401);
  });

  test('the sitemap has every page, llms.txt leads to twins, robots.txt keeps crawlers at the catalogue', async () => {
    const locations = [...(await get('/catalogue/sitemap.xml')).text.matchAll(/<loc>([^<]+)<\/loc>/g)].map((match) => match[1] ?? '');
    expect(locations.length).toBeGreaterThan(300);
    for (const address of locations.filter((_, index) => index % 9 === 0)) expect((await get(new URL(address).pathname)).status).toBe(200);
    const twins = [...(await get('/catalogue/llms.txt')).text.matchAll(/\]\((\S+)\)/g)].map((match) => new URL(match[1] ?? '').pathname);
    expect(twins.length).toBeGreaterThan(30);
    for (const path of twins) expect((await get(path)).headers['content-type']).toBe('application/json');
    expect((await get('/robots.txt')).text).toBe('User-agent: *\nAllow: /catalogue\nDisallow: /\n\nSitemap: https://gateway.example.com/catalogue/sitemap.xml\n');
  });
});

describe('the contact form', () => {
  let other: Library | null = null;
  afterEach(async () => {
    await other?.close();
    other = null;
  });
  const inbox = async (from: Library) => from.state.messages.list({ limit: 100 });

  test('asks, takes a message, and shows that it was taken, without sending it again on reload', async () => {
    other = await Library.open(RECORDS);
    const asked = parse((await other.send('GET', '/catalogue/contact?about=large-mcp')).text);
    expect(all(asked, 'input').find((input) => input.attributes.get('name') === 'about')?.attributes.get('value')).toBe('large-mcp');
    const answer = await other.post({ text: 'The class is wrong.\r\nReally.', about: 'large-mcp', name: 'Ann', email: 'ann@example.com', website: '' }, { origin: other.base, 'sec-fetch-site': 'same-origin' });
    expect([answer.status, answer.headers.location]).toEqual([303, 'contact?sent=1']);
    expect(textOf(parse((await other.send('GET', '/catalogue/contact?sent=1')).text))).toContain('Thank you');
    expect(await inbox(other)).toMatchObject([{ text: 'The class is wrong.\nReally.', page: 'large-mcp', name: 'Ann', email: 'ann@example.com', read: false }]);
  });

  test('says everything that is wrong at once, and keeps what was written', async () => {
    other = await Library.open(RECORDS);
    const answer = await other.post({ text: ' ', email: 'nobody', name: '<b>'.repeat(100) });
    expect(answer.status).toBe(422);
    const root = parse(answer.text);
    expect(complaints(root)).toEqual([]);
    expect(all(root, 'p').filter((one) => one.attributes.get('class') === 'problem').length).toBe(3);
    expect(all(root, 'input').find((input) => input.attributes.get('name') === 'email')?.attributes.get('value')).toBe('nobody');
    expect(await inbox(other)).toEqual([]);
  });

  test('takes nothing from other sites, of other kinds, too large, or twice the same field', async () => {
    other = await Library.open(RECORDS);
    expect((await other.post({ text: 'x' }, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await other.post({ text: 'x' }, { origin: 'null' })).status).toBe(403);
    expect((await other.post({ text: 'x' }, { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    expect((await other.post({ text: 'x' }, { 'content-type': 'application/json' })).status).toBe(415);
    expect((await other.post({ text: 'x' }, { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await other.post({ text: 'x'.repeat(50_000) })).status).toBe(413);
    expect((await other.post({ text: 'x'.repeat(3_001) })).status).toBe(422);
    expect((await other.send('POST', '/catalogue/contact', { 'content-type': 'application/x-www-form-urlencoded' }, 'text=a&text=b')).status).toBe(400);
    expect((await other.send('POST', '/catalogue/contact', { 'content-type': 'application/x-www-form-urlencoded' }, 'text=%ff')).status).toBe(400);
    expect((await other.send('PUT', '/catalogue/contact')).status).toBe(405);
    expect(await inbox(other)).toEqual([]);
  });

  test('what fills in the field that nobody sees is thanked and thrown away', async () => {
    other = await Library.open(RECORDS);
    expect((await other.post({ text: 'Buy', website: 'https://spam.example' })).status).toBe(303);
    expect(await inbox(other)).toEqual([]);
  });

  test('one address can write five times in ten minutes, and is told to wait then', async () => {
    other = await Library.open(RECORDS);
    for (let count = 0; count < 5; count += 1) expect((await other.post({ text: `message ${count}` })).status).toBe(303);
    const sixth = await other.post({ text: 'message 6' });
    expect(sixth.status).toBe(429);
    expect(Number(sixth.headers['retry-after'])).toBeGreaterThan(500);
    expect(textOf(all(parse(sixth.text), 'textarea')[0] ?? '')).toBe('message 6');
    expect((await inbox(other)).length).toBe(5);
  });

  test('when the inbox is full or out of reach, the visitor is told and keeps the text', async () => {
    other = await Library.open(RECORDS, { add: () => null, list: () => [], markRead: () => false });
    const full = await other.post({ text: 'hello' });
    expect([full.status, full.text.includes('The inbox is full')]).toEqual([503, true]);
    await other.close();
    other = await Library.open(RECORDS, { add: () => Promise.reject(new Error('disk')), list: () => [], markRead: () => false });
    expect((await other.post({ text: 'hello' })).status).toBe(503);
    expect(other.lines.join()).toContain('disk');
  });
});
