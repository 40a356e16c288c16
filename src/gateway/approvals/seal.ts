import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import type { State } from '../../state/types.ts';

/** What a `requestState` of ours carries through the client (protocol.md M7). */
export type Sealed =
  /** The client's user was asked about an approval, under a key of ours in `inputRequests`. */
  | { readonly stage: 'ask'; readonly approval: string; readonly key: string; readonly mode: 'form' | 'url'; readonly expiresAt: number }
  /** An approval was used, and the upstream asked for input before it did the work. `upstream` is its own state, as JSON text, or null. */
  | { readonly stage: 'through'; readonly approval: string; readonly upstream: string | null; readonly nonce: string; readonly expiresAt: number };

const IV = 12;
const TAG = 16;
/** States of calls under way that are remembered; beyond it the oldest is void, and its call begins anew. */
const MAX_OUTSTANDING = 10_000;

/**
 * Seals states with AES-256-GCM. The key is derived from the key of the store, so that a question outlives a restart and can be answered at
 * another process of the same store; the marks are derived too, so that two gateways in a row do not take each other's states for theirs. The
 * digest of the call is bound as additional data, and with it the principal, the arguments, the tool's definition and the policies.
 */
export class ApprovalSeal {
  /** What our states begin with. */
  readonly stateMark: string;
  /** What our keys in `inputRequests` begin with. An upstream never sees one. */
  readonly keyMark: string;
  readonly #key: Buffer;
  /** States of the stage `through` that have not come back: each works once, in this process only. */
  readonly #outstanding = new Set<string>();

  constructor(state: State) {
    // No arguments are the empty text or begin with a NUL, so the journal's hashes of arguments never show these.
    const derived = (purpose: string): string => state.digest(Buffer.from(`\0policylayer approvals ${purpose}`));
    const mark = derived('mark').slice(0, 12);
    this.#key = createHash('sha256').update(derived('seal')).digest();
    this.stateMark = `pla1.${mark}.`;
    this.keyMark = `policylayer-${mark}-`;
  }

  /** A name for a question of ours that nothing else has. */
  newKey(): string {
    return `${this.keyMark}${randomBytes(12).toString('base64url')}`;
  }

  /** @param digest of the call that the retry must repeat */
  ask(content: { readonly approval: string; readonly key: string; readonly mode: 'form' | 'url'; readonly expiresAt: number }, digest: string): string {
    return this.#seal({ stage: 'ask', ...content }, digest);
  }

  /** @param upstream JSON text of the state that the upstream gave, or null */
  through(content: { readonly approval: string; readonly upstream: string | null; readonly expiresAt: number }, digest: string): string {
    const nonce = randomBytes(16).toString('base64url');
    this.#outstanding.add(nonce);
    if (this.#outstanding.size > MAX_OUTSTANDING) for (const oldest of this.#outstanding) {
      this.#outstanding.delete(oldest);
      break;
    }
    return this.#seal({ stage: 'through', ...content, nonce }, digest);
  }

  /**
   * Opens a state; one of the stage `through` is used up by it.
   * @param now wall clock, milliseconds
   * @returns null when it is not ours, was changed, has expired, was used, or belongs to another call
   */
  open(state: string, digest: string, now: number): Sealed | null {
    if (!state.startsWith(this.stateMark)) return null;
    const text = state.slice(this.stateMark.length);
    const bytes = Buffer.from(text, 'base64url');
    if (bytes.length <= IV + TAG || bytes.toString('base64url') !== text) return null;
    let sealed: Sealed;
    try {
      const decipher = createDecipheriv('aes-256-gcm', this.#key, bytes.subarray(0, IV), { authTagLength: TAG });
      decipher.setAAD(Buffer.from(digest));
      decipher.setAuthTag(bytes.subarray(bytes.length - TAG));
      sealed = JSON.parse(Buffer.concat([decipher.update(bytes.subarray(IV, bytes.length - TAG)), decipher.final()]).toString('utf8')) as Sealed;
    } catch {
      return null;
    }
    if (sealed.stage === 'through' && !this.#outstanding.delete(sealed.nonce)) return null;
    return sealed.expiresAt > now ? sealed : null;
  }

  #seal(content: Sealed, digest: string): string {
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', this.#key, iv, { authTagLength: TAG });
    cipher.setAAD(Buffer.from(digest));
    const sealed = Buffer.concat([iv, cipher.update(JSON.stringify(content), 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return this.stateMark + sealed.toString('base64url');
  }
}

const seals = new WeakMap<State, ApprovalSeal>();

/** The seal of a store, one per process. The store must be open. @throws StateUnavailable */
export function sealOf(state: State): ApprovalSeal {
  let seal = seals.get(state);
  if (seal === undefined) {
    seal = new ApprovalSeal(state);
    seals.set(state, seal);
  }
  return seal;
}
