import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import type { RingKey } from './key-ring.ts';

/** First byte of every sealed value: how the rest is to be read. */
const FORMAT = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEAD_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/** What is authenticated but not encrypted. The name keeps a value where it belongs: moved to another name it does not open. */
function associated(name: string, key: number): Buffer {
  return Buffer.from(`policylayer secret ${FORMAT}\0${key}\0${name}`, 'utf8');
}

/** AES-256-GCM with a random nonce: format, nonce, tag, ciphertext. */
export function sealValue(key: RingKey, name: string, value: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(associated(name, key.id));
  const text = Buffer.concat([cipher.update(value, 'utf8'), cipher.final()]);
  return Buffer.concat([Buffer.from([FORMAT]), nonce, cipher.getAuthTag(), text]);
}

/** @returns null when it was changed, cut, moved to another name, or sealed with another key */
export function openValue(key: RingKey, name: string, sealed: Buffer): string | null {
  if (sealed.length < HEAD_BYTES || sealed[0] !== FORMAT) return null;
  const nonce = sealed.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', key.key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(associated(name, key.id));
  decipher.setAuthTag(sealed.subarray(1 + NONCE_BYTES, HEAD_BYTES));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(HEAD_BYTES)), decipher.final()]).toString('utf8');
  } catch {
    return null;
  }
}
