import { createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { decodeJson, encodeJson, type Block, type CheckpointBody, type KeyBody } from './block.ts';
import type { ChainLog, Head } from './chain-log.ts';
import { bytesOf } from './encoding.ts';
import type { JournalKeys } from './journal-keys.ts';
import { keyId, type SigningKey } from './key-file.ts';

const EVERY_BLOCKS = 256;
const EVERY_MS = 5 * 60_000;

/** What a checkpoint signs. */
export interface Signed {
  readonly number: number;
  readonly hash: Uint8Array;
  readonly lastSeq: number;
  /** Wall-clock milliseconds. */
  readonly at: number;
  readonly key: string;
}

function message({ number, hash, lastSeq, at, key }: Signed): Buffer {
  return bytesOf('policylayer checkpoint 1', [number, hash, lastSeq, at, key]);
}

export function publicKeyOf(der: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.from(der), type: 'spki', format: 'der' });
}

export function signatureHolds(signed: Signed, signature: Uint8Array, key: KeyObject): boolean {
  return verify(null, message(signed), key, signature);
}

function introduction(publicKey: Uint8Array, by: string): Buffer {
  return bytesOf('policylayer key 1', [publicKey, by]);
}

/** Whether the key before vouches for this one. */
export function introductionHolds(body: KeyBody, before: KeyObject): boolean {
  if (body.by === null || body.signature === null) return false;
  return verify(null, introduction(Buffer.from(body.publicKey, 'base64'), body.by), before, Buffer.from(body.signature, 'base64'));
}

/** Signs the end of the chain now and then. Every method runs inside a write transaction and throws StateUnavailable for a key that cannot be used. */
export class Checkpoints {
  readonly #log: ChainLog;
  readonly #keys: JournalKeys;

  constructor(log: ChainLog, keys: JournalKeys) {
    this.#log = log;
    this.#keys = keys;
  }

  /** Whether so much was appended, or so long ago, that it is time. A wall clock that was set back counts as long ago. */
  due(wallMs: number): boolean {
    const head = this.#log.head();
    const { number, signed, signedAt } = head;
    return number - signed >= EVERY_BLOCKS || (Math.abs(wallMs - signedAt) >= EVERY_MS && this.#hasNews(head));
  }

  /** Whether there is something that the newest checkpoint did not sign. */
  get hasNews(): boolean {
    return this.#hasNews(this.#log.head());
  }

  #hasNews({ number, signed }: Head): boolean {
    if (number === 0 || number > signed) return number > 0;
    const { body } = this.#log.block(signed) ?? { body: null };
    return body === null || decodeJson<CheckpointBody>(body).audit?.hash !== this.#log.auditEnd().hash;
  }

  /** Does nothing when all there is has been signed, or there is no block. */
  sign(wallMs: number): void {
    let head = this.#log.head();
    if (!this.#hasNews(head)) return;
    const named = this.#named();
    const key = this.#keys.current(named);
    // A key that came otherwise than by a rotation: nobody vouches for it, which a check tells.
    if (key.id !== named) head = this.#introduce(head, wallMs, key, null);
    this.#append(head, wallMs, key);
  }

  /** Begins the use of a new key, which the old one signs. To be followed by `JournalKeys.adopt` after the commit. @returns id of the new key */
  rotate(wallMs: number): string {
    this.#log.begun(wallMs);
    this.sign(wallMs);
    const named = this.#named();
    const old = this.#keys.current(named);
    const next = this.#keys.prepare();
    const head = this.#introduce(this.#log.head(), wallMs, next, old);
    this.#append(head, wallMs, next);
    return next.id;
  }

  #append(head: Head, wallMs: number, key: SigningKey): void {
    const number = head.number + 1;
    const signed = { number, lastSeq: head.sealed, at: wallMs, key: key.id };
    this.#log.append(head, 'checkpoint', wallMs, {
      first: 0, last: head.sealed, body: encodeJson({ key: key.id, sealed: head.sealed, audit: this.#log.auditEnd() }), sign: (hash) => sign(null, message({ ...signed, hash }), key.privateKey),
    }, { signed: number, signedAt: wallMs });
  }

  #introduce(head: Head, wallMs: number, key: SigningKey, by: SigningKey | null): Head {
    const body: KeyBody = {
      publicKey: key.publicKey.toString('base64'), by: by?.id ?? null,
      signature: by === null ? null : sign(null, introduction(key.publicKey, by.id), by.privateKey).toString('base64'),
    };
    return this.#log.append(head, 'key', wallMs, { first: 0, last: 0, body: encodeJson(body) });
  }

  #named(): string | null {
    const block = this.#log.lastOf('key');
    return block?.body == null ? null : keyIdOf(block);
  }
}

/** Id of the key that a block of kind 'key' introduces. */
export function keyIdOf({ body }: Pick<Block, 'body'>): string {
  return keyId(Buffer.from(decodeJson<KeyBody>(body ?? Buffer.from('{"publicKey":""}')).publicKey, 'base64'));
}
