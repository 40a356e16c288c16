import { createHmac, timingSafeEqual } from 'node:crypto';

/** Headers of a signed message, in either direction. */
export const TIMESTAMP_HEADER = 'policylayer-timestamp';
export const SIGNATURE_HEADER = 'policylayer-signature';

/** How old a signed message may be, and how far ahead its clock. Milliseconds. */
const TOLERANCE_MS = 5 * 60_000;

/** Which way a message goes. It is signed too: what we sent must not be taken for an answer when it is sent back, whatever it holds. */
export type Direction = 'request' | 'decision';

/**
 * `v1=` and the HMAC-SHA-256 (hex) over direction, timestamp and the exact body, with dots between them.
 * @param timestamp seconds since the epoch, as in the header
 */
export function sign(secret: string, direction: Direction, timestamp: string, body: Buffer): string {
  return `v1=${createHmac('sha256', secret).update(`${direction}.${timestamp}.`).update(body).digest('hex')}`;
}

/**
 * Checks a signed message. Compared in constant time; what is wrong is not told to the sender.
 * @param now milliseconds since the epoch
 */
export function isSigned(secret: string, direction: Direction, timestamp: string | null, signature: string | null, body: Buffer, now: number): boolean {
  if (timestamp === null || signature === null || !/^\d{1,12}$/.test(timestamp)) return false;
  const expected = Buffer.from(sign(secret, direction, timestamp, body));
  const given = Buffer.from(signature);
  const same = given.length === expected.length && timingSafeEqual(given, expected);
  return same && Math.abs(now - Number(timestamp) * 1_000) <= TOLERANCE_MS;
}
