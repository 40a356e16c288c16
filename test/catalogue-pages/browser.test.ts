import { readFileSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import { createRequire } from 'node:module';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Browser, BROWSER } from '../gateway/approval-http/browser.ts';
import { policylayer } from '../cli/support.ts';
import { RECORDS } from './records.ts';
import { Library, recordDirectory, serveFiles } from './support.ts';

/** Only where a browser is installed; what the server sends is proved without one. */
if (BROWSER === null) process.stderr.write('skipped: the catalogue in a real browser; it needs chromium (Debian: apt-get install chromium)\n');

const PAGES = ['/catalogue', '/catalogue?q=clone', '/catalogue?q=xylophone', '/catalogue/servers', '/catalogue/tools', '/catalogue/risk/critical', '/catalogue/awslabs.amazon-mq-mcp-server', '/catalogue/hostile-mcp', '/catalogue/empty-mcp', '/catalogue/large-mcp', '/catalogue/awslabs.aws-healthomics-mcp-server/CloneContainerToECR', `/catalogue/hostile-mcp/${encodeURIComponent('x'.repeat(256))}`, '/catalogue/contact', '/catalogue/nowhere'];
const READY = 'document.readyState === "complete"';
const SHIFTS = 'window.__shift=0;new PerformanceObserver(l=>{for(const e of l.getEntries())if(!e.hadRecentInput)window.__shift+=e.value}).observe({type:"layout-shift",buffered:true});';

describe.skipIf(BROWSER === null)('the catalogue in a real browser', () => {
  let library: Library;
  let browser: Browser;
  beforeAll(async () => {
    library = await Library.open(RECORDS);
    browser = await Browser.open(BROWSER ?? '');
    await browser.before(SHIFTS);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await library.close();
  });

  test.each(PAGES)('%s fits a phone and a desktop without scrolling sideways, and nothing moves while it loads', async (path) => {
    for (const [width, height] of [[390, 844], [320, 640], [1280, 800]] as const) {
      await browser.appearance(width, height, 'light');
      await browser.until(`${library.base}${path}`, READY);
      expect(await browser.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
      expect(Number(await browser.evaluate('window.__shift'))).toBeLessThan(0.01);
    }
    expect(browser.complaints.filter((text) => !text.includes('404'))).toEqual([]);
  }, 120_000);

  test.each(PAGES)('%s has no serious fault of accessibility, light or dark', async (path) => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    for (const scheme of ['light', 'dark'] as const) {
      await browser.appearance(scheme === 'light' ? 1280 : 390, 900, scheme);
      await browser.until(`${library.base}${path}`, READY);
      await browser.evaluate(`${axe};window.__axe=null;axe.run(document,{resultTypes:['violations']}).then(r=>{window.__axe=JSON.stringify(r.violations.map(v=>[v.id,v.impact,v.nodes.slice(0,3).map(n=>n.html.slice(0,160)+' '+(n.failureSummary||'').slice(0,300))]))},e=>{window.__axe='error '+e});0`);
      let found: unknown = null;
      for (let tries = 0; tries < 400 && found === null; tries += 1) {
        await new Promise((resolve) => setTimeout(resolve, 50));
        found = await browser.evaluate('window.__axe');
      }
      expect(JSON.parse(String(found))).toEqual([]);
    }
  }, 120_000);

  test('without scripts everything can be read and searched', async () => {
    await browser.scripts(false);
    await browser.appearance(390, 844, 'light');
    await browser.until(`${library.base}/catalogue`, READY);
    await browser.until({ script: 'document.getElementById("q").value="cloen contaner";document.querySelector(".search button").click()' }, 'location.search.includes("cloen")');
    expect(await browser.evaluate('document.querySelector(".tools .name").textContent')).toBe('CloneContainerToECR');
    await browser.until({ script: 'document.querySelector(".tools .name").click()' }, 'document.querySelector("h1").textContent==="CloneContainerToECR"');
    expect(await browser.evaluate('document.querySelectorAll("h3").length')).toBe(6);
    expect(await browser.evaluate('document.querySelectorAll(".copy").length')).toBe(0);
    await browser.scripts(true);
  }, 60_000);

  test('with scripts a rule is copied by a button, and nothing foreign is loaded', async () => {
    await browser.appearance(1280, 800, 'light');
    browser.requests.length = 0;
    await browser.until(`${library.base}/catalogue/awslabs.amazon-mq-mcp-server/CloneContainerToECR`, READY);
    await browser.evaluate('window.__copied=null;navigator.clipboard.writeText=t=>{window.__copied=t;return Promise.resolve()};document.querySelector(".copy").click()');
    expect(await browser.evaluate('window.__copied===document.querySelector("pre code").textContent')).toBe(true);
    expect(browser.requests.filter((address) => !address.startsWith(library.base))).toEqual([]);
    expect(await browser.evaluate('performance.getEntriesByType("resource").concat(performance.getEntriesByType("navigation")).reduce((sum,e)=>sum+e.decodedBodySize,0)')).toBeLessThan(100_000);
  }, 60_000);

  test('with the keyboard the first stop skips to the content, and every stop is seen', async () => {
    await browser.until(`${library.base}/catalogue`, READY);
    expect(await browser.evaluate('(()=>{const first=document.querySelector("a,button,input,select");first.focus();const s=getComputedStyle(first);return [first.className,first.getAttribute("href"),s.outlineStyle!=="none"||first.getBoundingClientRect().left>=0].join()})()')).toBe('skip,#main,true');
    expect(await browser.evaluate('[...document.querySelectorAll("[tabindex]")].every(e=>e.tabIndex<=0)')).toBe(true);
  });
});

describe.skipIf(BROWSER === null)('an exported catalogue in a real browser', () => {
  let browser: Browser;
  let site: { readonly base: string; readonly server: Server };
  let records = '';
  let out = '';
  beforeAll(async () => {
    records = recordDirectory(RECORDS);
    out = `${records}-site`;
    expect((await policylayer(['catalogue', 'build', '--out', out, '--servers', records])).status).toBe(0);
    site = await serveFiles(out);
    browser = await Browser.open(BROWSER ?? '');
    await browser.before(SHIFTS);
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    site.server.close();
    for (const directory of [records, out]) rmSync(directory, { recursive: true, force: true });
  });

  const first = 'document.querySelector("#results .name")?.textContent';
  const waitFor = async (expression: string): Promise<void> => {
    for (let tries = 0; tries < 200; tries += 1) {
      if ((await browser.evaluate(expression)) === true) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`never: ${expression}`);
  };

  test.each(['http', 'file'])('searches by its script over %s, forgives typing mistakes, and its results lead to pages', async (scheme) => {
    const base = scheme === 'http' ? site.base : `file://${out}`;
    await browser.appearance(390, 844, 'light');
    browser.requests.length = 0;
    await browser.until(`${base}/index.html`, READY);
    expect(browser.requests.some((address) => address.includes('search-index'))).toBe(false);
    await browser.evaluate('(()=>{const q=document.getElementById("q");q.value="cloen contaner";q.dispatchEvent(new Event("input",{bubbles:true}))})()');
    await waitFor(`${first}==="CloneContainerToECR"`);
    expect(await browser.evaluate('document.documentElement.scrollWidth <= window.innerWidth')).toBe(true);
    await browser.until({ script: 'document.querySelector("#results .name").click()' }, 'document.querySelector("h1").textContent==="CloneContainerToECR"');
    await browser.until(`${base}/index.html?q=xylophone`, 'document.querySelector("#results").textContent.includes("Nothing was found")');
    expect(Number(await browser.evaluate('window.__shift'))).toBeLessThan(0.1);
    await browser.until(`${base}/index.html?category=destructive&server=large-mcp`, 'document.querySelectorAll("#results tbody tr").length>3');
    expect(await browser.evaluate('[...document.querySelectorAll("#results .cat")].every(e=>e.textContent==="destructive")')).toBe(true);
    expect(browser.complaints).toEqual([]);
  }, 60_000);

  test('hostile names in its index stay text', async () => {
    await browser.until(`${site.base}/index.html?server=hostile-mcp`, 'document.querySelectorAll("#results tbody tr").length>30');
    expect(await browser.evaluate('document.querySelectorAll("#results img,#results script").length')).toBe(0);
    const hrefs = JSON.parse(String(await browser.evaluate('JSON.stringify([...document.querySelectorAll("#results .name")].map(a=>a.href))'))) as string[];
    for (const address of hrefs) expect((await fetch(address)).status).toBe(200);
  }, 60_000);

  test('without scripts the reader is told how to find things, and the lists are there', async () => {
    await browser.scripts(false);
    await browser.until(`${site.base}/index.html`, READY);
    expect(await browser.evaluate('document.querySelector("noscript").textContent')).toContain('needs JavaScript');
    await browser.until({ script: 'document.querySelector(".tile").click()' }, 'document.querySelector("h1").textContent==="read"');
    await browser.scripts(true);
  }, 60_000);
});
