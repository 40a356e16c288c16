import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CLIENT, IdentityProvider } from '../control/auth/identity-provider.ts';
import { AuthorizationServer } from '../control/oauth/authorization-server.ts';
import { ProtectedServer } from '../control/oauth/protected-server.ts';
import { picture } from '../e2e/first-hour/pictures.ts';
import { CHROMIUM, Dashboard, faults } from './dashboard.ts';

if (CHROMIUM === null) process.stderr.write('skipped: held definitions, OAuth, conflicts and single sign-on in a real browser; they need chromium (Debian: apt-get install chromium)\n');
if (CHROMIUM === null && process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1') throw new Error('Chromium is required');

const DRIFTING = fileURLToPath(new URL('../fixtures/drifting-server.mjs', import.meta.url));
const NOTE = { name: 'get_note', description: 'Reads a note.', inputSchema: { type: 'object', properties: { id: { type: 'string' } } } };
const WORSE = { ...NOTE, description: 'Permanently deletes a note and everything below it.', inputSchema: { type: 'object', properties: { id: { type: 'string' }, force: { type: 'boolean' } } } };

describe.skipIf(CHROMIUM === null)('what happens between people, servers and issuers, in a real browser', () => {
  const directory = mkdtempSync(join(tmpdir(), 'policylayer-unseen-'));
  const tools = join(directory, 'tools.json');
  let dashboard: Dashboard;
  let idp: IdentityProvider;
  let issuer: AuthorizationServer;
  let upstream: ProtectedServer;
  let token = '';

  beforeAll(async () => {
    writeFileSync(tools, JSON.stringify([NOTE]));
    dashboard = await Dashboard.start();
    // Other sites than the gateway's, for a browser: cookies that are for one site only stay behind on the way back.
    idp = await IdentityProvider.start(`${dashboard.base}/api/v1/session/oidc/callback`, 'localhost');
    issuer = await AuthorizationServer.start({ host: 'localhost' });
    upstream = await ProtectedServer.start(issuer.url);
    const oidc = { enabled: true, label: 'Example Login', issuer: idp.issuer, clientId: CLIENT.id, clientSecret: CLIENT.secret, allowedDomains: ['example.org'], defaultRole: 'viewer', roleClaim: null, roleMap: {} };
    const set = await dashboard.api('PATCH', '/settings', { privateTargets: ['127.0.0.1/32', '::1/128'], oidc }, (await dashboard.api('GET', '/settings')).etag?.replaceAll('"', ''));
    expect(set.status, JSON.stringify(set.body)).toBe(200);
    for (const server of [{ name: 'notes', kind: 'command', command: [process.execPath, DRIFTING, '--stdio', '--tools', tools] }, { name: 'tickets', kind: 'http', url: upstream.url, auth: 'oauth' }]) expect((await dashboard.api('POST', '/servers', server)).status).toBe(201);
    const { version } = (await dashboard.api('POST', '/policies', { name: 'open', server: 'notes', text: 'version: "1"\ndefault: allow\n' })).body as { version: number };
    expect((await dashboard.api('POST', '/policies/open/publish', { stage: 'enforce' }, version)).status).toBe(200);
    const made = await dashboard.api('POST', '/grants', { label: 'reader', server: 'notes', policies: ['open'] });
    expect(made.status).toBe(201);
    token = (made.body as { token: string }).token;
  }, 90_000);
  afterAll(async () => {
    await dashboard.stop();
    await Promise.all([idp.stop(), upstream.close(), issuer.close()]);
    rmSync(directory, { recursive: true, force: true });
  });

  /** What an agent is answered. */
  async function ask(method: string, params: Readonly<Record<string, unknown>>): Promise<string> {
    const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {}, 'io.modelcontextprotocol/clientInfo': { name: 'test', version: '1' } };
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', authorization: `Bearer ${token}`, 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...(typeof params['name'] === 'string' ? { 'mcp-name': params['name'] } : {}) };
    const response = await fetch(`${dashboard.base}/mcp/notes`, { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }) });
    return response.text();
  }

  /** A window in which nobody is signed in. */
  async function stranger(): Promise<Page> {
    const context = await dashboard.browser.newContext({ viewport: { width: 1280, height: 860 }, colorScheme: 'light' });
    const page = await context.newPage();
    page.setDefaultTimeout(20_000);
    return page;
  }

  test('a definition that changed for the worse is shown line against line, and can be used again once somebody accepts it', async () => {
    expect(await ask('tools/list', {})).toContain('Reads a note.');
    writeFileSync(tools, JSON.stringify([WORSE]));
    await ask('tools/list', {});
    expect(await ask('tools/call', { name: 'get_note', arguments: { id: '1' } })).not.toContain('get_note ran');
    const page = await dashboard.open('/servers/notes');
    await page.getByRole('button', { name: 'Scan' }).click();
    await page.getByRole('row', { name: /held back/ }).waitFor();
    await page.getByRole('tab', { name: 'Tools (1 held)' }).waitFor();
    await page.getByRole('row', { name: /get_note/ }).getByRole('button').first().click();
    const drawer = page.getByRole('dialog');
    const lines = drawer.getByRole('region', { name: 'Differences of the two definitions' });
    await lines.waitFor();
    const text = await lines.innerText();
    expect(text).toMatch(/^− .*"description": "Reads a note\."/m);
    expect(text).toMatch(/^\+ .*"description": "Permanently deletes a note and everything below it\."/m);
    expect(text).toMatch(/^\+ .*"force"/m);
    expect(await faults(page)).toEqual([]);
    await picture(page, 'held-definition');
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(() => faults(page)).toEqual([]);
    await page.emulateMedia({ colorScheme: 'light' });
    await drawer.getByRole('button', { name: 'Accept the new definition' }).click();
    await page.getByText('get_note can be used with its new definition.').waitFor();
    await lines.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
    await page.getByRole('row', { name: /get_note.*pinned/ }).waitFor();
    expect(await ask('tools/call', { name: 'get_note', arguments: { id: '1' } })).toContain('get_note ran');
  }, 60_000);

  test('who connects a server consents at its issuer, comes back to the tab, and the server’s tools can be read', async () => {
    const page = await dashboard.open('/servers/tickets?tab=oauth');
    await page.getByText('waits for your consent').waitFor();
    await page.getByRole('button', { name: 'A client that was registered by hand' }).click();
    await page.getByLabel('Client id').fill('reports');
    await page.getByRole('radio', { name: 'With its own secret, without a person' }).check();
    await page.getByRole('button', { name: 'Save the client' }).click();
    await page.getByText('the client_credentials grant needs a client secret').waitFor();
    expect(await faults(page)).toEqual([]);
    await picture(page, 'server-oauth');
    await page.getByRole('button', { name: 'Connect', exact: true }).click();
    await page.locator('input[name=login]').fill('operator');
    await page.locator('input[name=password]').fill('any');
    await page.locator('button[type=submit]').click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('heading', { name: 'Access was given' }).waitFor();
    // The style of this page is let in by its hash.
    expect(await page.evaluate("getComputedStyle(document.querySelector('main')).borderTopStyle")).toBe('solid');
    expect(await faults(page)).toEqual([]);
    await picture(page, 'access-was-given');
    await page.getByRole('link', { name: 'Back to the dashboard' }).click();
    await page.getByText('connected', { exact: true }).waitFor();
    expect(page.url()).toBe(`${dashboard.base}/servers/tickets?tab=oauth`);
    await page.getByText(issuer.url).waitFor();
    await picture(page, 'server-oauth-connected');
    await page.getByRole('tab', { name: 'Tools' }).click();
    await page.getByRole('button', { name: 'Scan' }).first().click();
    await page.getByRole('row', { name: /wipe/ }).waitFor();
    await page.getByRole('tab', { name: /OAuth/ }).click();
    await page.getByRole('button', { name: 'Give the access up' }).click();
    await page.getByRole('button', { name: 'Give it up' }).click();
    await page.getByText('waits for your consent').waitFor();
  }, 60_000);

  test('of two who edit one server the second is told, sees the difference, and overwrites nothing', async () => {
    const first = await dashboard.open('/servers/notes?tab=settings');
    const second = await first.context().newPage();
    second.setDefaultTimeout(15_000);
    await second.goto(first.url());
    await second.getByLabel('Description').fill('Notes, as the second wrote it');
    await first.getByLabel('Description').fill('Notes, as the first wrote it');
    await first.getByRole('button', { name: 'Save' }).click();
    await first.getByText('The next session uses the new settings.').waitFor();
    await second.getByRole('button', { name: 'Save' }).click();
    const dialog = second.getByRole('dialog', { name: 'Changed meanwhile' });
    await dialog.waitFor();
    await dialog.getByRole('button', { name: 'Look at the difference' }).click();
    expect(await dialog.getByRole('region', { name: 'What is kept now' }).innerText()).toContain('as the first wrote it');
    expect(await dialog.getByRole('region', { name: 'What you wrote' }).innerText()).toContain('as the second wrote it');
    expect(await faults(second)).toEqual([]);
    await picture(second, 'conflict');
    await dialog.getByRole('button', { name: 'Reload, drop my changes' }).click();
    await dialog.waitFor({ state: 'detached' });
    await expect.poll(() => second.getByLabel('Description').inputValue()).toBe('Notes, as the first wrote it');
    await second.getByLabel('Description').fill('Notes, as both agreed');
    await second.getByRole('button', { name: 'Save' }).click();
    await second.getByText('The next session uses the new settings.').waitFor();
    expect((await dashboard.api('GET', '/servers/notes')).body).toMatchObject({ description: 'Notes, as both agreed' });
  }, 60_000);

  test('the button of single sign-on lets in who may come in, and says in plain words why somebody may not', async () => {
    const page = await stranger();
    idp.person = { sub: 'eve', email: 'eve@example.net', email_verified: true };
    await page.goto(`${dashboard.base}/sign-in`);
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    await page.getByText('Nobody has invited your e-mail address yet. Ask an admin for an invitation.').waitFor();
    expect(page.url()).toBe(`${dashboard.base}/sign-in`);
    expect(await faults(page)).toEqual([]);
    await picture(page, 'single-sign-on');
    await page.context().clearCookies();
    idp.person = { sub: 'grace', email: 'grace@example.org', email_verified: true, name: 'Grace Hopper' };
    await page.getByRole('link', { name: 'Sign in with Example Login' }).click();
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    expect(page.url()).toBe(`${dashboard.base}/`);
    await page.getByRole('button', { name: /Grace Hopper/ }).waitFor();
    await page.context().close();
  }, 60_000);

  test.each([
    ['email_not_verified', /does not confirm that the e-mail address is yours/],
    ['disabled', /is disabled/],
    ['other_identity', /another identity/],
    ['begun_elsewhere', /another browser, or too long ago/],
    ['unreachable', /did not answer/],
    ['failed', /was not accepted/],
    ['<img src=x>', /did not work/],
  ])('oidc_%s is told in words, and leaves the address', async (code, words) => {
    const page = await stranger();
    await page.goto(`${dashboard.base}/sign-in#error=${encodeURIComponent(`oidc_${code}`)}`);
    expect(await page.getByRole('alert').innerText()).toMatch(words);
    expect(page.url()).toBe(`${dashboard.base}/sign-in`);
    await page.context().close();
  }, 30_000);

  test('a link of an invitation and one of a reset say what they are for; one that was used says so before anybody fills it in', async () => {
    const invited = (await dashboard.api('POST', '/members', { name: 'Lin', email: 'lin@example.com', role: 'viewer' })).body as { inviteLink: string; member: { id: string } };
    const page = await stranger();
    await page.goto(invited.inviteLink);
    await page.getByRole('heading', { name: 'Welcome, Lin' }).waitFor();
    expect(await page.getByLabel('E-mail').inputValue()).toBe('lin@example.com');
    expect(await faults(page)).toEqual([]);
    await picture(page, 'invitation');
    await page.getByLabel('Password', { exact: true }).fill('a long enough password');
    await page.getByLabel('The same again').fill('a long enough password');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor();
    await page.context().clearCookies();
    for (const link of [invited.inviteLink, invited.inviteLink.slice(0, -3)]) {
      await page.goto('about:blank');
      await page.goto(link);
      await page.getByRole('heading', { name: 'This link is not valid any more' }).waitFor();
    }
    expect(await faults(page)).toEqual([]);
    await picture(page, 'void-link');
    await page.getByRole('button', { name: 'Go to the sign-in' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    const { link } = (await dashboard.api('POST', `/members/${invited.member.id}/reset`)).body as { link: string };
    await page.goto('about:blank');
    await page.goto(link);
    await page.getByRole('heading', { name: 'Choose a new password' }).waitFor();
    await page.context().close();
  }, 60_000);
});
