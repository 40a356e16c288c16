import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { StateUnavailable } from '../types.ts';
import { newKey, readKey, writeKey, type SigningKey } from './key-file.ts';

export const KEY_FILE = 'journal-key.pem';
/** The next key while it takes over. It is there before the chain names it, and becomes `KEY_FILE` after. */
const NEXT_FILE = 'journal-key.next.pem';

/** The key files beside the database. Read anew each time: another process may have changed the key, and a checkpoint is rare. */
export class JournalKeys {
  readonly #path: string;
  readonly #next: string;

  constructor(directory: string) {
    this.#path = join(directory, KEY_FILE);
    this.#next = join(directory, NEXT_FILE);
  }

  /**
   * The key to sign with; made when there is none. Inside a write transaction.
   * @param named id of the key that the chain named last, or null @throws StateUnavailable
   */
  current(named: string | null): SigningKey {
    const key = readKey(this.#path);
    if (key !== null && key.id === named) return key;
    const next = readKey(this.#next);
    if (next !== null && next.id === named) {
      // The process that changed the key was killed after the chain named the new one.
      renameSync(this.#next, this.#path);
      return next;
    }
    if (key !== null) return key;
    return this.#make();
  }

  /** Keeps a key ready that is to take over; one that the chain never named is dropped. Inside a write transaction. */
  prepare(): SigningKey {
    rmSync(this.#next, { force: true });
    const key = newKey();
    this.#guarded(() => writeKey(this.#next, key, true));
    return key;
  }

  /** After the commit of the block that names it. Another process that signs may have put it in its place already. */
  adopt(): void {
    this.#guarded(() => {
      try {
        renameSync(this.#next, this.#path);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      }
    });
  }

  #make(): SigningKey {
    const key = newKey();
    if (this.#guarded(() => writeKey(this.#path, key, true))) return key;
    const other = readKey(this.#path);
    if (other === null) throw new StateUnavailable(`the journal key ${this.#path} cannot be made`);
    return other;
  }

  #guarded<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw new StateUnavailable(`the journal key ${this.#path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}); the journal goes on without signed checkpoints`, { cause: error });
    }
  }
}
