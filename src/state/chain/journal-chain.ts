import { dirname } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { openDriver, type SqlDatabase, type SqlStatement } from '../driver.ts';
import { unavailable } from '../failure.ts';
import { JournalQuery } from '../journal-query.ts';
import { StateUnavailable } from '../types.ts';
import { blockOf, decodeJson, type KeyBody } from './block.ts';
import { ChainLog } from './chain-log.ts';
import { Checkpoints, keyIdOf, publicKeyOf } from './checkpoints.ts';
import { JournalKeys } from './journal-keys.ts';
import { Redactor, REDACT_STEP } from './redactor.ts';
import { Sealer } from './sealer.ts';
import type { Chain, ChainStatus, Checkpoint, RowProof, VerifyOptions, VerifyReport } from './types.ts';
import { verifyChain } from './verify.ts';
import { exportedCheckpoint } from './verify-keys.ts';

/** Blocks that a closing process appends at most: a long journal that is sealed for the first time is the next process's work. */
const LAST_STEPS = 64;
/** Rows that a redaction by time looks at in one go. */
const REDACT_RANGE = 8192;
const RETRY_MS = 60_000;
const DEFAULT_PAGE = 50;
const MAX_PAGE = 200;

export interface ChainSurroundings {
  /** Runs work in a write transaction. @throws StateUnavailable */
  readonly transact: <Result>(task: string, work: () => Result) => Result;
  readonly wallMs: () => number;
  /** Store clock, microseconds; inside a transaction. */
  readonly now: () => number;
  /** Moves the write-ahead log into the database. */
  readonly tidy: () => void;
}

/** The chain of one open database: what housekeeping does for it, and what people ask of it. */
export class JournalChain implements Chain {
  readonly #database: SqlDatabase;
  readonly #path: string;
  readonly #around: ChainSurroundings;
  readonly #log: ChainLog;
  readonly #sealer: Sealer;
  readonly #keys: JournalKeys;
  readonly #checkpoints: Checkpoints;
  readonly #redactor: Redactor;
  readonly #query: JournalQuery;
  readonly #proof: SqlStatement;
  readonly #page: SqlStatement;
  #verifying = false;
  #notBefore = 0;

  constructor(database: SqlDatabase, path: string, around: ChainSurroundings) {
    this.#database = database;
    this.#path = path;
    this.#around = around;
    this.#log = new ChainLog(database);
    this.#sealer = new Sealer(database, this.#log);
    this.#keys = new JournalKeys(dirname(path));
    this.#checkpoints = new Checkpoints(this.#log, this.#keys);
    this.#redactor = new Redactor(database, this.#log);
    this.#query = new JournalQuery(database);
    this.#proof = database.prepare(`
      SELECT (SELECT sealed FROM chain_head WHERE one = 1) AS sealed, (SELECT block FROM chain_redacted WHERE seq = ?1) AS erased,
        (SELECT block FROM chain_open WHERE seq = ?1) AS reopened, (SELECT state FROM chain_open WHERE seq = ?1) AS state,
        (SELECT number FROM chain_blocks WHERE kind = 'rows' AND first > 0 AND first <= ?1 ORDER BY first DESC LIMIT 1) AS block`);
    this.#page = database.prepare(`SELECT number, kind, at, first, last, body, body_hash, hash, signature FROM chain_blocks
      WHERE kind = 'checkpoint' AND kind <> 'rows' AND number < ? ORDER BY number DESC LIMIT ?`);
  }

  /** Seals what waits, at most one block. @returns true when more waits */
  seal(): boolean {
    return this.#around.transact('cannot seal the journal', () => this.#sealer.step(this.#around.wallMs(), this.#around.now()));
  }

  /** A checkpoint when it is time. A key that cannot be used stops no sealing. @throws StateUnavailable */
  checkpointWhenDue(): void {
    if (performance.now() < this.#notBefore || !this.#checkpoints.due(this.#around.wallMs())) return;
    // A key that cannot be used is told once a minute, not with every block.
    this.#notBefore = performance.now() + RETRY_MS;
    this.#around.transact('cannot sign the journal', () => {
      // Another process may have been faster.
      if (this.#checkpoints.due(this.#around.wallMs())) this.#checkpoints.sign(this.#around.wallMs());
    });
    this.#notBefore = 0;
  }

  /** Seals everything that waits, within bounds. */
  sealAll(): void {
    for (let step = 0; step < LAST_STEPS && this.seal(); step += 1);
  }

  /** Signs the end of the chain. @throws StateUnavailable */
  checkpoint(): void {
    if (this.#checkpoints.hasNews) this.#around.transact('cannot sign the journal', () => this.#checkpoints.sign(this.#around.wallMs()));
  }

  status(): ChainStatus {
    return this.#read(() => {
      const { number, sealed, removed, signed } = this.#log.head();
      return { blocks: number, sealedThrough: sealed, removedThrough: removed, checkpoint: signed };
    });
  }

  proofs(seqs: readonly number[]): ReadonlyMap<number, RowProof> {
    return this.#read(() => new Map(seqs.map((seq) => [seq, this.#proofOf(seq)])));
  }

  #proofOf(seq: number): RowProof {
    const row = this.#proof.get(seq);
    if (row === undefined || Number(row['sealed']) < seq || row['block'] === null) return { sealed: 'open', block: null, checkpoint: null };
    const block = Number(row['reopened'] ?? row['block']);
    const checkpoint = this.#database.prepare("SELECT number FROM chain_blocks WHERE kind = 'checkpoint' AND kind <> 'rows' AND number > ? ORDER BY number LIMIT 1").get(block)?.['number'];
    const sealed = row['erased'] !== null ? 'redacted' : row['state'] === 0 || row['state'] === 1 ? 'open' : 'sealed';
    return { sealed, block, checkpoint: typeof checkpoint === 'number' ? checkpoint : null };
  }

  checkpoints({ before = Number.MAX_SAFE_INTEGER, limit = DEFAULT_PAGE }: { readonly before?: number; readonly limit?: number } = {}): Checkpoint[] {
    return this.#read(() => {
      const start = this.#log.block(1);
      const chain = start?.kind === 'start' && start.body !== null ? decodeJson<{ chain: string }>(start.body).chain : '';
      const keys = new Map(this.#database.prepare(`SELECT number, kind, at, first, last, body, body_hash, hash, signature FROM chain_blocks WHERE kind = 'key' AND kind <> 'rows'`).all()
        .map(blockOf).map((block) => [keyIdOf(block), publicKeyOf(Buffer.from(decodeJson<KeyBody>(block.body ?? Buffer.alloc(0)).publicKey, 'base64')).export({ type: 'spki', format: 'pem' }).toString()]));
      return this.#page.all(before, Math.min(MAX_PAGE, Math.max(1, limit))).map(blockOf).filter(({ body, signature }) => body !== null && signature !== null).map((block) => {
        const { key } = decodeJson<{ key: string }>(block.body ?? Buffer.alloc(0));
        return exportedCheckpoint(block, chain, keys.get(key) ?? '', key);
      });
    });
  }

  async redact(what: { readonly seqs: readonly number[] } | { readonly before: Date }, who: string, why: string): Promise<number> {
    this.#secureDelete('ON');
    let erased = 0;
    try {
      for await (const batch of 'seqs' in what ? this.#named(what.seqs) : this.#older(what.before)) {
        erased += this.#around.transact('cannot redact the journal', () => this.#redactor.erase(batch, who, why, this.#around.wallMs()).length);
        await turn();
      }
    } finally {
      this.#secureDelete('FAST');
    }
    // The log of the database has the old pages until it is moved.
    if (erased > 0) this.#around.tidy();
    return erased;
  }

  async *#named(wanted: readonly number[]): AsyncGenerator<number[]> {
    const seqs = [...new Set(wanted)].sort((a, b) => a - b);
    await this.#sealThrough(seqs.at(-1) ?? 0);
    for (let index = 0; index < seqs.length; index += REDACT_STEP) yield seqs.slice(index, index + REDACT_STEP);
  }

  async *#older(before: Date): AsyncGenerator<number[]> {
    const { first, last } = this.#read(() => this.#query.ends());
    await this.#sealThrough(last);
    for (let low = first - 1; low < last; low += REDACT_RANGE) {
      const through = Math.min(low + REDACT_RANGE, last);
      for (let after = low; ;) {
        const batch = this.#read(() => this.#redactor.erasable(after, through, before.getTime()));
        if (batch.length === 0) break;
        yield batch;
        after = batch.at(-1) ?? through;
      }
      await turn();
    }
  }

  /** What is erased has to be committed to first. */
  async #sealThrough(seq: number): Promise<void> {
    while (this.#read(() => this.#log.sealed()) < seq && this.seal()) await turn();
  }

  /** Pages that become free are overwritten too. */
  #secureDelete(mode: 'ON' | 'FAST'): void {
    this.#read(() => this.#database.exec(`PRAGMA secure_delete = ${mode}`));
  }

  async verify(options: VerifyOptions = {}, signal?: AbortSignal): Promise<VerifyReport> {
    if (this.#verifying) throw new StateUnavailable('the journal is being verified already; try again when that has ended');
    this.#verifying = true;
    let reader: SqlDatabase | null = null;
    try {
      reader = await openDriver(this.#path, this.#database.driver);
      reader.exec('PRAGMA query_only = ON');
      const walk = verifyChain(reader, options);
      for (;;) {
        const { done, value } = walk.next();
        if (done === true) return value;
        if (signal?.aborted === true) {
          walk.return(undefined as never);
          throw new StateUnavailable('nobody waits for the verification any more');
        }
        await turn();
      }
    } catch (error) {
      throw unavailable('cannot verify the journal', error);
    } finally {
      this.#verifying = false;
      reader?.close();
    }
  }

  rotateKey(): string {
    const id = this.#around.transact('cannot change the journal key', () => this.#checkpoints.rotate(this.#around.wallMs()));
    this.#keys.adopt();
    return id;
  }

  #read<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      throw unavailable('cannot read the chain of the journal', error);
    }
  }
}
