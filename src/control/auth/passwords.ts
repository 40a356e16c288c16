import { randomBytes, scrypt, timingSafeEqual, type ScryptOptions } from 'node:crypto';

/** OWASP's recommendation for scrypt: 2^17 x 8 x 128 bytes = 128 MiB. Raising it here makes older hashes new at the next sign-in. */
const LOG_N = 17;
const R = 8;
const P = 1;
const BYTES = 32;

export const MIN_PASSWORD = 12;
export const MAX_PASSWORD = 256;

/** @returns text with everything that checking needs, for example `scrypt$17$8$1$<salt>$<hash>` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const hash = await derive(password, salt, LOG_N, R, P);
  return ['scrypt', LOG_N, R, P, salt.toString('base64url'), hash.toString('base64url')].join('$');
}

export interface PasswordCheck {
  readonly right: boolean;
  /** The hash was made with other parameters than those of today. */
  readonly outdated: boolean;
}

/**
 * Takes as long for nobody's password as for somebody's.
 * @param kept null: there is no such member, or he has no password
 */
export async function checkPassword(password: string, kept: string | null): Promise<PasswordCheck> {
  const parts = /^scrypt\$(1\d|20)\$(\d{1,2})\$(\d)\$([A-Za-z0-9_-]{16,64})\$([A-Za-z0-9_-]{43})$/.exec(kept ?? '');
  if (parts === null) {
    await derive(password, NO_SALT, LOG_N, R, P);
    return { right: false, outdated: false };
  }
  const [logN, r, p] = [Number(parts[1]), Number(parts[2]), Number(parts[3])];
  const expected = Buffer.from(parts[5] ?? '', 'base64url');
  const found = await derive(password, Buffer.from(parts[4] ?? '', 'base64url'), logN, r, p);
  return { right: found.length === expected.length && timingSafeEqual(found, expected), outdated: logN !== LOG_N || r !== R || p !== P };
}

const NO_SALT = Buffer.alloc(16);

function derive(password: string, salt: Buffer, logN: number, r: number, p: number): Promise<Buffer> {
  const N = 2 ** logN;
  const options: ScryptOptions = { N, r, p, maxmem: 128 * N * r + 1_048_576 };
  // Two keyboards write the same password in different forms.
  return new Promise((resolve, reject) => scrypt(password.normalize('NFKC'), salt, BYTES, options, (error, key) => (error === null ? resolve(key) : reject(error))));
}
