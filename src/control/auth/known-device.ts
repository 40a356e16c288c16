import { randomBytes } from 'node:crypto';
import type { SecretBox } from '../api/services.ts';

export const DEVICE_COOKIE = 'policylayer_device';
export const DEVICE_SECONDS = 180 * 86_400;
const NAME = 'cookie/device';

/** What a browser keeps to show later that it was signed in to an account. It opens nothing; it only counts apart (see `Attempts`). */
export function deviceCookie(secrets: SecretBox, account: string): string {
  const { key, sealed } = secrets.seal(NAME, JSON.stringify({ id: randomBytes(12).toString('base64url'), account }));
  return `${key}.${sealed.toString('base64url')}`;
}

/** @returns the id of the browser, or null when this is no proof for this account */
export function deviceOf(secrets: SecretBox, cookie: string | null, account: string): string | null {
  const parts = /^(\d{1,16})\.([A-Za-z0-9_-]{1,1000})$/.exec(cookie ?? '');
  if (parts === null) return null;
  try {
    const kept = JSON.parse(secrets.open({ name: NAME, key: Number(parts[1]), sealed: Buffer.from(parts[2] ?? '', 'base64url') })) as { readonly id: string; readonly account: string };
    return kept.account === account ? kept.id : null;
  } catch {
    return null;
  }
}
