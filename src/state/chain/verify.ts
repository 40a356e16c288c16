import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { blockHash, blockOf, bodyHashOf, decodeJson, FIRST_PREVIOUS, type Block, type CheckpointBody } from './block.ts';
import { ChainLog } from './chain-log.ts';
import { Problems } from './problems.ts';
import type { Checkpoint, VerifyOptions, VerifyReport } from './types.ts';
import { checkpointHolds, KeyCheck } from './verify-keys.ts';
import { RowCheck } from './verify-rows.ts';

const PAGE = 16;

export interface VerifyProgress {
  readonly rows: number;
  /** The newest row of the journal. */
  readonly last: number;
}

/**
 * Checks the chain and every row under it, in one read transaction, in memory that does not grow with the journal. Yields after each block.
 * @throws an error of node:crypto for a public key that is none; errors of the driver
 */
export function* verifyChain(database: SqlDatabase, options: VerifyOptions = {}): Generator<VerifyProgress, VerifyReport> {
  const problems = new Problems();
  const keys = new KeyCheck(problems, options.publicKeys ?? null);
  database.exec('BEGIN');
  try {
    return yield* new Walk(database, problems, keys, options.checkpoints ?? []).run();
  } finally {
    database.exec('ROLLBACK');
  }
}

class Walk {
  readonly #database: SqlDatabase;
  readonly #problems: Problems;
  readonly #keys: KeyCheck;
  readonly #log: ChainLog;
  readonly #checkpoints: readonly Checkpoint[];
  readonly #auditRow: SqlStatement;
  #chain: string | null = null;
  #previous: { readonly stored: Buffer; readonly computed: Buffer } | null = { stored: FIRST_PREVIOUS, computed: FIRST_PREVIOUS };
  #number = 0;
  #blocks = 0;
  #removed = 0;
  #rows: RowCheck;

  constructor(database: SqlDatabase, problems: Problems, keys: KeyCheck, checkpoints: readonly Checkpoint[]) {
    this.#database = database;
    this.#problems = problems;
    this.#keys = keys;
    this.#log = new ChainLog(database);
    this.#checkpoints = checkpoints;
    this.#auditRow = database.prepare('SELECT hash FROM registry_audit WHERE seq = ?');
    this.#rows = new RowCheck(database, problems, 1, 0);
  }

  *run(): Generator<VerifyProgress, VerifyReport> {
    const page = this.#database.prepare(`SELECT number, kind, at, first, last, body, body_hash, hash, signature FROM chain_blocks WHERE number > ? ORDER BY number LIMIT ${PAGE}`);
    const { first, last } = this.#ends();
    for (;;) {
      const blocks = page.all(this.#number).map(blockOf);
      for (const block of blocks) {
        this.#block(block);
        // After each: a block may stand for megabytes of rows, and a gateway that checks itself has calls to answer.
        yield { rows: this.#rows.rows, last };
      }
      if (blocks.length < PAGE) break;
    }
    this.#rows.end();
    this.#head();
    this.#kept();
    this.#keys.end();
    const sealedThrough = this.#rows.sealed;
    const unsealed = Number(this.#database.prepare('SELECT count(*) AS value FROM journal WHERE seq > ?').get(sealedThrough)?.['value']);
    return {
      ok: this.#problems.count === 0, chain: this.#chain, firstSeq: first, lastSeq: last, rows: this.#rows.rows, blocks: this.#blocks, checkpoints: this.#keys.checkpoints,
      sealedThrough: Math.max(0, sealedThrough), unsealed, unsealedEnds: this.#rows.unsealedEnds, unsigned: this.#number - (this.#keys.last?.number ?? 0), redacted: this.#rows.redacted,
      removedThrough: this.#removed, lastCheckpoint: this.#keys.last, keys: this.#keys.keys, problems: this.#problems.list, problemCount: this.#problems.count,
    };
  }

  #ends(): { first: number; last: number } {
    const row = this.#database.prepare('SELECT coalesce((SELECT min(seq) FROM journal), 0) AS first, coalesce((SELECT max(seq) FROM journal), 0) AS last').get();
    return { first: Number(row?.['first']), last: Number(row?.['last']) };
  }

  #block(block: Block): void {
    const { number } = block;
    if (number !== this.#number + 1) {
      const from = this.#number + 1;
      this.#problems.block('block_missing', from, from === number - 1 ? 'is missing' : `to block ${number - 1} are missing`);
      this.#previous = null;
    }
    this.#number = number;
    this.#blocks += 1;
    const sound = this.#linked(block);
    if (block.signature !== null && block.kind !== 'checkpoint') this.#problems.block('block_changed', number, 'has a signature and is no checkpoint');
    for (const checkpoint of this.#checkpoints) {
      if (checkpoint.number === number && checkpoint.hash !== block.hash.toString('hex')) this.#problems.block('chain_rewritten', number, 'is not the one that the given checkpoint signed: the journal was rewritten');
    }
    try {
      this.#content(block);
    } catch {
      if (sound) this.#problems.block('block_changed', number, 'cannot be read');
    }
  }

  #linked(block: Block): boolean {
    const bodyHash = block.body === null ? block.bodyHash : bodyHashOf(block.body);
    const previous = this.#previous;
    let computed = block.hash;
    let sound = bodyHash.equals(block.bodyHash);
    if (previous !== null) {
      computed = blockHash(previous.stored, block);
      if (!computed.equals(block.hash)) {
        computed = blockHash(previous.computed, block);
        sound &&= computed.equals(block.hash);
      }
    }
    if (!sound) this.#problems.block('block_changed', block.number, `was changed, or does not follow block ${block.number - 1}`);
    this.#previous = { stored: block.hash, computed };
    return sound;
  }

  #content(block: Block): void {
    const { number, kind, first, last } = block;
    if ((number === 1) !== (kind === 'start')) return this.#problems.block('block_changed', number, number === 1 ? 'does not begin a chain' : 'begins another chain');
    if (kind === 'start') {
      this.#chain = decodeJson<{ chain: string }>(block.body ?? Buffer.alloc(0)).chain;
      const removed = Math.max(first - 1, this.#log.lastOf('removed')?.last ?? 0);
      this.#removed = first - 1;
      this.#rows = new RowCheck(this.#database, this.#problems, first, removed);
      for (const row of this.#database.prepare('SELECT seq FROM journal WHERE seq <= ? ORDER BY seq LIMIT 100').all(removed)) {
        this.#problems.row('row_inserted', Number(row['seq']), null, `is in the journal, and rows up to ${removed} were removed`);
      }
    } else if (kind === 'rows') this.#rows.block(block);
    else if (kind === 'redacted') this.#rows.redaction(block);
    else if (kind === 'key') this.#keys.introduce(block);
    else if (kind === 'checkpoint') {
      this.#keys.checkpoint(block, this.#chain ?? '', this.#rows.sealed);
      this.#audit(block);
    }
    else if (kind === 'removed') {
      if (first !== this.#removed + 1 || last < first || last > this.#rows.sealed) this.#problems.block('block_changed', number, `removes rows ${first} to ${last}, and rows ${this.#removed + 1} to ${this.#rows.sealed} were there`);
      this.#removed = Math.max(this.#removed, last);
    } else this.#problems.block('block_changed', number, 'is of an unknown kind');
  }

  /** The audit is a chain without a signature, which somebody could write anew: each checkpoint says how it ended then. */
  #audit({ number, body }: Block): void {
    const { audit } = decodeJson<CheckpointBody>(body ?? Buffer.alloc(0));
    if (audit === undefined || audit.seq === 0 || this.#auditRow.get(audit.seq)?.['hash'] === audit.hash) return;
    this.#problems.block('audit_rewritten', number, `signed the audit of administrative changes through entry ${audit.seq}, and that entry is another one now, or gone`);
  }

  /** What the head says must be what the chain ends with: else its newest block would go unseen. */
  #head(): void {
    const head = this.#log.head();
    const { number } = head;
    if (number > this.#number) return this.#problems.block('block_missing', this.#number + 1, this.#number + 1 === number ? 'is missing' : `to block ${number} are missing`);
    const signed = this.#log.lastOf('checkpoint')?.number ?? 0;
    const told = [number, head.sealed, head.removed, head.signed];
    const found = number === 0 && this.#number === 0 ? [0, 0, 0, 0] : [this.#number, this.#rows.sealed, this.#removed, signed];
    if (told.join() !== found.join() || (number > 0 && !head.hash.equals(this.#previous?.stored ?? FIRST_PREVIOUS))) {
      this.#problems.other('head_changed', `the head of the chain does not match its end: it says block ${number}, rows through ${head.sealed}, removed through ${head.removed}, checkpoint ${head.signed}`);
    }
  }

  #kept(): void {
    for (const checkpoint of this.#checkpoints) {
      if (!checkpointHolds(checkpoint)) this.#problems.other('checkpoint_file', `the given checkpoint of block ${checkpoint.number} is not what was signed`);
      else if (checkpoint.chain !== this.#chain) this.#problems.other('chain_rewritten', `the given checkpoint is of another chain (${checkpoint.chain}); this one is ${this.#chain ?? 'empty'}`);
      else if (checkpoint.number > this.#number) this.#problems.other('chain_rewritten', `the given checkpoint signed block ${checkpoint.number}, and the chain ends with block ${this.#number}: its end was cut off`);
    }
  }
}
