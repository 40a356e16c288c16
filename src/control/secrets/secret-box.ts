import { join } from 'node:path';
import type { SecretBox } from '../api/services.ts';
import { changeKeyFile, createKeyFile, keyFileMark, type KeptKey, newKey, parseKeptKeys, readKeyFile, ringOf } from './key-file.ts';
import { type KeyRing, parseKeys } from './key-ring.ts';
import { openValue, sealValue } from './sealed-value.ts';

/** The variable that holds the keys where no file shall: base64, 32 bytes each, several separated by commas, newest first. */
export const SECRET_KEY_VARIABLE = 'POLICYLAYER_SECRET_KEY';
const GENERATED_FILE = 'secret-keys.json';
/** A key that was replaced is kept so long at least: another process may have sealed with it a moment ago. */
const RETIRED_FOR_MS = 3_600_000;

export interface SecretBoxOptions {
  /** Where `secret-keys.json` is generated when neither the variable nor a file is given. */
  readonly dataDir: string;
  readonly env?: NodeJS.ProcessEnv;
  /** `secret_key_file`: absolute path of a file with one key in base64 on each line, newest first. It is read, never written. */
  readonly keyFile?: string | null;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/** A SecretBox whose keys can be looked after. */
export interface ManagedSecretBox extends SecretBox {
  /** Where the keys come from. Only generated ones can be added to here; the others belong to the operator. */
  readonly source: 'environment' | 'file' | 'generated';
  /** Numbers of the keys in force, newest first. */
  readonly keys: readonly number[];
  /** Adds a new key, which seals from now on. @returns its number; null when the keys are the operator's @throws Error when the file cannot be changed */
  addKey(): number | null;
  /** Removes generated keys that nothing is sealed with any more and that were replaced at least an hour ago. @returns how many */
  dropKeys(inUse: ReadonlySet<number>): number;
}

/**
 * Opens the secret box: keys from the environment, else from `keyFile`, else from a file that is generated in the data directory (0600).
 * @throws Error for keys that are malformed, or a file that is missing, damaged or open to others; never with any part of a key
 */
export function openSecretBox(options: SecretBoxOptions): ManagedSecretBox {
  const now = options.now ?? Date.now;
  const fromEnvironment = (options.env ?? process.env)[SECRET_KEY_VARIABLE];
  if (fromEnvironment !== undefined && fromEnvironment.trim() !== '') {
    const ring = parseKeys(fromEnvironment.split(','), SECRET_KEY_VARIABLE);
    return new KeyedBox('environment', () => ring, null, now);
  }
  const named = options.keyFile ?? null;
  if (named !== null) {
    const read = (): KeyRing => {
      const text = readKeyFile(named);
      if (text === null) throw new Error(`${named} does not exist; secret_key_file names a file with a key in base64 on each line, newest first`);
      return parseKeys(text.split('\n').filter((line) => line.trim() !== ''), named);
    };
    return new KeyedBox('file', read, named, now);
  }
  const path = join(options.dataDir, GENERATED_FILE);
  if (readKeyFile(path) === null) createKeyFile(path, now());
  return new KeyedBox('generated', () => ringOf(readKept(path), path), path, now);
}

function readKept(path: string): readonly KeptKey[] {
  const text = readKeyFile(path);
  if (text === null) throw new Error(`${path} is missing; restore it from a backup, without it no sealed value can be opened`);
  return parseKeptKeys(text, path);
}

class KeyedBox implements ManagedSecretBox {
  readonly source: ManagedSecretBox['source'];
  readonly #read: () => KeyRing;
  readonly #path: string | null;
  readonly #now: () => number;
  #ring: KeyRing;
  #mark: string | null;

  constructor(source: ManagedSecretBox['source'], read: () => KeyRing, path: string | null, now: () => number) {
    this.source = source;
    this.#read = read;
    this.#path = path;
    this.#now = now;
    this.#mark = path === null ? null : keyFileMark(path);
    this.#ring = read();
  }

  get newest(): number {
    this.#refresh();
    return this.#ring[0].id;
  }

  get keys(): readonly number[] {
    this.#refresh();
    return this.#ring.map((key) => key.id);
  }

  seal(name: string, value: string): { readonly name: string; readonly key: number; readonly sealed: Buffer } {
    this.#refresh();
    const [newest] = this.#ring;
    return { name, key: newest.id, sealed: sealValue(newest, name, value) };
  }

  open(secret: { readonly name: string; readonly key: number; readonly sealed: Buffer }): string {
    this.#refresh();
    const key = this.#ring.find((candidate) => candidate.id === secret.key);
    if (key === undefined) throw new Error(`the secret ${secret.name} was sealed with a key that is not there; give the old key back, or set the secret again`);
    const value = openValue(key, secret.name, secret.sealed);
    if (value === null) throw new Error(`the secret ${secret.name} was changed or moved in the database; set it again`);
    return value;
  }

  addKey(): number | null {
    if (this.source !== 'generated' || this.#path === null) return null;
    changeKeyFile(this.#path, (kept) => [newKey(this.#now()), ...kept]);
    return this.newest;
  }

  dropKeys(inUse: ReadonlySet<number>): number {
    if (this.source !== 'generated' || this.#path === null) return 0;
    const path = this.#path;
    let dropped = 0;
    changeKeyFile(path, (kept) => {
      const ring = ringOf(kept, path);
      const staying = kept.filter((_entry, index) => {
        const replacedAt = Date.parse(kept[index - 1]?.since ?? '');
        const id = ring[index]?.id;
        return index === 0 || id === undefined || inUse.has(id) || !(this.#now() - replacedAt >= RETIRED_FOR_MS);
      });
      dropped = kept.length - staying.length;
      return staying;
    });
    return dropped;
  }

  /** Another process, or the operator, may have added a key: what is sealed with it must open here at once. */
  #refresh(): void {
    if (this.#path === null) return;
    const mark = keyFileMark(this.#path);
    // A file that is gone for a moment (a mount, a restore) is no reason to forget keys that still work.
    if (mark === null || mark === this.#mark) return;
    this.#ring = this.#read();
    this.#mark = mark;
  }
}
