import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { SqlDatabase, SqlStatement } from './driver.ts';
import { boundedColumn } from './journal-row.ts';
import { fromColumn } from './text.ts';

const SECRET_BYTES = 32;
const SECRET = /^[A-Za-z0-9_-]{43}$/;
/** Links of one approval that work at a time; a new one replaces the oldest. */
const MAX_LINKS = 64;

export interface ApprovalLink {
  readonly link: number;
  readonly approver: string;
}

function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret, 'utf8').digest();
}

/** Secrets for one use that stand for one approver on one approval. Only their hashes are kept. */
export class ApprovalLinks {
  readonly #insert: SqlStatement;
  readonly #of: SqlStatement;
  readonly #drop: SqlStatement;
  readonly #dropAll: SqlStatement;
  readonly #dropOld: SqlStatement;

  constructor(database: SqlDatabase) {
    this.#insert = database.prepare('INSERT INTO approval_links (approval, approver, hash) VALUES (?, ?, ?)');
    this.#of = database.prepare('SELECT id, approver, hash FROM approval_links WHERE approval = ? ORDER BY id');
    this.#drop = database.prepare('DELETE FROM approval_links WHERE id = ?');
    this.#dropAll = database.prepare('DELETE FROM approval_links WHERE approval = ?');
    this.#dropOld = database.prepare(
      `DELETE FROM approval_links WHERE approval = ? AND id <= coalesce((SELECT id FROM approval_links WHERE approval = ? ORDER BY id DESC LIMIT 1 OFFSET ${MAX_LINKS}), 0)`,
    );
  }

  mint(approval: number, approver: string): string {
    const secret = randomBytes(SECRET_BYTES).toString('base64url');
    this.#insert.run(approval, boundedColumn(approver), hashOf(secret).toString('hex'));
    this.#dropOld.run(approval, approval);
    return secret;
  }

  /** Every link is compared, each in constant time: how long it takes tells nothing about how close a guess was. */
  find(approval: number, secret: string): ApprovalLink | null {
    if (!SECRET.test(secret)) return null;
    const wanted = hashOf(secret);
    let found: ApprovalLink | null = null;
    for (const row of this.#of.all(approval)) {
      const hash = Buffer.from(String(row['hash']), 'hex');
      if (hash.length === wanted.length && timingSafeEqual(hash, wanted)) found = { link: Number(row['id']), approver: fromColumn(row['approver']) ?? '' };
    }
    return found;
  }

  drop({ link }: ApprovalLink): void {
    this.#drop.run(link);
  }

  dropAll(approval: number): void {
    this.#dropAll.run(approval);
  }
}
