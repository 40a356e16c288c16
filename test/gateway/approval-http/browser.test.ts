import { afterEach, describe, expect, test } from 'vitest';
import { Browser, BROWSER } from './browser.ts';
import { ALICE, Office } from './support.ts';

let office: Office | null = null;
let browser: Browser | null = null;
afterEach(async () => {
  await browser?.close();
  await office?.close();
  browser = null;
  office = null;
});

const heading = (text: string): string => `document.querySelector('h1')?.textContent === ${JSON.stringify(text)}`;

/** Only where a browser is installed; what the server does is proved without one in pages.test.ts. */
if (BROWSER === null) process.stderr.write('skipped: the approval page in a real browser; it needs chromium (Debian: apt-get install chromium)\n');

describe.skipIf(BROWSER === null)('the page in a real browser', () => {
  async function open(): Promise<{ office: Office; browser: Browser; base: string }> {
    office = await Office.open();
    browser = await Browser.open(BROWSER ?? '');
    return { office, browser, base: `http://127.0.0.1:${office.gateway.address.port}` };
  }

  test('a link opens the request, leaves its code in no address, and decides on a click', async () => {
    const { office, browser, base } = await open();
    const id = await office.ask({ argumentsText: '{"to":"<img src=x onerror=alert(1)>"}' });
    const secret = (await office.state.mintApprovalLink(id, 'carol')) ?? '';
    await browser.until(`${base}/approvals/${id}#${secret}`, heading('Approve this call?'));
    expect(await browser.evaluate('location.href')).toBe(`${base}/approvals/${id}/view`);
    expect(await browser.evaluate('document.querySelectorAll("img").length')).toBe(0);
    expect(await browser.evaluate('document.querySelector("[data-until]").textContent')).toMatch(/left$/);
    expect(await office.statusOf(id)).toBe('pending');
    await browser.until({ script: 'document.querySelector("button.go").click()' }, heading('Approved'));
    expect((await office.state.approval(id))?.votes).toMatchObject([{ approver: 'carol', way: 'link' }]);
    expect(browser.requests.filter((address) => address.includes(secret) && !address.includes('#'))).toEqual([]);
    expect(browser.requests.filter((address) => address.startsWith('http') && !address.startsWith(base))).toEqual([]);
    expect(browser.complaints).toEqual([]);
  }, 120_000);

  test('a token is typed, and a denial is clicked', async () => {
    const { office, browser, base } = await open();
    const id = await office.ask();
    await browser.until(`${base}/approvals/${id}`, heading('Request for approval'));
    await browser.until({ script: `document.getElementById('secret').value = ${JSON.stringify(ALICE)}; document.querySelector('#open button').click()` }, heading('Approve this call?'));
    await browser.until({ script: `document.getElementById('comment').value = 'no'; document.querySelector('button.stop').click()` }, heading('Denied'));
    expect((await office.state.approval(id))?.votes).toMatchObject([{ approver: 'alice', decision: 'deny', comment: 'no' }]);
  }, 120_000);

  test('without scripts the code is pasted, and the buttons work', async () => {
    const { office, browser, base } = await open();
    const id = await office.ask();
    const secret = (await office.state.mintApprovalLink(id, 'carol')) ?? '';
    await browser.scripts(false);
    await browser.until(`${base}/approvals/${id}#${secret}`, heading('Request for approval'));
    expect(await browser.evaluate('document.querySelector("noscript p").textContent')).toContain('paste');
    await browser.until({ script: `document.getElementById('secret').value = ${JSON.stringify(secret)}; document.querySelector('#open button').click()` }, heading('Approve this call?'));
    await browser.until({ script: 'document.querySelector("button.go").click()' }, heading('Approved'));
    expect(await office.statusOf(id)).toBe('approved');
  }, 120_000);
});
