import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

/** What a `requestState` of ours says: which held call it continues, and until when. */
export interface Sealed {
  /** Key of the held call, or null where nothing is held and the call is simply made again. */
  readonly handle: string | null;
  /** Wall clock, milliseconds. */
  readonly expiresAt: number;
}

const PREFIX = 'plb1.';
const IV = 12;
const TAG = 16;

/**
 * Seals handles for the client to carry (protocol.md M7). The key lives and dies with this process: so do the held calls. Principal
 * and call are bound as additional data, so a state is worth nothing for another caller or for other arguments.
 */
export class StateSeal {
  readonly #key = randomBytes(32);

  /** @param callDigest of the call that the retry must repeat */
  seal(sealed: Sealed, principal: string, callDigest: string): string {
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: TAG });
    cipher.setAAD(bound(principal, callDigest));
    const text = Buffer.concat([cipher.update(JSON.stringify(sealed), 'utf8'), cipher.final()]);
    return PREFIX + Buffer.concat([iv, text, cipher.getAuthTag()]).toString('base64url');
  }

  /** @returns null when the state is not ours, was changed, has expired or belongs to another principal or call */
  open(state: string, principal: string, callDigest: string, now: number): Sealed | null {
    if (!state.startsWith(PREFIX) || state.length > 1_024) return null;
    const bytes = Buffer.from(state.slice(PREFIX.length), 'base64url');
    if (bytes.length <= IV + TAG || `${PREFIX}${bytes.toString('base64url')}` !== state) return null;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(bound(principal, callDigest));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
      const text = Buffer.concat([decipher.update(bytes.subarray(IV, bytes.length - TAG)), decipher.final()]);
      const sealed = JSON.parse(text.toString('utf8')) as Sealed;
      return sealed.expiresAt > now ? sealed : null;
    } catch {
      return null;
    }
  }
}

function bound(principal: string, callDigest: string): Buffer {
  return createHash('sha256').update(JSON.stringify([principal, callDigest])).digest();
}
