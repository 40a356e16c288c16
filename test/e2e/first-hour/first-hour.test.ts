import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Answer } from '../sdk-client.ts';
import { fixture, journal, program, repository, until, World } from '../world.ts';
import { complaintsOf, FOUND, openBrowser } from './chromium.ts';
import { picture } from './pictures.ts';

const REQUIRED = process.env['POLICYLAYER_REQUIRE_EXTRAS'] === '1';
const PASSWORD = 'seven green lanterns over water';

/**
 * What a platform team does in its first hour, with nothing but a browser and an agent: from the link that the first start prints to a policy that
 * was rolled back. Each test is the next step of one story.
 */
describe.skipIf(FOUND === null && !REQUIRED)('the first hour, in a real browser (install chromium to run it)', { timeout: 120_000 }, () => {
  const world = new World();
  const data = world.path('data');
  let url = '';
  let link = '';
  let browser: Browser;
  let page: Page;
  let complaints: string[] = [];
  let token = '';
  let remote = '';
  let called: Promise<Answer> | null = null;

  const open = async (path: string): Promise<void> => void (await page.goto(`${url}${path}`));
  const dialog = (): ReturnType<Page['getByRole']> => page.getByRole('dialog');
  const main = (): ReturnType<Page['locator']> => page.locator('main');

  beforeAll(async () => {
    browser = await openBrowser();
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(30_000);
    complaints = complaintsOf(page);
    remote = await world.httpServer(fixture('oracle-server.mjs'), ['--http', '0', '--log', world.path('oracle.log')]);
    const child = world.start([program, 'serve', '--json', '--data', data, '--listen', '127.0.0.1:0']);
    const said = await new Promise<string>((done, failed) => {
      let text = '';
      child.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString();
        if (text.includes('\n')) done(text.slice(0, text.indexOf('\n')));
      });
      child.once('close', () => failed(new Error('serve ended before it said anything')));
    });
    const greeting = JSON.parse(said) as { readonly url: string; readonly signIn: string };
    ({ url } = greeting);
    link = greeting.signIn;
  });
  afterAll(async () => {
    await browser?.close();
    expect(await world.close()).toEqual([]);
  });

  test('the link of the first start makes the first admin, once', async () => {
    await page.goto(link);
    await picture(page, 'first-sign-in');
    await page.getByLabel('Name').fill('Ada Admin');
    await page.getByLabel('E-mail').fill('ada@example.com');
    await page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await page.getByLabel('The same again').fill(PASSWORD);
    await page.getByRole('button', { name: 'Make the admin and sign in' }).click();
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(page.url()).not.toContain('link=');
    const again = await browser.newPage();
    await again.goto(link);
    await again.getByText(/not valid|no longer|used|expired|sign in/i).first().waitFor();
    expect(await again.evaluate(() => fetch('/api/v1/session').then((answer) => answer.json() as Promise<{ member: unknown }>))).toMatchObject({ member: null, setupNeeded: false });
    await again.close();
  });

  test('a server on stdio is added from the line that people have, and its tools are classed', async () => {
    await open('/servers/new');
    await page.getByLabel('Paste what you have').fill(`claude mcp add registry -- ${process.execPath} ${join(repository, 'examples/demo/server.mjs')}`);
    await picture(page, 'add-server');
    await page.getByRole('button', { name: 'Add and look at its tools' }).click();
    const row = page.getByRole('row', { name: /delete_image/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/destructive[\s\S]*critical/);
    expect(await page.getByRole('row', { name: /list_images/ }).innerText()).toMatch(/read[\s\S]*low/);
    await picture(page, 'server-tools');
  });

  test('a URL on this machine is refused until an admin allows it, and then its tools are classed too', async () => {
    await open('/servers/new');
    await page.getByLabel('Paste what you have').fill(remote);
    await page.getByLabel('Name', { exact: true }).fill('oracle');
    await page.getByRole('button', { name: 'Add and look at its tools' }).click();
    await page.getByText(/127\.0\.0\.1|private|loopback/i).first().waitFor();
    expect((await page.request.get(`${url}/api/v1/servers/oracle`)).status()).toBe(404);
    await open('/settings');
    const targets = page.getByLabel(/private/i).first();
    await targets.fill('127.0.0.0/8');
    await targets.press('Enter');
    await page.getByRole('button', { name: /^Save/ }).first().click();
    await page.getByText(/saved/i).first().waitFor();
    await open('/servers/new');
    await page.getByLabel('Paste what you have').fill(remote);
    await page.getByLabel('Name', { exact: true }).fill('oracle');
    await page.getByRole('button', { name: 'Add and look at its tools' }).click();
    const row = page.getByRole('row', { name: /wipe/ });
    await row.waitFor();
    expect(await row.innerText()).toMatch(/destructive/);
  });

  test('a policy is built on the board, by keyboard, and enforced', async () => {
    await open('/servers/registry');
    await page.getByText('Make a policy from these').click();
    await dialog().getByLabel('Name').fill('registry-support');
    await dialog().getByRole('button', { name: 'Create' }).click();
    const move = page.getByRole('button', { name: 'Move rotate_credentials' });
    await move.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem', { name: 'Deny' }).focus();
    await page.keyboard.press('Enter');
    await until('the card is in the column Deny', () => page.getByRole('group', { name: 'Tools in Deny' }).innerText(), (text) => text.includes('rotate_credentials'));
    await picture(page, 'policy-board');
    await page.getByText('Board and text').click();
    await page.locator('.cm-content').waitFor();
    expect(await page.locator('.cm-content').innerText()).toContain('rotate_credentials');
    await picture(page, 'policy-board-and-text');
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByLabel('Enforce').check();
    await dialog().getByLabel('Comment').fill('Support may look, and ask before it deletes');
    await picture(page, 'publish');
    await dialog().getByRole('button', { name: 'Publish and enforce' }).click();
    await page.getByText('enforced', { exact: false }).first().waitFor();
  });

  test('a grant is minted: its token is seen once', async () => {
    await open('/grants');
    await page.getByRole('button', { name: 'New grant' }).first().click();
    await dialog().getByLabel('Label').fill('support-agent');
    await dialog().getByRole('combobox', { name: 'Server' }).or(dialog().getByLabel('Server')).first().click();
    await page.getByRole('option', { name: 'registry' }).click();
    await dialog().getByLabel('Policies').click();
    await page.getByRole('option', { name: 'registry-support' }).click();
    await page.keyboard.press('Escape');
    await dialog().getByRole('button', { name: 'Create grant' }).click();
    await dialog().getByText('This is the only time').waitFor();
    token = /plg_[A-Za-z0-9_-]{43}/.exec(await dialog().innerText())?.[0] ?? '';
    expect(token).not.toBe('');
    expect(await dialog().innerText()).toContain(`${url}/mcp/registry`);
    await picture(page, 'grant-token');
    await dialog().getByLabel('I have stored it').check();
    await dialog().getByRole('button', { name: 'Done' }).click();
    await open('/grants/support-agent');
    await page.getByRole('heading', { name: 'support-agent' }).waitFor();
    expect(await page.content()).not.toContain(token);
  });

  test('a real client connects, and its calls appear as they come', async () => {
    await open('/');
    await page.getByText(/Calls as they come/).waitFor();
    const agent = await connect('sdk2-modern', { url: `${url}/mcp/registry`, token });
    expect((await agent.list()).map(({ name }) => name)).toContain('list_images');
    expect((await agent.call('list_images')).text).toContain('api:1.4');
    await main().getByText('list_images').first().waitFor();
    const refused = await agent.call('rotate_credentials');
    expect(refused.isError || refused.error !== null).toBe(true);
    await until('the figures follow the calls', () => main().innerText(), (text) => /Admitted\s+[1-9]/.test(text) && /Refused\s+[1-9]/.test(text));
    await picture(page, 'overview');
    await agent.close();
  });

  test('a call waits, is approved in the inbox with a comment, and the agent gets its result', async () => {
    const agent = await connect('sdk2-modern', { url: `${url}/mcp/registry`, token });
    called = agent.call('delete_image', { image: 'api:1.5-rc1' });
    await open('/inbox/approvals');
    await page.getByRole('article', { name: 'Request for delete_image' }).waitFor();
    expect(await main().innerText()).toContain('api:1.5-rc1');
    await picture(page, 'approval');
    await main().getByRole('button', { name: 'Approve' }).click();
    await dialog().getByLabel('Comment').fill('The release candidate is not needed any more');
    await dialog().getByRole('button', { name: 'Approve' }).click();
    const answer = await called;
    expect(answer.isError).toBe(false);
    expect(answer.error).toBeNull();
    await agent.close();
  });

  test('the call and who let it through are found in the journal, which verifies', async () => {
    await open('/journal?name=delete_image');
    const row = page.getByRole('row', { name: /delete_image/ }).first();
    await row.waitFor();
    await picture(page, 'journal');
    await row.click();
    const detail = dialog();
    await detail.waitFor();
    await until('the row says which rule decided', () => detail.innerText(), (text) => text.includes('delete_image') && text.includes('registry-support'));
    await picture(page, 'journal-row');
    const rows = await journal(data);
    expect(rows.filter(({ method, name, outcome }) => method === 'tools/call' && name === 'delete_image' && outcome === 'ok')).toHaveLength(1);
    const verified = await world.policylayer(['verify', '--data', data, '--json']);
    expect(verified.status, verified.stdout + verified.stderr).toBe(0);
  });

  test('the policy is rolled back, and the next call meets the version before', async () => {
    await open('/policies/registry-support');
    await page.getByRole('button', { name: 'Move list_images' }).click();
    await page.getByRole('menuitem', { name: 'Deny' }).click();
    await page.getByRole('button', { name: 'Publish', exact: true }).click();
    await dialog().getByLabel('Enforce').check();
    await dialog().getByRole('button', { name: 'Publish and enforce' }).click();
    await dialog().waitFor({ state: 'hidden' });
    const agent = await connect('sdk2-modern', { url: `${url}/mcp/registry`, token });
    expect((await agent.call('list_images')).decision?.code).toBe('denied');
    await page.getByText('Versions', { exact: true }).click();
    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    await picture(page, 'roll-back');
    await dialog().getByRole('button', { name: 'Roll back' }).click();
    await dialog().waitFor({ state: 'hidden' });
    expect((await agent.call('list_images')).text).toContain('api:1.4');
    await agent.close();
    await open('/audit');
    await main().getByText('policy.rollback').first().waitFor();
    await picture(page, 'audit');
  });

  test('nothing went wrong in the browser on the way', () => {
    expect(complaints).toEqual([]);
  });
});
