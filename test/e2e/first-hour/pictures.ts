import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import { repository } from '../world.ts';

const WANTED = process.env['UPDATE_PICTURES'] === '1';
const FOLDER = join(repository, 'docs/images/dashboard');
const SIZES = [{ width: 1280, height: 800 }, { width: 390, height: 844 }] as const;

/**
 * Keeps what the page looks like, wide and narrow, light and dark, for docs/dashboard.md. Only where UPDATE_PICTURES=1 asks for it: pixels differ from
 * machine to machine, so no test compares them. People look at them.
 */
export async function picture(page: Page, name: string): Promise<void> {
  if (!WANTED) return;
  mkdirSync(FOLDER, { recursive: true });
  const before = page.viewportSize() ?? SIZES[0];
  for (const size of SIZES) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await sleep(700);
      await page.screenshot({ path: join(FOLDER, `${name}-${size.width}-${colorScheme}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(before);
}
