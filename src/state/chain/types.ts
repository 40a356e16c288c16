/** How far the journal can be proven. */
export interface ChainStatus {
  readonly blocks: number;
  /** Every row up to this one is sealed. */
  readonly sealedThrough: number;
  readonly removedThrough: number;
  /** Newest signed checkpoint, or 0. */
  readonly checkpoint: number;
}

/** A signed end of the chain. Kept elsewhere, it finds out a journal that was rewritten whole. */
export interface Checkpoint {
  readonly format: 'policylayer-journal-checkpoint';
  /** Random name of the chain, hex. */
  readonly chain: string;
  /** Of the block that is signed. */
  readonly number: number;
  /** SHA-256 of that block, hex. */
  readonly hash: string;
  readonly lastSeq: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** SHA-256 of the public key, hex. */
  readonly key: string;
  /** PEM. */
  readonly publicKey: string;
  /** Ed25519, base64. */
  readonly signature: string;
}

/** Where one row is in the chain; `block` null as long as it is not sealed. */
export interface RowProof {
  readonly sealed: 'open' | 'sealed' | 'redacted';
  readonly block: number | null;
  /** First checkpoint that covers it. */
  readonly checkpoint: number | null;
}

export interface ChainProblem {
  /** Stable: `row_changed`, `block_missing`, ... */
  readonly code: string;
  readonly block: number | null;
  readonly seq: number | null;
  /** For people. */
  readonly message: string;
}

export interface ChainKey {
  readonly id: string;
  /** PEM. */
  readonly publicKey: string;
  /** The block that introduced it. */
  readonly block: number;
  /** Whether the key before signed it; true for the first. */
  readonly vouched: boolean;
}

export interface VerifyReport {
  readonly ok: boolean;
  /** Null when the chain has not begun. */
  readonly chain: string | null;
  readonly firstSeq: number;
  readonly lastSeq: number;
  /** How many were checked. */
  readonly rows: number;
  readonly blocks: number;
  readonly checkpoints: number;
  readonly sealedThrough: number;
  /** Rows after that, which prove nothing yet. */
  readonly unsealed: number;
  /** Sealed rows whose end is not sealed yet. */
  readonly unsealedEnds: number;
  /** Blocks after the newest checkpoint. */
  readonly unsigned: number;
  readonly redacted: number;
  readonly removedThrough: number;
  readonly lastCheckpoint: Checkpoint | null;
  readonly keys: readonly ChainKey[];
  /** At most 100. */
  readonly problems: readonly ChainProblem[];
  readonly problemCount: number;
}

export interface VerifyOptions {
  /** Public keys in PEM. The newest checkpoint must then be signed by one of them, or by a key that one of them vouches for. */
  readonly publicKeys?: readonly string[];
  /** Checkpoints that were kept elsewhere. */
  readonly checkpoints?: readonly Checkpoint[];
}

/** The proof that the journal is whole (docs/decisions/0018-journal-chain.md). All methods throw StateUnavailable. */
export interface Chain {
  status(): ChainStatus;
  /** For each of these rows; of one that there is not it says `open`. */
  proofs(seqs: readonly number[]): ReadonlyMap<number, RowProof>;
  /** Newest first. */
  checkpoints(page?: { readonly before?: number; readonly limit?: number }): Checkpoint[];
  /**
   * Erases the arguments (names, hash and values) of rows for ever; the chain tells who did it and why. Works in short steps.
   * @param what rows by `seq`, or every row that was written before
   * @returns how many rows had any
   */
  redact(what: { readonly seqs: readonly number[] } | { readonly before: Date }, who: string, why: string): Promise<number>;
  /** Reads the whole journal on a connection of its own, a few milliseconds at a time. */
  verify(options?: VerifyOptions, signal?: AbortSignal): Promise<VerifyReport>;
  /** A new signing key, which the old one signs. @returns its id */
  rotateKey(): string;
}
