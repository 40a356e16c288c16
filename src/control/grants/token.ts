import { createHash, randomBytes } from 'node:crypto';

export interface GrantToken {
  readonly token: string;
  readonly tokenSha256: string;
  readonly tokenHint: string;
}

/** `plg_` and 256 random bits, shown once; kept as a hash and its last four characters. */
export function newGrantToken(): GrantToken {
  return tokenOf(`plg_${randomBytes(32).toString('base64url')}`);
}

export function tokenOf(token: string): GrantToken {
  return { token, tokenSha256: createHash('sha256').update(token).digest('hex'), tokenHint: token.slice(-4) };
}
