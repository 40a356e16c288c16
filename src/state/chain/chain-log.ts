import { randomBytes } from 'node:crypto';
import type { SqlDatabase, SqlStatement } from '../driver.ts';
import { blob, blockHash, blockOf, bodyHashOf, encodeJson, FIRST_PREVIOUS, type AuditEnd, type Block, type BlockKind } from './block.ts';

/** Where the chain ends. */
export interface Head {
  readonly number: number;
  readonly hash: Buffer;
  readonly sealed: number;
  readonly removed: number;
  readonly signed: number;
  readonly signedAt: number;
}

const BLOCK_COLUMNS = 'number, kind, at, first, last, body, body_hash, hash, signature';

/** The blocks in the database. Whatever writes runs inside a write transaction, which is why two processes never append the same number. */
export class ChainLog {
  readonly #head: SqlStatement;
  readonly #sealed: SqlStatement;
  readonly #insert: SqlStatement;
  readonly #move: SqlStatement;
  readonly #lowest: SqlStatement;
  readonly #lastOf: SqlStatement;
  readonly #get: SqlStatement;
  readonly #audit: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#head = database.prepare('SELECT number, hash, sealed, removed, signed, signed_at FROM chain_head WHERE one = 1');
    this.#sealed = database.prepare('SELECT sealed FROM chain_head WHERE one = 1');
    this.#insert = database.prepare(`INSERT INTO chain_blocks (${BLOCK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`);
    this.#move = database.prepare('UPDATE chain_head SET number = ?, hash = ?, sealed = ?, removed = ?, signed = ?, signed_at = ? WHERE one = 1');
    this.#lowest = database.prepare('SELECT coalesce((SELECT seq FROM journal ORDER BY seq LIMIT 1), 1) AS value');
    this.#lastOf = database.prepare(`SELECT ${BLOCK_COLUMNS} FROM chain_blocks WHERE kind = ? AND kind <> 'rows' ORDER BY number DESC LIMIT 1`);
    this.#get = database.prepare(`SELECT ${BLOCK_COLUMNS} FROM chain_blocks WHERE number = ?`);
    this.#audit = database.prepare('SELECT audit_seq, audit_hash FROM registry');
  }

  /** Every row up to this one is sealed; cheap, for the path of settlements. */
  sealed(): number {
    return Number(this.#sealed.first()?.[0] ?? 0);
  }

  head(): Head {
    const row = this.#head.get();
    return {
      number: Number(row?.['number'] ?? 0), hash: blob(row?.['hash']) ?? FIRST_PREVIOUS, sealed: Number(row?.['sealed'] ?? 0),
      removed: Number(row?.['removed'] ?? 0), signed: Number(row?.['signed'] ?? 0), signedAt: Number(row?.['signed_at'] ?? 0),
    };
  }

  /** The head of a chain that has begun: the first block names the chain and the row that it begins with. */
  begun(at: number): Head {
    const head = this.head();
    if (head.number > 0) return head;
    const first = Number(this.#lowest.get()?.['value']);
    this.append(head, 'start', at, { first, last: 0, body: encodeJson({ chain: randomBytes(16).toString('hex') }) }, { sealed: first - 1, removed: first - 1, signedAt: at });
    return this.head();
  }

  /** @param moved what the head says from now on besides number and hash */
  append(
    head: Head, kind: BlockKind, at: number, { first, last, body, sign }: { readonly first: number; readonly last: number; readonly body: Buffer; readonly sign?: (hash: Buffer) => Buffer },
    moved: Partial<Pick<Head, 'sealed' | 'removed' | 'signed' | 'signedAt'>> = {},
  ): Head {
    const number = head.number + 1;
    const bodyHash = bodyHashOf(body);
    const hash = blockHash(head.hash, { number, kind, at, first, last, bodyHash });
    this.#insert.run(number, kind, at, first, last, body, bodyHash, hash, sign?.(hash) ?? null);
    const next: Head = { ...head, ...moved, number, hash };
    this.#move.run(next.number, next.hash, next.sealed, next.removed, next.signed, next.signedAt);
    return next;
  }

  auditEnd(): AuditEnd {
    const [seq, hash] = this.#audit.first() ?? [];
    return { seq: Number(seq ?? 0), hash: typeof hash === 'string' ? hash : '' };
  }

  lastOf(kind: Exclude<BlockKind, 'rows'>): Block | null {
    const row = this.#lastOf.get(kind);
    return row === undefined ? null : blockOf(row);
  }

  block(number: number): Block | null {
    const row = this.#get.get(number);
    return row === undefined ? null : blockOf(row);
  }
}
