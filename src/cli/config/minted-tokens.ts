import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { readPrivate, writePrivate } from '../private-file.ts';

/** A token that was made now. It is shown once and kept as a hash only. */
export interface MintedToken {
  readonly label: string;
  readonly server: string;
  readonly token: string;
}

interface Stored {
  readonly version: 1;
  /** Key: JSON of `[server, label]`; a grant that moves to another server is another grant. */
  readonly grants: Readonly<Record<string, { readonly sha256: string; readonly mintedAt: string }>>;
}

export class TokenFileError extends Error {
  override readonly name = 'TokenFileError';
}

/** Makes a grant token: `plg_` and 256 random bits. */
export function mintToken(): string {
  return `plg_${randomBytes(32).toString('base64url')}`;
}

/** The form in which a token is kept and compared. */
export function hashToken(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/**
 * Finds the hash of each grant that has no token of its own, and makes a token where there is none yet. Tokens of grants that are
 * no longer asked for are forgotten: a grant that was removed and comes back gets a new token.
 * @throws TokenFileError when the file in the data directory cannot be read or written
 */
export function mintedTokens(
  dataDir: string,
  grants: readonly { readonly label: string; readonly server: string }[],
): { readonly hashes: ReadonlyMap<string, Buffer>; readonly minted: readonly MintedToken[] } {
  const path = join(dataDir, 'minted-tokens.json');
  const stored = readStored(path);
  const hashes = new Map<string, Buffer>();
  const minted: MintedToken[] = [];
  const kept: Record<string, { readonly sha256: string; readonly mintedAt: string }> = Object.create(null) as typeof kept;
  for (const { label, server } of grants) {
    const key = JSON.stringify([server, label]);
    const known = stored.get(key);
    if (known !== undefined) {
      kept[key] = known;
      hashes.set(label, Buffer.from(known.sha256, 'hex'));
      continue;
    }
    const token = mintToken();
    const hash = hashToken(token);
    kept[key] = { sha256: hash.toString('hex'), mintedAt: new Date().toISOString() };
    hashes.set(label, hash);
    minted.push({ label, server, token });
  }
  if (minted.length > 0 || stored.size !== Object.keys(kept).length) {
    const content: Stored = { version: 1, grants: kept };
    try {
      writePrivate(path, `${JSON.stringify(content, null, 2)}\n`);
    } catch (error) {
      throw new TokenFileError(`cannot write ${path}: ${(error as Error).message}`);
    }
  }
  return { hashes, minted };
}

function readStored(path: string): Map<string, { readonly sha256: string; readonly mintedAt: string }> {
  let text: string | null;
  try {
    text = readPrivate(path);
  } catch (error) {
    throw new TokenFileError(`cannot read ${path}: ${(error as Error).message}`);
  }
  const result = new Map<string, { readonly sha256: string; readonly mintedAt: string }>();
  if (text === null) return result;
  try {
    const parsed = JSON.parse(text) as Partial<Stored> | null;
    if (parsed?.version !== 1 || typeof parsed.grants !== 'object' || parsed.grants === null) throw new Error('not a token file');
    for (const [key, value] of Object.entries(parsed.grants)) {
      if (typeof value.sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(value.sha256)) throw new Error('a hash is malformed');
      result.set(key, { sha256: value.sha256, mintedAt: String(value.mintedAt) });
    }
  } catch {
    // Going on with an empty file would silently invalidate every token that clients hold.
    throw new TokenFileError(`${path} is not a token file; restore it, or remove it to have all minted tokens made anew`);
  }
  return result;
}
