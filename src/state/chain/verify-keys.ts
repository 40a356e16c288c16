import { createPublicKey, type KeyObject } from 'node:crypto';
import { decodeJson, type Block, type KeyBody } from './block.ts';
import { introductionHolds, publicKeyOf, signatureHolds } from './checkpoints.ts';
import { keyId } from './key-file.ts';
import type { Problems } from './problems.ts';
import type { ChainKey, Checkpoint } from './types.ts';

interface Known extends ChainKey {
  readonly key: KeyObject;
  readonly trusted: boolean;
}

/** Checks signatures, and how one key came after the other. */
export class KeyCheck {
  readonly #problems: Problems;
  readonly #wanted: ReadonlySet<string> | null;
  readonly #keys: Known[] = [];
  readonly #unvouched: Known[] = [];
  last: Checkpoint | null = null;
  checkpoints = 0;

  /** @param publicKeys in PEM; null: any key of the chain will do @throws an error of node:crypto for what is no public key */
  constructor(problems: Problems, publicKeys: readonly string[] | null) {
    this.#problems = problems;
    this.#wanted = publicKeys === null ? null : new Set(publicKeys.map((pem) => keyId(createPublicKey(pem).export({ type: 'spki', format: 'der' }))));
  }

  get keys(): ChainKey[] {
    return this.#keys.map(({ id, publicKey, block, vouched }) => ({ id, publicKey, block, vouched }));
  }

  /** A block of kind 'key'. @throws when it cannot be read */
  introduce({ number, body }: Block): void {
    const content = decodeJson<KeyBody>(body ?? Buffer.alloc(0));
    const der = Buffer.from(content.publicKey, 'base64');
    const key = publicKeyOf(der);
    const before = this.#keys.at(-1);
    const signed = before !== undefined && content.by === before.id && introductionHolds(content, before.key);
    if (content.by !== null && !signed) this.#problems.block('key_invalid', number, 'introduces a key with a signature that does not hold');
    const id = keyId(der);
    const known: Known = {
      id, key, block: number, publicKey: key.export({ type: 'spki', format: 'pem' }).toString(), vouched: before === undefined || signed,
      trusted: this.#wanted?.has(id) === true || (signed && before.trusted),
    };
    this.#keys.push(known);
    if (!known.vouched) this.#unvouched.push(known);
  }

  /** A block of kind 'checkpoint'. @param sealed what the blocks before it say @throws when it cannot be read */
  checkpoint(block: Block, chain: string, sealed: number): void {
    this.checkpoints += 1;
    const { key: id, sealed: told } = decodeJson<{ key: string; sealed: number }>(block.body ?? Buffer.alloc(0));
    const current = this.#keys.at(-1);
    if (block.signature === null) return this.#problems.block('checkpoint_missing', block.number, 'is a checkpoint and its signature is gone');
    if (told !== sealed || block.last !== sealed) this.#problems.block('checkpoint_invalid', block.number, `is a checkpoint through row ${told}, and the blocks before it end with row ${sealed}`);
    if (current?.id !== id) return this.#problems.block('checkpoint_invalid', block.number, `is signed with key ${id.slice(0, 16)}, which is not the key of that time`);
    if (!signatureHolds({ number: block.number, hash: block.hash, lastSeq: told, at: block.at, key: id }, block.signature, current.key)) {
      return this.#problems.block('checkpoint_invalid', block.number, 'is a checkpoint and its signature does not hold');
    }
    this.last = exportedCheckpoint(block, chain, current.publicKey, id);
  }

  end(): void {
    const last = this.#keys.findLast(({ id }) => id === this.last?.key);
    if (this.#wanted !== null && last?.trusted !== true) {
      return this.#problems.other('key_unknown', this.last === null ? 'there is no checkpoint that a key could have signed' : `the newest checkpoint is signed with key ${this.last.key.slice(0, 16)}, which is not the expected one`);
    }
    // A key that the operator names himself needs nobody who vouches for it.
    for (const { id, block } of this.#unvouched) {
      if (this.#wanted?.has(id) !== true) this.#problems.block('key_unvouched', block, `introduces key ${id.slice(0, 16)}, which the key before it did not sign; name it with --public-key when the old key was lost`);
    }
  }
}

export function exportedCheckpoint(block: Block, chain: string, publicKey: string, key: string): Checkpoint {
  return {
    format: 'policylayer-journal-checkpoint', chain, number: block.number, hash: block.hash.toString('hex'), lastSeq: block.last, at: new Date(block.at).toISOString(), key, publicKey,
    signature: block.signature?.toString('base64') ?? '',
  };
}

/** Whether a checkpoint that was kept elsewhere is what it says, by itself. */
export function checkpointHolds(checkpoint: Checkpoint): boolean {
  try {
    const key = createPublicKey(checkpoint.publicKey);
    if (keyId(key.export({ type: 'spki', format: 'der' })) !== checkpoint.key) return false;
    const { number, lastSeq } = checkpoint;
    return signatureHolds({ number, lastSeq, hash: Buffer.from(checkpoint.hash, 'hex'), at: Date.parse(checkpoint.at), key: checkpoint.key }, Buffer.from(checkpoint.signature, 'base64'), key);
  } catch {
    return false;
  }
}
