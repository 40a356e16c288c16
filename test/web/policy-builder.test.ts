import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BROKER, CHROMIUM, Dashboard, faults } from './dashboard.ts';

if (CHROMIUM === null) process.stderr.write('skipped: the policy builder in a real browser; it needs chromium (Debian: apt-get install chromium)\n');

const POLICY = `# Signed by the platform team
version: "1"
default: deny            # what no rule names
tools:
  "List*": allow         # reading
  "@destructive": require_approval
  create_charge:
    # at most 500
    require: args.amount <= 500
`;

describe.skipIf(CHROMIUM === null)('the policy builder in a real browser', () => {
  let dashboard: Dashboard;
  beforeAll(async () => {
    dashboard = await Dashboard.start();
    for (const [name, count] of [['broker', '0'], ['large', '500']] as const) {
      expect((await dashboard.api('POST', '/servers', { name, kind: 'command', command: [process.execPath, BROKER, count] })).status).toBe(201);
      expect((await dashboard.api('POST', `/servers/${name}/scan`)).body.status).toBe('ok');
    }
    for (const name of ['moves', 'typing', 'stages', 'conflict', 'form']) expect((await dashboard.api('POST', '/policies', { name, server: 'broker', text: POLICY })).status).toBe(201);
    await dashboard.api('POST', '/policies', { name: 'many', server: 'large', text: POLICY });
  }, 60_000);
  afterAll(() => dashboard.stop());

  const column = (page: Page, name: string) => page.locator(`.pl-column[data-column="${name}"]`);
  const saved = (page: Page) => page.locator('[data-save="saved"]').waitFor();
  const draftOf = async (name: string): Promise<string> => (await dashboard.api('GET', `/policies/${name}`)).body.draft as string;

  test('a tool is moved with the keyboard alone, is announced, and only its line of the text changes', async () => {
    const page = await dashboard.open('/policies/moves');
    await column(page, 'deny').locator('[data-card="RebootBroker"]').waitFor();
    await page.getByRole('button', { name: 'Drag RebootBroker' }).focus();
    await page.keyboard.press('Space');
    await page.getByText(/RebootBroker is (picked up|over Deny)/).waitFor({ state: 'attached' });
    await page.keyboard.press('ArrowLeft');
    await page.getByText('RebootBroker is over Require approval').waitFor({ state: 'attached' });
    await page.keyboard.press('Space');
    await column(page, 'require_approval').locator('[data-card="RebootBroker"]').waitFor();
    await saved(page);
    expect(await draftOf('moves')).toBe(`${POLICY}  RebootBroker: require_approval\n`);
    await page.getByRole('button', { name: 'Undo' }).click();
    await column(page, 'deny').locator('[data-card="RebootBroker"]').waitFor();
    await page.getByRole('button', { name: 'Redo' }).click();
    await column(page, 'require_approval').locator('[data-card="RebootBroker"]').waitFor();
    expect(await faults(page)).toEqual([]);
    await page.close();
  }, 60_000);

  test('several tools are moved by the menu, and a rule for a class moves what nobody named', async () => {
    const page = await dashboard.open('/policies/moves');
    await page.getByLabel('Search tools').fill('@execute');
    await page.getByRole('button', { name: /^Select/ }).first().click();
    await page.getByRole('button', { name: /^Move the \d+ selected/ }).click();
    await page.getByRole('menuitem', { name: 'Hide' }).click();
    await page.getByLabel('Search tools').fill('');
    await column(page, 'hide').locator('[data-card="send_email"]').waitFor();
    await page.getByRole('button', { name: 'Rules for classes' }).click();
    await page.getByRole('combobox', { name: 'Rule for @read' }).click();
    await page.getByRole('option', { name: 'Rate limit' }).click();
    await page.keyboard.press('Escape');
    await column(page, 'rate_limit').locator('[data-card="get_user"]').waitFor();
    await column(page, 'rate_limit').locator('[data-card="ListBrokers"]').waitFor();
    await saved(page);
    const draft = await draftOf('moves');
    expect(draft).toContain('"@read": { action: allow, rate_limit: 10/minute }');
    expect(draft.startsWith('# Signed by the platform team\nversion: "1"\ndefault: deny            # what no rule names\n')).toBe(true);
    await page.close();
  }, 60_000);

  test('a mistake is shown at its place while it is typed, the board waits, and completion knows the tools', async () => {
    const page = await dashboard.open('/policies/typing');
    await page.getByText('Board and text').click();
    const editor = page.getByRole('textbox', { name: 'Text of typing' });
    await page.locator('[data-card="RebootBroker"]').waitFor();
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('  Rebo');
    await page.getByRole('listbox', { name: 'Completions' }).getByText('RebootBroker').waitFor();
    // CodeMirror takes no key for a list that has just appeared: people mean the line that they were typing.
    await page.waitForTimeout(200);
    await page.keyboard.press('Enter');
    await page.keyboard.type('requre_approval');
    await page.locator('.cm-lintRange-error').waitFor();
    await page.getByText(/requre_approval/).last().waitFor();
    await page.getByText('so nothing can be moved').waitFor();
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+Shift+ArrowLeft');
    await page.keyboard.type('hide');
    await column(page, 'hide').locator('[data-card="RebootBroker"]').waitFor();
    await page.locator('.cm-lintRange-error').waitFor({ state: 'detached' });
    expect(await faults(page)).toEqual([]);
    await saved(page);
    await page.reload();
    await page.getByRole('textbox', { name: 'Text of typing' }).getByText('RebootBroker').waitFor();
    await page.locator('.pl-views').getByText('Board', { exact: true }).click();
    await page.close();
  }, 60_000);

  test('the form writes guards into the rule and leaves its comments', async () => {
    const page = await dashboard.open('/policies/form');
    await page.getByRole('button', { name: 'create_charge: rule' }).click();
    const drawer = page.getByRole('dialog');
    await drawer.getByRole('button', { name: 'Limit', exact: true }).click();
    await drawer.getByLabel('At most').first().fill('5');
    await drawer.getByLabel('Condition 1 (CEL)').first().fill('args.amuont <= 500 &&');
    await drawer.getByRole('alert').first().waitFor();
    await drawer.getByLabel('Condition 1 (CEL)').first().fill('args.amount <= 250');
    await drawer.getByRole('button', { name: 'Write into the policy' }).click();
    await column(page, 'rate_limit').locator('[data-card="create_charge"]').waitFor();
    await saved(page);
    expect(await draftOf('form')).toBe(POLICY.replace('    require: args.amount <= 500\n', '    require: args.amount <= 250\n    rate_limit: 5/minute\n'));
    await page.close();
  }, 60_000);

  test('a policy is published, changed, published again and rolled back', async () => {
    const page = await dashboard.open('/policies/stages');
    const publish = async (stage: 'Observe' | 'Enforce', comment: string): Promise<void> => {
      await page.getByRole('button', { name: 'Publish', exact: true }).click();
      await page.getByRole('radio', { name: stage }).check();
      await page.getByLabel('Comment').fill(comment);
      await page.getByRole('region', { name: 'Difference to what is published' }).waitFor();
      expect(await faults(page)).toEqual([]);
      await page.getByRole('button', { name: `Publish and ${stage.toLowerCase()}` }).click();
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    };
    await publish('Observe', 'First');
    await page.getByText('version 1 observes').waitFor();
    await page.getByRole('button', { name: 'Move get_user' }).click();
    await page.getByRole('menuitem', { name: 'Allow' }).click();
    await page.getByText('draft differs').waitFor();
    await saved(page);
    await publish('Enforce', 'Users');
    await page.getByText('version 2 enforced').waitFor();
    await page.locator('.pl-views').getByText('Versions').click();
    await page.getByRole('button', { name: 'Roll back to version 1' }).click();
    await page.getByRole('button', { name: 'Roll back', exact: true }).click();
    await page.getByText('version 3 observes').waitFor();
    const kept = (await dashboard.api('GET', '/policies/stages')).body;
    expect(kept).toMatchObject({ draft: null, published: { number: 3, stage: 'observe', text: POLICY } });
    await page.close();
  }, 60_000);

  test('what somebody else saved meanwhile is not overwritten', async () => {
    const page = await dashboard.open('/policies/conflict');
    await column(page, 'deny').locator('[data-card="get_user"]').waitFor();
    // The page is offline for events and renewals, so that it does not hear of the change.
    await page.route('**/api/v1/events', (route) => route.abort());
    const { version } = (await dashboard.api('GET', '/policies/conflict')).body as { version: number };
    await page.route('**/api/v1/policies/conflict', (route) => (route.request().method() === 'GET' ? route.abort() : route.continue()));
    expect((await dashboard.api('PUT', '/policies/conflict', { draft: `${POLICY}  theirs: deny\n`, server: 'broker', description: null }, version)).status).toBe(200);
    await page.getByRole('button', { name: 'Move get_user' }).click();
    await page.getByRole('menuitem', { name: 'Hide' }).click();
    await page.getByText('Somebody else changed this policy').waitFor();
    expect(await draftOf('conflict')).toContain('theirs: deny');
    await page.unroute('**/api/v1/policies/conflict');
    await page.getByRole('button', { name: 'Take theirs' }).click();
    await column(page, 'deny').locator('[data-card="get_user"]').waitFor();
    await saved(page);
    expect(await draftOf('conflict')).toContain('theirs: deny');
    await page.close();
  }, 60_000);

  test('a board of 500 tools holds only the cards in sight', async () => {
    const page = await dashboard.open('/policies/many');
    await column(page, 'deny').locator('[data-card]').first().waitFor();
    expect(await page.locator('[data-card]').count()).toBeLessThan(80);
    await page.getByLabel('Search tools').fill('run_thing_499');
    await expect.poll(() => page.locator('[data-card]').count(), { timeout: 10_000 }).toBe(1);
    await page.getByRole('button', { name: 'Move run_thing_499' }).click();
    await page.getByRole('menuitem', { name: 'Require approval' }).click();
    await column(page, 'require_approval').locator('[data-card="run_thing_499"]').waitFor();
    await page.close();
  }, 60_000);

  test('nothing was complained about but the refused saves and the requests that this test cut off', () => {
    expect(dashboard.complaints.filter((text) => !/412|422|ERR_FAILED|Failed to load resource/.test(text))).toEqual([]);
  });
});
