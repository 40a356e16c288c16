import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER, complaints, DEMO_SERVER, EMAIL, GatewayInBrowser, PASSWORD, settled, violations } from './gateway-in-browser.ts';

if (BROWSER === null) console.warn('skipped: no Chromium on the PATH (dashboard)');
if (BROWSER === null && process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1') throw new Error('Chromium is required');

const PAGES = ['/', '/servers', '/servers/new', '/servers/images', '/servers/images?tab=settings', '/servers/images?tab=grants', '/policies', '/policies/images', '/grants', '/grants/demo-agent', '/inbox/approvals', '/inbox/messages', '/journal', '/members', '/tokens', '/audit', '/settings', '/account'];

describe.skipIf(BROWSER === null)('dashboard, in a real browser against a real gateway', () => {
  let dashboard: GatewayInBrowser;

  async function goto(page: Page, path: string): Promise<void> {
    await page.goto(dashboard.url + path);
    await settled(page);
  }

  beforeAll(async () => {
    dashboard = await GatewayInBrowser.start();
  });
  afterAll(async () => {
    expect(await dashboard.close()).toEqual([]);
  });

  it('sends who is not signed in to the sign-in, which says where the first link is', async () => {
    const page = await dashboard.open();
    await page.goto(`${dashboard.url}/journal`);
    await page.getByRole('heading', { name: 'Nobody can sign in yet' }).waitFor();
    expect(page.url()).toBe(`${dashboard.url}/sign-in?next=%2Fjournal`);
    await page.context().close();
  });

  it('makes the first admin from the one-time link, whose secret leaves the address at once', async () => {
    const page = await dashboard.open();
    const said = complaints(page);
    await page.goto(dashboard.link);
    await page.getByRole('heading', { name: 'Make the first admin' }).waitFor();
    expect(page.url()).toBe(`${dashboard.url}/sign-in`);
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Name').fill('Ada Lovelace');
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByLabel('The same again').fill('other');
    await page.getByRole('button', { name: 'Make the admin' }).click();
    await page.getByText('It needs at least 12 characters.').waitFor();
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The same again').fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(said).toEqual([]);
    await dashboard.keepSession(page);
    await page.context().close();
  });

  it('signs in with a password, tells a wrong one, and goes on where one wanted to, but to no other site', { timeout: 60_000 }, async () => {
    const page = await dashboard.open({}, false);
    await page.goto(`${dashboard.url}/sign-in?next=${encodeURIComponent('//example.com/')}`);
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${dashboard.url}/`);
    await page.getByRole('button', { name: /account/ }).click();
    await page.getByRole('menuitem', { name: 'Log out', exact: true }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await page.goto(`${dashboard.url}/journal`);
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Journal' }).waitFor();
    await page.context().close();
  });

  it('adds a server from a pasted line, scans and classes its tools, and never shows its secret again', async () => {
    const page = await dashboard.open();
    const said = complaints(page);
    await goto(page, '/servers/new');
    await page.getByLabel('Paste what you have').fill(`claude mcp add Demo --env API_TOKEN=hunter2hunter2 --env REGION=eu -- ${process.execPath} ${DEMO_SERVER}`);
    expect(await page.getByLabel('Name', { exact: true }).inputValue()).toBe('demo');
    expect(await page.getByLabel('API_TOKEN is a secret').isChecked()).toBe(true);
    expect(await page.getByLabel('REGION is a secret').isChecked()).toBe(false);
    await page.getByRole('button', { name: 'Add and look at its tools' }).click();
    const row = page.getByRole('row', { name: /delete_image/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/destructive[\s\S]*critical/);
    await page.getByRole('tab', { name: 'Settings' }).click();
    await page.getByLabel('Value of REGION').waitFor();
    expect(await page.getByLabel('Value of API_TOKEN').inputValue()).toBe('');
    expect(await page.content()).not.toContain('hunter2');
    expect(said).toEqual([]);
    await page.context().close();
  });

  it.each([
    { width: 1280, scheme: 'light' },
    { width: 1280, scheme: 'dark' },
    { width: 390, scheme: 'light' },
    { width: 390, scheme: 'dark' },
  ] as const)('shows every page without an error, an accessibility problem or sideways scrolling: $width px, $scheme', { timeout: 120_000 }, async (look) => {
    const page = await dashboard.open(look);
    const said = complaints(page);
    const bad: unknown[] = [];
    for (const path of PAGES) {
      await goto(page, path);
      // What axe judges differs by scheme, not by width; it is most of the time here.
      const found = look.width < 600 ? [] : await violations(page);
      const wider = Number(await page.evaluate('document.documentElement.scrollWidth - window.innerWidth'));
      if (found.length > 0 || wider > 0 || said.length > 0) bad.push({ path, found, wider, said: [...said] });
      said.length = 0;
    }
    expect(bad).toEqual([]);
    await page.context().close();
  });

  it('can be used by keyboard: skip link, palette, rows of a table, a drawer that gives the focus back', async () => {
    const page = await dashboard.open();
    await goto(page, '/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('Skip to the content');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').waitFor();
    await page.keyboard.type('demo server');
    await page.getByRole('option', { name: /demo/ }).first().waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'demo' }).waitFor();
    const first = page.locator('[data-row-open]').first();
    await first.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('k');
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const drawer = page.getByRole('dialog');
    await drawer.getByText('Why this class').waitFor();
    expect(await violations(page)).toEqual([]);
    const name = String(await page.evaluate("document.querySelectorAll('[data-row-open]')[1].textContent"));
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toBe(name);
    await page.context().close();
  });

  it('shows a call that waits without a reload, with exact arguments, and lets it run after a and a comment', async () => {
    const page = await dashboard.open();
    const said = complaints(page);
    await goto(page, '/inbox/approvals');
    await page.getByText('Live', { exact: true }).waitFor();
    const sent = '{"image":"api:1.0","size":1.50,"note":"kept\\u202e"}';
    expect(await dashboard.call('delete_image', sent)).toContain('needs an approval');
    await page.getByRole('heading', { name: /demo-agent wants to call/ }).waitFor();
    const shown = await page.getByRole('region', { name: 'Arguments' }).innerText();
    expect(shown).toContain('1.50');
    expect(shown).toContain('kept\\u202e');
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press('a');
    await page.getByLabel('Comment').fill('asked the owner');
    await page.keyboard.press('Control+Enter');
    await page.getByText('delete_image may run now.').waitFor();
    await page.getByText('Nothing waits').waitFor();
    expect(await dashboard.call('delete_image', sent)).not.toContain('needs an approval');
    await page.getByText('Decided', { exact: true }).click();
    await page.getByText(/asked the owner/).waitFor();
    expect(said).toEqual([]);
    await page.context().close();
  });

  it('brings calls into the journal as they come, keeps filters in the address, and opens a row with its proof', async () => {
    const page = await dashboard.open();
    await goto(page, '/journal?name=describe_image');
    await page.getByText('Live', { exact: true }).first().waitFor();
    await dashboard.call('describe_image', '{"image":"api:1.0"}');
    const row = page.getByRole('row', { name: /describe_image/ }).first();
    await row.waitFor();
    await dashboard.call('list_images', '{}');
    await row.getByRole('button').press('Enter');
    await page.getByRole('region', { name: 'Proof' }).waitFor();
    expect(new URL(page.url()).searchParams.get('open')).not.toBe(null);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('row', { name: /list_images/ }).count()).toBe(0);
    await page.getByRole('button', { name: /Remove the filter name/ }).click();
    await page.getByRole('row', { name: /list_images/ }).first().waitFor();
    expect(new URL(page.url()).search).toBe('');
    await page.context().close();
  });

  it('switches to dark and keeps that over a reload, before anything is painted', async () => {
    const page = await dashboard.open();
    await goto(page, '/servers');
    await page.getByRole('button', { name: 'Colours' }).click();
    await page.getByRole('menuitem', { name: 'Dark' }).click();
    await page.locator('html[data-mantine-color-scheme=dark]').waitFor();
    // The program of the dashboard does not load: what is dark now was dark before it.
    await page.route(/\/assets\/index-.*\.js$/, (route) => route.abort());
    await page.reload();
    expect(await page.locator('html').getAttribute('data-mantine-color-scheme')).toBe('dark');
    await page.context().close();
  });

  it('tells who lost the session to sign in again, and goes back to the page', async () => {
    const page = await dashboard.open({}, false);
    await page.goto(`${dashboard.url}/servers`);
    await page.getByLabel('E-mail').fill(EMAIL);
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Servers' }).waitFor();
    await page.context().clearCookies();
    await page.getByRole('link', { name: 'Journal' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(new URL(page.url()).searchParams.get('next')).toContain('/journal');
    await page.context().close();
  });
});
