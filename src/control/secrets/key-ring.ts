import { createHmac } from 'node:crypto';

/** Bytes of a key for AES-256. */
export const KEY_BYTES = 32;

/** One key and the number by which sealed values name it. */
export interface RingKey {
  readonly id: number;
  readonly key: Buffer;
}

/** Keys in force, newest first. Never empty. */
export type KeyRing = readonly [RingKey, ...RingKey[]];

/**
 * The number of a key: 48 bits that follow from the key itself, so that a list of keys may be put in another order, or be moved from a file to
 * the environment, without any sealed value changing.
 */
export function keyId(key: Buffer): number {
  return createHmac('sha256', key).update('policylayer secret key id').digest().readUIntBE(0, 6);
}

/**
 * Reads keys as text, newest first. What the text holds is never repeated in an error.
 * @param texts each one key: 32 bytes in base64 or base64url
 * @param source where they come from, for errors
 * @throws Error naming the position of the key that is wrong
 */
export function parseKeys(texts: readonly string[], source: string): KeyRing {
  const keys = texts.map((text, index): RingKey => {
    const trimmed = text.trim();
    const key = Buffer.from(trimmed, 'base64');
    if (!/^[A-Za-z0-9+/_-]{43}=?$/.test(trimmed) || key.length !== KEY_BYTES) {
      throw new Error(`${source}: key ${index + 1} is not 32 bytes in base64 (44 characters); make one with \`openssl rand -base64 32\``);
    }
    if (key.every((byte) => byte === key[0])) throw new Error(`${source}: key ${index + 1} is 32 times the same byte; make one with \`openssl rand -base64 32\``);
    return { id: keyId(key), key };
  });
  const [first, ...rest] = keys;
  if (first === undefined) throw new Error(`${source}: no key; expected 32 bytes in base64`);
  if (new Set(keys.map((key) => key.id)).size !== keys.length) throw new Error(`${source}: the same key is there twice; name each key once, newest first`);
  return [first, ...rest];
}
