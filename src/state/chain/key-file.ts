import { createPrivateKey, createPublicKey, generateKeyPairSync, hash, randomBytes, type KeyObject } from 'node:crypto';
import { closeSync, constants, fstatSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { StateUnavailable } from '../types.ts';

/** Windows has no modes: there the access list of the directory protects the file. */
const HAS_MODES = process.platform !== 'win32';

/** An Ed25519 key with which checkpoints are signed. */
export interface SigningKey {
  /** SHA-256 (hex) of the public key, DER. */
  readonly id: string;
  readonly privateKey: KeyObject;
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Buffer;
}

export function keyId(publicKey: Uint8Array): string {
  return hash('sha256', publicKey, 'hex');
}

function signingKey(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
  return { id: keyId(publicKey), privateKey, publicKey };
}

export function newKey(): SigningKey {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/**
 * A link is never followed, and a key that others can read may be theirs as well: both are refused.
 * @returns null when there is no such file @throws StateUnavailable
 */
export function readKey(path: string): SigningKey | null {
  let descriptor: number;
  try {
    descriptor = openSync(path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return null;
    throw new StateUnavailable(`cannot read the journal key ${path} (${code === 'ELOOP' ? 'it is a symbolic link' : code ?? 'unknown error'})`, { cause: error });
  }
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new StateUnavailable(`the journal key ${path} is not a regular file`);
    if (HAS_MODES && (stats.mode & 0o077) !== 0) throw new StateUnavailable(`the journal key ${path} is open to other users; check who read it, then chmod 600`);
    const key = createPrivateKey(readFileSync(descriptor, 'utf8'));
    if (key.asymmetricKeyType !== 'ed25519') throw new StateUnavailable(`the journal key ${path} is of type ${String(key.asymmetricKeyType)}, expected Ed25519`);
    return signingKey(key);
  } catch (error) {
    if (error instanceof StateUnavailable) throw error;
    throw new StateUnavailable(`the journal key ${path} is no private key in PEM`, { cause: error });
  } finally {
    closeSync(descriptor);
  }
}

/**
 * Writes a key whole or not at all, mode 0600. @param fresh never replaces a file: of two processes that make a key, one wins
 * @returns false when the file was there already
 */
export function writeKey(path: string, key: SigningKey, fresh: boolean): boolean {
  const temporary = `${path}.${randomBytes(6).toString('hex')}.tmp`;
  const descriptor = openSync(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    try {
      writeFileSync(descriptor, key.privateKey.export({ type: 'pkcs8', format: 'pem' }));
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    if (fresh) linkSync(temporary, path);
    else renameSync(temporary, path);
    return true;
  } catch (error) {
    if (fresh && (error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(temporary, { force: true });
  }
}
