import { chromium, type Browser, type Page } from 'playwright-core';
import { BROWSER } from '../../gateway/approval-http/browser.ts';

/** Where a browser is, or null; with POLICYLAYER_REQUIRE_EXTRAS=1 (CI) there must be one. */
export const FOUND: string | null = BROWSER;

/** A browser without a window. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({ executablePath: FOUND ?? '', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** What a page says on its console beside us: errors of scripts, refusals of the content security policy. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on('console', (message) => {
    // A refused request is part of some stories; the browser says its status, and nothing is wrong with the page.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  return complaints;
}
