import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROKER, CHROMIUM, Dashboard, faults } from './dashboard.ts';

if (CHROMIUM === null) process.stderr.write('skipped: grants and administration in a real browser; they need chromium (Debian: apt-get install chromium)\n');

const POLICY = 'version: "1"\ndefault: deny\ntools:\n  "List*": allow\n';

describe.skipIf(CHROMIUM === null)('grants and administration in a real browser', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await Dashboard.start();
    await dashboard.api('POST', '/servers', { name: 'broker', kind: 'command', command: [process.execPath, BROKER] });
    await dashboard.api('POST', '/servers/broker/scan');
    const { version } = (await dashboard.api('POST', '/policies', { name: 'reading', server: 'broker', text: POLICY })).body as { version: number };
    expect((await dashboard.api('POST', '/policies/reading/publish', { stage: 'enforce' }, version)).status).toBe(200);
  }, 60_000);
  afterAll(() => dashboard.stop());

  test('a grant is made; its token is seen once, in a form that works, and never again', async () => {
    const page = await dashboard.open('/grants');
    await page.getByRole('button', { name: 'New grant' }).first().click();
    await page.getByLabel('Label').fill('support-agent');
    await page.getByRole('combobox', { name: 'Server' }).click();
    await page.getByRole('option', { name: 'broker' }).click();
    await page.getByRole('combobox', { name: 'Policies' }).click();
    await page.getByRole('option', { name: 'reading' }).click();
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Create grant' }).click();
    const token = (await page.getByRole('region', { name: 'Token' }).textContent()) ?? '';
    expect(token.length).toBeGreaterThan(20);
    await page.getByRole('region', { name: 'Configuration of Claude Code' }).getByText(token).waitFor();
    for (const client of ['Claude Desktop', 'Cursor', 'VS Code', 'Codex', 'Gemini CLI']) {
      await page.getByRole('tab', { name: client }).click();
      expect(await page.getByRole('region', { name: `Configuration of ${client}` }).textContent()).toContain(token);
    }
    expect(await faults(page)).toEqual([]);
    expect(await page.getByRole('button', { name: 'Done' }).isDisabled()).toBe(true);
    await page.keyboard.press('Escape');
    await page.getByLabel('I have stored it').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByRole('link', { name: 'support-agent' }).click();
    await page.getByRole('heading', { name: 'Connect a client' }).waitFor();
    expect(await page.content()).not.toContain(token);
    expect(JSON.stringify(await page.evaluate('[Object.entries(localStorage), Object.entries(sessionStorage)]'))).not.toContain(token);
    const answer = await fetch(`${dashboard.base}/mcp/broker`, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' }, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 't', version: '1' } } }) });
    expect(answer.status).toBe(200);
    await answer.body?.cancel();

    await page.getByRole('button', { name: 'Rotate the token' }).click();
    await page.getByRole('button', { name: 'Rotate', exact: true }).click();
    const next = (await page.getByRole('region', { name: 'Token' }).textContent()) ?? '';
    expect(next).not.toBe(token);
    await page.getByLabel('I have stored it').check();
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('Token before it').waitFor();

    await page.getByRole('button', { name: 'Revoke', exact: true }).click();
    expect(await page.getByRole('button', { name: 'Revoke grant' }).isDisabled()).toBe(true);
    await page.getByLabel('Type support-agent to confirm').fill('support-agent');
    await page.getByRole('button', { name: 'Revoke grant' }).click();
    await page.getByText('revoked', { exact: true }).waitFor();
    expect((await dashboard.api('GET', '/grants/support-agent')).body.status).toBe('revoked');
    await page.close();
  }, 60_000);

  test('a member is invited by a link that is seen once, with roles for the organisation and for a server', async () => {
    const page = await dashboard.open('/members');
    await page.getByRole('button', { name: 'Invite a member' }).click();
    await page.getByLabel('Name').fill('Ben');
    await page.getByLabel('E-mail').fill('ben@example.com');
    await page.getByRole('combobox', { name: 'Role in the organisation' }).click();
    await page.getByRole('option', { name: 'approver' }).click();
    await page.getByRole('combobox', { name: 'Add a role for a server' }).click();
    await page.getByRole('option', { name: 'broker' }).click();
    await page.getByRole('button', { name: 'Make the invitation' }).click();
    expect(await page.getByRole('region', { name: 'Invitation for ben@example.com' }).textContent()).toMatch(/\/sign-in#link=/);
    expect(await faults(page)).toEqual([]);
    await page.getByRole('button', { name: 'Done' }).click();
    await page.getByText('invited', { exact: true }).waitFor();
    const members = (await dashboard.api('GET', '/members')).body.items as { email: string; role: string; serverRoles: unknown }[];
    expect(members.find(({ email }) => email === 'ben@example.com')).toMatchObject({ role: 'approver', serverRoles: { broker: 'viewer' } });
    await page.close();
  }, 40_000);

  test.each([
    ['/policies', 'Policies'],
    ['/grants', 'Grants'],
    ['/members', 'Members'],
    ['/tokens', 'API tokens'],
    ['/audit', 'Audit'],
    ['/settings', 'Settings'],
    ['/account', 'Your account'],
  ])('%s fits a phone and has no serious fault of accessibility, light and dark', async (path, title) => {
    const page = await dashboard.open(path);
    await page.getByRole('heading', { level: 1, name: title }).waitFor();
    for (const [width, colorScheme] of [[1280, 'light'], [390, 'dark']] as const) {
      await page.setViewportSize({ width, height: 844 });
      await page.emulateMedia({ colorScheme });
      await expect.poll(() => page.evaluate('document.documentElement.dataset.mantineColorScheme'), { timeout: 10_000 }).toBe(colorScheme);
      expect(await faults(page)).toEqual([]);
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    }
    await page.close();
  }, 40_000);

  test('settings are saved, and an address that may not be called is refused at its field', async () => {
    const page = await dashboard.open('/settings');
    await page.getByLabel('Name of the organisation').fill('Example Ltd');
    await page.getByLabel('Public address').fill('not an address');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').first().waitFor();
    expect((await dashboard.api('GET', '/settings')).body.organisationName).not.toBe('Example Ltd');
    await page.getByLabel('Public address').fill(dashboard.base);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText('The settings are saved.').waitFor();
    expect((await dashboard.api('GET', '/settings')).body).toMatchObject({ organisationName: 'Example Ltd', publicUrl: dashboard.base });
    await page.getByRole('tab', { name: 'Journal' }).click();
    await page.getByRole('button', { name: 'Verify the journal' }).click();
    await page.getByText('the chain holds').waitFor();
    await page.close();
  }, 40_000);

  test('the browser has nothing to complain about but refusals', () => {
    expect(dashboard.complaints.filter((text) => !text.includes('Failed to load resource'))).toEqual([]);
  });
});
