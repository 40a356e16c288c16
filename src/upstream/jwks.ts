import type { CryptoKey, FlattenedJWSInput, JSONWebKeySet, JWK, JWSHeaderParameters } from 'jose';
import { createLocalJWKSet, errors } from 'jose';
import { DocumentError, documentFetcher } from './fetch-document.ts';
import { discoverKeySet } from './issuer-metadata.ts';

/** After this a key set is asked for anew, while the known one still serves. */
const FRESH_MS = 10 * 60_000;
/** How long known keys go on when the issuer cannot be reached: longer would keep a key that it has withdrawn. */
const USABLE_MS = 60 * 60_000;
/** A token with an unknown `kid` costs its sender nothing: it makes us ask the issuer at most so often. */
const REFETCH_MS = 15_000;
const MAX_KEYS = 64;
/** `oct` is missing: a shared secret in a public key set would be everybody's. */
const PUBLIC_TYPES = new Set(['RSA', 'EC', 'OKP']);

export interface IssuerKeysOptions {
  readonly issuer: string;
  /** Null: found in the issuer's metadata document. */
  readonly jwksUri: string | null;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  readonly fetch?: (url: URL) => Promise<unknown>;
  /** Told, for the operator, of each attempt that failed. */
  readonly failed?: (text: string) => void;
}

type KeyFinder = (header: JWSHeaderParameters, token: FlattenedJWSInput) => Promise<CryptoKey>;

/** Keys of an issuer cannot be had now: nothing can be said of its tokens, so they are refused. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
}

/** The public keys of one issuer: fetched when first needed, kept for a bounded time, asked for again when a token names an unknown one. */
export class IssuerKeys {
  readonly #options: IssuerKeysOptions;
  readonly #now: () => number;
  readonly #fetch: (url: URL) => Promise<unknown>;
  #find: KeyFinder | null = null;
  #fetchedAt = Number.NEGATIVE_INFINITY;
  #triedAt = Number.NEGATIVE_INFINITY;
  #fetching: Promise<void> | null = null;
  #problem = '';

  constructor(options: IssuerKeysOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#fetch = options.fetch ?? documentFetcher([options.issuer, ...(options.jwksUri === null ? [] : [options.jwksUri])].map((url) => new URL(url)));
  }

  /**
   * The key that a token's header names. Only `kid` and `alg` are looked at: keys and addresses that a token brings along are never used.
   * @throws KeysUnavailable when the issuer's keys cannot be had
   * @throws errors.JWKSNoMatchingKey, errors.JWKSMultipleMatchingKeys of jose
   */
  async key(header: JWSHeaderParameters, token: FlattenedJWSInput): Promise<CryptoKey> {
    const find = await this.#current();
    try {
      return await find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !this.#mayTry()) throw error;
      await this.#refresh();
      return (await this.#current())(header, token);
    }
  }

  async #current(): Promise<KeyFinder> {
    const age = this.#now() - this.#fetchedAt;
    if (this.#find !== null && age < USABLE_MS) {
      // Nobody waits for the renewal of keys that are still good.
      if (age >= FRESH_MS && this.#mayTry()) void this.#refresh();
      return this.#find;
    }
    if (this.#fetching !== null || this.#mayTry()) await this.#refresh();
    if (this.#find === null || this.#now() - this.#fetchedAt >= USABLE_MS) throw new KeysUnavailable(this.#problem);
    return this.#find;
  }

  #mayTry(): boolean {
    return this.#fetching !== null || this.#now() - this.#triedAt >= REFETCH_MS;
  }

  /** One fetch at a time, whoever asks. Never rejects. */
  #refresh(): Promise<void> {
    this.#fetching ??= this.#load().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #load(): Promise<void> {
    this.#triedAt = this.#now();
    try {
      const address = this.#options.jwksUri === null ? await discoverKeySet(this.#options.issuer, this.#fetch) : new URL(this.#options.jwksUri);
      this.#find = createLocalJWKSet(usableKeys(await this.#fetch(address)));
      this.#fetchedAt = this.#now();
    } catch (error) {
      this.#problem = error instanceof DocumentError ? error.message : 'the key set cannot be used';
      this.#options.failed?.(this.#problem);
    }
  }
}

function usableKeys(document: unknown): JSONWebKeySet {
  const keys = typeof document === 'object' && document !== null && 'keys' in document ? document.keys : null;
  if (!Array.isArray(keys)) throw new DocumentError('the key set has no keys');
  if (keys.length > MAX_KEYS) throw new DocumentError(`the key set has more than ${MAX_KEYS} keys`);
  const usable = keys.filter((key: unknown): key is JWK => isPublicSigningKey(key));
  if (usable.length === 0) throw new DocumentError('the key set has no public key for signatures');
  return { keys: usable };
}

function isPublicSigningKey(key: unknown): boolean {
  if (typeof key !== 'object' || key === null) return false;
  const { kty, use } = key as Record<string, unknown>;
  return typeof kty === 'string' && PUBLIC_TYPES.has(kty) && (use === undefined || use === 'sig');
}
