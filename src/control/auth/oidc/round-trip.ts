import type { SecretBox } from '../../api/services.ts';

/** What must come back with a sign-in, kept by the browser that began it: nobody can end a sign-in that another browser began. */
export interface RoundTrip {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly issuer: string;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Sent along when the identity provider sends people back, so Lax; for ten minutes. */
export const ROUND_TRIP_COOKIE = 'policylayer_oidc';
export const ROUND_TRIP_SECONDS = 600;
const NAME = 'cookie/oidc';

export function sealRoundTrip(secrets: SecretBox, trip: RoundTrip): string {
  const { key, sealed } = secrets.seal(NAME, JSON.stringify(trip));
  return `${key}.${sealed.toString('base64url')}`;
}

/** @returns null when it is none of ours, or too late */
export function openRoundTrip(secrets: SecretBox, cookie: string | null, now: number): RoundTrip | null {
  const parts = /^(\d{1,16})\.([A-Za-z0-9_-]{1,2000})$/.exec(cookie ?? '');
  if (parts === null) return null;
  try {
    const trip = JSON.parse(secrets.open({ name: NAME, key: Number(parts[1]), sealed: Buffer.from(parts[2] ?? '', 'base64url') })) as RoundTrip;
    return now < trip.until ? trip : null;
  } catch {
    return null;
  }
}
